"""`gateway import` and `gateway export` on both databases: all or nothing, again and again, byte for byte."""

from __future__ import annotations

import asyncio
import io
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import asyncpg
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tortoise.models import Model

from gateway.exchange import export, import_file
from tenants import database
from tenants.actions import publish as publishing
from tenants.actions import tenant as actions
from tenants.actions.create import create_tenant
from tenants.documents import to_document
from tenants.errors import InvalidValueError
from tenants.files.entries import read_tenants
from tenants.files.tree import LARGEST_FILE
from tenants.files.writing import write_tenants
from tenants.identity import ProviderId, parse_name
from tenants.model import AppKind, Config, Draft, Tenant, TenantStatus
from tenants.parsing import apply
from tenants.rows import DraftRow, ProviderIdRow, RevisionRow, SecretRow, TenantRow
from tenants.store import drafts, revisions, secrets, tenants
from tenants.store.actors import to_stored
from tenants.store.tenants import TenantFilter
from tenants.system import SystemScope
from tests import make
from tests.databases import looking_at_rows
from tests.tenants.writing import elsewhere

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tenants.access import TenantScope

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
SYSTEM = SystemScope("a test")
TABLES: tuple[type[Model], ...] = (TenantRow, ProviderIdRow, DraftRow, RevisionRow, SecretRow)
DEFAULTS = to_document(Config(app=AppKind.GENERIC))
EDITOR = to_stored(SYSTEM.tenant(1, make.KEYS).actor)
GOOD = "  - providerId: Good\n    app: GENERIC\n"
ACME = "  - providerId: AcmeInc\n    app: GENERIC\n"
FULL = (
    "  - providerId: AcmeInc\n    name: Acme\n    app: WHITELABEL\n    branding:\n      themeColor: '#0d47a1'\n"
    "    help:\n      links:\n        - title: Hours\n          url: https://acme.example/hours\n"
)


