"""A model that is not what was built stops the start, and says which file and what to do."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path

import pytest

from greenroom.errors import ConfigError
from greenroom.triage.manifest import MODEL_FILES, load_manifest


def test_manifest_of_the_shipped_model_is_sound(model_copy: Path) -> None:
    manifest = load_manifest(model_copy)
    assert manifest.short_name == f"minilm-l6@{manifest.digest[:12]}"
    assert len(manifest.digest) == 64


@pytest.mark.parametrize("name", ["manifest.json", "model.onnx", "tokenizer.json"])
def test_missing_file_is_named(model_copy: Path, name: str) -> None:
    (model_copy / name).unlink()
    with pytest.raises(ConfigError, match="missing") as failure:
        load_manifest(model_copy)
    assert failure.value.file == str(model_copy / name)
    assert "pip install" in str(failure.value)


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json"])
def test_damaged_file_is_named(model_copy: Path, name: str) -> None:
    content = bytearray((model_copy / name).read_bytes())
    content[len(content) // 2] ^= 1
    (model_copy / name).write_bytes(content)
    with pytest.raises(ConfigError, match="damaged") as failure:
        load_manifest(model_copy)
    assert failure.value.file == str(model_copy / name)


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"name": "x"}', "\udcff"])
def test_garbled_manifest_is_a_config_error(model_copy: Path, content: str) -> None:
    file = model_copy / "manifest.json"
    file.write_text(content, "utf-8", errors="surrogateescape")
    with pytest.raises(ConfigError) as failure:
        load_manifest(model_copy)
    assert failure.value.file == str(file)


def test_model_with_other_heads_is_refused(model_copy: Path) -> None:
    file = model_copy / "manifest.json"
    facts = json.loads(file.read_text("utf-8"))
    facts["heads"].pop()
    file.write_text(json.dumps(facts), "utf-8")
    with pytest.raises(ConfigError, match="other heads"):
        load_manifest(model_copy)


@pytest.mark.parametrize(
    ("precision", "other"), [("fp16", "cpu"), ("int8", "cuda")], ids=["on a GPU", "on a CPU"]
)
def test_model_without_the_providers_file_is_refused(
    model_copy: Path, precision: str, other: str
) -> None:
    name = MODEL_FILES[precision]
    (model_copy / name).unlink(missing_ok=True)
    file = model_copy / "manifest.json"
    facts = json.loads(file.read_text("utf-8"))
    facts["files"].pop(name, None)
    file.write_text(json.dumps(facts), "utf-8")
    with pytest.raises(ConfigError, match=f"has no {precision.upper()} file") as failure:
        load_manifest(model_copy, precision=precision)
    assert failure.value.file == str(model_copy / name)
    assert f"set triage.provider to {other}" in str(failure.value)


def test_gpus_file_is_checked_and_gives_the_digest(model_copy: Path) -> None:
    content = b"a model in half precision"
    (model_copy / "model-fp16.onnx").write_bytes(content)
    file, digest = model_copy / "manifest.json", sha256(content).hexdigest()
    facts = json.loads(file.read_text("utf-8"))
    facts["files"]["model-fp16.onnx"] = {"sha256": digest, "bytes": len(content)}
    file.write_text(json.dumps(facts), "utf-8")
    manifest = load_manifest(model_copy, precision="fp16")
    assert (manifest.digest, manifest.model_file.read_bytes()) == (digest, content)
    assert load_manifest(model_copy).digest != digest
    (model_copy / "model-fp16.onnx").write_bytes(content + b"!")
    with pytest.raises(ConfigError, match="damaged"):
        load_manifest(model_copy, precision="fp16")
