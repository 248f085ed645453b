"""`python -m bench.writing PORT SECONDS FILE`: writers at the gateway, each in its turn `saveHelp` and `publish`.

The file has a line for each writer: its tenant's ProviderId and its token. Prints what was written, as JSON.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path
from typing import Any

_FIND = "query($id: String!) { tenant(providerId: $id) { id draft { version } } }"
_SAVE = """mutation($input: SaveHelpInput!) { saveHelp(input: $input) {
  __typename ... on DraftSaved { draft { version } } ... on Refusal { message } } }"""
_PUBLISH = """mutation($input: PublishInput!) { publish(input: $input) {
  __typename ... on ConfigPublished { revision { number } } ... on Refusal { message } } }"""


class Writer:
    """On a connection of its own, with a tenant of its own."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, token: str) -> None:
        self._reader, self._writer, self._token = reader, writer, token
        self._tenant, self._version = "", 0

    async def find(self, provider_id: str) -> None:
        """Which version its draft has."""
        found = (await self._ask(_FIND, {"id": provider_id}))["tenant"]
        self._tenant, self._version = found["id"], found["draft"]["version"]

    async def write(self) -> None:
        """Another title, saved and published. Raises RuntimeError when one was refused."""
        menu = {"menuTitle": f"Help {self._version}"}
        read = {"tenantId": self._tenant, "expectedVersion": self._version}
        saved = await self._ask(_SAVE, {"input": {**read, "help": menu}})
        published = await self._ask(_PUBLISH, {"input": {**read, "expectedVersion": self._version + 1}})
        told = saved["saveHelp"]["__typename"], published["publish"]["__typename"]
        if told != ("DraftSaved", "ConfigPublished"):
            message = f"A write was refused: {saved}, {published}"
            raise RuntimeError(message)
        self._version += 2

    async def _ask(self, query: str, variables: dict[str, Any]) -> Any:  # noqa: ANN401 - as the document asks
        body = json.dumps({"query": query, "variables": variables}).encode()
        self._writer.write(
            b"POST /graphql HTTP/1.1\r\nHost: gateway.example\r\nAccept: application/json\r\n"
            b"Content-Type: application/json\r\nAuthorization: Bearer %b\r\nContent-Length: %d\r\n\r\n%b"
            % (self._token.encode(), len(body), body)
        )
        head = (await self._reader.readuntil(b"\r\n\r\n")).lower()
        length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0])
        told = json.loads(await self._reader.readexactly(length))
        if told.get("errors") or not told.get("data"):
            message = f"A writer is answered {told}"
            raise RuntimeError(message)
        return told["data"]


async def write_for(seconds: float, port: int, whose: list[tuple[str, str]]) -> list[float]:
    """How long each pair took, in seconds."""
    writers = []
    for provider_id, token in whose:
        writer = Writer(*await asyncio.open_connection("127.0.0.1", port), token)
        await writer.find(provider_id)
        writers.append(writer)
    end, took = time.perf_counter() + seconds, list[float]()

    async def run(writer: Writer) -> None:
        while (begun := time.perf_counter()) < end:
            await writer.write()
            took.append(time.perf_counter() - begun)

    await asyncio.gather(*map(run, writers))
    return took


def report(took: list[float], began: float) -> str:
    """One line."""
    elapsed, ordered = time.perf_counter() - began, sorted(took)
    p50, p99 = (ordered[int(len(ordered) * part)] * 1000 for part in (0.5, 0.99))
    return json.dumps({"pairs": len(took), "rate": len(took) / elapsed, "p50": p50, "p99": p99})


def main() -> None:
    """One slice."""
    port, seconds, file = int(sys.argv[1]), float(sys.argv[2]), Path(sys.argv[3])
    whose = [(line.split()[0], line.split()[1]) for line in file.read_text("ascii").splitlines()]
    began = time.perf_counter()
    print(report(asyncio.run(write_for(seconds, port, whose)), began))


if __name__ == "__main__":
    main()
