"""The counters of several workers, added up. Each worker keeps its own in files that all of them can read."""

from __future__ import annotations

import fcntl
import os
import tempfile
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from prometheus_client import REGISTRY, CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily
from prometheus_client.mmap_dict import MmapedDict
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from prometheus_client import Metric

_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
_LOCK = "lock"
_GONE = "gone"
"""In place of a process id: what workers counted that are no more."""


@contextmanager
def shared_counters() -> Iterator[Path]:
    """A folder for the counters of the workers that are started meanwhile. Raises OSError when none can be made."""
    with tempfile.TemporaryDirectory(prefix="gateway-metrics-") as name:
        os.environ[_VARIABLE] = name
        (Path(name) / _LOCK).touch()
        try:
            yield Path(name)
        finally:
            del os.environ[_VARIABLE]


def bury_counters(folder: Path, pid: int) -> None:
    """Add what a worker that has ended counted to that of others that are gone; what it was doing, it does no more."""
    with _locked(folder, fcntl.LOCK_EX):
        for file in folder.glob(f"*_{pid}.db"):
            kind = file.name.partition("_")[0]
            if kind != "gauge":
                _add(file, folder / f"{kind}_{_GONE}.db")
            file.unlink()


def print_metrics() -> bytes:
    """What /metrics answers: of this process, or of all workers."""
    name = os.environ.get(_VARIABLE)
    if name is None:
        return generate_latest(REGISTRY)
    registry = CollectorRegistry()
    registry.register(_Workers(Path(name)))
    return generate_latest(registry)


class _Workers(Collector):
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def collect(self) -> Iterable[Metric]:
        with _locked(self._folder, fcntl.LOCK_SH):
            # A file that a starting worker has only just opened is empty, which the library does not take.
            files = [str(file) for file in self._folder.glob("*.db") if file.stat().st_size]
            yield from MultiProcessCollector.merge(files)
        yield from _of_processes([int(Path(file).stem.rpartition("_")[2]) for file in files if "gauge_livesum" in file])


def _of_processes(pids: Iterable[int]) -> Iterator[Metric]:
    """By the library's own names. Processor time is left out: a sum that falls when a worker ends is no counter."""
    found: dict[str, list[float]] = {}
    for pid in pids:
        for metric in ProcessCollector(pid=partial(int, pid), registry=None).collect():
            found.setdefault(metric.name, []).extend(sample.value for sample in metric.samples)
    for name, words, merge in (
        ("process_resident_memory_bytes", "Resident memory of all workers, shared pages counted by each.", sum),
        ("process_open_fds", "Open file descriptors of all workers.", sum),
        ("process_start_time_seconds", "Start of the worker that was started last, since the epoch.", max),
    ):
        if name in found:
            yield GaugeMetricFamily(name, words, value=merge(found[name]))


def _add(file: Path, to: Path) -> None:
    sums = MmapedDict(str(to))
    try:
        for key, value, _timestamp, _position in MmapedDict.read_all_values_from_file(str(file)):
            sums.write_value(key, sums.read_value(key)[0] + value, 0.0)
    finally:
        sums.close()


@contextmanager
def _locked(folder: Path, kind: int) -> Iterator[None]:
    """Held for milliseconds: nobody adds up while a worker's counters move, or they would count twice or not at all."""
    with (folder / _LOCK).open() as lock:
        fcntl.flock(lock, kind)
        yield
