"""Fixed headers of the provisioning call (G2), through real databases: what is saved, kept, replaced and dropped."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenants.access import PUBLIC, Permission, TenantScope
from tenants.actions import publish, save
from tenants.actions import tenant as actions
from tenants.actions.create import create_tenant
from tenants.changes import Change, Shown, changes
from tenants.codes import ProblemCode
from tenants.database import transaction
from tenants.documents import from_document, to_document, to_mapping
from tenants.errors import InvalidInputError, InvalidValueError, NothingToPublishError
from tenants.headers import DOTS, OWN_HEADERS, mask, parse_header_name, parse_header_value
from tenants.links import HttpsUrl
from tenants.model import AppKind, Config, Draft, Provisioning, ProvisioningHeader
from tenants.parsing import apply
from tenants.rows import SecretRow
from tenants.store import drafts, secrets
from tests import make

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
ADMIN = make.ADMIN
A = {"name": "X-Api-Key", "value": "SECRET-A"}
B = {"name": "Authorization", "value": "Bearer SECRET-B-0123456789"}
KEPT = {"name": "X-Api-Key"}


class Editor:
    """Somebody who edits one tenant and always knows the version."""

    def __init__(self, scope: TenantScope) -> None:
        self.scope = scope

    async def draft(self) -> Draft:
        return await drafts.get_draft(self.scope)

    async def save(self, headers: list[dict[str, str]] | None, **beside: Any) -> Draft:
        sent = {"provisioning": {"headers": headers, **beside}}
        return await self.save_section(sent)

    async def save_section(self, sent: dict[str, dict[str, Any]]) -> Draft:
        version = (await self.draft()).version
        return await save.save_section(self.scope, sent, expected=version, keys=make.KEYS, now=NOW)

    async def publish(self) -> None:
        await publish.publish(self.scope, expected=(await self.draft()).version, now=NOW)

    async def values(self) -> list[tuple[str, str]]:
        """What a call would carry by the draft."""
        return await secrets.open_headers(self.scope, make.KEYS, (await self.draft()).config.provisioning.headers)

    async def rows(self) -> list[int]:
        return sorted(row.id for row in await SecretRow.filter(tenant_id=self.scope.tenant))


async def make_editor(provider_id: str) -> Editor:
    made = await create_tenant(
        ADMIN.authorize_platform(), provider_id=provider_id, name=None, app=AppKind.GENERIC, now=NOW
    )
    return Editor(ADMIN.authorize(made.id, Permission.EDIT_DRAFT))


@pytest.fixture
async def neighbour(connected: str) -> Editor:
    """Has a header of the same name, published, and another one in the draft."""
    editor = await make_editor("NeighbourTel")
    await editor.save([{"name": "X-Api-Key", "value": "SECRET-N"}])
    await editor.publish()
    await editor.save([{"name": "X-Api-Key", "value": "SECRET-N2"}])
    return editor


@pytest.fixture
async def acme(neighbour: Editor) -> Editor:
    return await make_editor("AcmeInc")


async def test_headers_are_saved_in_their_order_and_their_values_are_opened_for_the_call(acme: Editor) -> None:
    saved = await acme.save([A, B])

    assert [(header.name, header.masked) for header in saved.config.provisioning.headers] == [
        ("X-Api-Key", "••••"),
        ("Authorization", "••••6789"),
    ]
    assert (await acme.draft()).config == saved.config
    assert await acme.values() == [("X-Api-Key", "SECRET-A"), ("Authorization", "Bearer SECRET-B-0123456789")]


async def test_a_header_without_a_value_keeps_the_one_that_is_stored_under_its_name_in_any_case(acme: Editor) -> None:
    await acme.save([A, B])
    rows = await acme.rows()

    await acme.save([{"name": "AUTHORIZATION"}, {"name": "x-api-key"}])

    assert await acme.values() == [("AUTHORIZATION", "Bearer SECRET-B-0123456789"), ("x-api-key", "SECRET-A")]
    assert await acme.rows() == rows


async def test_absent_headers_stay_an_empty_list_or_null_removes_them_with_their_values(acme: Editor) -> None:
    await acme.save([A])
    await acme.save_section({"provisioning": {"subdomain": "pbx"}})
    kept = await acme.values()

    emptied = await acme.save([])
    rows_of_the_empty = await acme.rows()
    await acme.save([A])
    nulled = await acme.save(None)

    assert kept == [("X-Api-Key", "SECRET-A")]
    assert emptied.config.provisioning.headers == nulled.config.provisioning.headers == ()
    assert rows_of_the_empty == await acme.rows() == []


async def test_the_value_that_is_stored_already_keeps_its_row_and_is_no_change(acme: Editor) -> None:
    first = await acme.save([A, B])
    await acme.publish()

    again = await acme.save([A, B])

    assert again.config == first.config
    with pytest.raises(NothingToPublishError):
        await acme.publish()


async def test_going_back_to_the_value_that_is_live_is_no_change(acme: Editor) -> None:
    await acme.save([A])
    await acme.publish()
    await acme.save([{**A, "value": "SECRET-other"}])

    await acme.save([A])

    assert len(await acme.rows()) == 1
    with pytest.raises(NothingToPublishError):
        await acme.publish()


async def test_a_revision_keeps_the_value_it_was_published_with(acme: Editor) -> None:
    first = await acme.save([A])
    await acme.publish()
    await acme.save([{**A, "value": "SECRET-2"}])
    await acme.save([{**A, "value": "SECRET-3"}])
    await acme.publish()
    await acme.save([])

    opened = await secrets.open_headers(acme.scope, make.KEYS, first.config.provisioning.headers)

    assert opened == [("X-Api-Key", "SECRET-A")]
    assert len(await acme.rows()) == 2  # what was never published is gone


async def test_a_refused_save_stores_no_value(acme: Editor) -> None:
    with pytest.raises(InvalidInputError):
        await acme.save([A, {"name": "X-New"}])

    assert await acme.rows() == []
    assert (await acme.draft()).version == 1


async def test_another_kind_of_app_keeps_the_headers(acme: Editor) -> None:
    await acme.save([A])

    await save.change_app_kind(acme.scope, AppKind.WHITELABEL, expected=2, now=NOW)

    assert await acme.values() == [("X-Api-Key", "SECRET-A")]


async def test_a_deleted_tenant_takes_its_values_with_it_and_leaves_the_neighbour_s(
    acme: Editor, neighbour: Editor
) -> None:
    await acme.save([A])
    await acme.publish()

    await actions.delete_tenant(acme.scope, "AcmeInc", now=NOW)

    assert await acme.rows() == []
    assert len(await neighbour.rows()) == 2
    assert await neighbour.values() == [("X-Api-Key", "SECRET-N2")]


async def test_nothing_that_a_tenant_saves_touches_the_neighbour_s_values(acme: Editor, neighbour: Editor) -> None:
    before = await neighbour.rows()

    for headers in ([A], [{**A, "value": "SECRET-N"}], [], [A, B]):
        await acme.save(headers)
        await acme.publish()

    assert await neighbour.rows() == before
    assert await neighbour.values() == [("X-Api-Key", "SECRET-N2")]
    assert {row.is_published for row in await SecretRow.filter(tenant_id=neighbour.scope.tenant)} == {True, False}


async def test_the_gate_asks_todays_rules_about_names_and_keeps_the_values(acme: Editor) -> None:
    saved = await acme.save([A])
    headers = (ProvisioningHeader("Host", saved.config.provisioning.headers[0].secret, DOTS),)
    old = Config(app=AppKind.GENERIC, provisioning=Provisioning(headers=headers))
    async with transaction():
        await drafts.replace_draft(acme.scope, 2, None, old, NOW)

    with pytest.raises(InvalidInputError) as caught:
        await acme.publish()

    assert [(problem.code.name, problem.path) for problem in caught.value.problems] == [
        ("HEADER_NAME", ("provisioning", "headers", "0", "name"))
    ]


async def test_a_value_that_was_lost_is_refused_at_the_gate_and_mended_by_a_save(acme: Editor) -> None:
    await acme.save([A])
    async with transaction():
        await SecretRow.filter(tenant_id=acme.scope.tenant).delete()
    with pytest.raises(InvalidInputError) as caught:
        await acme.publish()

    await acme.save([A])
    await acme.publish()

    assert [(problem.code.name, problem.path) for problem in caught.value.problems] == [
        ("HEADER_VALUE", ("provisioning", "headers", "0", "value"))
    ]
    assert await acme.values() == [("X-Api-Key", "SECRET-A")]


async def test_a_value_whose_key_was_lost_is_mended_by_a_save(acme: Editor) -> None:
    await acme.save([A])
    async with transaction():
        await SecretRow.filter(tenant_id=acme.scope.tenant).update(key_id="00000000")

    await acme.save([A])

    assert await acme.values() == [("X-Api-Key", "SECRET-A")]


async def test_the_value_stands_in_no_document_and_in_no_repr(acme: Editor) -> None:
    parsed = apply(Config(app=AppKind.GENERIC), {"provisioning": {"headers": [A, B]}})
    saved = await acme.save([A, B])

    assert "SECRET" not in repr(parsed) + repr(saved) + to_document(saved.config) + repr(to_mapping(saved.config))
    assert from_document(to_document(saved.config)) == saved.config
    with pytest.raises(TypeError):
        to_document(parsed)


async def test_a_revision_from_before_there_were_headers_has_none() -> None:
    document = to_document(Config(app=AppKind.GENERIC)).replace('"headers":[],', "")

    assert "headers" not in document
    assert from_document(document).provisioning.headers == ()


def problems_of(*headers: dict[str, str]) -> list[tuple[str, str]]:
    with pytest.raises(InvalidInputError) as caught:
        apply(Config(app=AppKind.GENERIC), {"provisioning": {"headers": list(headers)}})
    return [(problem.code.name, ".".join(problem.path[2:])) for problem in caught.value.problems]


def test_every_problem_of_the_headers_is_told_at_once() -> None:
    sent = [{"name": "", "value": ""}, A, {"name": "Host"}, {"name": "x-API-key", "value": "é"}, {"name": "X-New"}]

    assert problems_of(*sent, *({"name": f"X-{n}", "value": "v"} for n in range(6))) == [
        ("TOO_MANY", ""),
        ("HEADER_NAME", "0.name"),
        ("HEADER_VALUE", "0.value"),
        ("HEADER_NAME", "2.name"),
        ("HEADER_REPEATED", "3.name"),
        ("HEADER_VALUE", "3.value"),
        ("HEADER_VALUE", "4.value"),
    ]


@pytest.mark.parametrize("name", ["X-Api-Key", "Authorization", "x", "X_1.2~!#$%&'*+^`|", "a" * 64, "  X-Trimmed "])
def test_a_token_of_http_is_a_header_name(name: str) -> None:
    assert parse_header_name(name) == name.strip()


@pytest.mark.parametrize(
    "name",
    ["", " ", "X Y", "X:", "X\r\nHost", "X\n", "\tX", "é", "X\x00", "(X)", "a" * 65, "Gateway-Signature", "Proxy-X"]
    + sorted(OWN_HEADERS)
    + [name.title() for name in sorted(OWN_HEADERS)],
)
def test_another_text_or_a_name_of_the_call_itself_is_refused(name: str) -> None:
    assert problems_of({"name": name, "value": "v"}) == [("HEADER_NAME", "0.name")]


@pytest.mark.parametrize("value", ["v", "Bearer a b", "x" * 512, ' "quoted", and so on; ', "~!"])
def test_visible_characters_are_a_value(value: str) -> None:
    assert parse_header_value(value) == value.strip()


@pytest.mark.parametrize("value", ["", "  ", "a\r\nX-Evil: 1", "a\n", "\ta", "a\tb", "a\x00", "\x7f", "é", "x" * 513])
def test_any_other_text_is_no_value(value: str) -> None:
    assert problems_of({"name": "X-Key", "value": value}) == [("HEADER_VALUE", "0.value")]


@given(st.text(max_size=20))
def test_whatever_a_value_is_it_can_end_no_line_of_a_request(value: str) -> None:
    try:
        parsed = parse_header_value(value)
    except InvalidValueError as error:
        assert error.code is ProblemCode.HEADER_VALUE
    else:
        assert parsed == value.strip(" ")
        assert parsed.isascii()
        assert parsed.isprintable()


@pytest.mark.parametrize(
    ("value", "masked"), [("x", "••••"), ("123456789012345", "••••"), ("1234567890123456", "••••3456")]
)
def test_a_mask_shows_the_end_of_a_long_value_only(value: str, masked: str) -> None:
    assert mask(value) == masked


def listed(before: list[tuple[str, int]], after: list[tuple[str, int]]) -> list[tuple[str, str | None, str | None]]:
    return [(".".join(change.path[2:]), change.before, change.after) for change in all_changes(before, after)]


def all_changes(before: list[tuple[str, int]], after: list[tuple[str, int]]) -> tuple[Change, ...]:
    """Headers by name and row; each row has a masked value of its own, which must not turn up."""
    old, new = (
        Config(
            app=AppKind.GENERIC,
            provisioning=Provisioning(
                headers=tuple(ProvisioningHeader(name, row, f"SECRET{row}") for name, row in headers)
            ),
        )
        for headers in (before, after)
    )
    return changes(Shown("Acme", old), Shown("Acme", new))


def test_the_differences_say_which_header_and_never_its_value() -> None:
    assert listed([], [("X-A", 1)]) == [("0.name", None, "X-A")]
    assert listed([("X-A", 1), ("X-B", 2)], [("X-B", 2)]) == [("0.name", "X-A", None)]
    assert listed([("X-A", 1)], [("X-B", 2)]) == [("0.name", "X-A", "X-B")]
    assert listed([("X-A", 1)], [("x-a", 1)]) == [("0.name", "X-A", "x-a")]
    assert listed([("X-A", 1), ("X-B", 2)], [("X-A", 1), ("X-B", 3)]) == [("1.value", "••••", "••••")]
    assert listed([("X-A", 1), ("X-B", 2)], [("X-B", 2), ("X-A", 1)]) == [("", "X-A, X-B", "X-B, X-A")]
    assert listed([("X-A", 1), ("X-B", 2)], [("X-A", 1), ("X-B", 2)]) == []


def test_a_new_value_says_what_it_does() -> None:
    (change,) = all_changes([("X-A", 1)], [("X-A", 2)])

    assert change.label == "Header “X-A”: value"
    assert change.effect == "Calls to the provider carry another value from then on."
    assert "SECRET" not in repr(change)


async def test_a_sign_in_opens_what_is_published_and_not_what_is_edited(acme: Editor) -> None:
    published = await acme.save([A])
    await acme.publish()
    await acme.save([{**A, "value": "SECRET-edited"}])

    scope = PUBLIC.signing_in(acme.scope.tenant)

    assert await secrets.open_headers(scope, make.KEYS, published.config.provisioning.headers) == [
        ("X-Api-Key", "SECRET-A")
    ]


GOOD_URL = "https://pbx.acme.example/p"
VALUE_AT_0 = ("HEADER_VALUE", ("provisioning", "headers", "0", "value"))


def refusals_of(caught: pytest.ExceptionInfo[InvalidInputError]) -> list[tuple[str, tuple[str, ...]]]:
    return [(problem.code.name, problem.path) for problem in caught.value.problems]


@pytest.mark.parametrize(
    "url", ["https://pbx.stranger.example/p", "https://pbx.acme.example:8443/p", "https://acme.example/p"]
)
async def test_a_value_does_not_follow_the_address_to_another_server(acme: Editor, url: str) -> None:
    await acme.save([A], url=GOOD_URL)

    with pytest.raises(InvalidInputError) as alone:
        await acme.save_section({"provisioning": {"url": url}})
    with pytest.raises(InvalidInputError) as beside_its_name:
        await acme.save([KEPT], url=url)

    assert refusals_of(alone) == refusals_of(beside_its_name) == [VALUE_AT_0]
    assert (await acme.draft()).config.provisioning.url == HttpsUrl.parse(GOOD_URL)


async def test_a_value_does_not_follow_by_way_of_no_address(acme: Editor) -> None:
    await acme.save([A], url=GOOD_URL)
    await acme.save_section({"provisioning": {"url": None}})

    with pytest.raises(InvalidInputError) as caught:
        await acme.save_section({"provisioning": {"url": "https://pbx.stranger.example/p"}})

    assert refusals_of(caught) == [VALUE_AT_0]


async def test_with_its_value_entered_again_a_header_goes_to_the_new_server(acme: Editor) -> None:
    await acme.save([A], url=GOOD_URL)

    await acme.save([{"name": "X-Api-Key", "value": "SECRET-New"}], url="https://pbx2.acme.example/p")

    assert await acme.values() == [("X-Api-Key", "SECRET-New")]


async def test_another_path_on_the_same_server_keeps_the_values(acme: Editor) -> None:
    await acme.save([A], url=GOOD_URL)

    await acme.save_section({"provisioning": {"url": "https://PBX.acme.example:443/other/?a=b"}})
    await acme.publish()

    assert await acme.values() == [("X-Api-Key", "SECRET-A")]
