"""What the pages for people share: the document around a body, and the policy that it is sent under. No script."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from starlette.requests import Request

NAME = "Softphone Gateway"
NO_ROBOTS = '<meta name="robots" content="noindex, nofollow">\n'
PRIVATE_HEADERS = {"Cache-Control": "private, no-store", "X-Robots-Tag": "noindex, nofollow"}
"""Of a page that shows what is somebody's own."""

_FRAME = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
{head}<title>{title}</title>
<link rel="icon" href="data:,">
{sheets}
{style}</head>
<body{kind}>
{body}
</body>
</html>
"""
_SHEET = '<link rel="stylesheet" href="{prefix}/static/{name}.css">'
_SITE = """<header>{header}</header>
<main>
{body}
</main>"""


def frame(title: str, body: str, prefix: str, *, head: str = "", sheet: str = "", style: str = "") -> str:
    """A whole page. `sheet` names the style sheet over the common one, and the class of the body."""
    names = ["pages", sheet] if sheet else ["pages"]
    return _FRAME.format(
        title=escape(title),
        head=head,
        sheets="\n".join(_SHEET.format(prefix=escape(prefix), name=name) for name in names),
        style=f"<style>{style}</style>\n" if style else "",
        kind=f' class="{sheet}"' if sheet else "",
        body=body,
    )


def site(body: str, prefix: str, more: str = "") -> str:
    """The body of one of the gateway's own pages, under its name; `more` stands beside the name."""
    return _SITE.format(header=f'<a href="{escape(prefix)}/">{NAME}</a>{more}', body=body)


def policy(*, styles: str = "'self'", forms: str = "'none'") -> str:
    """The Content-Security-Policy: no script, no other host, in nobody's frame."""
    return (
        f"default-src 'none'; style-src {styles}; img-src data:; "
        f"frame-ancestors 'none'; base-uri 'none'; form-action {forms}"
    )


def moment(at: datetime) -> str:
    """A time as people and programs read it, in UTC."""
    return f'<time datetime="{at:%Y-%m-%dT%H:%M:%SZ}">{at.day} {at:%B %Y, %H:%M} UTC</time>'


def prefix_of(request: Request) -> str:
    """The path below which the gateway is mounted, without a slash at its end."""
    prefix: str = request.scope.get("root_path", "")
    return prefix.rstrip("/")
