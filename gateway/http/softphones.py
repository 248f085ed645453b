"""Between HTTP and the stored answers: what a request asks, and how an answer meets its condition."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import Response

from gateway.edge.codings import choose_coding
from gateway.edge.keys import Question
from gateway.http.app_key import app_key_of
from gateway.http.cookies import carries_session

if TYPE_CHECKING:
    from starlette.requests import Request

    from gateway.edge.cache import EdgeCache
    from gateway.edge.entries import Answer
    from gateway.http.body import GraphQLRequest


def is_anonymous(request: Request) -> bool:
    """Whether nobody's credential is sent, so that who asks has no part in the answer."""
    return "authorization" not in request.headers and not carries_session(request)


def question_of(request: Request, asked: GraphQLRequest, media_type: str) -> Question:
    """What a request asks that has a document."""
    return Question(
        document=asked.query or "",
        operation_name=asked.operation_name,
        variables=asked.variables,
        media_type=media_type,
        coding=choose_coding(",".join(request.headers.getlist("accept-encoding"))),
        is_get=request.method != "POST",
        app_key=app_key_of(request),
    )


def spelling_of(request: Request, sent: GraphQLRequest) -> bytes | None:
    """What the lane has found that it has no answer for.

    None for a document that came with its hash: whoever sends it wants it registered, which is not done there.
    """
    return None if sent.query is not None and sent.is_persisted else getattr(request.state, "spelling", None)


def respond(answer: Answer, request: Request, cache: EdgeCache) -> Response:
    """The answer, or 304 where the client has it."""
    condition = ",".join(request.headers.getlist("if-none-match")).encode("latin-1")
    if answer.is_known_by(condition):
        cache.tally.not_modified += 1
        answer = answer.not_modified()
    response = Response(answer.body, answer.status)
    response.raw_headers = list(answer.headers)
    return response
