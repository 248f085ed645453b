"""A phone, its gateway and its clock."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.kit.device import Clock, Device
from tests.kit.stub_gateway import StubGateway, stub_gateway

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def gateway() -> Iterator[StubGateway]:
    with stub_gateway() as gateway:
        yield gateway


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def device(gateway: StubGateway, tmp_path: Path, clock: Clock) -> Device:
    return Device(gateway, tmp_path / "phone.json", clock)
