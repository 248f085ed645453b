"""Documents are remembered by their text, but none into which somebody may have written a password."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

import pytest

from gateway.api import make_schema
from gateway.documents import Documents
from gateway.limits import Limits

if TYPE_CHECKING:
    from graphql import DocumentNode

    from tests.conftest import Ask

PLAIN = "query($id: String!) { softphoneConfig(providerId: $id, app: GENERIC) { __typename } }"
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


def test_nothing_of_a_request_that_is_refused_with_a_password_in_its_document_stays_in_memory(ask: Ask) -> None:
    """Also where it was taken for a name, and the document was read before anything else was."""
    mark = "_".join(["kept", "nowhere"])
    document = f"mutation M {{ signIn(input: {{ email: a, password: SECRET_{mark} }}) {{ __typename }} }}"

    refused = ask.client.post("/graphql", json={"query": document, "operationName": "Other"}).json()
    del document

    gc.collect()
    assert [code["extensions"]["code"] for code in refused["errors"]] == ["BAD_REQUEST"]
    assert len([one for one in strings_in_memory() if mark in one and "SECRET" in one]) == 0


def strings_in_memory() -> list[str]:
    """Texts that containers hold, which is where a cache would keep one."""
    # Not by iterating: a tuple that another thread is just filling has holes, and reading one ends the process.
    return [each for container in gc.get_objects() for each in gc.get_referents(container) if isinstance(each, str)]


def test_what_is_wrong_with_a_document_is_found_out_once_in_a_request() -> None:
    documents = Documents(Limits(), is_introspecting=True, is_suggesting=False)
    text = "query Unsound { softphoneConfi { name } }"

    def ask() -> tuple[DocumentNode, list[str]]:
        assert documents.find_plan(text, None, SCHEMA) is None
        document = documents.parse(text)
        assert documents.parse(text) is document
        return document, [error.message for error in documents.validate(text, document, SCHEMA)]

    first = ask()
    documents.forget()
    second = ask()

    assert first[1] == second[1] == ["Cannot query field 'softphoneConfi' on type 'Query'."]
    assert first[0] is not second[0]


def test_documents_that_are_sent_once_do_not_push_out_those_that_are_sent_again() -> None:
    documents = Documents(Limits(), is_introspecting=True, is_suggesting=False)
    again = [f"{PLAIN} # popular {number}{'.' * 4_000}" for number in range(7)]
    once = [f"{{ __typename }} # {number}{'.' * 4_000}" for number in range(300)]
    once += [f"{PLAIN} # {number}{'.' * 4_000}" for number in range(300)]

    for text in (*again, *again, *once):
        send(documents, text)

    assert [documents.peek(text) is not None for text in again] == [True] * 7


def send(documents: Documents, text: str) -> None:
    """As a request does it: by a plan, else by the schema."""
    if documents.find_plan(text, None, SCHEMA) is None and documents.find(text) is None:
        assert documents.validate(text, documents.parse(text), SCHEMA) == []
    documents.forget()
