"""The fail-static table, every row of it, with both values of `reprovision`."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gateway.provisioning.answer import read
from gateway.provisioning.outcomes import AccountsAction, Instruction, ProvisioningFailure, ProvisioningRefusal, Refused
from gateway.provisioning.verdict import judge, rejected

if TYPE_CHECKING:
    from collections.abc import Iterable

SIP = {"sipusername": "user1", "sippassword": "29de?8", "transport": "UDP"}
XMPP = {"jid": "user1@chat.acme.example", "password": "29de?9", "domain": "chat.acme.example"}
REPLACE, KEEP, LOG_OUT = AccountsAction
BAD = ProvisioningFailure.BAD_ANSWER
TOLD, EMPTY = ProvisioningRefusal.PROVIDER_MESSAGE, ProvisioningRefusal.NO_ACCOUNTS
MESSAGE = "Contact Support"
ABSENT = object()
TRUE: tuple[Any, ...] = (True, "true", "True", "TRUE")
FALSE: tuple[Any, ...] = (False, "false", "False", "FALSE")
NEITHER: tuple[Any, ...] = (ABSENT, None, 0, 1, 1.5, "", "yes", "1", " true", [], {}, [True])
ACCOUNTS: tuple[dict[str, Any], ...] = (
    {"sipaccounts": [SIP]},
    {"sipaccounts": [SIP, SIP], "xmppaccounts": [XMPP]},
    {"sipaccounts": [], "xmppaccounts": [XMPP]},
    {"xmppaccounts": [XMPP]},
    {"sipaccounts": None, "xmppaccounts": [XMPP]},
)
NO_ACCOUNTS: tuple[dict[str, Any], ...] = (
    {"sipaccounts": []},
    {"sipaccounts": [], "xmppaccounts": []},
    {"sipaccounts": [], "xmppaccounts": None},
)
NO_LIST: tuple[dict[str, Any], ...] = (
    {},
    {"sipaccounts": None},
    {"sipaccounts": None, "xmppaccounts": None},
    {"xmppaccounts": []},
    {"sipAccounts": [SIP]},
)
INVALID: tuple[dict[str, Any], ...] = (
    {"sipaccounts": [SIP, {**SIP, "sippassword": ""}]},
    {"sipaccounts": [SIP], "xmppaccounts": [{**XMPP, "domain": None}]},
    {"sipaccounts": [SIP, None]},
    {"sipaccounts": [SIP, []]},
    {"sipaccounts": {}},
    {"sipaccounts": ""},
    {"sipaccounts": "[]"},
    {"sipaccounts": False},
    {"sipaccounts": 0},
    {"sipaccounts": [], "xmppaccounts": {}},
    {"sipaccounts": [SIP] * 51},
)
REPROVISION = (False, True)


def every(*choices: Iterable[Any]) -> list[tuple[Any, ...]]:
    return list(itertools.product(*choices))


def judged(
    lists: dict[str, Any], update: Any, *, reprovision: bool, message: Any = ABSENT
) -> Instruction | Refused | ProvisioningFailure:
    sent = {"update": update, "errmsg": message, **lists}
    body = orjson.dumps({name: value for name, value in sent.items() if value is not ABSENT})
    return judge(read(body), reprovision=reprovision)


def action_of(verdict: Instruction | Refused | ProvisioningFailure) -> AccountsAction | None:
    return verdict.action if isinstance(verdict, Instruction) else None


@pytest.mark.parametrize(("lists", "update"), every(ACCOUNTS, (*TRUE, *FALSE, *NEITHER)))
def test_accounts_are_taken_at_the_first_set_up_whatever_update_says(lists: dict[str, Any], update: Any) -> None:
    verdict = judged(lists, update, reprovision=False, message=MESSAGE)

    assert isinstance(verdict, Instruction)
    assert (verdict.action, verdict.notice, verdict.knows_user) == (REPLACE, MESSAGE, True)
    assert len(verdict.accounts) == sum(len(found or ()) for found in lists.values())


@pytest.mark.parametrize(("lists", "update"), every(ACCOUNTS, TRUE))
def test_accounts_replace_those_of_a_phone_that_was_set_up_when_update_is_true(
    lists: dict[str, Any], update: Any
) -> None:
    verdict = judged(lists, update, reprovision=True)

    assert isinstance(verdict, Instruction)
    assert (verdict.action, verdict.notice, verdict.knows_user) == (REPLACE, None, True)
    assert len(verdict.accounts) == sum(len(found or ()) for found in lists.values())


@pytest.mark.parametrize(("lists", "update"), every(ACCOUNTS, FALSE))
def test_accounts_of_a_phone_that_was_set_up_are_kept_when_update_is_false(lists: dict[str, Any], update: Any) -> None:
    verdict = judged(lists, update, reprovision=True, message=MESSAGE)

    assert verdict == Instruction(KEEP, notice=MESSAGE, knows_user=True)


@pytest.mark.parametrize(("lists", "update"), every(NO_ACCOUNTS, (*TRUE, *FALSE)))
def test_an_empty_list_refuses_a_first_set_up(lists: dict[str, Any], update: Any) -> None:
    told = judged(lists, update, reprovision=False, message=MESSAGE)
    silent = judged(lists, update, reprovision=False, message=" \u202e\n")

    assert told == Refused(MESSAGE, TOLD)
    assert isinstance(silent, Refused)
    assert silent.refusal is EMPTY
    assert silent.message


@pytest.mark.parametrize(("lists", "update"), every(NO_ACCOUNTS, TRUE))
def test_an_empty_list_with_update_true_logs_a_phone_out(lists: dict[str, Any], update: Any) -> None:
    assert judged(lists, update, reprovision=True, message=MESSAGE) == Instruction(LOG_OUT, notice=MESSAGE)


@pytest.mark.parametrize(("lists", "update"), every(NO_ACCOUNTS, FALSE))
def test_an_empty_list_with_update_false_changes_nothing(lists: dict[str, Any], update: Any) -> None:
    assert judged(lists, update, reprovision=True, message=MESSAGE) == Instruction(KEEP, notice=MESSAGE)


@pytest.mark.parametrize(("lists", "update", "reprovision"), every(NO_LIST, (*TRUE, *FALSE, *NEITHER), REPROVISION))
def test_a_message_without_a_list_is_a_refusal(lists: dict[str, Any], update: Any, *, reprovision: bool) -> None:
    assert judged(lists, update, reprovision=reprovision, message=MESSAGE) == Refused(MESSAGE, TOLD)


@pytest.mark.parametrize(("lists", "update", "reprovision"), every(NO_LIST, (*TRUE, *FALSE, *NEITHER), REPROVISION))
def test_neither_a_list_nor_a_message_is_no_answer(lists: dict[str, Any], update: Any, *, reprovision: bool) -> None:
    assert judged(lists, update, reprovision=reprovision) is BAD
    assert judged(lists, update, reprovision=reprovision, message="\u200b") is BAD


@pytest.mark.parametrize(("lists", "update", "reprovision"), every(INVALID, (*TRUE, *FALSE, *NEITHER), REPROVISION))
def test_a_list_of_which_any_account_is_invalid_is_no_answer(
    lists: dict[str, Any], update: Any, *, reprovision: bool
) -> None:
    assert judged(lists, update, reprovision=reprovision, message=MESSAGE) is BAD


@pytest.mark.parametrize(("lists", "update"), every(NO_ACCOUNTS, NEITHER))
def test_an_empty_list_with_an_update_that_is_neither_is_no_answer(lists: dict[str, Any], update: Any) -> None:
    assert [judged(lists, update, reprovision=each, message=MESSAGE) for each in REPROVISION] == [BAD, BAD]


@pytest.mark.parametrize(("lists", "update"), every(ACCOUNTS, NEITHER))
def test_later_accounts_with_an_update_that_is_neither_are_no_answer(lists: dict[str, Any], update: Any) -> None:
    assert judged(lists, update, reprovision=True, message=MESSAGE) is BAD


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
ODD_ACCOUNT = st.dictionaries(st.sampled_from([*SIP, *XMPP, "srtp", "port"]), JSON, max_size=4) | JSON
LIST: st.SearchStrategy[Any] = st.lists(st.sampled_from([SIP, XMPP]) | ODD_ACCOUNT, max_size=3) | JSON | st.just([])
ANSWER = st.fixed_dictionaries(
    {},
    optional={
        "update": st.sampled_from([*TRUE, *FALSE]) | JSON,
        "errmsg": JSON,
        "sipaccounts": LIST,
        "xmppaccounts": LIST,
    },
)


@given(ANSWER, st.booleans())
def test_only_one_row_logs_out_and_only_whole_lists_replace(sent: dict[str, Any], reprovision: bool) -> None:  # noqa: FBT001 - drawn
    try:
        body = orjson.dumps(sent)
    except TypeError:  # an integer beyond 64 bits
        body = b"{}"
    verdict = judge(read(body), reprovision=reprovision)

    update = sent.get("update")
    is_true = update is True or (isinstance(update, str) and update.lower() == "true")
    is_empty = sent.get("sipaccounts") == [] and sent.get("xmppaccounts") in ([], None)
    assert (action_of(verdict) is LOG_OUT) is (reprovision and is_true and is_empty)
    lists = [sent.get(name) or [] for name in ("sipaccounts", "xmppaccounts")]
    if isinstance(verdict, Instruction):
        has_accounts = verdict.action is REPLACE
        assert len(verdict.accounts) == (sum(map(len, lists)) if has_accounts else 0)
        assert bool(verdict.accounts) is has_accounts


@given(st.binary(max_size=200) | st.text(max_size=100).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_bytes_that_are_no_answer_change_nothing(body: bytes) -> None:
    assume(b"accounts" not in body and b"errmsg" not in body)  # it finds the words of an answer in the code

    assert [judge(read(body), reprovision=each) for each in REPROVISION] == [BAD, BAD]


def test_a_rejection_has_the_providers_words_or_ours() -> None:
    told, silent = rejected("Wrong PIN."), rejected(None)

    assert told == Refused("Wrong PIN.", ProvisioningRefusal.CREDENTIALS_REJECTED)
    assert silent.refusal is ProvisioningRefusal.CREDENTIALS_REJECTED
    assert silent.message
