"""What differs between two configs, as a person reads it, and what that does to phones in the field."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tenants.documents import to_mapping
from tenants.headers import DOTS
from tenants.model import AppKind, Config

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tenants.model import ProvisioningHeader

_HEADERS = ("provisioning", "headers")
_LABELS = {
    ("branding", "themeColor"): "Theme colour",
    ("branding", "darkThemeColor"): "Theme colour for dark mode",
    ("provisioning", "isEnabled"): "External provisioning",
    ("provisioning", "url"): "Provisioning address",
    ("provisioning", "method"): "How credentials are sent",
    _HEADERS: "Order of the headers",
    ("provisioning", "usernamePlaceholder"): "Placeholder of the username",
    ("provisioning", "passwordPlaceholder"): "Placeholder of the password",
    ("provisioning", "sipDomain"): "SIP domain",
    ("provisioning", "subdomain"): "Subdomain",
    ("help", "menuTitle"): "Title of the Help menu",
    ("help", "contactEmail"): "Address for support",
    ("help", "credentialsSource"): "Credentials that fill help links",
}
_LOST = {
    AppKind.GENERIC: "All users of the generic app lose this configuration.",
    AppKind.WHITELABEL: "All users of the whitelabel app lose this configuration.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One difference. `before` and `after` are texts, None where there was nothing."""

    path: tuple[str, ...]
    label: str
    before: str | None
    after: str | None
    effect: str | None = None


@dataclass(frozen=True, slots=True)
class Shown:
    """What publishing makes visible: the config and, beside it, the tenant's name."""

    name: str
    config: Config


def changes(before: Shown | None, after: Shown) -> tuple[Change, ...]:
    """Every difference in the order of the editor; against the defaults when nothing was live before."""
    reference = before or Shown(after.name, Config(app=after.config.app))
    return tuple(_differences(reference, after, is_live=before is not None))


def _differences(before: Shown, after: Shown, *, is_live: bool) -> Iterator[Change]:
    if before.name != after.name:
        yield Change(path=("name",), label="Name", before=before.name, after=after.name)
    old_app, new_app = before.config.app, after.config.app
    if old_app is not new_app:
        yield Change(
            path=("app",), label="Kind of app", before=old_app.value, after=new_app.value, effect=_LOST[old_app]
        )
    old, new = to_mapping(before.config), to_mapping(after.config)
    for path, label in _LABELS.items():
        if path == _HEADERS:
            yield from _headers(before.config.provisioning.headers, after.config.provisioning.headers)
            continue
        yield from _field(path, label, old, new, effect=_effect(path, before.config, after.config) if is_live else None)
    yield from _links(old["help"]["links"], new["help"]["links"])


def _field(
    path: tuple[str, str], label: str, old: Mapping[str, Any], new: Mapping[str, Any], *, effect: str | None
) -> Iterator[Change]:
    before, after = old[path[0]][path[1]], new[path[0]][path[1]]
    if before != after:
        yield Change(path=path, label=label, before=_text(before), after=_text(after), effect=effect)


def _effect(path: tuple[str, str], before: Config, after: Config) -> str | None:
    """What a change does to phones, where that is more than showing it."""
    is_on = after.provisioning.is_enabled
    dark = after.branding.dark_theme_color
    match path[1]:
        case "themeColor" if after.branding.is_dark_theme_color_derived and dark != before.branding.dark_theme_color:
            return f"In dark mode phones show {dark.hex}, the nearest shade that can be read there."
        case "isEnabled" if is_on:
            return "Phones show the provisioning form instead of the standard login screens."
        case "isEnabled":
            return "Phones show the standard login screens; users type SIP credentials from then on."
        case "url" if is_on:
            return "Usernames and passwords of all users go to the new address from then on."
        case "sipDomain" | "subdomain":
            return "Phones register at another host after their next sign-in."
        case _:
            return None


def _headers(old: Sequence[ProvisioningHeader], new: Sequence[ProvisioningHeader]) -> Iterator[Change]:
    """By their names, since their order means nothing to the provider. A value is never told, not even by its end."""
    secrets = {header.name: header.secret for header in old}
    gone = {header.name for header in old} - {header.name for header in new}
    found: list[Change] = []
    for position in range(max(len(old), len(new))):
        before = old[position].name if position < len(old) and old[position].name in gone else None
        after = new[position].name if position < len(new) and new[position].name not in secrets else None
        if before or after:
            label = f"Header “{after or before}”"
            found.append(Change(path=(*_HEADERS, str(position), "name"), label=label, before=before, after=after))
        if position < len(new) and secrets.get(new[position].name, new[position].secret) != new[position].secret:
            found.append(_new_value(position, new[position].name))
    if not found and old != new:
        before, after = (", ".join(header.name for header in headers) for headers in (old, new))
        found.append(Change(path=_HEADERS, label=_LABELS[_HEADERS], before=before, after=after))
    yield from found


def _new_value(position: int, name: str) -> Change:
    return Change(
        path=(*_HEADERS, str(position), "value"),
        label=f"Header “{name}”: value",
        before=DOTS,
        after=DOTS,
        effect="Calls to the provider carry another value from then on.",
    )


def _links(old: Sequence[Mapping[str, str]], new: Sequence[Mapping[str, str]]) -> Iterator[Change]:
    nothing: dict[str, str] = {}
    for position in range(max(len(old), len(new))):
        before = old[position] if position < len(old) else nothing
        after = new[position] if position < len(new) else nothing
        title = after.get("title") or before.get("title")
        for field, word in (("title", "title"), ("url", "address")):
            if before.get(field) != after.get(field):
                yield Change(
                    path=("help", "links", str(position), field),
                    label=f"Help link “{title}”: {word}",
                    before=before.get(field),
                    after=after.get(field),
                )


def _text(value: object) -> str | None:
    if isinstance(value, bool):
        return "on" if value else "off"
    return None if value is None else str(value)
