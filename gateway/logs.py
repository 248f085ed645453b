"""Every log line as one JSON object on stderr, without a value that a client has sent."""

from __future__ import annotations

import json
import logging
import re
import sys
import threading
import traceback
from datetime import UTC, datetime
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import structlog

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from types import TracebackType

    from structlog.typing import EventDict, WrappedLogger

LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
# Below this level they print statements with their values, and requests with their headers.
TALKATIVE = ("tortoise", "asyncpg", "aiosqlite", "httpcore2", "aiodns")
MAX_EXCEPTIONS = 10
MAX_FRAMES = 30
WITHHELD = "(text withheld)"
# Two kinds of text carry an exception's message in them: Starlette's report of a failed start, and a warning.
TRACEBACK = re.compile(r"^Traceback \(most recent call last\):\n((?: +.*\n)+)([\w.]+)", re.MULTILINE)
TRACEBACK_FRAME = re.compile(r'^  File "(.*)", line (\d+), in (\S+)$', re.MULTILINE)
WARNING = re.compile(r"(.*?):(\d+): (\w+): ")


def configure_logging(level: str = "info") -> None:
    """Takes over the whole process's logs, uncaught exceptions included. Raises ValueError for an unknown level."""
    if level not in LEVELS:  # uvicorn's "trace" prints headers
        message = f"a log level is one of {', '.join(LEVELS)}"
        raise ValueError(message)
    handler = _StderrHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.contextvars.merge_contextvars, _withhold],
            processors=[_arrange, _render],
            use_get_message=False,
            pass_foreign_args=True,
        )
    )
    logging.root.handlers = [handler]
    logging.root.setLevel(LEVELS[level])
    logging.captureWarnings(capture=True)
    _quieten(LEVELS[level])
    _catch_uncaught()
    structlog.configure(
        processors=[structlog.contextvars.merge_contextvars, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(LEVELS[level]),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )


def _quieten(level: int) -> None:
    for name in ("uvicorn", "uvicorn.error", "uvicorn.asgi", "uvicorn.access"):
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [], name != "uvicorn.access"
        logger.setLevel(level)  # uvicorn asks a logger for its own level, and takes none for the lowest
    logging.getLogger("uvicorn.access").disabled = True  # it prints query strings
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(max(level, logging.WARNING))


def _catch_uncaught() -> None:
    """Python itself prints an uncaught exception with its message."""
    log = structlog.get_logger("gateway.uncaught")
    sys.excepthook = lambda _kind, error, _trace: log.critical("uncaught exception", exc_info=error)
    sys.unraisablehook = lambda args: log.error("exception in a destructor", exc_info=args.exc_value)
    threading.excepthook = lambda args: log.error("uncaught exception in a thread", exc_info=args.exc_value)


class _StderrHandler(logging.StreamHandler[Any]):
    """Writes to today's `sys.stderr`; a line that cannot be written is not shown in another way."""

    def __init__(self) -> None:
        super().__init__(sys.stderr)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """Names the place only: logging's own report shows the arguments."""
        line = {"level": "error", "logger": record.name, "event": "log line lost", "at": _place(record)}
        try:
            self.stream.write(json.dumps(line) + self.terminator)
        except (OSError, ValueError):
            return  # stderr is gone


# Lines of libraries


def _withhold(_logger: WrappedLogger, _method: str, event_dict: EventDict) -> EventDict:
    """Keeps of another's text what its author wrote, and drops what came in at run time."""
    arguments = event_dict.pop("positional_args", None)
    event_dict.pop("stack_info", None)
    event_dict.update(_foreign_event(event_dict["_record"], str(event_dict["event"]), arguments))
    return event_dict


def _foreign_event(record: logging.LogRecord, text: str, arguments: object) -> Mapping[str, Any]:
    if record.name == "py.warnings":
        # Python 3.11 logs the text itself, later ones "%s" and the text.
        return _warning(str(arguments[0]) if isinstance(arguments, tuple) and arguments else text)
    if record.name.partition(".")[0] == "uvicorn":
        return _uvicorn_event(record, text, arguments)
    if arguments and isinstance(record.msg, str):
        return {"event": text}  # the template, without its arguments
    if record.name == "asyncio":
        # The first line says what happened; further ones, and what stands in <>, show tasks and exceptions.
        return {"event": re.split(r"[<\n]", text, maxsplit=1)[0].strip()}
    return {"event": WITHHELD, "at": _place(record)}


def _uvicorn_event(record: logging.LogRecord, text: str, arguments: object) -> Mapping[str, Any]:
    """Only its modules named *_impl have requests at hand: their arguments are withheld."""
    if record.module == "on" and record.levelno >= logging.ERROR and "\n" in text.strip():
        return {"event": "Application failed.", "exception": list(_written_chain(text))}
    if arguments and not record.module.endswith("_impl"):
        text = text % arguments
    return {"event": text.strip()}


def _written_chain(text: str) -> Iterator[dict[str, Any]]:
    for frames, name in TRACEBACK.findall(text)[::-1]:
        places = TRACEBACK_FRAME.findall(frames)
        yield {"class": name, "frames": [f"{PurePath(file).name}:{line} {where}" for file, line, where in places]}


def _warning(text: str) -> Mapping[str, str]:
    match = WARNING.match(text)
    if match is None:
        return {"event": WITHHELD}
    path, line, category = match.groups()
    return {"event": category, "at": f"{PurePath(path).name}:{line}"}


def _place(record: logging.LogRecord) -> str:
    return f"{record.filename}:{record.lineno} {record.funcName}"


# All lines


def _arrange(_logger: WrappedLogger, _method: str, event_dict: EventDict) -> EventDict:
    record: logging.LogRecord = event_dict.pop("_record")
    del event_dict["_from_structlog"]
    error = _error_of(event_dict.pop("exc_info", None))
    line = {
        "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "level": record.levelname.lower(),
        "logger": record.name,
        **event_dict,
    }
    return line if error is None else line | {"exception": list(describe_exception(error))}


def _render(_logger: WrappedLogger, _method: str, event_dict: EventDict) -> str:
    # An unknown object is named by its class: its repr could show anything.
    return json.dumps(event_dict, default=lambda value: type(value).__name__)


def _error_of(exc_info: object) -> BaseException | None:
    """What logging and structlog accept as `exc_info`."""
    if isinstance(exc_info, BaseException):
        return exc_info
    if isinstance(exc_info, tuple):
        return exc_info[1] if isinstance(exc_info[1], BaseException) else None
    return sys.exc_info()[1] if exc_info else None


def describe_exception(error: BaseException) -> Iterator[dict[str, Any]]:
    """The classes and frames of an exception and its causes, latest first; never a message, which may hold a value."""
    pending, seen = [error], set[int]()
    while pending and len(seen) < MAX_EXCEPTIONS:
        current = pending.pop(0)
        if id(current) in seen:
            continue
        seen.add(id(current))
        yield {"class": _class_name(current), "frames": _frames(current.__traceback__)}
        if isinstance(current, BaseExceptionGroup):
            pending += current.exceptions
        earlier = current.__cause__ or (None if current.__suppress_context__ else current.__context__)
        if earlier is not None:
            pending.append(earlier)


def _class_name(error: BaseException) -> str:
    kind = type(error)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def _frames(trace: TracebackType | None) -> list[str]:
    frames = [(frame.f_code, line) for frame, line in traceback.walk_tb(trace)]
    return [f"{PurePath(code.co_filename).name}:{line} {code.co_qualname}" for code, line in frames[-MAX_FRAMES:]]
