"""POST and GET /graphql, as the GraphQL-over-HTTP draft and its public audit suite want them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from strawberry.schema.exceptions import InvalidOperationTypeError
from strawberry.types.graphql import OperationType

from gateway.context import Allowance, Context, Cookies
from gateway.edge.answers import Outcome
from gateway.http import metrics
from gateway.http.app_key import app_key_of
from gateway.http.auth import BadCredentialError, principal_of_browser, principal_of_session
from gateway.http.body import BadBodyError, of_body, of_query_string
from gateway.http.caller import caller_of, origin_of
from gateway.http.cookies import apply
from gateway.http.deadline import Deadline
from gateway.http.graphiql import graphiql_response
from gateway.http.negotiation import JSON, RESPONSE_JSON, choose, wants_html
from gateway.http.origins import why_refused
from gateway.http.rendering import refuse, refuse_document, refuse_operation, render, unavailable
from gateway.http.short_way import UNAVAILABLE
from gateway.http.softphones import is_anonymous, question_of, respond, spelling_of
from gateway.refusals import ErrorCode, RefusedError
from tenants.errors import UnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from starlette.requests import Request
    from starlette.responses import Response
    from strawberry.types import ExecutionResult

    from gateway.edge.reading import Reading
    from gateway.edge.serving import Serving
    from gateway.guard import GatewaySchema
    from gateway.http.body import GraphQLRequest
    from gateway.http.persisted import PersistedDocuments
    from gateway.provisioning.provisioner import Provisioner
    from gateway.settings import Settings
    from gateway.stamps import Stamps
    from tenants.access import Principal
    from tenants.keys import KeyRing


class GraphQLEndpoint:
    """One schema behind HTTP."""

    def __init__(
        self,
        schema: GatewaySchema,
        settings: Settings,
        keys: KeyRing,
        provisioner: Provisioner,
        stamps: Stamps,
        documents: PersistedDocuments,
        serving: Serving,
        now: Callable[[], datetime],
    ) -> None:
        self._documents = documents
        self._schema, self._settings, self._keys, self._now = schema, settings, keys, now
        self._provisioner, self._stamps, self._serving = provisioner, stamps, serving
        self._deadline = Deadline(lambda: serving.is_away, serving.doubt)

    async def __call__(self, request: Request) -> Response:
        """Answer GraphiQL to a browser that asks for a page without a query, else run the operation."""
        accept = ",".join(request.headers.getlist("accept"))
        if request.method != "POST" and self._is_for_person(request, accept):
            cookies = Cookies()
            page = await self._page(request, cookies)
            if page:
                apply(cookies, page)
                return page
        media_type = choose(accept)
        if media_type is None:
            return refuse(406, f"Accept {RESPONSE_JSON} or {JSON}.")
        reason = why_refused(request, self._settings)
        if reason:
            return refuse(403, reason, media_type, ErrorCode.FORBIDDEN)
        cookies = Cookies()
        answer = await self._answer_or_refuse(request, media_type, cookies)
        apply(cookies, answer)
        return answer

    async def _answer_or_refuse(self, request: Request, media_type: str, cookies: Cookies) -> Response:
        try:
            return await self._answer(request, media_type, cookies)
        except BadBodyError as error:
            return refuse(error.status, error.message, media_type)
        except BadCredentialError:
            headers = {"WWW-Authenticate": "Bearer"}
            return refuse(401, "This credential does not work.", media_type, ErrorCode.UNAUTHENTICATED, headers)

    def _is_for_person(self, request: Request, accept: str) -> bool:
        has_query = bool({"query", "extensions", "variables", "operationName"} & set(request.query_params))
        return wants_html(accept) and not has_query

    async def _page(self, request: Request, cookies: Cookies) -> Response | None:
        """GraphiQL; in production for platform admins who are signed in, and for others there is none.

        A browser opens a page with the cookie and without the header. It runs nothing and looks the same to all.
        """
        if self._settings.is_production and not await self._is_admin(request, cookies):
            return None
        return graphiql_response(prefix=request.scope.get("root_path", ""), is_private=self._settings.is_production)

    async def _is_admin(self, request: Request, cookies: Cookies) -> bool:
        origin = origin_of(request, caller_of(request, self._settings), self._keys)
        try:
            return (await principal_of_session(request, origin, self._now(), cookies)).is_platform_admin
        except UnavailableError:
            return False

    async def _answer(self, request: Request, media_type: str, cookies: Cookies) -> Response:
        is_get = request.method != "POST"
        query_string = request.scope["query_string"]
        asked = of_query_string(query_string) if is_get else await of_body(request, self._settings.body_bytes)
        spelling = spelling_of(request, asked)
        try:
            asked = self._documents.find(asked)
            if is_anonymous(request):
                answer = await self._answer_anybody(request, asked, media_type, cookies, spelling)
            else:
                reading = self._serving.reading(caller_of(request, self._settings).address)
                answer = (await self._execute(request, asked, media_type, cookies, reading)).response
        except InvalidOperationTypeError:
            return refuse_operation(media_type, is_get=is_get)
        except RefusedError as error:
            return refuse_document(error, media_type)
        self._documents.keep(asked)
        return answer

    async def _answer_anybody(
        self, request: Request, asked: GraphQLRequest, media_type: str, cookies: Cookies, spelling: bytes | None
    ) -> Response:
        """What is stored, where that is the answer."""
        answer = await self._serving.answer(
            question_of(request, asked, media_type),
            spelling,
            caller_of(request, self._settings).address,
            lambda reading: self._execute(request, asked, media_type, cookies, reading),
        )
        return respond(answer, request, self._serving.cache)

    async def _execute(
        self, request: Request, asked: GraphQLRequest, media_type: str, cookies: Cookies, reading: Reading
    ) -> Outcome:
        reading.unavailable = getattr(request.state, UNAVAILABLE, None)
        allowance = Allowance(self._settings.deadline_seconds)
        try:
            result = await self._deadline.run(self._run(request, asked, allowance, cookies, reading), allowance)
        except (UnavailableError, TimeoutError) as error:
            return Outcome(unavailable(media_type, error), is_whole=False)
        return Outcome(render(result, media_type, reading.seconds_to_wait), is_whole=not result.errors)

    async def _run(
        self, request: Request, asked: GraphQLRequest, allowance: Allowance, cookies: Cookies, reading: Reading
    ) -> ExecutionResult:
        is_get = request.method != "POST"
        with metrics.operation():
            caller = caller_of(request, self._settings)
            origin = origin_of(request, caller, self._keys)
            principal = await principal_of_browser(request, origin, self._stamps, self._now(), cookies)

            async def ask_again() -> Principal:
                try:
                    return await principal_of_browser(request, origin, self._stamps, self._now(), cookies)
                except BadCredentialError:  # it worked when the request began
                    return principal.signed_out()

            context = Context(
                principal=principal,
                ask_who=ask_again,
                admitted_hosts=self._settings.admit_hosts,
                keys=self._keys,
                caller=caller,
                allowance=allowance,
                provisioner=self._provisioner,
                stamps=self._stamps,
                configs=reading,
                app_key=app_key_of(request),
                cookies=cookies,
                now=self._now,
            )
            self._documents.check(asked, is_anonymous=context.principal.actor is None)
            return await self._schema.execute(
                asked.query,
                variable_values=asked.variables,
                operation_name=asked.operation_name,
                context_value=context,
                allowed_operation_types={OperationType.QUERY} | (set() if is_get else {OperationType.MUTATION}),
            )
