"""When Python looks for garbage in cycles: not while it loads, never in what was loaded, seldom in what requests make.

Reference counts free nearly all that a request makes at once. Looking for the rest costs as much as there are objects,
and some hundred thousand of them are modules and the schema, which stay.
"""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_YOUNG = 10_000
"""So many new objects before it looks, in place of 700: a document that was never seen makes 5,000."""


@contextmanager
def loading() -> Iterator[None]:
    """For the imports of a process: what is there at the end is there to stay."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def settle() -> None:
    """For a process of the gateway's own that has started to serve: what it has by now stays as long as it does.

    Without a last look for garbage, which would hold up those who wait for the start: it would find 0.3 MB.
    """
    gc.freeze()
    gc.set_threshold(_YOUNG)
