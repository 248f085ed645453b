"""The reference client on a command line: `phone.py refresh`, `sign-in 1000:AcmeInc` or `redeem "scloc:…"`."""

from __future__ import annotations

import argparse
import getpass
from pathlib import Path

from softphone import Softphone


def main() -> None:
    """Print a sentence, and which accounts the phone has now."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gateway", default="http://127.0.0.1:8000", help="its address, without a slash at the end")
    parser.add_argument("--store", type=Path, default=Path("phone.json"), help="what the phone remembers")
    parser.add_argument("--provider-id", help="compiled into a whitelabel app; without it the app is a generic one")
    parser.add_argument("what", choices=["refresh", "sign-in", "redeem"])
    parser.add_argument("text", nargs="?", default="", help="the login or the setup code")
    asked = parser.parse_args()
    phone = Softphone(asked.gateway, asked.store, "WHITELABEL" if asked.provider_id else "GENERIC", asked.provider_id)
    message = _do(phone, asked.what, asked.text)
    names = [account["username"] for account in phone.state.sip_accounts]
    names += [account["jid"] for account in phone.state.xmpp_accounts]
    print(message or "Done.", "Accounts:", ", ".join(names) or "none")


def _do(phone: Softphone, what: str, text: str) -> str | None:
    if what == "sign-in":
        return phone.sign_in(text, getpass.getpass())
    return phone.redeem(text) if what == "redeem" else phone.refresh()


if __name__ == "__main__":
    main()
