"""The file in which an operator lists the documents of their own apps, as the well-known tools write it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gateway import strict_json

if TYPE_CHECKING:
    from pathlib import Path

LARGEST = 4 * 1024 * 1024
_LONGEST_ID = 256
_APOLLO = "apollo-persisted-query-manifest"


class BadManifestError(ValueError):
    """The file is no manifest. The words complete a sentence that begins with the name of the setting."""


def read_manifest(path: Path) -> dict[str, str]:
    """Documents by their ids. Raises BadManifestError.

    Apollo's tools write a list of operations, Relay, GraphQL Code Generator and gql.tada an object of texts by id.
    """
    try:
        data = path.read_bytes()
    except OSError:
        raise BadManifestError("names a file that cannot be read.") from None
    if len(data) > LARGEST:
        raise BadManifestError(f"names a file of more than {LARGEST // 1024**2} MiB.")
    try:
        return _of_json(strict_json.parse_json(data))
    except strict_json.BadJsonError as error:
        raise BadManifestError(f"names a file that {error.flaw}, in line {error.line}.") from None


def _of_json(value: object) -> dict[str, str]:
    if not isinstance(value, dict):
        raise _shapeless()
    if "operations" in value and value.get("format") == _APOLLO:
        return _of_apollo(value)
    return _checked(value.items())


def _of_apollo(manifest: dict[str, Any]) -> dict[str, str]:
    operations = manifest["operations"]
    if manifest.get("version") != 1:
        raise BadManifestError("names a manifest of Apollo's of another version than 1.")
    if not isinstance(operations, list) or not all(isinstance(each, dict) for each in operations):
        raise _shapeless()
    ids = [each.get("id") for each in operations]
    if len({str(each) for each in ids}) != len(ids):
        raise BadManifestError("names a manifest with two operations of one id.")
    return _checked((each.get("id"), each.get("body")) for each in operations)


def _checked(pairs: Any) -> dict[str, str]:  # noqa: ANN401 - what JSON held
    found: dict[str, str] = {}
    for name, text in pairs:
        if not isinstance(name, str) or not isinstance(text, str) or not 0 < len(name) <= _LONGEST_ID:
            raise _shapeless()
        found[name] = text
    return found


def _shapeless() -> BadManifestError:
    return BadManifestError(
        "names a file that is neither Apollo's persisted query manifest nor an object of ids and documents."
    )