class Files:
    """Takes texts as files of tenants, and remembers what was printed."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self._path, self._capsys = folder / "tenants.yaml", capsys

    async def take(self, tenants: str, *, publish: bool = False, dry_run: bool = False) -> list[str]:
        """What was printed for a file that is taken."""
        code, out, err = await self._run(f"tenants:\n{tenants}", publish=publish, dry_run=dry_run)
        assert (code, err) == (0, "")
        return out.splitlines()

    async def refuse(self, tenants: str, *, publish: bool = False, dry_run: bool = False) -> list[str]:
        """The problems of a file that is refused, without its path; every row must be as before."""
        before = await everything()
        code, out, err = await self._run(f"tenants:\n{tenants}", publish=publish, dry_run=dry_run)
        assert (code, out) == (1, "")
        assert await everything() == before
        found = [line.removeprefix(f"{self._path}:") for line in err.splitlines()]
        return [line for line in found if "nothing was imported" not in line]

    def write(self, text: str, name: str = "tenants.yaml") -> str:
        """The path of a new file."""
        path = self._path.with_name(name)
        path.write_text(text, encoding="utf-8")
        return str(path)

    def forget_printed(self) -> None:
        """What was printed until now is of no interest."""
        self._capsys.readouterr()

    async def _run(self, text: str, *, publish: bool, dry_run: bool) -> tuple[int, str, str]:
        return await self.run(self.write(text), publish=publish, dry_run=dry_run)

    async def run(self, path: str, *, publish: bool = False, dry_run: bool = False) -> tuple[int, str, str]:
        """Exit code, output and errors."""
        code = await import_file(path, publish=publish, dry_run=dry_run, admitted=frozenset(), keys=make.KEYS, now=NOW)
        printed = self._capsys.readouterr()
        return code, printed.out, printed.err


async def everything() -> list[str]:
    """Every row of every table."""
    rows = [(table.__name__, await table.all().values()) for table in TABLES]
    return sorted(f"{name} {row}" for name, found in rows for row in found)


async def exported() -> str:
    written = io.BytesIO()
    stream = io.TextIOWrapper(written, encoding="ascii", newline="\r\n")  # as a terminal may be
    assert await export(stream, make.KEYS) == 0
    stream.flush()
    return written.getvalue().decode()


async def scope_of(provider_id: str) -> TenantScope:
    tenant = await tenants.find_tenant(SYSTEM.platform(make.KEYS), provider_id)
    assert tenant is not None
    return SYSTEM.tenant(tenant.id, make.KEYS)


async def create(provider_id: str, *, publish: bool) -> TenantScope:
    tenant = await create_tenant(
        SYSTEM.platform(make.KEYS), provider_id=provider_id, name=None, app=AppKind.GENERIC, now=NOW
    )
    scope = SYSTEM.tenant(tenant.id, make.KEYS)
    if publish:
        await publishing.publish(scope, expected=1, now=NOW)
    return scope


@pytest.fixture
async def neighbour(connected: str) -> TenantScope:
    """Published, with an edit of its own that nobody may publish."""
    scope = await create("NeighbourTel", publish=True)
    await actions.rename_tenant(scope, {"name": "N-Name"}, expected=2, now=NOW)
    return scope


@pytest.fixture
def files(neighbour: TenantScope, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Files:
    return Files(tmp_path, capsys)


async def test_new_tenants_are_created_and_published_and_the_neighbour_is_left_alone(
    files: Files, neighbour: TenantScope
) -> None:
    before = (await tenants.get_tenant(neighbour), await drafts.get_draft(neighbour))

    printed = await files.take(FULL + GOOD, publish=True)

    acme = await scope_of("acmeinc")
    live = await revisions.find_live(acme)
    assert printed == [
        "AcmeInc: created and published as revision 1",
        "Good: created and published as revision 1",
    ]
    assert live is not None
    assert (live.name, live.config.branding.theme_color.hex, live.config.app) == ("Acme", "#0d47a1", AppKind.WHITELABEL)
    assert (await tenants.get_tenant(neighbour), await drafts.get_draft(neighbour)) == before


async def test_the_same_file_again_changes_nothing(files: Files) -> None:
    await files.take(FULL + GOOD, publish=True)
    before = await everything()

    printed = await files.take(FULL + GOOD, publish=True)

    assert printed == ["AcmeInc: unchanged", "Good: unchanged"]
    assert await everything() == before


async def test_what_was_taken_without_publishing_is_published_by_a_second_run(files: Files) -> None:
    await files.take(FULL)

    printed = await files.take(FULL, publish=True)

    assert printed == ["AcmeInc: published as revision 1"]


async def test_a_changed_file_makes_the_next_revision_and_what_left_it_has_its_default_again(files: Files) -> None:
    await files.take(FULL, publish=True)

    printed = await files.take(ACME, publish=True)

    draft = await drafts.get_draft(await scope_of("AcmeInc"))
    assert printed == ["AcmeInc: changed and published as revision 2"]
    assert (draft.version, draft.name, draft.config) == (4, None, Config(app=AppKind.GENERIC))


async def test_another_kind_reaches_phones_only_when_it_is_published(files: Files) -> None:
    await files.take(ACME, publish=True)
    scope = await scope_of("AcmeInc")

    await files.take(ACME.replace("GENERIC", "WHITELABEL"))
    between = (await tenants.get_tenant(scope)).app
    await files.take(ACME.replace("GENERIC", "WHITELABEL"), publish=True)

    assert (between, (await tenants.get_tenant(scope)).app) == (AppKind.GENERIC, AppKind.WHITELABEL)


async def test_an_unpublished_tenant_takes_the_spelling_of_the_file(files: Files) -> None:
    await files.take(ACME)

    printed = await files.take(ACME.replace("AcmeInc", "ACMEinc"))

    tenant = await tenants.get_tenant(await scope_of("acmeinc"))
    assert printed == ["ACMEinc: changed"]
    assert (tenant.provider_id.text, tenant.name) == ("ACMEinc", "ACMEinc")


async def test_a_changed_unpublished_tenant_is_listed_by_its_new_name_and_kind(files: Files) -> None:
    await files.take(ACME)

    await files.take(FULL.replace("name: Acme", "name: Zebra"))

    narrow = TenantFilter(search="zebra", app=AppKind.WHITELABEL)
    found = await tenants.list_tenants(SYSTEM.platform(make.KEYS), narrow, first=9)
    assert [(tenant.provider_id.text, tenant.name) for _, tenant, _ in found] == [("AcmeInc", "Zebra")]


async def test_a_suspended_tenant_stays_suspended(files: Files) -> None:
    await files.take(ACME, publish=True)
    scope = await scope_of("AcmeInc")
    await actions.suspend_tenant(scope, "unpaid", now=NOW)

    await files.take(FULL, publish=True)

    assert (await tenants.get_tenant(scope)).status is TenantStatus.SUSPENDED


async def test_a_dry_run_says_what_would_be_done_and_does_nothing(files: Files) -> None:
    await files.take(ACME, publish=True)
    before = await everything()

    printed = await files.take(FULL + GOOD, publish=True, dry_run=True)

    assert printed == [
        "AcmeInc: would be changed and published as revision 2",
        "Good: would be created and published as revision 1",
    ]
    assert await everything() == before


async def test_an_empty_list_is_taken(files: Files) -> None:
    code, out, err = await files.run(files.write("tenants: []\n"), publish=True)

    assert (code, out, err) == (0, "", "")


@pytest.mark.parametrize("dry_run", [False, True])
async def test_all_problems_of_form_rules_and_database_are_told_in_one_run(files: Files, *, dry_run: bool) -> None:
    await create("Published", publish=True)
    retired = await create("Retired", publish=True)
    await actions.delete_tenant(retired, "Retired", now=NOW)
    text = (
        GOOD + "  - providerId: RETIRED\n    app: GENERIC\n    help:\n      links:\n"
        "        - title: Pay\n          url: http://SECRET.example/\n"
        "  - providerId: PUBLISHED\n    app: SECRET\n    provisioning:\n      usernamePlaceholder: SECRET\n"
        "  - name: SECRET\n    app: GENERIC\n"
        "  - app: GENERIC\n    providerId: good\n    branding:\n      themeColor: SECRET\n"
        "  - providerId: retired\n    app: GENERIC\n"
    )

    told = await files.refuse(text, publish=True, dry_run=dry_run)

    assert [line.split(": ")[:3] for line in told] == [
        ["4", "tenants.1.providerId", "PROVIDER_ID_TAKEN"],
        ["9", "tenants.1.help.links.0.url", "LINK_HTTP"],
        ["10", "tenants.2.providerId", "PROVIDER_ID_FIXED"],
        ["11", "tenants.2.app", "CHOICE_UNKNOWN"],
        ["14", "tenants.3.providerId", "REQUIRED"],
        ["17", "tenants.4.providerId", "PROVIDER_ID_REPEATED"],
        ["19", "tenants.4.branding.themeColor", "COLOR_SYNTAX"],
        ["20", "tenants.5.providerId", "PROVIDER_ID_REPEATED"],
    ]
    assert "SECRET" not in "".join(told)


async def test_what_could_not_be_read_has_one_problem_and_no_others_that_follow_from_it(files: Files) -> None:
    text = (
        "  - providerId: [a]\n    app: SECRET\n    provisioning:\n      usernamePlaceholder: PIN\n"
        "    help:\n      credentialsSource: SECRET\n      links:\n"
        "        - SECRET\n        - title: []\n          url: https://acme.example/?u=%user%\n"
    )

    told = await files.refuse(text)

    assert [line.split(": ")[:3] for line in told] == [
        ["2", "tenants.0.providerId", "FIELD_SHAPE"],
        ["3", "tenants.0.app", "CHOICE_UNKNOWN"],
        ["7", "tenants.0.help.credentialsSource", "CHOICE_UNKNOWN"],
        ["9", "tenants.0.help.links.0", "FIELD_SHAPE"],
        ["10", "tenants.0.help.links.1.title", "FIELD_SHAPE"],
    ]


@pytest.mark.parametrize("provider_id", ["", "''", "'  '", "null"])
async def test_a_provider_id_that_is_empty_is_told(files: Files, provider_id: str) -> None:
    told = await files.refuse(f"  - app: GENERIC\n    providerId: {provider_id}\n")

    assert [line.split(": ")[:3] for line in told] == [["3", "tenants.0.providerId", "REQUIRED"]]


async def test_a_problem_is_one_line_with_what_to_do(files: Files) -> None:
    (line,) = await files.refuse(ACME.replace("AcmeInc", "a b"))

    assert line == (
        "2: tenants.0.providerId: PROVIDER_ID_SYNTAX: A ProviderId has 1 to 63 letters, digits, '-' and '_', and "
        "neither begins nor ends with '-' or '_'. For example AcmeInc."
    )


async def test_a_file_that_cannot_be_had_is_one_line(files: Files, tmp_path: Path) -> None:
    huge = tmp_path / "huge.yaml"
    with huge.open("wb") as file:
        file.truncate(LARGEST_FILE + 1)

    answers = [
        await files.run(path) for path in (str(tmp_path / "none.yaml"), str(tmp_path), "", str(huge), "/dev/null")
    ]

    assert [(code, out, len(err.splitlines())) for code, out, err in answers] == [(1, "", 1)] * 5
    assert [err.split(": ")[1] for _, _, err in answers] == [
        "FILE_UNREADABLE",
        "FILE_UNREADABLE",
        "FILE_UNREADABLE",
        "FILE_TOO_LARGE",
        "FILE_SYNTAX",
    ]


async def test_an_export_is_by_provider_id_in_the_order_of_the_form_and_only_what_differs(files: Files) -> None:
    await files.take(GOOD.replace("Good", "b-Good") + FULL)

    text = await exported()

    assert text.startswith("# ")
    assert text.split("\n", 1)[1] == (
        "tenants:\n  - providerId: AcmeInc\n    name: Acme\n    app: WHITELABEL\n    branding:\n"
        '      themeColor: "#0d47a1"\n    help:\n      links:\n        - title: Hours\n'
        "          url: https://acme.example/hours\n\n"
        "  - providerId: b-Good\n    app: GENERIC\n\n"
        "  - providerId: NeighbourTel\n    name: N-Name\n    app: GENERIC\n"
    )


async def test_an_export_of_nothing_is_read(connected: str) -> None:
    text = await exported()

    assert read_tenants(text.encode()).entries == ()


async def test_an_export_goes_into_an_empty_gateway_and_comes_out_the_same(
    files: Files, tmp_path: Path, neighbour: TenantScope
) -> None:
    await files.take(FULL + GOOD)
    first = await exported()
    for scope in (await scope_of("AcmeInc"), await scope_of("Good")):
        await actions.delete_tenant(scope, (await tenants.get_tenant(scope)).provider_id.text, now=NOW)
    (tmp_path / "export.yaml").write_text(first, encoding="utf-8")

    code, _, _ = await files.run(str(tmp_path / "export.yaml"))

    assert code == 0
    assert await exported() == first


async def test_more_tenants_than_one_statement_asks_for_are_exported(connected_sqlite: str) -> None:
    many = range(1, 1202)
    names = [f"Tenant{number}" for number in many]
    async with database.transaction():
        await TenantRow.bulk_create(
            [
                TenantRow(
                    id=number, provider_id=name, provider_key=name.lower(), name_key="", app="GENERIC", created_at=NOW
                )
                for number, name in zip(many, names, strict=True)
            ]
        )
        await DraftRow.bulk_create(
            [DraftRow(tenant_id=number, version=1, config=DEFAULTS, edited_at=NOW, edited_by=EDITOR) for number in many]
        )

    text = await exported()

    assert sorted(entry.provider_id for entry in read_tenants(text.encode()).entries) == sorted(names)


async def test_of_two_imports_at_once_both_end_and_the_file_is_taken_once(files: Files) -> None:
    text = FULL + GOOD
    first, second = (files.write(f"tenants:\n{text}", f"{name}.yaml") for name in ("first", "second"))

    codes = await asyncio.gather(*(elsewhere(_import(path)) for path in (first, second)))

    files.forget_printed()
    assert 0 in codes
    assert set(codes) <= {0, 1}
    assert await files.take(text, publish=True) == ["AcmeInc: unchanged", "Good: unchanged"]
    numbers = [await revisions.list_revisions(await scope_of(name), first=9) for name in ("AcmeInc", "Good")]
    assert [len(found) for found in numbers] == [1, 1]


@pytest.fixture
async def rival(postgres_url: str) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    """Another program in the middle of a transaction; this process is connected to the same database."""
    await database.connect(postgres_url, pool_size=3, timeout_seconds=5)
    connection = await asyncpg.connect(postgres_url, timeout=10)
    yield connection
    await connection.close()
    await database.disconnect()


@pytest.fixture
def late(rival: asyncpg.Connection[asyncpg.Record], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Files:
    """An import that comes second."""
    return Files(tmp_path, capsys)


async def overtaken(late: Files, rival: asyncpg.Connection[asyncpg.Record], text: str, *statements: str) -> list[str]:
    """What an import is told that waits for a rival who then commits."""
    path = late.write(f"tenants:\n{text}")
    transaction = rival.transaction()
    await transaction.start()
    for statement in statements:
        await rival.execute(statement)
    taking = elsewhere(late.run(path, publish=True))
    while not await rival.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"):
        assert not taking.done()
        await asyncio.sleep(0.01)
    await transaction.commit()
    code, out, err = await taking
    assert (code, out) == (1, "")
    return [line.removeprefix(f"{path}:") for line in err.splitlines()]


INSERT = (
    "INSERT INTO tenant (id, provider_id, provider_key, name_key, app, is_suspended, created_at) "
    "VALUES (1000, 'Good', 'good', 'good', 'GENERIC', false, now())"
)
PUBLISHED = "UPDATE tenant SET live_revision = 1 WHERE provider_key = 'good'"
EDITED = "UPDATE draft SET version = version + 1"
DELETED = "DELETE FROM tenant WHERE provider_key = 'good'"
TOLD = ": CHANGED_MEANWHILE: Somebody changed this tenant at the same moment. Run the import again."


async def test_a_tenant_that_somebody_else_makes_meanwhile_undoes_the_import(
    late: Files, rival: asyncpg.Connection[asyncpg.Record]
) -> None:
    told = await overtaken(late, rival, GOOD + ACME, INSERT)

    assert told == [f"2: tenants.0{TOLD}"]
    with looking_at_rows():
        assert [row.provider_id for row in await TenantRow.all()] == ["Good"]
        assert await DraftRow.all().count() == 0


async def test_a_tenant_that_is_published_meanwhile_keeps_its_spelling(
    late: Files, rival: asyncpg.Connection[asyncpg.Record]
) -> None:
    await create("Good", publish=False)

    told = await overtaken(late, rival, ACME + GOOD.replace("Good", "GOOD"), EDITED, PUBLISHED)

    assert told == [f"4: tenants.1{TOLD}"]
    with looking_at_rows():
        assert [row.provider_id for row in await TenantRow.all()] == ["Good"]


async def test_a_tenant_that_is_deleted_meanwhile_undoes_the_import(
    late: Files, rival: asyncpg.Connection[asyncpg.Record]
) -> None:
    await create("Good", publish=False)

    told = await overtaken(late, rival, GOOD + ACME, DELETED)

    assert told == [f"2: tenants.0{TOLD}"]
    with looking_at_rows():
        assert await TenantRow.all().count() == 0


async def _import(path: str) -> int:
    return await import_file(path, publish=True, dry_run=False, admitted=frozenset(), keys=make.KEYS, now=NOW)


def _tenant(name: str | None, config: Config, provider_id: str = "AcmeInc") -> tuple[Tenant, Draft]:
    tenant = Tenant(
        id=1,
        provider_id=ProviderId.parse(provider_id),
        name=name or provider_id,
        app=config.app,
        status=TenantStatus.UNPUBLISHED,
        live_revision=None,
        created_at=NOW,
    )
    editor = SYSTEM.tenant(1, make.KEYS).actor
    return tenant, Draft(tenant=1, version=1, name=name, config=config, edited_at=NOW, edited_by=editor)


def _read_again(text: str) -> tuple[Tenant, Draft]:
    file = read_tenants(text.encode())
    file.refuse_if_any()
    (entry,) = file.entries
    assert entry.app is not None
    name = None if entry.name is None else parse_name(entry.name)
    return _tenant(name, apply(Config(app=entry.app), entry.sections), entry.provider_id)


def _is_name(text: str) -> bool:
    try:
        return parse_name(text) == text
    except InvalidValueError:
        return False


ODD = [
    *['"', "'", "\\", "a\\n", 'it\'s "so"', "#1", "a #b", "a: b", "a:", ":a", "- a", "-", "@a", "%a", "&a", "*a", "!a"],
    *[
        "|",
        ">-",
        "? a",
        "[a]",
        "{a: b}",
        "a, b",
        "null",
        "~",
        "no",
        "True",
        "1000",
        "0x1F",
        "1e3",
        "2026-01-01",
        "=",
        "<<",
    ],
    *[
        "---",
        "...",
        "`a`",
        "\U0001f468\u200d\U0001f469\u200d\U0001f467",
        "\u0645\u06cc\u200c\u062e",
        "\u05e9\u05dc\u05d5\u05dd",
        "\xa0".join("ab"),
    ],
    *["\U0001f600" * 80, "a  b"],
]


@given(st.none() | st.sampled_from(ODD).map(parse_name) | st.text(max_size=20).filter(_is_name), make.CONFIGS)
@example("#", make.full_config())
def test_what_is_written_is_read_as_the_same_and_written_in_the_same_bytes(name: str | None, config: Config) -> None:
    tenant, draft = _tenant(name, config)

    text = write_tenants([(tenant, draft)])

    assert _read_again(text) == (tenant, draft)
    assert write_tenants([_read_again(text)]) == text


@pytest.mark.parametrize("text", ODD)
def test_odd_texts_are_titles_that_come_back_as_they_were(text: str) -> None:
    links = [{"title": text[:40], "url": "https://acme.example/a#b"}]
    tenant, draft = _tenant(parse_name(text), make.config(help={"menuTitle": text[:20], "links": links}))

    again = _read_again(write_tenants([(tenant, draft)]))

    assert again == (tenant, draft)


HEADERS = (
    "  - providerId: AcmeInc\n    app: GENERIC\n    provisioning:\n      headers:\n"
    "        - name: X-Api-Key\n          value: SECRET-A\n"
    "        - name: Authorization\n          value: Bearer SECRET-B\n"
)


async def values(scope: TenantScope) -> list[tuple[str, str]]:
    """What calls by the tenant's draft would carry."""
    draft = await drafts.get_draft(scope)
    return await secrets.open_headers(scope, make.KEYS, draft.config.provisioning.headers)


