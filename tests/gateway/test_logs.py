from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from gateway.logs import configure_logging, describe_exception

PASSWORD = "SECRET-canary"
PRELUDE = """
import asyncio, logging, sys, threading, warnings
import structlog
from gateway.logs import configure_logging
configure_logging({level!r})
password = "-".join(["SECRET", "canary"])
"""


def run(code: str, *, level: str = "info") -> list[dict[str, Any]]:
    """The lines that a process of its own logs: nothing of logging is changed in this one."""
    done = subprocess.run(
        [sys.executable, "-c", PRELUDE.format(level=level) + code],
        capture_output=True,
        check=False,
        text=True,
        timeout=30,
    )
    assert PASSWORD not in done.stdout + done.stderr
    assert not done.stdout
    return [json.loads(line) for line in done.stderr.splitlines()]


def test_a_line_of_ours_is_one_json_object_with_its_context() -> None:
    code = """
structlog.contextvars.bind_contextvars(request_id="r1")
structlog.get_logger("gateway.http").info("request", status=200, path="/setup/{token}")
structlog.get_logger("gateway.http").debug("not shown")
"""

    (line,) = run(code)

    assert line.pop("time").endswith("Z")
    assert line == {
        "level": "info",
        "logger": "gateway.http",
        "event": "request",
        "request_id": "r1",
        "status": 200,
        "path": "/setup/{token}",
    }


def test_a_value_that_is_no_json_is_named_by_its_class() -> None:
    code = """
structlog.get_logger("a").info("two\\nlines", error=ValueError(password), surrogate="\\ud800", big=10**40)
"""

    (line,) = run(code)

    assert line["event"] == "two\nlines"
    assert (line["error"], line["surrogate"], line["big"]) == ("ValueError", "\ud800", 10**40)


def test_an_exception_is_shown_as_classes_and_frames_without_messages() -> None:
    code = """
def inner(value):
    raise KeyError(value)

def outer(value):
    try:
        inner(value)
    except KeyError as error:
        raise RuntimeError("failed with " + value) from error

try:
    outer(password)
except RuntimeError as error:
    error.add_note(password)
    structlog.get_logger("a").exception("ours")
    logging.getLogger("b").exception("theirs %s", password)
"""

    ours, theirs = run(code)

    assert [part["class"] for part in ours["exception"]] == ["RuntimeError", "KeyError"]
    assert [frame.split()[1] for frame in ours["exception"][1]["frames"]] == ["outer", "inner"]
    assert theirs["exception"] == ours["exception"]
    assert theirs["event"] == "theirs %s"


def test_the_members_of_a_group_are_shown_too() -> None:
    group = ExceptionGroup(PASSWORD, [KeyError(PASSWORD), ValueError(PASSWORD)])

    classes = [part["class"] for part in describe_exception(group)]

    assert classes == ["ExceptionGroup", "KeyError", "ValueError"]


def test_a_chain_that_bites_its_tail_ends() -> None:
    first, second = KeyError(), ValueError()
    first.__cause__, second.__cause__ = second, first

    classes = [part["class"] for part in describe_exception(first)]

    assert classes == ["KeyError", "ValueError"]


def test_a_recursion_of_a_thousand_frames_is_cut() -> None:
    code = """
def again(value):
    again(value)

try:
    again(password)
except RecursionError:
    structlog.get_logger("a").exception("deep")
"""

    (line,) = run(code)

    assert len(line["exception"][0]["frames"]) == 30


def test_the_text_of_a_library_is_withheld_unless_it_is_a_template() -> None:
    code = """
logging.getLogger("strawberry.execution").error(ValueError(password), exc_info=ValueError(password))
logging.getLogger("other").error("could not save " + password)
logging.getLogger("other").error("could not save %s", password)
logging.getLogger("other").error("could not save %(what)s", {"what": password})
"""

    strawberry, text, template, mapping = run(code)

    assert (strawberry["event"], strawberry["exception"][0]["class"]) == ("(text withheld)", "ValueError")
    assert (text["event"], text["at"].split()[1]) == ("(text withheld)", "<module>")
    assert template["event"] == "could not save %s"
    assert mapping["event"] == "could not save %(what)s"


