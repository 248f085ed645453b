"""`python -m gateway`, and the command `gateway`."""

from __future__ import annotations

import sys

from gateway.garbage import loading


def main() -> int:
    """As `gateway.cli.main`, loaded without looks for garbage: they took a fifth of the start."""
    with loading():
        from gateway import cli  # noqa: PLC0415 - this is what is loaded

    return cli.main()


if __name__ == "__main__":
    sys.exit(main())
