"""What the transactions of both databases share: they survive cancellation, they end once, they do not nest."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from tortoise.backends.base.client import BaseDBAsyncClient, ConnectionWrapper

from tenants.outages import translate
from tenants.scoping import current_extent

if TYPE_CHECKING:
    from collections.abc import Coroutine, Sequence
    from types import TracebackType

T = TypeVar("T")


async def finish(work: Coroutine[Any, Any, T]) -> T:
    """Runs to its end, also when the caller is cancelled meanwhile; the cancellation is raised afterwards.

    For steps that are bounded in time and must not be left half done: BEGIN, COMMIT, giving a connection back.
    """
    task = asyncio.ensure_future(work)
    cancellation: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError as error:
            cancellation = error
    if cancellation is None:
        return task.result()
    raise cancellation from (None if task.cancelled() else task.exception())


class FindsRows(BaseDBAsyncClient):
    """Comes before every client."""

    async def find_row(self, query: str, values: Sequence[Any]) -> Sequence[Any] | None:
        """The first row of a short statement that many send at once."""
        # Not of dictionaries, as the library says, but of what can be read by place and by name.
        rows: Any = (await self.execute_query(query, list(values)))[1]
        return rows[0] if rows else None


class OnlyReads(FindsRows):
    """Comes before a client outside of transactions: nothing is written there, on either database."""

    async def execute_insert(self, query: str, values: list[Any]) -> NoReturn:  # noqa: ARG002
        """Raises RuntimeError."""
        refuse_write()

    async def execute_many(self, query: str, values: list[list[Any]]) -> NoReturn:  # noqa: ARG002
        """Raises RuntimeError."""
        refuse_write()

    async def execute_query(self, query: str, values: list[Any] | None = None) -> tuple[int, Any]:
        """Raises RuntimeError for a statement that writes."""
        _check_reads(query)
        return await super().execute_query(query, values)

    async def execute_query_dict(self, query: str, values: list[Any] | None = None) -> list[dict[str, Any]]:
        """Raises RuntimeError for a statement that writes."""
        _check_reads(query)
        return await super().execute_query_dict(query, values)


def _check_reads(query: str) -> None:
    if query.lstrip().upper().startswith(("INSERT", "UPDATE", "DELETE")):
        refuse_write()


def refuse_write() -> NoReturn:
    """A write that no transaction guards: on SQLite without the lock, on PostgreSQL half of something."""
    message = "Rows are written only inside of tenants.database.transaction()."
    raise RuntimeError(message)


class TransactionConnection(ConnectionWrapper[Any]):
    """A transaction's connection for the time of one statement; refused once the transaction has ended."""

    async def __aenter__(self) -> Any:  # noqa: ANN401 - two drivers
        current_extent()
        await self._lock.acquire()
        if self.client._finalized:  # type: ignore[attr-defined]  # noqa: SLF001 - the library's own mark
            self._lock.release()
            message = "This transaction has ended; a task must not outlive the transaction it was started in."
            raise RuntimeError(message)
        return self.connection

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lock.release()
        if error is not None:
            self.client.has_failed = True  # type: ignore[attr-defined]
        translate(error)


def refuse_commit_after_failure(*, has_failed: bool) -> None:
    """PostgreSQL turns a COMMIT after a failed statement into a ROLLBACK, without a word; SQLite commits the rest."""
    if has_failed:
        message = "A statement of this transaction failed, so it can only be rolled back: let the error leave it."
        raise RuntimeError(message)


def refuse_nested() -> NoReturn:
    """What the library's own `in_transaction` comes to, by whatever it is used."""
    message = "tenants.database.transaction() is the only way to write, and it does not nest."
    raise RuntimeError(message)
