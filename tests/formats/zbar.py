"""An eye that is not ours: zbar reads a picture."""

from __future__ import annotations

import subprocess
from pathlib import Path


def read_code(picture: Path) -> str | None:
    """The text of the one QR code in a picture, in the character set that zbar takes it for; None without one."""
    command = ["zbarimg", "--quiet", "--raw", "--nodbus", "-Sdisable", "-Sqrcode.enable", str(picture)]
    done = subprocess.run(command, capture_output=True, timeout=60, check=False)
    return done.stdout.decode().removesuffix("\n") if done.returncode == 0 else None