async def test_headers_of_a_file_are_stored_encrypted_and_taking_it_again_changes_nothing(files: Files) -> None:
    await files.take(HEADERS, publish=True)
    before = await everything()

    again = await files.take(HEADERS, publish=True)

    assert again == ["AcmeInc: unchanged"]
    assert await everything() == before
    assert "SECRET-A" not in "".join(before)
    assert await values(await scope_of("AcmeInc")) == [("X-Api-Key", "SECRET-A"), ("Authorization", "Bearer SECRET-B")]


async def test_an_export_has_no_values_and_importing_it_into_the_same_database_changes_nothing(files: Files) -> None:
    await files.take(HEADERS, publish=True)
    before = await everything()
    text = await exported()

    again = await files.take(text.split("tenants:\n")[1], publish=True)

    assert "SECRET" not in text
    assert "      headers:  # their values are secrets and stay in the database\n        - name: X-Api-Key\n" in text
    assert again == ["AcmeInc: unchanged", "NeighbourTel: published as revision 2"]
    assert [row for row in await everything() if "Secret" in row] == [row for row in before if "Secret" in row]


async def test_an_export_without_values_is_refused_by_another_database_at_the_header_s_line(
    files: Files, empty_neighbour_url: str
) -> None:
    await files.take(HEADERS)
    text = (await exported()).split("tenants:\n")[1]
    await database.disconnect()
    await database.migrate(empty_neighbour_url)
    await database.connect(empty_neighbour_url)

    refused = await files.refuse(text)

    line = text.split("X-Api-Key")[0].count("\n") + 2
    assert [problem.split(": No value")[0] for problem in refused] == [
        f"{line}: tenants.0.provisioning.headers.0.value: HEADER_VALUE",
        f"{line + 1}: tenants.0.provisioning.headers.1.value: HEADER_VALUE",
    ]


