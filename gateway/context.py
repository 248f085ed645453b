"""What a resolver is given: who asks, batched reads, the clock."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import strawberry

from gateway.loaders import Loaders

if TYPE_CHECKING:
    from collections.abc import Callable

    from tenants.access import Principal


def utc_now() -> datetime:
    """The wall clock."""
    return datetime.now(UTC)


@dataclass(slots=True, kw_only=True)
class Context:
    """One request's context; never shared."""

    principal: Principal
    admitted_hosts: frozenset[str]
    now: Callable[[], datetime] = utc_now
    loaders: Loaders = field(default_factory=Loaders)

    def forget_reads(self) -> None:
        """Read afresh from here on: something was changed in this request."""
        self.loaders = Loaders()


Info = strawberry.Info[Context, None]
