"""The forms of the pages for accounts, as HTML that is whole without a script and speaks to password managers."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_FIELD = """<div class="field{bad}">
<label for="{name}">{label}</label>
{texts}<input id="{name}" {attributes}>
</div>"""
_FORM = """{alert}<form method="post"{action} novalidate>
{fields}
<button type="submit">{button}</button>
</form>"""
_ALERT = '<p class="alert" id="said" role="alert">{said}</p>\n'
_HIDDEN = '<input type="hidden" name="{name}" value="{value}">'
MARKED = "That did not work yet: see what is marked below."


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """Something to type."""

    name: str
    label: str
    kind: str = "text"
    autocomplete: str
    hint: str = ""
    is_fixed: bool = False
    """Shown, for the person and for their password manager, and never sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """What was typed, and what is wrong with it."""

    values: Mapping[str, str] = field(default_factory=dict)
    problems: Mapping[str, str] = field(default_factory=dict)
    """A sentence by the name of its field."""
    said: str = ""
    """What is wrong with the whole."""


def draw_form(fields: tuple[Field, ...], typed: Typed, *, button: str, action: str = "", hidden: str = "") -> str:
    """One form; without an action it is sent to the page's own address. The first thing to mend has the focus."""
    said = typed.said or (MARKED if typed.problems else "")
    first = _first(fields, typed)
    parts = [_draw_field(one, typed, has_focus=one is first, is_alert=bool(said)) for one in fields]
    return _FORM.format(
        alert=_ALERT.format(said=escape(said)) if said else "",
        action=f' action="{escape(action)}"' if action else "",
        fields="\n".join([*([hidden] if hidden else []), *parts]),
        button=escape(button),
    )


def draw_hidden(name: str, value: str) -> str:
    """What goes along unseen."""
    return _HIDDEN.format(name=escape(name), value=escape(value))


def _first(fields: tuple[Field, ...], typed: Typed) -> Field | None:
    """The first with a problem, else the first that is still to be filled in. Passwords are typed anew each time."""
    open_fields = [one for one in fields if not one.is_fixed]
    wrong = [one for one in open_fields if one.name in typed.problems]
    empty = [one for one in open_fields if one.kind == "password" or not typed.values.get(one.name)]
    return next(iter(wrong or empty), None)


def _draw_field(one: Field, typed: Typed, *, has_focus: bool, is_alert: bool) -> str:
    """A screen reader begins with what has the focus, so that is described by the alert, too."""
    problem = typed.problems.get(one.name, "")
    texts = {"hint": one.hint, "problem": problem}
    ids = [f"{one.name}-{kind}" for kind, text in texts.items() if text]
    described = " ".join(["said", *ids] if has_focus and is_alert else ids)
    return _FIELD.format(
        bad=" bad" if problem else "",
        name=one.name,
        label=escape(one.label),
        texts="".join(
            f'<p class="{kind}" id="{one.name}-{kind}">{escape(text)}</p>\n' for kind, text in texts.items() if text
        ),
        attributes=" ".join(_attributes(one, typed, described, has_focus=has_focus)),
    )


def _attributes(one: Field, typed: Typed, described: str, *, has_focus: bool) -> list[str]:
    """A password that was typed is never among them."""
    value = "" if one.kind == "password" else typed.values.get(one.name, "")
    return [
        f'type="{one.kind}"',
        *([] if one.is_fixed else [f'name="{one.name}"']),
        *([f'value="{escape(value)}"'] if value else []),
        f'autocomplete="{one.autocomplete}"',
        *(['autocapitalize="none" spellcheck="false"'] if one.kind != "text" else []),
        "readonly" if one.is_fixed else "required",
        *(['aria-invalid="true"'] if one.name in typed.problems else []),
        *([f'aria-describedby="{described}"'] if described else []),
        *(["autofocus"] if has_focus else []),
    ]