async def test_a_value_that_a_file_leaves_out_stays_with_the_server_that_it_was_given_for(files: Files) -> None:
    given = HEADERS.replace("    provisioning:\n", "    provisioning:\n      url: https://pbx.acme.example/p\n")
    await files.take(given, publish=True)
    text = (await exported()).split("tenants:\n")[1]

    again = await files.take(text)
    refused = await files.refuse(text.replace("pbx.acme.example", "pbx.stranger.example"))

    line = text.split("X-Api-Key")[0].count("\n") + 2
    assert again == ["AcmeInc: unchanged", "NeighbourTel: unchanged"]
    assert [problem.split(": The calls")[0] for problem in refused] == [
        f"{line}: tenants.0.provisioning.headers.0.value: HEADER_VALUE",
        f"{line + 1}: tenants.0.provisioning.headers.1.value: HEADER_VALUE",
    ]


async def test_a_file_changes_keeps_adds_and_drops_headers_in_one_go(files: Files) -> None:
    await files.take(HEADERS)
    changed = HEADERS.replace("          value: SECRET-A\n", "").replace("SECRET-B", "SECRET-B2")

    printed = await files.take(changed + "        - name: X-New\n          value: '12'\n")
    kept = await values(await scope_of("AcmeInc"))
    await files.take("  - providerId: AcmeInc\n    app: GENERIC\n    provisioning:\n      headers: null\n")

    assert printed == ["AcmeInc: changed"]
    assert kept == [("X-Api-Key", "SECRET-A"), ("Authorization", "Bearer SECRET-B2"), ("X-New", "12")]
    assert await values(await scope_of("AcmeInc")) == []
    assert await SecretRow.all().count() == 0


