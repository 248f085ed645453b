"""A real Varnish in front of a real gateway, with the files of `deploy/varnish` as an operator has them."""

from __future__ import annotations

import re
import shlex
import socket
import subprocess
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx2

from tests.api.documents import SCREENS
from tests.needs import find_varnish
from tests.operators import SignedIn, sign_up
from tests.servers import RunningProcess, gateway_process, process

if TYPE_CHECKING:
    from collections.abc import Iterator

DEPLOY = Path(__file__).parent.parent / "deploy" / "varnish"
ECHO_SECONDS = 3
"""When what was told is told once more."""
TOKEN = "SECRET-purge-token-0123456789-abcdefghij"
_TOKEN_LINES = re.compile(r"^    # (if \(req\.http\.Authorization .*|    return \(synth\(403\)\);|\})$", re.MULTILINE)


@dataclass(frozen=True)
class Varnish:
    """The server, at a port of its own."""

    port: int
    folder: Path

    @property
    def url(self) -> str:
        """The address, without a slash at the end."""
        return f"http://127.0.0.1:{self.port}"

    def ask(self, provider_id: str, *, app: str = "GENERIC", method: str = "GET", **headers: str) -> httpx2.Response:
        """A softphone's question, by a connection of its own."""
        variables = f'{{"providerId":"{provider_id}","app":"{app}"}}'
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return httpx2.request(
            method,
            f"{self.url}/graphql",
            params={"query": SCREENS, "variables": variables},
            headers=sent,
            timeout=20,
            trust_env=False,
        )

    def log(self, name: str, *arguments: str) -> str:
        """What one of the tools shows of all that it has in memory: `varnishncsa` or `varnishlog`."""
        program = find_varnish(name)
        assert program is not None
        command = [program, "-n", str(self.folder / "varnish"), "-d", *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=20, check=True).stdout

    def access_log(self) -> str:
        """By the format of `deploy/varnish`."""
        return self.log("varnishncsa", "-f", str(DEPLOY / "log-format"))


@dataclass(frozen=True)
class Fronted:
    """A gateway and its Varnish, and who works at it."""

    varnish: Varnish
    gateway: RunningProcess
    staff: SignedIn = field(repr=False)

    def version(self, tenant: str) -> int:
        """The draft's, now."""
        node = "query($id: ID!) { node(id: $id) { ... on Tenant { draft { version } } } }"
        return int(self.staff.ask(node, {"id": tenant})["draft"]["version"])

    def publish(self, tenant: str) -> None:
        """Make the draft live."""
        mutation = "mutation($input: PublishInput!) { publish(input: $input) { __typename } }"
        done = self.staff.ask(mutation, {"input": {"tenantId": tenant, "expectedVersion": self.version(tenant)}})
        assert done["__typename"] == "ConfigPublished", done

    def tenant(self, provider_id: str) -> str:
        """A live one's id."""
        tenant = self.staff.create_tenant(provider_id)
        self.publish(tenant)
        return tenant

    def publish_color(self, tenant: str, color: str) -> None:
        """A change that softphones see."""
        mutation = "mutation($input: SaveBrandingInput!) { saveBranding(input: $input) { __typename } }"
        change = {"tenantId": tenant, "expectedVersion": self.version(tenant), "branding": {"themeColor": color}}
        saved = self.staff.ask(mutation, {"input": change})
        assert saved["__typename"] == "DraftSaved", saved
        self.publish(tenant)


def is_hit(answer: httpx2.Response) -> bool:
    """Whether it came from the store: then Varnish names the request that stored it too."""
    return len(answer.headers["x-varnish"].split()) == 2


def settings_of_service(name: str) -> list[str]:
    """The `-p` of the command in a drop-in, as arguments."""
    text = (DEPLOY / name).read_text("utf-8").replace("\\\n", " ")
    (line,) = re.findall(r"^ExecStart=(.+)$", text, re.MULTILINE)
    words = shlex.split(line)
    return [word for at, option in enumerate(words) if option == "-p" for word in ("-p", words[at + 1])]


def local_vcl(gateway_port: int, *, is_token_demanded: bool) -> str:
    """The file that an operator fills in, with this gateway's port, and perhaps with the lines about the token."""
    text = (DEPLOY / "local.vcl").read_text("utf-8")
    assert text.count('"8000"') == 1
    text = text.replace('"8000"', f'"{gateway_port}"')
    if not is_token_demanded:
        return text
    text, count = _TOKEN_LINES.subn(r"    \1", text)
    assert count == 3
    return text.replace("the-token-of-at-least-32-characters", TOKEN)


@contextmanager
def run_varnish(port: int, gateway_port: int, *, is_token_demanded: bool = True) -> Iterator[Varnish]:
    """`varnishd` as the drop-in starts it, but for its places and its jail."""
    program = find_varnish("varnishd")
    assert program is not None
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        vcl = folder / "local.vcl"
        vcl.write_text(local_vcl(gateway_port, is_token_demanded=is_token_demanded), "utf-8")
        command = [program, "-j", "none", "-F", "-n", str(folder / "varnish"), "-a", f"127.0.0.1:{port}", "-T", "none"]
        command += [
            "-f",
            str(vcl),
            "-s",
            "malloc,16m",
            "-p",
            f"vcl_path={DEPLOY}",
            *settings_of_service("varnish.conf"),
        ]
        with process(command, env={}, ready="") as running:  # all it says is on stderr
            wait_for(lambda: "said Child starts" in running.errors, seconds=30)
            yield Varnish(port, folder)


def wait_for(condition: Any, seconds: float = 10.0) -> None:
    """Until it holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it does not come about"
        time.sleep(0.02)


def free_port() -> int:
    """One that nobody listens on at the moment: each of the two has to be told the other's before it starts."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


@contextmanager
def fronted(database: Path, *, workers: int) -> Iterator[Fronted]:
    """Both, each of which has been told of the other."""
    port = free_port()
    env = {
        "GATEWAY_PURGE_URLS": f"http://127.0.0.1:{port}",
        "GATEWAY_PURGE_TOKEN": TOKEN,
        "GATEWAY_TRUSTED_PROXIES": "127.0.0.1",
        "GATEWAY_DEADLINE_SECONDS": str(ECHO_SECONDS - 1),
    }
    arguments = ["serve", "--port", "0", "--database", f"sqlite:///{database}", "--workers", str(workers)]
    with gateway_process(*arguments, env=env) as gateway:
        staff = sign_up(gateway)
        with run_varnish(port, int(gateway.ready["port"])) as varnish:
            wait_for(lambda: varnish.ask("Nobody").status_code == 200)
            yield Fronted(varnish, gateway, staff)
