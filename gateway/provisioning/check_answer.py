"""What reading an answer came to, in words for the provider's staff, with the row of the fail-static table it is in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.provisioning.check_steps import CheckStep, CheckStepName, CheckVerdict
from gateway.strict_json import BadJsonError, parse_json

if TYPE_CHECKING:
    from gateway.provisioning.answer import Answer
    from tenants.accounts import Accounts

_EXAMPLE = '{"update": true, "sipaccounts": [{"sipusername": "1000", "sippassword": "…", "transport": "TLS"}]}'
_PAGE = (
    "A web page, or XML, came in place of JSON: most often that of a login, an error, or another path.",
    "Open the URL in a browser to see which page it is, and correct the URL or the server.",
)
_EMPTY = ("The answer is empty.", f"Answer JSON, such as {_EXAMPLE}")
_PRECEDED = (
    "Something stands before or behind the JSON, so it cannot be read.",
    "Let the server write the JSON alone: warnings of PHP, for example, belong in a log (display_errors off).",
)
_NO_JSON = ("The answer is not the JSON that a phone can be set up from.", f"Answer such as {_EXAMPLE}")
_UNUSABLE = (
    "An account, or a list of them, is not as it must be, so nothing of it is used: phones keep what they have.",
    "Correct what the deviations name; a list that is right in part would delete accounts.",
)
_NEITHER = (
    "There is neither a list of accounts nor an errmsg, so it is no answer: phones keep what they have.",
    'Answer "sipaccounts" for a login that is right, and "errmsg" for one that is wrong.',
)
_NO_LIST = (
    "There is an errmsg and no list of accounts: a refusal, whatever update says. It never logs a phone out.",
    'To log a phone out, answer "update": true with an empty list, "sipaccounts": [].',
)
_EMPTY_LIST = (
    "The list of accounts is empty. On the first set-up that is a refusal; later it {later}.",
    "If the login is right, find out why your server has no account for it.",
)
_NO_UPDATE = (
    "{accounts}; update is missing, or neither true nor false. The first set-up takes them, each later call fails.",
    'Send "update": true when the accounts are to be replaced, false when nothing changed.',
)
_NO_UPDATE_EMPTY = (
    "The list of accounts is empty, and update is missing or neither true nor false: no answer that can be used.",
    'Send "update": true to log the phone out, false to keep what it has.',
)
_NO_MESSAGE = (
    "No errmsg could be read beside the refusal, so users are shown a text of the gateway's own.",
    'Send {"update": false, "errmsg": "…"} with that status, if your own words are to be shown.',
)


def rejection_step(answer: Answer) -> CheckStep:
    """The last step where the status has said no already: only the message counts."""
    if answer.message is None:
        return _warn(_NO_MESSAGE)
    return CheckStep(CheckStepName.ANSWER, CheckVerdict.PASS, "Its errmsg is shown to the user.")


def answer_step(answer: Answer, body: bytes) -> CheckStep:
    """The last step, for an answer with a good status."""
    if not answer.is_sound:
        return _fail(_why_unsound(body))
    if answer.accounts is None:
        return _warn(_NO_LIST) if answer.message else _fail(_NEITHER)
    if answer.accounts:
        return _of_accounts(answer, answer.accounts)
    return _of_empty_list(answer)


def _why_unsound(body: bytes) -> tuple[str, str]:
    """The commonest of what real servers send in place of an answer, told apart by how it begins."""
    text = body.removeprefix(b"\xef\xbb\xbf").strip()
    if not text:
        return _EMPTY
    if _is_json(text):
        return _UNUSABLE if text.startswith(b"{") else _NO_JSON
    if b"{" in text and _is_json(text[text.find(b"{") : text.rfind(b"}") + 1]):
        return _PRECEDED
    return _PAGE if text.startswith(b"<") else _NO_JSON


def _is_json(text: bytes) -> bool:
    try:
        parse_json(text)
    except BadJsonError:
        return False
    return True


def _of_accounts(answer: Answer, accounts: Accounts) -> CheckStep:
    counted = _count(accounts)
    if answer.update is None:
        return _warn((_NO_UPDATE[0].format(accounts=counted), _NO_UPDATE[1]))
    if answer.update:
        return _pass(f"{counted}; update is true: they replace what the phone has.", answer)
    return _pass(f"{counted}; update is false: taken on the first set-up, and later nothing changes.", answer)


def _of_empty_list(answer: Answer) -> CheckStep:
    if answer.update is None:
        return _fail(_NO_UPDATE_EMPTY)
    later = "logs the phone out, since update is true" if answer.update else "changes nothing, since update is false"
    return _warn((_EMPTY_LIST[0].format(later=later), _EMPTY_LIST[1]))


def _count(accounts: Accounts) -> str:
    sip, xmpp = len(accounts.sip), len(accounts.xmpp)
    words = [f"{sip} SIP account{'' if sip == 1 else 's'}"] if sip else []
    words += [f"{xmpp} chat account{'' if xmpp == 1 else 's'}"] if xmpp else []
    return " and ".join(words)


def _pass(detail: str, answer: Answer) -> CheckStep:
    """It works; whatever departs from the documentation should be looked at all the same."""
    count = len(answer.deviations)
    if not count:
        return CheckStep(CheckStepName.ANSWER, CheckVerdict.PASS, detail)
    noted = "One deviation" if count == 1 else f"{count} deviations"
    advice = "Bring the answer in line with the documentation: other readers may be less patient."
    return CheckStep(CheckStepName.ANSWER, CheckVerdict.WARN, f"{detail} {noted} from the documented shape.", advice)


def _warn(words: tuple[str, str]) -> CheckStep:
    return CheckStep(CheckStepName.ANSWER, CheckVerdict.WARN, *words)


def _fail(words: tuple[str, str]) -> CheckStep:
    return CheckStep(CheckStepName.ANSWER, CheckVerdict.FAIL, *words)
