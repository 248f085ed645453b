"""`gateway …` as real processes: what a person at a terminal types and sees."""

from __future__ import annotations

import asyncio
import re
import socket
import ssl
import subprocess
import sys
import time
from pathlib import Path

import httpx2
import pytest

from tenants.access_rows import MembershipRow
from tenants.database import connect, disconnect
from tenants.scoping import bound, extent_of
from tenants.system import SystemScope
from tests.operators import EMAIL, LINK, PASSWORD, SignedIn, printed_token, sign_up
from tests.servers import gateway_process, process

TOKEN = re.compile(r"gwt_[\w-]{43}")
SNI = {"sni_hostname": "mock.localhost"}
HOST = {"Host": "mock.localhost"}
ADMINS = ["CREATE_TENANT", "SUSPEND_TENANT", "RESET_PASSWORDS", "READ_PLATFORM_AUDIT_LOG"]
DEMO = Path(__file__).parents[2] / "gateway" / "data" / "demo.yaml"
RIGHTS = "query($name: String!) { tenant(providerId: $name) { viewerPermissions } }"
VIEWER = {"query": "{ viewer { name permissions } }"}


def run(*arguments: str, cwd: Path, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """One command, in a folder of its own."""
    root = Path(__file__).parent.parent.parent
    return subprocess.run(
        [sys.executable, "-m", "gateway", *arguments],
        cwd=cwd,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(root), **(env or {})},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def _ask(url: str, token: str) -> httpx2.Response:
    return httpx2.post(f"{url}/graphql", json=VIEWER, headers={"Authorization": f"Bearer {token}"})


def test_the_first_admin_signs_up_by_the_printed_link_and_owns_the_demo_until_and_after_a_restart(
    tmp_path: Path,
) -> None:
    arguments = ("serve", "--demo", "--port", "0", "--database", f"sqlite:///{tmp_path / 'data' / 'gateway.db'}")
    names = ["AcmeInc", "BrightTel", "PlainVoice"]

    with gateway_process(*arguments, env={}) as first:
        admin = sign_up(first)
        owned = [admin.ask(RIGHTS, {"name": name})["viewerPermissions"] for name in names]
    started = time.monotonic()
    with gateway_process(*arguments, env={}) as second:
        seconds = time.monotonic() - started
        again = SignedIn(second.ready[0], admin.session).ask("{ viewer { name permissions } }")
        words = second.output

    assert all({"MANAGE_MEMBERS", "PUBLISH"} <= set(rights) for rights in owned)
    assert again == {"name": "Admin", "permissions": ADMINS}
    assert not LINK.search(words)
    assert f"{second.ready[0]}/sign-in" in words
    assert seconds < 5  # the promise is 2 s on a quiet machine; here two suites share two cores


def test_the_mock_providers_tenant_belongs_to_the_admin_who_was_there_before_it(tmp_path: Path) -> None:
    arguments = ("serve", "--port", "0", "--database", f"sqlite:///{tmp_path / 'gateway.db'}")
    with gateway_process(*arguments, env={}) as first:
        admin = sign_up(first)

    with gateway_process(*arguments, "--mock-provider", "0", env={}) as second:
        rights = SignedIn(second.ready[0], admin.session).ask(RIGHTS, {"name": "MockTel"})

    assert "MANAGE_MEMBERS" in rights["viewerPermissions"]


def test_a_start_in_production_prints_the_link_of_the_first_admin_and_gives_them_no_tenant(tmp_path: Path) -> None:
    database = f"sqlite:///{tmp_path / 'gateway.db'}"
    key = {"GATEWAY_SECRET_KEY": "0123456789abcdefghijklmnopqrstuvwxyz"}
    imported = run("import", str(DEMO), "--publish", "--database", database, cwd=tmp_path, env=key)
    with gateway_process(
        "serve", "--profile", "production", "--demo", "--port", "0", "--database", database, env=key
    ) as it:
        admin = sign_up(it)
        log = it.errors
        members = admin.ask('{ tenant(providerId: "AcmeInc") { viewerPermissions } }')
    counted = asyncio.run(count_members(database))

    assert imported.returncode == 0
    assert members is not None
    assert counted == 0
    assert not LINK.search(log)


async def count_members(url: str) -> int:
    await connect(url)
    try:
        with bound(extent_of(SystemScope("a test"))):
            return await MembershipRow.all().count()
    finally:
        await disconnect()


def test_of_the_links_of_several_starts_the_first_that_is_used_ends_the_others(tmp_path: Path) -> None:
    arguments = ("serve", "--port", "0", "--database", f"sqlite:///{tmp_path / 'gateway.db'}")
    with gateway_process(*arguments, env={}) as first:
        early = printed_token(first)
    with gateway_process(*arguments, env={}) as second:
        late = printed_token(second)
        sign_up(second)
        told = _accept(second.ready[0], early)

    assert early != late
    assert told == "OneTimeLinkUnusable"


def test_an_operator_invites_another_admin_and_an_owner_and_resets_a_password(tmp_path: Path) -> None:
    database_url = f"sqlite:///{tmp_path / 'gateway.db'}"
    env = {"GATEWAY_PUBLIC_URL": "https://gateway.acme.example/g"}
    with gateway_process("serve", "--demo", "--port", "0", "--database", database_url, env={}) as server:
        before = run("people", "reset-password", EMAIL, "--database", database_url, cwd=tmp_path)
        sign_up(server)
        admin = run("people", "invite-admin", "--database", database_url, cwd=tmp_path, env=env)
        owner = run(
            "people", "invite", "o@acme.example", "--tenant", "acmeinc", "--database", database_url, cwd=tmp_path
        )
        reset = run("people", "reset-password", EMAIL, "--database", database_url, cwd=tmp_path)
        nowhere = run("people", "invite", "o@a.example", "--tenant", "None", "--database", database_url, cwd=tmp_path)
        wrong = run("people", "reset-password", "SECRET", "--database", database_url, cwd=tmp_path)
        told = [
            _accept(server.ready[0], link.stdout.strip(), f"n{n}@a.example") for n, link in enumerate((admin, owner))
        ]

    assert (before.returncode, before.stdout) == (1, "")
    assert re.fullmatch(r"https://gateway\.acme\.example/g/welcome/[\w-]{43}\n", admin.stdout)
    assert re.fullmatch(r"http://127\.0\.0\.1:8000/welcome/[\w-]{43}\n", owner.stdout)
    assert re.fullmatch(r"http://127\.0\.0\.1:8000/password/[\w-]{43}\n", reset.stdout)
    assert told == ["InvitationAccepted"] * 2
    assert [one.returncode for one in (nowhere, wrong)] == [1, 1]
    assert [len(one.stderr.splitlines()) for one in (before, nowhere, wrong)] == [1, 1, 1]
    assert "SECRET" not in wrong.stderr


def _accept(url: str, token: str, email: str = "other@acme.example") -> str:
    """What becomes of a link in an anonymous browser."""
    accept = "mutation($input: AcceptInvitationInput!) { acceptInvitation(input: $input) { __typename } }"
    sent = {"token": token, "name": "Other", "password": PASSWORD, "email": email}
    answer = httpx2.post(f"{url}/graphql", json={"query": accept, "variables": {"input": sent}}, timeout=20)
    return str(answer.json()["data"]["acceptInvitation"]["__typename"])


def test_the_welcome_names_graphiql_two_queries_and_the_link_once(tmp_path: Path) -> None:
    database = f"sqlite:///{tmp_path / 'gateway.db'}"
    with gateway_process("serve", "--demo", "--port", "0", "--database", database, env={}) as first:
        url, words, log = first.ready[0], first.output, first.errors
    with gateway_process("serve", "--demo", "--port", "0", "--database", database, env={}) as second:
        later = second.output

    assert f"{url}/graphql" in words
    assert words.count("softphoneConfig(") == 2
    assert words.count("/welcome/") == later.count("/welcome/") == 1  # nobody has signed up
    tokens = [printed.rpartition("/")[2] for printed in re.findall(r"\S+/welcome/\S+", words + later)]
    stored = b"".join(file.read_bytes() for file in tmp_path.glob("gateway.db*"))
    found = [token in log or token.encode() in stored for token in tokens]
    assert len(set(tokens)) == 2
    assert found == [False, False]
    assert not TOKEN.search(words)


def test_the_queries_of_the_welcome_can_be_pasted(tmp_path: Path) -> None:
    database = f"sqlite:///{tmp_path / 'gateway.db'}"
    with gateway_process("serve", "--demo", "--port", "0", "--database", database, env={}) as server:
        _, *queries = re.split(r"\n  (?=\{ softphoneConfig)", server.output)
        answers = [httpx2.post(f"{server.ready[0]}/graphql", json={"query": query}).json() for query in queries]

    assert [answer["data"]["softphoneConfig"].get("__typename", "SoftphoneConfig") for answer in answers] == [
        "SoftphoneConfig",
        "SoftphoneConfig",
    ]


def test_a_new_token_is_printed_alone_and_works_at_once_on_a_running_gateway(tmp_path: Path) -> None:
    database = f"sqlite:///{tmp_path / 'gateway.db'}"
    with gateway_process("serve", "--port", "0", "--database", database, env={}) as server:
        made = run(
            "token", "create", "--role", "platform-admin", "--name", "robot", "--database", database, cwd=tmp_path
        )
        answer = _ask(server.ready[0], made.stdout.strip())

    assert TOKEN.fullmatch(made.stdout.strip())
    assert answer.json()["data"]["viewer"] == {
        "name": "robot",
        "permissions": ADMINS,
    }


def test_migrate_says_what_is_missing_and_then_that_nothing_is(tmp_path: Path) -> None:
    before = run("migrate", "--check", cwd=tmp_path)
    done = run("migrate", cwd=tmp_path)
    after = run("migrate", "--check", cwd=tmp_path)

    assert (before.returncode, done.returncode, after.returncode) == (1, 0, 0)
    assert before.stdout == done.stdout
    assert after.stdout == "The database is up to date.\n"


def test_production_refuses_an_old_schema_in_one_line(tmp_path: Path) -> None:
    key = "0123456789abcdefghijklmnopqrstuvwxyz"

    refused = run("serve", "--profile", "production", cwd=tmp_path, env={"GATEWAY_SECRET_KEY": key})

    assert refused.returncode == 1
    assert refused.stdout == ""
    assert len(refused.stderr.splitlines()) == 1
    assert "gateway migrate" in refused.stderr


@pytest.mark.parametrize(
    ("env", "named"),
    [
        ({"GATEWAY_PORT": "SECRET-port"}, "GATEWAY_PORT"),
        ({"GATEWAY_DATABASE_URL": "mysql://u:SECRET@h/d"}, "GATEWAY_DATABASE_URL"),
        ({"GATEWAY_SECRET_KEY": "SECRET-short"}, "GATEWAY_SECRET_KEY"),
        ({"GATEWAY_PROFILE": "production"}, "GATEWAY_SECRET_KEY"),
        ({"GATEWAY_SECRETKEY": "SECRET"}, "GATEWAY_SECRETKEY"),
    ],
)
def test_a_bad_setting_stops_the_start_with_one_line_that_names_it(
    tmp_path: Path, env: dict[str, str], named: str
) -> None:
    refused = run("serve", cwd=tmp_path, env=env)

    assert refused.returncode == 2
    assert len(refused.stderr.splitlines()) == 1
    assert named in refused.stderr
    assert "SECRET-" not in refused.stderr
    assert ":SECRET@" not in refused.stderr


def test_a_bad_manifest_stops_the_start_with_one_line_and_is_told_by_check(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text('{"some-id": "{ nobodyHasThis }"}', encoding="ascii")
    env = {"GATEWAY_TRUSTED_DOCUMENTS": "manifest.json"}

    refused = run("serve", "--workers", "2", cwd=tmp_path, env=env)
    checked = run("check", cwd=tmp_path, env=env)

    assert refused.returncode == 2
    assert len(refused.stderr.splitlines()) == 1
    assert "GATEWAY_TRUSTED_DOCUMENTS names a manifest whose document some-id cannot run here" in refused.stderr
    assert not (tmp_path / "gateway.db").exists()
    assert checked.returncode == 1
    assert "FAIL  documents  GATEWAY_TRUSTED_DOCUMENTS names" in checked.stdout


def test_a_port_that_is_taken_is_one_line(tmp_path: Path) -> None:
    database = f"sqlite:///{tmp_path / 'gateway.db'}"
    with gateway_process("serve", "--port", "0", "--database", database, env={}) as server:
        refused = run("serve", "--port", server.ready["port"], "--database", database, cwd=tmp_path)

    assert refused.returncode == 1
    assert "cannot listen on 127.0.0.1" in refused.stderr


def test_a_dotenv_file_is_read_and_a_variable_wins_over_it(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("GATEWAY_PORT=nonsense\n", encoding="ascii")

    from_file = run("migrate", "--check", cwd=tmp_path)
    from_variable = run("migrate", "--check", cwd=tmp_path, env={"GATEWAY_PORT": "9000"})

    assert from_file.returncode == 2
    assert "GATEWAY_PORT" in from_file.stderr
    assert from_variable.returncode == 1


def test_what_was_exported_is_imported_and_exported_to_the_same_bytes(tmp_path: Path) -> None:
    demo = Path(__file__).parent.parent.parent / "gateway" / "data" / "demo.yaml"
    first = run("import", str(demo), "--publish", "--database", "sqlite:///one.db", cwd=tmp_path)
    exported = run("export", "--database", "sqlite:///one.db", cwd=tmp_path)
    (tmp_path / "exported.yaml").write_text(exported.stdout, encoding="utf-8")

    second = run("import", "exported.yaml", "--database", "sqlite:///two.db", cwd=tmp_path)
    again = run("export", "--database", "sqlite:///two.db", cwd=tmp_path)

    assert (first.returncode, second.returncode) == (0, 0)
    assert again.stdout == exported.stdout
    assert exported.stderr == ""


def test_an_import_that_is_refused_names_file_line_path_and_code_and_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text(
        "tenants:\n"
        "  - providerId: Good\n    app: GENERIC\n"
        "  - providerId: Bad\n    app: GENERIC\n    help:\n      links:\n"
        "        - title: Pay\n          url: http://acme.example/SECRET\n",
        encoding="utf-8",
    )

    refused = run("import", "bad.yaml", "--publish", cwd=tmp_path)
    exported = run("export", cwd=tmp_path)

    assert refused.returncode == 1
    assert re.search(r"bad\.yaml:9: tenants\.1\.help\.links\.0\.url: LINK_HTTP: ", refused.stderr)
    assert "SECRET" not in refused.stderr
    assert "Good" not in exported.stdout


def test_the_schema_is_printed_as_it_is_committed(tmp_path: Path, root: Path) -> None:
    printed = run("schema", cwd=tmp_path)

    assert printed.stdout == (root / "schema.graphql").read_text("utf-8")


@pytest.mark.parametrize("command", [["export"], ["token", "create", "--role", "platform-admin"]])
def test_a_database_that_a_typo_invents_is_not_made(tmp_path: Path, command: list[str]) -> None:
    refused = run(*command, "--database", "sqlite:///gatway.db", cwd=tmp_path)

    assert refused.returncode == 1
    assert refused.stdout == ""
    assert "gatway.db does not exist" in refused.stderr
    assert not (tmp_path / "gatway.db").exists()


def test_what_a_first_start_makes_is_for_its_user_alone(tmp_path: Path) -> None:
    made = run("migrate", cwd=tmp_path)

    assert made.returncode == 0
    assert {oct(file.stat().st_mode & 0o077) for file in tmp_path.iterdir()} == {"0o0"}


def test_a_returning_user_is_told_a_command_for_another_token_that_works(tmp_path: Path) -> None:
    database = f"sqlite:///{tmp_path / 'gateway.db'}"
    with gateway_process("serve", "--port", "0", "--database", database, env={}) as first:
        sign_up(first)
    with gateway_process("serve", "--port", "0", "--database", database, env={}) as server:
        told = re.search(r"\n    (\S+ -m gateway token create .*)\n", server.output)
        assert told is not None
        made = subprocess.run(told[1].split(), capture_output=True, text=True, timeout=60, check=True)
        answer = _ask(server.ready[0], made.stdout.strip())

    assert answer.json()["data"]["viewer"]["name"] == "command line"


def test_the_mock_provider_names_the_settings_and_the_url_with_which_it_can_be_called(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "gateway", "mock-provider", "--port", "0", "--folder", str(tmp_path / "mock")]

    with process(command, env={}, ready=r"--list") as mock:
        said = mock.output
        settings = dict(re.findall(r"^  (GATEWAY_\w+)=(.+)$", said, re.MULTILINE))
        url = re.findall(r"^  (https://mock\.localhost:\d+/provisioning)$", said, re.MULTILINE)[0]
        context = ssl.create_default_context(cafile=settings["GATEWAY_UPSTREAM_CA"])
        with httpx2.Client(verify=context) as client:
            answer = client.get(url.replace("mock.localhost", "127.0.0.1"), headers=HOST, extensions=SNI)
        code = mock.terminate()

    assert settings["GATEWAY_ADMIT_HOSTS"] == "mock.localhost"
    assert answer.status_code == 400  # not a provisioning call as documented
    assert code == 0


def test_the_mock_provider_is_refused_in_production_and_away_from_the_loopback(tmp_path: Path) -> None:
    key = "0123456789abcdefghijklmnopqrstuvwxyz"

    production = run("mock-provider", cwd=tmp_path, env={"GATEWAY_PROFILE": "production", "GATEWAY_SECRET_KEY": key})
    elsewhere = run("mock-provider", "--host", "192.0.2.1", cwd=tmp_path)
    nowhere = run("mock-provider", "--port", "70000", cwd=tmp_path)

    assert [one.returncode for one in (production, elsewhere, nowhere)] == [2, 2, 2]
    assert "refused in production" in production.stderr
    assert [len(one.stderr.splitlines()) for one in (production, elsewhere, nowhere)] == [1, 1, 1]
    assert not list(tmp_path.iterdir())


def test_the_mock_provider_says_in_one_line_what_it_lacks(tmp_path: Path) -> None:
    (tmp_path / "trustme.py").write_text("raise ModuleNotFoundError(name='trustme')")

    lacking = run("mock-provider", cwd=tmp_path)
    listed = run("mock-provider", "--list", cwd=tmp_path)

    assert (lacking.returncode, listed.returncode) == (1, 0)
    assert lacking.stderr.count("\n") == 1
    assert "softphone-gateway[mock]" in lacking.stderr


def test_the_documentation_of_the_mock_provider_has_the_table_that_it_prints(root: Path) -> None:
    printed = run("mock-provider", "--list", cwd=root)

    assert (root / "docs" / "mock-provider.md").read_text("utf-8").endswith(f"compares -->\n\n{printed.stdout}")


@pytest.mark.parametrize("command", [["mock-provider", "--list"], ["schema"]])
def test_a_reader_that_has_enough_is_no_bug(tmp_path: Path, root: Path, command: list[str]) -> None:
    """As `head` may have."""
    with subprocess.Popen(
        [sys.executable, "-m", "gateway", *command],
        cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(root)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as popen:
        assert popen.stdout is not None
        assert popen.stderr is not None
        popen.stdout.close()
        told = popen.stderr.read()

    assert (told, popen.returncode) == ("", 1)


def test_the_mock_provider_beside_the_gateway_is_refused_in_production_in_one_line(tmp_path: Path) -> None:
    env = {"GATEWAY_SECRET_KEY": "0123456789abcdefghijklmnopqrstuvwxyz"}

    refused = run("serve", "--profile", "production", "--mock-provider", cwd=tmp_path, env=env)

    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr == "gateway: The mock provider is for development and refused in production.\n"


def test_a_mock_provider_whose_port_is_taken_is_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        refused = run("serve", "--mock-provider", str(taken.getsockname()[1]), cwd=tmp_path)

    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr == "gateway: The mock provider cannot start: Address already in use.\n"


def test_the_mock_provider_does_not_replace_an_authority_that_was_set(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("")

    refused = run("serve", "--mock-provider", "0", cwd=tmp_path, env={"GATEWAY_UPSTREAM_CA": "ca.pem"})

    assert (refused.returncode, len(refused.stderr.splitlines())) == (2, 1)
    assert "GATEWAY_UPSTREAM_CA" in refused.stderr


def test_every_worker_calls_the_mock_provider_and_its_tenant_is_made_once(tmp_path: Path) -> None:
    database = f"sqlite:///{tmp_path / 'gateway.db'}"
    arguments = ("serve", "--mock-provider", "0", "--workers", "2", "--port", "0", "--database", database)
    login = '{generic: {login: "accounts:MockTel", password: "any"}}'
    query = f'mutation {{ provision(input: {{deviceId: "d", credentials: {login}}}) {{ __typename }} }}'
    with gateway_process(*arguments, env={}) as server:
        # A connection each, so that both are asked.
        told = [httpx2.post(f"{server.ready[0]}/graphql", json={"query": query}, timeout=60).json() for _ in range(6)]
    with gateway_process("serve", "--mock-provider", "0", "--port", "0", "--database", database, env={}) as server:
        again = server.output

    assert [one["data"]["provision"]["__typename"] for one in told] == ["Provisioned"] * 6
    assert "MockTel" in again
