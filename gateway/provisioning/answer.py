"""What a provider answers, read tolerantly: what is plainly meant is taken, what could be meant otherwise is not.

The shape is that of SessionTalk's documentation. Whatever departs from it is noted by its place, for the provider's
staff; a note repeats no text of the answer but the names of fields.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.provisioning.answer_accounts import read_sip, read_xmpp
from gateway.provisioning.fields import Deviation, Fields, boolean
from gateway.strict_json import BadJsonError, parse_json
from tenants.accounts import Accounts
from tenants.text import clean_line

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    T = TypeVar("T")

LONGEST_MESSAGE = 200
MOST_ANSWERED_ACCOUNTS = 50
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_FIELDS = frozenset({"update", "errmsg", "sipaccounts", "xmppaccounts"})
_MOST_READ = MOST_ANSWERED_ACCOUNTS + 1  # of each list: one too many is enough to see that they are


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The body of an answer."""

    update: bool | None = None
    """None when it is missing or neither of the two."""
    message: str | None = None
    """For the user: plain, up to 200 characters; None when nothing of it is left."""
    accounts: Accounts | None = None
    """None when there is no list of them."""
    is_sound: bool = False
    """False for what is no answer at all, and for lists of which any account is invalid."""
    deviations: tuple[Deviation, ...] = ()

    def __repr__(self) -> str:
        """Nothing of what the provider wrote: it may have written the login into it."""
        return "Answer(…)"


def read(body: bytes) -> Answer:
    """Never raises, whatever the bytes are."""
    notes: list[Deviation] = []
    if body.startswith(_BYTE_ORDER_MARK):
        notes.append(Deviation("A byte order mark stands before the JSON; it is ignored.", line=1))
        body = body.removeprefix(_BYTE_ORDER_MARK)
    try:
        sent = parse_json(body)
    except BadJsonError as error:
        notes.append(Deviation(f"The answer {error.flaw}.", line=error.line))
        return Answer(deviations=tuple(notes))
    if not isinstance(sent, dict):
        notes.append(Deviation("The answer is no JSON object."))
        return Answer(deviations=tuple(notes))
    return _read_object(Fields(sent, (), notes))


def _read_object(fields: Fields) -> Answer:
    fields.note_unknown(_FIELDS)
    update, message, accounts = _read_update(fields), _read_message(fields), _read_accounts(fields)
    return Answer(
        update=update,
        message=message,
        accounts=accounts,
        is_sound=fields.is_sound,
        deviations=tuple(fields.notes),
    )


def _read_update(fields: Fields) -> bool | None:
    value = fields.get("update")
    update = boolean(value)
    if update is None:
        fields.note("update", "It is missing, or neither true nor false.")
    elif not isinstance(value, bool):
        fields.note("update", f"It is a text; read as {str(update).lower()}.")
    return update


def _read_message(fields: Fields) -> str | None:
    value = fields.get("errmsg")
    if value is None:
        return None
    if not isinstance(value, str):
        fields.note("errmsg", "It is no text; ignored.")
        return None
    cleaned = clean_line(value, LONGEST_MESSAGE)
    if cleaned != value and value.strip():
        fields.note("errmsg", "It is shortened, or cleaned of characters that cannot be shown, or of blanks.")
    return cleaned or None


def _read_accounts(fields: Fields) -> Accounts | None:
    """Both lists together. Without SIP accounts, an empty list counts only if it is that of the SIP accounts."""
    sip, xmpp = _read_list(fields, "sipaccounts", read_sip), _read_list(fields, "xmppaccounts", read_xmpp)
    accounts = Accounts(tuple(sip or ()), tuple(xmpp or ()))
    if len(accounts) > MOST_ANSWERED_ACCOUNTS:
        fields.refuse(None, f"There are more than {MOST_ANSWERED_ACCOUNTS} accounts.")
    if sip is None and not xmpp:
        return None
    return accounts


def _read_list(fields: Fields, name: str, read_one: Callable[[Fields], T | None]) -> list[T] | None:
    """None when there is no list; what is neither a list nor absent is as bad as an invalid account."""
    value = fields.get(name)
    if value is None:
        return None
    if not isinstance(value, list):
        fields.refuse(name, "It is no list.")
        return None
    read_all = (_read_item(fields, name, position, read_one) for position in range(min(len(value), _MOST_READ)))
    return [account for account in read_all if account is not None]


def _read_item(fields: Fields, name: str, position: int, read_one: Callable[[Fields], T | None]) -> T | None:
    inner = fields.item(name, position)
    account = read_one(inner) if inner else None
    fields.is_sound &= account is not None
    return account
