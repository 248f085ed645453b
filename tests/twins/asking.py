"""Asks about B and about nothing, and looks for traces of B in whatever is said."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.matrix.documents import MUTATIONS, QUERIES
from tests.twins.generator import ENDS_A, OWN_ACCOUNT, PUBLIC, Generator, Operation, fill
from tests.twins.world import PRINCIPALS, SECRET, Twin, random_id

if TYPE_CHECKING:
    from random import Random

    import httpx2

    from tests.conftest import Ask
    from tests.servers import RunningProcess

ROOTS = sorted({*QUERIES, *MUTATIONS} - OWN_ACCOUNT | {"endSession"})
ADMIN = "platform-admin"
VARYING = {"x-request-id", "date"}
"""Headers that differ from answer to answer."""
_ADMIN_ASKS_EACH = 20


@dataclass
class Twins:
    """A gateway with both, and what was asked of it."""

    ask: Ask
    server: RunningProcess
    a: Twin
    b: Twin
    random: Random
    asked: Counter[str] = field(default_factory=Counter)
    """Operations by each of their root fields."""
    places: Counter[str] = field(default_factory=Counter)
    """Ids of B that were sent, by kind."""
    codes: Counter[str] = field(default_factory=Counter)
    """Operations by the errors of their answers."""
    tokens: dict[str, dict[str, str]] = field(default_factory=dict)

    def check(self, operations: int) -> None:
        """Everybody of A's in turn, with every root field; meanwhile the platform admin reads B."""
        generator = Generator(self.random, [*self.a.cursors, *self.b.cursors])
        for number in range(operations):
            root = ROOTS[number // len(PRINCIPALS) % len(ROOTS)] if number % 2 else None
            self.ask_of(PRINCIPALS[number % len(PRINCIPALS)], generator.operation(root))
            if number % _ADMIN_ASKS_EACH == 0:
                read = generator.operation(self.random.choice(sorted(QUERIES)))
                self.send(ADMIN, read, [self.foreign(kind) for kind in read.kinds])

    def ask_of(self, who: str, operation: Operation) -> None:
        """About B and about nothing, of which the answers are the same bytes; and about A where A outlives it."""
        self.asked.update(operation.roots)
        own = [self.own(kind) for kind in operation.kinds]
        if not operation.kinds or not set(operation.roots) & (ENDS_A | OWN_ACCOUNT | PUBLIC):
            self.codes.update(codes_of(self.send(who, operation, own)))
        if operation.kinds:
            self.places.update(operation.kinds)
            is_query = operation.roots[0] in QUERIES
            is_own = [is_query and self.random.random() < 0.5 for _ in own[1:]] + [False]
            self.compare(who, operation, [mine if keep else None for mine, keep in zip(own, is_own, strict=True)])

    def compare(self, who: str, operation: Operation, own: list[str | None]) -> None:
        """Where there is nothing of A's, an id of B's and then one of nobody's."""
        asked_for = [
            [mine or about(kind) for mine, kind in zip(own, operation.kinds, strict=True)]
            for about in (self.foreign, self.nothing)
        ]
        for attempt in (1, 2, 3):  # with the same ids: others might not tell what these do
            theirs, nobodys = (shown(self.send(who, operation, ids)) for ids in asked_for)
            if theirs == nobodys:
                return
            # A minute that went by between the two, or a stamp of last use: not three times.
            assert attempt < 3, (who, operation, theirs, nobodys)

    def send(self, who: str, operation: Operation, ids: list[str]) -> httpx2.Response:
        """The answer, in which there is no trace of what it must not hold."""
        places = iter(ids)
        body = {"query": operation.document, "variables": fill(operation.variables, lambda _: next(places))}
        answer = self.ask.client.post("/graphql", json=body, headers=self._headers(who))
        said = f"{answer.text}\n{answer.headers}".lower()
        assert answer.status_code < 500, (who, body)
        assert [trace for trace in self.traces(who) if trace in said] == [], (who, body)
        return answer

    def traces(self, who: str) -> list[str]:
        """What must be in no answer: secrets, and B but for the platform admin."""
        canaries = [] if who == ADMIN else [self.b.canary.lower()]
        return [SECRET.lower(), *canaries, *(secret.lower() for secret in self.b.secrets)]

    def foreign(self, kind: str) -> str:
        """Something of B's."""
        return self.b.name if kind == "name" else self.random.choice(self.b.ids[kind])

    def nothing(self, kind: str) -> str:
        """What nobody has."""
        return f"Nobody-{self.random.randrange(10**6)}" if kind == "name" else random_id(kind, self.random)

    def own(self, kind: str) -> str:
        """Something of A's."""
        return self.a.name if kind == "name" else self.random.choice(self.a.ids[kind])

    def _headers(self, who: str) -> dict[str, str]:
        if who.endswith("token"):
            if who not in self.tokens:
                self.tokens[who] = self.ask.staff.headers(who)
            return self.tokens[who]
        return self.ask.staff.headers(who)


def shown(answer: httpx2.Response) -> tuple[int, list[tuple[str, str]], str]:
    """All of an answer that does not differ anyhow."""
    headers = [(name, value) for name, value in answer.headers.multi_items() if name.lower() not in VARYING]
    return answer.status_code, headers, answer.text


def codes_of(answer: httpx2.Response) -> set[str]:
    """Of its errors; `-` for an answer without any."""
    return {str(error["extensions"]["code"]) for error in answer.json().get("errors", ())} or {"-"}
