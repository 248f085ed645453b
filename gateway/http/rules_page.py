"""The reference of the rules as HTML, made from the codes, the rules and the examples that the tests run."""

from __future__ import annotations

import json
import re
from html import escape
from typing import TYPE_CHECKING, TypeAlias

from tenants.codes import ProblemCode, WarningCode
from tenants.errors import Problem
from tenants.rules.examples import CallExample, FormExample, StoryExample
from tenants.rules.reference import CHAPTERS, examples_of, rules_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tenants.errors import RuleWarning
    from tenants.rules.examples import Example, Step
    from tenants.rules.rule import Chapter, Rule

    Code: TypeAlias = ProblemCode | WarningCode

_SHARED = "shared"
_RULE_PREFIX = re.compile(r"^[A-Z][0-9](?:, [A-Z][0-9])*: ")
_LONGEST_SHOWN = 120
_CUT = 48
_INTRODUCTION = """<p>Every setting of a tenant keeps these rules. A rule that <b class="refuses">refuses</b> stops the
save: nothing is changed, and the answer lists every problem with its code and the path of its field. A rule that
<b class="warns">warns</b> is told beside the result and stops nothing. Codes never change their meaning, so programs
can rely on them. Each example here is run against the gateway by its tests.</p>
<p>A line such as <code>help.links.0.url</code> is the path of a field: in the API's inputs, in an imported file and in
a problem alike.</p>"""


def rules_body() -> str:
    """What stands inside the page's `main`."""
    shared = [code for code in (*ProblemCode, *WarningCode) if len(rules_of(code)) > 1]
    parts = [
        "<h1>Rules and their codes</h1>",
        _INTRODUCTION,
        _contents(),
        *(_chapter(chapter) for chapter in CHAPTERS),
        f'<section id="{_SHARED}"><h2>Codes of several rules</h2>',
        *(_code(code) for code in shared),
        "</section>",
    ]
    return "\n".join(parts)


def _contents() -> str:
    chapters = "".join(_chapter_contents(chapter) for chapter in CHAPTERS)
    names = sorted(code.name for code in (*ProblemCode, *WarningCode))
    codes = "".join(f"<li>{_link_to(name, is_code=True)}</li>" for name in names)
    shared = f'<li><a href="#{_SHARED}">Codes of several rules</a></li>'
    return (
        f'<nav aria-label="Contents"><ul class="chapters">{chapters}{shared}</ul>'
        f"<details><summary>All {len(names)} codes by name</summary><ul>{codes}</ul></details></nav>"
    )


def _chapter_contents(chapter: Chapter) -> str:
    rules = "".join(f"<li>{_link_to(rule.id)} {escape(rule.title)}</li>" for rule in chapter.rules)
    return f'<li><a href="#{escape(chapter.letter)}">{escape(chapter.title)}</a><ul>{rules}</ul></li>'


def _chapter(chapter: Chapter) -> str:
    rules = "\n".join(map(_rule, chapter.rules))
    return f'<section id="{escape(chapter.letter)}"><h2>{escape(chapter.title)}</h2>\n{rules}</section>'


def _rule(rule: Rule) -> str:
    codes: tuple[Code, ...] = (*rule.refuses, *rule.warns)
    anchor = escape(rule.id)
    shared = [code.name for code in codes if len(rules_of(code)) > 1]
    also = ", ".join(_link_to(name, is_code=True) for name in shared)
    own = "\n".join(_code(code) for code in codes if code.name not in shared)
    return (
        f'<article id="{anchor}"><h3><a href="#{anchor}">{anchor}</a> {escape(rule.title)}</h3>'
        f"<p>{escape(rule.text)}</p>{f'<p>Shared with other rules: {also}.</p>' if also else ''}\n{own}</article>"
    )


def _code(code: Code) -> str:
    kind = "refuses" if isinstance(code, ProblemCode) else "warns"
    homes = rules_of(code)
    listed = f"<p>Rules {', '.join(_link_to(rule.id) for rule in homes)}.</p>" if len(homes) > 1 else ""
    examples = "\n".join(map(_example, examples_of(code)))
    return (
        f'<section class="code" id="{code.name}">'
        f'<h4>{_link_to(code.name, is_code=True)} <b class="{kind}">{kind}</b></h4>'
        f"<p>{_meaning(code)}</p>{listed}\n{examples}</section>"
    )


def _meaning(code: Code) -> str:
    """The code's own sentence, without the rule's number: that stands above it."""
    text = _RULE_PREFIX.sub("", code.value)
    return re.sub("`([^`]*)`", r"<code>\1</code>", escape(text[0].upper() + text[1:]))


def _example(example: Example) -> str:
    verdict = "Refused" if isinstance(example.code, ProblemCode) else "Warned"
    remark = f"<p>{escape(example.remark)}</p>" if example.remark else ""
    accepted, refused = ("\n".join(map(escape, lines)) for lines in _sides(example))
    said = () if isinstance(example, StoryExample | CallExample) else example.refuse()
    return (
        f'<div class="example"><p>Accepted</p><pre class="accepted">{accepted}</pre>'
        f'<p>{verdict}</p><pre class="refused">{refused}</pre>'
        f"{''.join(map(_answer, said))}{remark}</div>"
    )


def _answer(said: Problem | RuleWarning) -> str:
    if isinstance(said, Problem):
        extra = said.hint or ""
    else:
        extra = f"Suggestion: {said.suggestion}." if said.suggestion else ""
    place = f"<code>{escape(said.code.name)}</code> at <code>{escape('.'.join(said.path))}</code>"
    return f'<p class="answer">{place}: {escape(said.message)} {escape(extra)}</p>'


def _sides(example: Example) -> tuple[Iterable[str], Iterable[str]]:
    """The lines of the accepted side and of the other."""
    if isinstance(example, CallExample):
        return [_call(example.accepted)], [_call(example.refused)]
    if isinstance(example, StoryExample):
        return map(_call, example.accepted), map(_call, example.refused)
    if isinstance(example, FormExample):
        return _settings("", example.accepted), _settings("", example.refused)
    return [f"{example.field} = {_shown(example.accepted)}"], [f"{example.field} = {_shown(example.refused)}"]


def _call(step: Step) -> str:
    arguments = ", ".join(f"{name}: {_shown(value)}" for name, value in step.arguments.items())
    return f"{step.call}({arguments})"


def _settings(path: str, value: object) -> Iterator[str]:
    """One line for each field: its path and its value."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _settings(f"{path}.{name}" if path else name, inner)
    elif isinstance(value, list):
        for position, inner in enumerate(value):
            yield from _settings(f"{path}.{position}", inner)
    else:
        yield f"{path} = {_shown(value)}"


def _shown(value: object) -> str:
    """As JSON; what nobody could see is escaped, and a very long text is cut."""
    text = json.dumps(value, ensure_ascii=False)
    if len(text) > _LONGEST_SHOWN:
        text = f"{text[:_CUT]}…{text[-_CUT // 2 :]} ({len(text) - 2:,} characters)"
    return "".join(char if char.isprintable() else f"\\u{ord(char):04x}" for char in text)


def _link_to(anchor: str, *, is_code: bool = False) -> str:
    name = escape(anchor)
    return f'<a href="#{name}"><code>{name}</code></a>' if is_code else f'<a href="#{name}">{name}</a>'
