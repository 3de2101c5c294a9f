"""The ``greenroom`` command."""

import sys


def main() -> None:
    """Run the command line. What it needs is imported here, so that Ctrl-C is heard meanwhile."""
    try:
        from greenroom.cli.commands import main as run  # noqa: PLC0415
    except KeyboardInterrupt:
        sys.exit(130)
    run()


__all__ = ["main"]