async def test_a_dry_run_stores_no_value(files: Files) -> None:
    before = await everything()

    await files.take(HEADERS, dry_run=True)

    assert await everything() == before


@pytest.mark.parametrize(
    ("header", "line", "code"),
    [
        ("name: Host, value: SECRET", 6, "provisioning.headers.0.name: HEADER_NAME"),
        ("name: X-Key, value: 'SECRET\u00e9'", 6, "provisioning.headers.0.value: HEADER_VALUE"),
        ("name: X-Key, value: ", 6, "provisioning.headers.0.value: FIELD_SHAPE"),
        ("name: X-Key, secret: 1", 6, "provisioning.headers.0: FIELD_UNKNOWN"),
        ("name: X-Key, value: [SECRET]", 6, "provisioning.headers.0.value: FIELD_SHAPE"),
        ("value: SECRET", 6, "provisioning.headers.0.name: HEADER_NAME"),
    ],
)
async def test_what_is_wrong_with_a_header_is_told_with_its_line_and_without_its_value(
    files: Files, header: str, line: int, code: str
) -> None:
    text = f"  - providerId: AcmeInc\n    app: GENERIC\n    provisioning:\n      headers:\n        - {{{header}}}\n"

    refused = await files.refuse(text)

    assert refused[0].startswith(f"{line}: tenants.0.{code}")
    assert not [problem for problem in refused if "SECRET" in problem]


async def test_a_kept_value_that_is_dropped_meanwhile_undoes_the_import(
    late: Files, rival: asyncpg.Connection[asyncpg.Record]
) -> None:
    await late.take(HEADERS)
    kept = HEADERS.replace("          value: SECRET-A\n", "").replace("          value: Bearer SECRET-B\n", "")

    dropped = f"{EDITED}, config = '{DEFAULTS}'"
    told = await overtaken(late, rival, kept, dropped, "DELETE FROM secret")

    assert told == [f"2: tenants.0{TOLD}"]
    assert await values(await scope_of("AcmeInc")) == []
