"""Values of headers, stored in the transaction that saves the config which names them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tenants.codes import ProblemCode
from tenants.errors import InvalidInputError, NotFoundError, Problem, UnreadableSecretError
from tenants.model import Config, NewHeader, ProvisioningHeader
from tenants.store import revisions, secrets

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from tenants.access import TenantScope
    from tenants.keys import KeyRing


async def store_values(scope: TenantScope, keys: KeyRing, config: Config, before: Config, now: datetime) -> Config:
    """The config with a row for each new value; a value that the draft or the live revision has already keeps its row.

    Raises NotFoundError when it keeps a value that `before`, the draft, does not have.
    """
    headers = config.provisioning.headers
    kept = {header.secret for header in headers if not isinstance(header, NewHeader)}
    if not kept <= {header.secret for header in before.provisioning.headers}:
        raise NotFoundError
    if all(header.secret in kept for header in headers):
        return config
    known = await _known(scope, before)
    stored = [await _store(scope, keys, header, known, now) for header in headers]
    return replace(config, provisioning=replace(config.provisioning, headers=tuple(stored)))


async def drop_unnamed(scope: TenantScope, config: Config, before: Config) -> None:
    """Delete the values that neither the new draft nor a revision names."""
    named = [header.secret for header in config.provisioning.headers]
    if named != [header.secret for header in before.provisioning.headers]:
        await secrets.delete_unpublished_headers(scope, but=named)


async def keep_for_good(scope: TenantScope, config: Config) -> None:
    """A revision names these values from now on. Raises InvalidInputError when one of them is not there any more."""
    headers = config.provisioning.headers
    if not headers:
        return
    stored = await secrets.list_stored_headers(scope, headers)
    lost = [position for position, header in enumerate(headers) if header.secret not in stored]
    if lost:
        raise InvalidInputError(tuple(_lost(position) for position in lost))
    await secrets.mark_published(scope, headers)


def _lost(position: int) -> Problem:
    path = ("provisioning", "headers", str(position), "value")
    return Problem(ProblemCode.HEADER_VALUE, path, "The value of this header was lost.", "Give it again.")


async def _known(scope: TenantScope, before: Config) -> Sequence[ProvisioningHeader]:
    """The draft's own headers first: going back to what is live is no change either."""
    live = await revisions.find_live(scope)
    return (*before.provisioning.headers, *(live.config.provisioning.headers if live else ()))


async def _store(
    scope: TenantScope,
    keys: KeyRing,
    header: ProvisioningHeader,
    known: Sequence[ProvisioningHeader],
    now: datetime,
) -> ProvisioningHeader:
    if not isinstance(header, NewHeader):
        return header
    for other in known:
        if other.name.lower() == header.name.lower() and await _has_value(scope, keys, other, header.value):
            return ProvisioningHeader(header.name, other.secret, header.masked)
    return ProvisioningHeader(header.name, await secrets.insert_header(scope, keys, header.value, now), header.masked)


async def _has_value(scope: TenantScope, keys: KeyRing, header: ProvisioningHeader, value: str) -> bool:
    """One that does not open any more is another one: saving it anew is how it is mended."""
    try:
        return await secrets.open_headers(scope, keys, [header]) == [(header.name, value)]
    except UnreadableSecretError:
        return False
