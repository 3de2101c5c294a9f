"""``greenroom models build``, ``adopt`` and ``optimize``: what makes models."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer

import greenroom
from greenroom.cli.console import err, out
from greenroom.errors import ConfigError
from greenroom.triage import HEADS
from greenroom.triage import adopt as making
from greenroom.triage.classifier import MODEL_FILE

BUILD_EXAMPLE = "Example: greenroom models build --data data --out models/mine"
ADOPT_EXAMPLE = "Example: greenroom models adopt my-toxic --from unitary/toxic-bert --quantize int8"
OPTIMIZE_EXAMPLE = "Example: greenroom models optimize models/my-toxic --out models/my-toxic-fast"

_TRAINING: Final = ("torch", "transformers", "optimum.onnxruntime", "sklearn")
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")


class Quantize(StrEnum):
    """What a model can be made."""

    INT8 = "int8"
    FP16 = "fp16"


class Level(StrEnum):
    """How much is rewritten; see `greenroom.triage.adopt.LEVELS`."""

    BASIC = "basic"
    EXTENDED = "extended"
    ALL = "all"


QuantizeOption = Annotated[
    Quantize | None,
    typer.Option(help="int8 for CPUs, fp16 for GPUs (beside FP32); none: FP32."),
]


def build(context: typer.Context) -> None:
    """Build the triage model from data; all options go to `python -m training.build`.

    It needs a checkout of the source, and the training extra; `build -- --help` shows its options.
    """
    root = Path(greenroom.__file__).parents[1]
    if not (root / "training" / "build.py").exists():
        raise ConfigError(
            "the sources that build the model are not here: packages do not hold them",
            accepted="clone Greenroom's repository, and run this in it",
        )
    missing = [name for name in _TRAINING if not _is_there(name)]
    if missing:
        raise ConfigError(
            f"building needs {', '.join(missing)}, which is not installed",
            accepted="pip install -e '.[training]', best in an environment of its own",
        )
    words = [sys.executable, "-m", "training.build", *context.args]
    # Our own module, in this interpreter; paths stay relative to where we are.
    done = subprocess.run(words, check=False, env={**os.environ, "PYTHONPATH": str(root)})  # noqa: S603
    raise typer.Exit(done.returncode)


def adopt(
    name: Annotated[str, typer.Argument(help="What it is called here: letters, digits, dashes.")],
    source: Annotated[
        str, typer.Option("--from", help="A folder, or a name on the Hugging Face hub.")
    ],
    folder: Annotated[
        Path | None, typer.Option("--out", help="Where to; none: models/NAME.")
    ] = None,
    quantize: QuantizeOption = None,
) -> None:
    """Take a Hugging Face text classifier in, to answer for some of the heads."""
    if not _NAME.fullmatch(name):
        raise ConfigError(f"`{name}` is no name for a model", accepted="such as my-toxic")
    folder = folder or Path("models") / name
    with err.status(f"exporting {source}"):
        found = making.adopt(source, folder, name=name, quantize=quantize)
    out.print(f"{folder}: {found.short_name}, labels {', '.join(found.labels)}", markup=False)
    out.print(_snippet(name, folder, found.labels), markup=False, soft_wrap=True)


def optimize(
    source: Annotated[Path, typer.Argument(metavar="FOLDER", help="An exported model, FP32.")],
    folder: Annotated[Path, typer.Option("--out", help="Where to; it must not be there yet.")],
    quantize: QuantizeOption = None,
    level: Annotated[Level, typer.Option(help="How much is rewritten.")] = Level.EXTENDED,
) -> None:
    """Fuse an exported model's operators, and make it smaller on request."""
    with err.status(f"optimising {source}"):
        making.optimize(source, folder, level=level, quantize=quantize)
    for file in sorted(folder.glob("*.onnx")):
        before = (source / MODEL_FILE).stat().st_size
        size = file.stat().st_size
        line = f"{file}: {size / 1e6:.1f} MB (from {before / 1e6:.1f} MB)"
        out.print(line, markup=False, soft_wrap=True)


def _snippet(name: str, folder: Path, labels: tuple[str, ...]) -> str:
    """What to put into config; heads are guessed where a label has a head's name."""
    same = [head for head in HEADS if head in labels]
    heads = ", ".join(f"{head}: {head}" for head in same) or f"toxicity: {labels[0]}"
    return (
        "To use it, say in config.yaml, with the heads that it is to answer for:\n\n"
        f"triage:\n  classifiers:\n    {name}:\n      model: {folder}\n      heads: {{{heads}}}"
    )


def _is_there(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False
