"""The file: sealed, whole or ignored, one for all workers."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from gateway.edge.known_good import Kept
from gateway.edge.snapshot import SnapshotFile
from tenants.keys import KeyRing
from tests.edge.test_known_good import known

KEYS = KeyRing("a key for tests, 32 characters long")
NOW = 1_000_000.0
WRITER = """
import sys, time
from pathlib import Path
from gateway.edge.known_good import Kept
from gateway.edge.snapshot import SnapshotFile
from tenants.keys import KeyRing

file = SnapshotFile(Path(sys.argv[1]), KeyRing("a key for tests, 32 characters long"))
document = b'"' + b"x" * 200_000 + b'"'
while True:
    print("now", flush=True)
    now = time.time()
    file.save({f"tenant{n}": Kept(n, document, now, now) for n in range(20)}, now)
"""


def kept(tenant: int = 1, *, as_of: float = NOW) -> Kept:
    return Kept(tenant, known(tenant=tenant).to_bytes(), as_of, as_of)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Of a file that holds two tenants."""
    path = tmp_path / "gateway.db.snapshot"
    SnapshotFile(path, KEYS).save({"acmeinc": kept(), "neighbourtel": kept(2)}, NOW)
    return path


def test_what_is_saved_is_loaded(path: Path) -> None:
    assert SnapshotFile(path, KEYS).load() == {"acmeinc": kept(), "neighbourtel": kept(2)}


def test_nothing_stands_in_clear_and_the_file_is_for_its_user_alone(path: Path) -> None:
    data = path.read_bytes()

    assert not [word for word in (b"acme", b"Acme", b"config", b"providerId") if word in data]
    assert path.stat().st_mode & 0o777 == 0o600


def test_no_file_is_no_news(tmp_path: Path) -> None:
    with capture_logs() as logs:
        assert SnapshotFile(tmp_path / "none", KEYS).load() == {}

    assert logs == []


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[:-1],
        lambda data: data[: len(data) // 2],
        lambda data: data[:31],
        lambda data: b"",
        lambda data: data + b"\0",
        lambda data: data[:-20] + bytes([data[-20] ^ 1]) + data[-19:],
        lambda data: b"SQLite format 3\0" + data,
        lambda data: data.replace(b"snapshot 2", b"snapshot 1"),
    ],
    ids=["shorter", "half", "head", "empty", "longer", "bit", "other", "version"],
)
def test_a_damaged_file_is_ignored_with_one_line_and_replaced(path: Path, damage: object) -> None:
    path.write_bytes(damage(path.read_bytes()))  # type: ignore[operator]  # one of those above
    file = SnapshotFile(path, KEYS)

    with capture_logs() as logs:
        assert file.load() == {}
    file.save({"acmeinc": kept()}, NOW)

    assert [(line["event"], line["file"]) for line in logs] == [("the snapshot is not used", path.name)]
    assert file.load() == {"acmeinc": kept()}


def test_a_file_of_another_key_is_ignored_and_one_of_an_older_key_opens(path: Path) -> None:
    other = KeyRing("another key for tests, of 32 characters")
    both = KeyRing("another key for tests, of 32 characters", ["a key for tests, 32 characters long"])

    with capture_logs() as logs:
        assert SnapshotFile(path, other).load() == {}
    assert len(SnapshotFile(path, both).load()) == 2

    assert len(logs) == 1


def test_a_folder_in_its_place_is_ignored_with_one_line(tmp_path: Path) -> None:
    with capture_logs() as logs:
        assert SnapshotFile(tmp_path, KEYS).load() == {}

    assert len(logs) == 1


def test_workers_add_to_what_others_saved_and_what_is_known_later_counts(path: Path) -> None:
    gone = Kept(2, None, NOW + 5, NOW)
    SnapshotFile(path, KEYS).save({"neighbourtel": gone, "third": kept(3)}, NOW)

    SnapshotFile(path, KEYS).save({"neighbourtel": kept(2, as_of=NOW + 1)}, NOW)

    assert SnapshotFile(path, KEYS).load() == {"acmeinc": kept(), "neighbourtel": gone, "third": kept(3)}


def test_what_is_older_than_a_day_is_not_saved_again(path: Path) -> None:
    SnapshotFile(path, KEYS).save({"third": kept(3, as_of=NOW + 90_000)}, NOW + 90_000)

    assert list(SnapshotFile(path, KEYS).load()) == ["third"]


def test_whoever_is_killed_while_writing_leaves_a_whole_file(path: Path) -> None:
    for number in range(5):
        writer = subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE)
        assert writer.stdout is not None
        with writer.stdout:
            for _ in range(number + 1):
                writer.stdout.readline()
        os.kill(writer.pid, signal.SIGKILL)
        writer.wait()

        with capture_logs() as logs:
            assert SnapshotFile(path, KEYS).load()
        assert logs == []
    SnapshotFile(path, KEYS).save({"third": kept(3, as_of=time.time())}, time.time())
    assert "third" in SnapshotFile(path, KEYS).load()


def test_a_file_has_changed_when_somebody_else_has_written_it(path: Path) -> None:
    mine, other = SnapshotFile(path, KEYS), SnapshotFile(path, KEYS)
    mine.load()
    assert not mine.has_changed()

    mine.save({"third": kept(3)}, NOW)
    assert not mine.has_changed()
    held = other.save({"fourth": kept(4)}, NOW)

    assert mine.has_changed()
    assert held == mine.load() == {"acmeinc": kept(), "neighbourtel": kept(2), "third": kept(3), "fourth": kept(4)}
