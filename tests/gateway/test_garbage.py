from __future__ import annotations

import gc
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from gateway.garbage import loading, settle

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    thresholds = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*thresholds)


def test_what_is_loaded_is_never_looked_at_again_and_what_comes_later_is() -> None:
    with loading():
        was_on, loaded = gc.isenabled(), [object() for _ in range(3)]

    later = [loaded]

    assert (was_on, gc.isenabled()) == (False, True)
    assert not any(one is loaded for one in gc.get_objects())
    assert any(one is later for one in gc.get_objects())


def test_looks_go_on_when_loading_fails() -> None:
    with pytest.raises(ImportError), loading():
        raise ImportError

    assert gc.isenabled()


def test_who_serves_looks_less_often_and_not_at_what_is_there() -> None:
    there = [object()]

    settle()

    assert gc.get_threshold()[0] > 5_000
    assert not any(one is there for one in gc.get_objects())


PROGRAM = """
import gc
from gateway.__main__ import main
try:
    main()
finally:
    print(gc.get_freeze_count() > 20_000, gc.isenabled())
"""


def test_the_command_is_loaded_that_way() -> None:
    command = [sys.executable, "-c", PROGRAM, "--help"]

    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout

    assert told.endswith("True True\n")