def test_database_libraries_do_not_log_statements_even_when_debugging() -> None:
    code = """
for name in ("tortoise", "tortoise.db_client", "asyncpg", "aiosqlite"):
    logging.getLogger(name).debug("SELECT %s", password)
    logging.getLogger(name).info("SELECT " + password)
"""

    assert run(code, level="debug") == []


def test_a_task_that_failed_unseen_is_reported_without_its_repr() -> None:
    code = """
async def fail(value):
    raise ValueError(value)

async def main():
    task = asyncio.get_running_loop().create_task(fail(password), name=password)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    del task
    asyncio.get_running_loop().call_exception_handler({"message": "Broke in <Task " + password, "detail": password})

asyncio.run(main())
"""

    never_retrieved, custom = run(code)

    assert never_retrieved["event"] == "Task exception was never retrieved"
    assert never_retrieved["exception"][0]["class"] == "ValueError"
    assert custom["event"] == "Broke in"


def test_a_warning_says_its_kind_and_place_only() -> None:
    (line,) = run("warnings.warn('the value ' + password, RuntimeWarning)")

    assert (line["logger"], line["event"]) == ("py.warnings", "RuntimeWarning")
    assert line["at"].startswith("<string>:")


def test_what_nobody_catches_is_a_line_without_its_message_too() -> None:
    code = """
class Broken:
    def __del__(self):
        raise ValueError(password)

def fail():
    raise KeyError(password)

Broken()
thread = threading.Thread(target=fail, name=password)
thread.start()
thread.join()
raise OSError(password)
"""

    destructor, thread, main = run(code)

    assert destructor["exception"][0]["class"] == "ValueError"
    assert thread["exception"][0]["class"] == "KeyError"
    assert (main["level"], main["exception"][0]["class"]) == ("critical", "OSError")


def test_a_line_that_cannot_be_formatted_is_lost_without_showing_its_arguments() -> None:
    (line,) = run("logging.getLogger('uvicorn.error').error('two %s %s', password)")

    assert (line["event"], line["logger"]) == ("log line lost", "uvicorn.error")


SERVE = """
import socket, uvicorn
from starlette.applications import Starlette

async def app(scope, receive, send):
    raise ValueError(password)

def failing_start(app):
    raise ConnectionError("postgres://user:" + password + "@host\\n" + password)

async def serve(app, **options):
    config = uvicorn.Config(app, log_config=None, access_log=False, port=0, ws="none", **options)
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
        if task.done():
            return
    port = server.servers[0].sockets[0].getsockname()[1]
    request = b"GET /%s?q=%s HTTP/1.1\\r\\nHost: a\\r\\nA: %s\\r\\n\\r\\n" % ((password.encode(),) * 3)
    for request in (request, password.encode() + b"\\r\\n\\r\\n"):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request)
        await reader.read(1000)
        writer.close()
        await writer.wait_closed()
    server.should_exit = True
    await task
"""


@pytest.mark.parametrize("http", ["httptools", "gateway.http.fast_lane:FastLaneProtocol"])
def test_uvicorn_logs_nothing_of_a_request(http: str) -> None:
    lines = run(SERVE + f"asyncio.run(serve(app, lifespan='off', http={http!r}))", level="debug")

    failed = [line for line in lines if line["event"] == "Exception in ASGI application"]
    assert [line["exception"][0]["class"] for line in failed] == ["ValueError"]
    assert {line["logger"] for line in lines} <= {"uvicorn.error", "asyncio"}
    assert any(line["event"].startswith("Uvicorn running on http://127.0.0.1:") for line in lines)


def test_a_start_that_fails_is_explained_by_class_and_place() -> None:
    code = """
import contextlib

@contextlib.asynccontextmanager
async def lifespan(app):
    failing_start(app)
    yield

try:
    asyncio.run(serve(Starlette(lifespan=lifespan), lifespan="on"))
except SystemExit:
    pass
"""

    lines = run(SERVE + code)

    (failed,) = [line for line in lines if line["event"] == "Application failed."]
    assert [part["class"] for part in failed["exception"]] == ["ConnectionError"]
    assert failed["exception"][0]["frames"][-1].endswith(" failing_start")


def test_a_level_that_would_print_headers_is_refused() -> None:
    with pytest.raises(ValueError, match="debug, info, warning, error"):
        configure_logging("trace")
