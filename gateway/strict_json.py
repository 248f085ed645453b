"""JSON that every reader understands alike; anything else is refused."""

from __future__ import annotations

import json
import math
from typing import Any

import orjson


class BadJsonError(Exception):
    """What stands where JSON should. The flaw completes a sentence ("The request …") and repeats no value."""

    def __init__(self, flaw: str, line: int = 1) -> None:
        super().__init__(flaw)
        self.flaw, self.line = flaw, line


class _RepeatedError(ValueError):
    """Readers differ in which of the two they take."""


def parse_json(data: bytes) -> Any:  # noqa: ANN401 - JSON is anything
    """Strict JSON: UTF-8, no duplicate keys, no NaN, no lone surrogates. Raises BadJsonError."""
    try:
        value = _DECODER.decode(data.decode("utf-8"))
        orjson.dumps(value)
    except UnicodeDecodeError as error:
        raise BadJsonError("is not UTF-8", data.count(b"\n", 0, error.start) + 1) from None
    except json.JSONDecodeError as error:
        raise BadJsonError("is not valid JSON", error.lineno) from None
    except _RepeatedError:
        raise BadJsonError("names a field twice in one object") from None
    except (ValueError, RecursionError):
        raise BadJsonError("is not valid JSON") from None
    except TypeError:  # what orjson cannot write: numbers beyond 64 bits, lone surrogates, 254 levels
        raise BadJsonError("holds a number, a character or a depth that JSON cannot carry safely") from None
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    unique = dict(pairs)
    if len(unique) != len(pairs):
        raise _RepeatedError
    return unique


def _finite(text: str) -> float:
    """1e999 is as little a number as NaN."""
    number = float(text)
    if not math.isfinite(number):
        raise ValueError
    return number


_DECODER = json.JSONDecoder(object_pairs_hook=_unique, parse_float=_finite, parse_constant=_finite)
"""Made once: to make it takes longer than to read a request's variables."""
