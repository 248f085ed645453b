"""Documents are remembered by their text, but none into which somebody may have written a password."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

import pytest

from gateway.api import make_schema
from gateway.documents import Documents
from gateway.limits import Limits

if TYPE_CHECKING:
    from tests.conftest import Ask

SCHEMA = make_schema()._schema  # noqa: SLF001 - the library's own name for graphql-core's schema
LOGIN = '{ login: "1000:AcmeInc", password: "SECRET-typed" }'
LITERALS = {
    "in the field": f'mutation {{ provision(input: {{ credentials: {{ generic: {LOGIN} }}, deviceId: "d" }})'
    " { __typename } }",
    "under an alias": f'mutation {{ a: provision(input: {{ credentials: {{ generic: {LOGIN} }}, deviceId: "d" }})'
    " { __typename } }",
    "in a fragment": "mutation { ...It } fragment It on Mutation { ... { provision(input: "
    f'{{ credentials: {{ generic: {LOGIN} }}, deviceId: "d" }}) {{ __typename }} }} }}',
    "in a default": f"mutation($typed: GenericCredentialsInput! = {LOGIN}) "
    '{ provision(input: { credentials: { generic: $typed }, deviceId: "d" }) { __typename } }',
    "in a second operation": f"query Q {{ viewer {{ name }} }} mutation M {{ provision(input: {{ credentials: {{ "
    f'generic: {LOGIN} }}, deviceId: "d" }}) {{ __typename }} }}',
    "of staff": 'mutation { createSetupLink(input: { tenantId: "VGVuYW50OjE", content: { login: '
    '{ username: "1000", password: "SECRET-typed" } } }) { __typename } }',
    "of a person": 'mutation { signIn(input: { email: "a@a.example", password: "SECRET-typed" }) { __typename } }',
    "of a newcomer": 'mutation { acceptInvitation(input: { token: "t", password: "SECRET-typed" }) { __typename } }',
    "of a reset": 'mutation { setPassword(input: { token: "SECRET-t", newPassword: "SECRET-typed" }) { __typename } }',
    "of a change": 'mutation { changePassword(input: { currentPassword: "SECRET-typed", newPassword: "SECRET-t" }) '
    "{ __typename } }",
    "as a block": LOGIN.join(
        ["mutation { provision(input: { credentials: { generic: ", ' }, deviceId: """d""" }) { __typename } }']
    ),
}
REMEMBERED = {
    "variables of a person": "mutation($input: SignInInput!) { signIn(input: $input) { __typename } }",
    "variables": "mutation($input: ProvisionInput!) { provision(input: $input) { __typename } }",
    "another field's literal": '{ softphoneConfig(providerId: "AcmeInc", app: GENERIC) { __typename '
    "... on SoftphoneConfig { signIn { __typename } } } }",
}


def is_remembered(text: str) -> bool:
    documents = Documents(Limits(), is_introspecting=True, is_suggesting=True)
    assert documents.validate(text, documents.parse(text), SCHEMA) == []
    return documents.find(text) is not None


@pytest.mark.parametrize("place", LITERALS)
def test_a_document_that_may_hold_a_password_is_not_remembered(place: str) -> None:
    remembered = is_remembered(LITERALS[place])

    assert not remembered


@pytest.mark.parametrize("kind", REMEMBERED)
def test_documents_that_clients_send_again_are_remembered(kind: str) -> None:
    remembered = is_remembered(REMEMBERED[kind])

    assert remembered


def remember(documents: Documents, text: str) -> None:
    assert documents.validate(text, documents.parse(text), SCHEMA) == []


def test_what_is_sent_again_stays_whatever_else_is_sent_once() -> None:
    documents = Documents(Limits(), is_introspecting=True, is_suggesting=True)
    remember(documents, "{ viewer { name } }")
    known = documents.find("{ viewer { name } }")

    for number in range(1_000):
        remember(documents, f"{{ a{number}: __typename }}")
        documents.peek(f"{{ a{number}: __typename }}")

    assert known is not None
    assert documents.find("{ viewer { name } }") is known


def test_the_longest_document_is_remembered_too() -> None:
    longest = "{ viewer { name } }".ljust(Limits().document_characters)

    assert is_remembered(longest)


def test_nothing_of_a_request_with_a_password_in_its_document_stays_in_memory(ask: Ask) -> None:
    ask(LITERALS["in the field"], as_="anonymous")  # whatever a first request loads
    text = LITERALS["in the field"].replace("SECRET-typed", "-".join(["SECRET", "kept", "nowhere"]))

    ask(text, as_="anonymous")
    del text

    gc.collect()
    mark = "-".join(["kept", "nowhere"])
    kept = [one for one in strings_in_memory() if mark in one and "SECRET" in one]
    assert len(kept) == 0


def strings_in_memory() -> list[str]:
    """Texts that containers hold, which is where a cache would keep one."""
    # Not by iterating: a tuple that another thread is just filling has holes, and reading one ends the process.
    return [each for container in gc.get_objects() for each in gc.get_referents(container) if isinstance(each, str)]


def test_what_is_wrong_with_a_document_is_found_out_once_and_told_once() -> None:
    documents = Documents(Limits(), is_introspecting=True, is_suggesting=False)
    text = "query Unsound { softphoneConfi { name } }"

    assert documents.find_plan(text, SCHEMA) is None
    document = documents.parse(text)
    errors = documents.validate(text, document, SCHEMA)

    assert [error.message for error in errors] == ["Cannot query field 'softphoneConfi' on type 'Query'."]
    assert documents.parse(text) is not document, "it is let go with its errors"
