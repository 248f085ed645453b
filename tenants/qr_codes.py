"""What staff are warned of when a QR code is handed out: rule G4."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tenants.accounts import Accounts, LoginPair
from tenants.codes import WarningCode
from tenants.errors import RuleWarning

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tenants.setup_links import SetupToken

MOST_MODULES = 73
"""Modules a side, without the quiet zone: what still scans when a camera sees the code 360 pixels wide, tilted, pale
and blurred by 1.4 pixels. Of 150 such codes 148 were read; with 81 modules 16 (docs/evidence/densest_code.log).
"""


def qr_warnings(content: LoginPair | Accounts | SetupToken | None, *, is_dense: bool) -> Iterator[RuleWarning]:
    """Rule G4. A setup code is a secret too, but works for one phone, for a while."""
    if isinstance(content, LoginPair | Accounts):
        place = "login" if isinstance(content, LoginPair) else "accounts"
        message = "Whoever sees this code can read the password in it. A setup link carries none."
        yield RuleWarning(WarningCode.QR_HOLDS_PASSWORD, ("content", place), message)
    if is_dense:
        message = "This code is so dense that many phones will not scan it. A setup link makes a smaller one."
        yield RuleWarning(WarningCode.QR_TOO_DENSE, ("content",), message)
