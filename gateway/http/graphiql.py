"""The page at /graphql for a person with a browser: GraphiQL, every byte of it served from this package."""

from __future__ import annotations

from html import escape

from starlette.responses import HTMLResponse

CONTENT_SECURITY_POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        # GraphiQL styles by script, which a policy allows, but for one style element: it locks scrolling while a
        # dialog is open. Its text never changes, so its hash is enough and 'unsafe-inline' is not needed.
        "style-src 'self' 'sha256-Y/huXlwoYkVyQlxwSVcCi1RCDGDCSVBzDt0hYP9qlTc='",
        "img-src 'self' data:",
        # GraphiQL's style sheet holds its two fonts as data URLs.
        "font-src 'self' data:",
        "connect-src 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "form-action 'none'",
    ]
)

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Softphone Gateway: GraphiQL</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="{static}/graphiql/graphiql-3.8.3/graphiql.min.css">
<link rel="stylesheet" href="{static}/explorer.css">
<script src="{static}/graphiql/react-18.3.1/react.production.min.js" defer></script>
<script src="{static}/graphiql/react-dom-18.3.1/react-dom.production.min.js" defer></script>
<script src="{static}/graphiql/graphiql-3.8.3/graphiql.min.js" defer></script>
<script src="{static}/explorer.js" defer></script>
</head>
<body>
<noscript>GraphiQL needs JavaScript. The API itself does not: send it a POST with a query as JSON.</noscript>
<div id="explorer" data-examples="{static}/examples" data-sign-in="{sign_in}">Loading GraphiQL…</div>
</body>
</html>
"""


def graphiql_response(*, prefix: str = "", is_private: bool = False) -> HTMLResponse:
    """The page, with a policy that lets it load from this server and nowhere else.

    `prefix` is the path below which the gateway is mounted, without a slash at its end. Example: `/gateway`. A private
    page is kept by no cache.
    """
    headers = {
        "Content-Security-Policy": CONTENT_SECURITY_POLICY,
        "Cache-Control": "private, no-store" if is_private else "no-cache",
        # The same address answers JSON to programs.
        "Vary": "Accept",
    }
    page = _PAGE.format(static=escape(f"{prefix}/static"), sign_in=escape(f"{prefix}/sign-in"))
    return HTMLResponse(page, headers=headers)
