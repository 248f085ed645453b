"""How often the long proofs repeat what they show: at CI's counts, or at full counts under `scripts/prove`."""

from __future__ import annotations

import os


def count(*, full: int, ci: int) -> int:
    """The number of cases to run: `full` when `scripts/prove` asks for it, else `ci`."""
    scale = os.environ.get("GATEWAY_PROOF_SCALE", "ci")
    return {"full": full, "ci": ci}[scale]
