"""Answers what a softphone asks around the application, where nothing about the request is out of the ordinary.

A plain document, nobody's credential, a config that can be read: then the answer is read by the document's plan and
goes into the cache as any other. Whatever else comes is left to the application, and so is whatever goes wrong here,
since that says why: nothing has been answered by then.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import structlog
from graphql import GraphQLError

from gateway.context import Allowance
from gateway.edge.answers import Outcome
from gateway.edge.codings import choose_coding
from gateway.edge.keys import ACCEPT, CODINGS, CONDITION, CONTENT_TYPE, Question
from gateway.http import metrics
from gateway.http.body import BadBodyError, of_bytes, of_query_string
from gateway.http.caller import address_of
from gateway.http.deadline import Deadline
from gateway.http.negotiation import choose
from gateway.http.rendering import to_json, unavailable
from gateway.reads import NotPlainError
from gateway.refusals import RefusedError
from gateway.schema.problems import UnknownProvider
from gateway.schema.softphone import SoftphoneConfig
from gateway.variables import check_variables
from tenants.app_keys import NO_APP_KEY
from tenants.errors import UnavailableError

if TYPE_CHECKING:
    from starlette.types import Scope

    from gateway.edge.entries import Answer
    from gateway.edge.reading import Reading
    from gateway.edge.serving import Serving
    from gateway.guard import GatewaySchema
    from gateway.http.persisted import PersistedDocuments
    from gateway.plan import Plan
    from gateway.settings import Settings
    from tenants.model import AppKind
    from tenants.store.published import Published


log = structlog.get_logger("gateway.short_way")

_TOLD_BY_THE_APPLICATION = (BadBodyError, GraphQLError, NotPlainError, RefusedError)
UNAVAILABLE = "unavailable"
"""In the state of a request: the database was asked, and is not asked again."""


class _Asked(NamedTuple):
    """What a request asks, and how that is answered."""

    question: Question
    plan: Plan
    provider_id: str
    app: AppKind


class ShortWay:
    """From a request that has no stored answer to the answer."""

    def __init__(
        self, schema: GatewaySchema, documents: PersistedDocuments, serving: Serving, settings: Settings
    ) -> None:
        self._schema, self._documents, self._serving, self._settings = schema, documents, serving, settings
        self._deadline = Deadline(lambda: serving.is_away, serving.doubt)

    async def answer(self, scope: Scope, head: list[bytes], spelling: bytes, body: bytes) -> Answer | None:
        """The answer; None: by the long way. `head` is what the lane has read, `body` all that was sent."""
        try:
            asked = self._read(scope, head, body)
            if asked is None:
                return None
            answer = await self._serving.answer(
                asked.question,
                spelling,
                address_of(scope, self._settings),
                lambda reading: self._make(asked, reading),
            )
        except UnavailableError as error:
            scope.setdefault("state", {})[UNAVAILABLE] = error
            return None
        except _TOLD_BY_THE_APPLICATION:
            return None
        except Exception as error:  # noqa: BLE001 - a bug of ours, which the application may answer without
            log.warning("short way given up", reason=type(error).__name__)
            return None
        if answer.is_known_by(head[CONDITION]):
            answer = answer.not_modified()
        self._serving.cache.count_answer(scope["method"], answer.status)
        return answer

    def forget(self) -> None:
        """What was kept for the application, which has answered."""
        self._schema.documents.forget()

    def _read(self, scope: Scope, head: list[bytes], body: bytes) -> _Asked | None:
        """Raises BadBodyError, RefusedError, NotPlainError: the application tells the client why."""
        is_get = scope["method"] != "POST"
        media_type = choose(head[ACCEPT].decode("latin-1"))
        if media_type is None or len(body) > self._settings.body_bytes:
            return None
        sent = (
            of_query_string(scope["query_string"]) if is_get else of_bytes(head[CONTENT_TYPE].decode("latin-1"), body)
        )
        if sent.query is not None and sent.is_persisted:
            return None  # it is to be registered
        asked = self._documents.find(sent)
        text = asked.query or ""
        self._documents.check(asked, is_anonymous=True)
        check_variables(asked.variables, self._settings.limits)
        plan = self._schema.find_plan(text, asked.operation_name)
        if plan is None:
            return None
        arguments = plan.read_arguments(asked.variables)
        coding = choose_coding(head[CODINGS].decode("latin-1"))
        question = Question(text, asked.operation_name, asked.variables, media_type, coding, is_get, NO_APP_KEY)
        return _Asked(question, plan, arguments["providerId"], arguments["app"])

    async def _make(self, asked: _Asked, reading: Reading) -> Outcome:
        media_type = asked.question.media_type
        try:
            published = await self._find(asked, reading)
        except TimeoutError as error:
            return Outcome(unavailable(media_type, error), is_whole=False, asks_for_config=True)
        result = UnknownProvider() if published is None else SoftphoneConfig.of(published)
        response = to_json({"data": asked.plan.answer(result)}, 200, media_type)
        return Outcome(response, is_whole=True, asks_for_config=True)

    async def _find(self, asked: _Asked, reading: Reading) -> Published | None:
        loaded = reading.find_loaded(asked.provider_id, asked.app, NO_APP_KEY)
        if loaded is not None:
            return loaded
        with metrics.operation():
            work = reading.find(asked.provider_id, asked.app, NO_APP_KEY)
            return await self._deadline.run(work, Allowance(self._settings.deadline_seconds))
