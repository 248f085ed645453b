"""What an entry of the audit log says of two configs: their differences, with fingerprints in the place of secrets."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tenants.changes import Change, Shown, changes
from tenants.errors import UnreadableSecretError
from tenants.headers import DOTS
from tenants.store import audit, secrets

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tenants.access import TenantScope
    from tenants.model import Config, ProvisioningHeader

_HEADERS = ("provisioning", "headers")


async def tell_save(scope: TenantScope, before: Config, after: Config) -> tuple[Change, ...]:
    """Of a saved draft, while the values of both are stored. A save does nothing to phones yet."""
    told = await tell_publish(scope, Shown("", before), Shown("", after))
    return tuple(replace(change, effect=None) for change in told)


async def tell_publish(scope: TenantScope, before: Shown | None, after: Shown) -> tuple[Change, ...]:
    """Of what phones see from now on; against the defaults when nothing was live before."""
    told = changes(before, after)
    old = before.config.provisioning.headers if before else ()
    values = await _tell_values(scope, old, after.config.provisioning.headers)
    return (*(change for change in told if not _is_value(change)), *values)


def tell_names(before: tuple[str, str | None], after: tuple[str, str | None]) -> tuple[Change, ...]:
    """Of a ProviderId and, where there is one, a name of the tenant's own."""
    told = [
        Change(path=(field,), label=label, before=old, after=new)
        for field, label, old, new in zip(("providerId", "name"), ("ProviderId", "Name"), before, after, strict=True)
        if old != new
    ]
    return tuple(told)


def _is_value(change: Change) -> bool:
    return change.path[:2] == _HEADERS and change.path[-1] == "value"


async def _tell_values(
    scope: TenantScope, old: Sequence[ProvisioningHeader], new: Sequence[ProvisioningHeader]
) -> list[Change]:
    """Of each header that came, went or has another value; case makes no other header."""
    before, after = ({one.name.lower(): (place, one) for place, one in enumerate(each)} for each in (old, new))
    differ = [name for name in {**before, **after} if _secret(before.get(name)) != _secret(after.get(name))]
    shown = await _take_fingerprints(
        scope, [each[name][1] for name in differ for each in (before, after) if name in each]
    )
    told = []
    for name in differ:
        place, header = after.get(name) or before[name]
        told.append(
            Change(
                path=(*_HEADERS, str(place), "value"),
                label=f"Header “{header.name}”: value",
                before=shown.get(_secret(before.get(name))),
                after=shown.get(_secret(after.get(name))),
            )
        )
    return told


def _secret(found: tuple[int, ProvisioningHeader] | None) -> int | None:
    return None if found is None else found[1].secret


async def _take_fingerprints(scope: TenantScope, headers: Sequence[ProvisioningHeader]) -> dict[int | None, str]:
    """By the row of the value. Dots where it is lost: saving it anew is how it is mended, and must not fail for it."""
    if not headers:
        return {}
    try:
        opened = await secrets.open_headers(scope, scope.origin.keys, headers)
    except UnreadableSecretError:
        if len(headers) == 1:
            return {headers[0].secret: DOTS}
        return {row: shown for header in headers for row, shown in (await _take_fingerprints(scope, [header])).items()}
    shown = await audit.take_fingerprints(scope.trail, [value for _, value in opened])
    return {header.secret: one for header, one in zip(headers, shown, strict=True)}
