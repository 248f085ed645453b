"""Files of tenants: every way to write one wrongly has its line, its path and its code; no database."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenants.codes import ProblemCode
from tenants.files.entries import Entry, read_tenants
from tenants.files.problems import FileCode, RefusedFileError
from tenants.files.tree import LARGEST_FILE, read_tree

TENANT = "tenants:\n  - providerId: AcmeInc\n    app: WHITELABEL\n"
LINKS = TENANT + "    help:\n      links:\n"


def entries(text: str | bytes) -> tuple[Entry, ...]:
    """The tenants of a file without problems of form."""
    file = read_tenants(text.encode() if isinstance(text, str) else text)
    file.refuse_if_any()
    return file.entries


def problems(text: str | bytes) -> list[tuple[int | None, str, str]]:
    """Line, path and code of each problem; none repeats a SECRET of the file."""
    with pytest.raises(RefusedFileError) as refused:
        entries(text)
    assert "SECRET" not in "".join(map(str, refused.value.problems))
    return [(problem.line, ".".join(problem.path), problem.code.name) for problem in refused.value.problems]


def hints(text: str | bytes) -> list[str | None]:
    with pytest.raises(RefusedFileError) as refused:
        entries(text)
    return [problem.hint for problem in refused.value.problems]


def test_a_file_is_read_with_texts_as_typed() -> None:
    text = (
        "tenants:\n  - providerId: 1000\n    name: no\n    app: WHITELABEL\n"
        "    branding: {themeColor: '#0d47a1', darkThemeColor: null}\n"
        "    provisioning:\n      isEnabled: true\n      method: POST_JSON\n      usernamePlaceholder: 0x1F\n"
        "    help:\n      menuTitle: 2026-01-01\n      links:\n        - title: 123\n          url: 1e3\n"
    )

    (entry,) = entries(text)

    assert (entry.provider_id, entry.name) == ("1000", "no")
    assert entry.sections == {
        "branding": {"themeColor": "#0d47a1", "darkThemeColor": None},
        "provisioning": {"isEnabled": True, "method": "POST_JSON", "usernamePlaceholder": "0x1F"},
        "help": {"menuTitle": "2026-01-01", "links": [{"title": "123", "url": "1e3"}]},
    }


@pytest.mark.parametrize(
    "text",
    [
        TENANT.encode(),
        b"\xef\xbb\xbf" + TENANT.encode(),
        TENANT.replace("\n", "\r\n").encode(),
        TENANT.replace("\n", "\r").encode(),
        b"%YAML 1.1\n---\n" + TENANT.encode() + b"...\n",
        b'{"tenants": [{"providerId": "AcmeInc", "app": "WHITELABEL"}]}',
        b"# a remark\n\n" + TENANT.encode() + b"    name: null\n    help:\n    provisioning: ~\n",
    ],
    ids=["plain", "byte order mark", "CRLF", "CR", "directive", "JSON", "remarks and nulls"],
)
def test_one_tenant_is_the_same_in_every_way_to_write_it(text: bytes) -> None:
    (entry,) = entries(text)

    assert (entry.provider_id, entry.name, entry.app and entry.app.name) == ("AcmeInc", None, "WHITELABEL")
    assert not any(entry.sections.values())


def test_a_gateway_without_tenants_is_an_empty_list() -> None:
    assert entries("tenants: []\n") == ()


SYNTAX = {
    "empty": (b"", 1),
    "only remarks": (b"# nothing\n# here\n", 1),
    "two documents": (f"{TENANT}---\n{TENANT}".encode(), 4),
    "a second document without anything": (f"{TENANT}...\n---\n".encode(), 5),
    "a tab": (b"tenants:\n\t- providerId: SECRET\n", 2),
    "Latin-1": (b"tenants:\n  - providerId: SECRET\xe9\n", 2),
    "UTF-16": (TENANT.encode("utf-16"), 1),
    "UTF-16 without a mark": (TENANT.encode("utf-16-le"), 1),
    "NUL": (b'tenants:\n  - providerId: "SECRET\0"\n', 2),
    "a control character": (b'tenants:\n  - providerId: "SECRET\x01"\n', 2),
    "delete": (f'{TENANT}    name: "SECRET\x7f"\n'.encode(), 4),
    "an anchor": (f"{TENANT}    name: &SECRET x\n".encode(), 4),
    "an anchor twice": (f"{TENANT}    name: &SECRET x\n    help: &SECRET y\n".encode(), 4),
    "an alias": (f"{TENANT}    name: *SECRET\n".encode(), 4),
    "an alias of what it stands in": (b"tenants: &SECRET [*SECRET]\n", 1),
    "a merge of an anchor": (b"tenants:\n  - &SECRET {app: GENERIC}\n  - <<: *SECRET\n", 2),
    "a python tag": (b"tenants:\n  - providerId: !!python/object/apply:os.system [SECRET]\n", 2),
    "a binary tag": (b"tenants:\n  - providerId: !!binary U0VDUkVU\n", 2),
    "a tag of a text": (f"{TENANT}    name: !!str SECRET\n".encode(), 4),
    "a tag of a list": (b"tenants: !!set\n  - providerId: AcmeInc\n", 1),
    "uneven indentation": (f"{TENANT}   name: SECRET\n".encode(), 4),
    "a quote that does not end": (f'{TENANT}    name: "SECRET\n'.encode(), 5),
    "a colon in a text": (f"{TENANT}    name: SECRET: b\n".encode(), 4),
    "a text that begins with @": (f"{TENANT}    name: @SECRET\n".encode(), 4),
    "a text that begins with %": (f"{TENANT}    name: %SECRET\n".encode(), 4),
    "an unknown escape": (f'{TENANT}    name: "SECRET\\q"\n'.encode(), 4),
    "an escape beyond Unicode": (f'{TENANT}    name: "SECRET\\U00110000"\n'.encode(), 4),
    "an escape beyond integers": (f'{TENANT}    name: "SECRET\\UFFFFFFFF"\n'.encode(), 4),
    "a version without end": (b"%YAML 1." + b"9" * 5000 + b"\n---\n" + TENANT.encode(), 1),
    "an unknown version": (b"%YAML 9.9\n---\n" + TENANT.encode(), 1),
    "deep lists": (b"tenants: " + b"[" * 100_000, 1),
    "deep mappings": (b"tenants: " + b"{a: " * 50_000, 1),
    "deep keys": (b"? " * 20_000, 1),
    "lists that are deep and closed": (b"tenants: " + b"[" * 30 + b"]" * 30, 1),
}


@pytest.mark.parametrize(("text", "line"), SYNTAX.values(), ids=SYNTAX)
def test_what_is_no_plain_yaml_is_one_problem_at_its_line(text: bytes, line: int) -> None:
    assert problems(text) == [(line, "", "FILE_SYNTAX")]


@pytest.mark.parametrize(
    ("field", "path"),
    [
        ("    name: #1 Telecom\n", "tenants.0.name"),
        ("    help:\n      menuTitle: #billing\n", "tenants.0.help.menuTitle"),
        ("    provisioning:\n      usernamePlaceholder:\n", "tenants.0.provisioning.usernamePlaceholder"),
    ],
)
def test_a_text_that_became_a_remark_is_not_lost_in_silence(field: str, path: str) -> None:
    (problem,) = problems((TENANT + field).encode())

    assert problem[1:] == (path, "FIELD_SHAPE")


FORMS: dict[str, tuple[str, list[tuple[int | None, str, str]]]] = {
    "a text": ("SECRET\n", [(1, "", "FIELD_SHAPE")]),
    "a list": ("- SECRET\n", [(1, "", "FIELD_SHAPE")]),
    "null": ("null\n", [(1, "", "FIELD_SHAPE")]),
    "no tenants": ("{}\n", [(1, "tenants", "REQUIRED")]),
    "nothing for tenants": ("tenants:\n\n\n", [(1, "tenants", "FIELD_SHAPE")]),
    "a mapping for tenants": ("tenants:\n  SECRET: x\n", [(1, "tenants", "FIELD_SHAPE")]),
    "tenants misspelt": ("tenant: []\n", [(1, "", "FIELD_UNKNOWN")]),
    "tenants twice": (TENANT + TENANT, [(4, "tenants", "FIELD_REPEATED")]),
    "a tenant that is a text": ("tenants:\n  - SECRET\n", [(2, "tenants.0", "FIELD_SHAPE")]),
    "a tenant that is null": ("tenants:\n  - \n", [(2, "tenants.0", "FIELD_SHAPE")]),
    "a ProviderId that is a list": (
        "tenants:\n  - app: GENERIC\n    providerId: [SECRET]\n",
        [(3, "tenants.0.providerId", "FIELD_SHAPE")],
    ),
    "no kind": ("tenants:\n  - providerId: AcmeInc\n", [(2, "tenants.0.app", "REQUIRED")]),
    "nothing for the kind": ("tenants:\n  - providerId: A\n    app:\n", [(3, "tenants.0.app", "REQUIRED")]),
    "an unknown kind": ("tenants:\n  - providerId: A\n    app: SECRET\n", [(3, "tenants.0.app", "CHOICE_UNKNOWN")]),
    "a kind in small letters": ("tenants:\n  - app: generic\n", [(2, "tenants.0.app", "CHOICE_UNKNOWN")]),
    "an unknown field": (TENANT + "    SECRET: x\n", [(4, "tenants.0", "FIELD_UNKNOWN")]),
    "an unknown field twice": (
        TENANT + "    SECRET: x\n    SECRET: y\n",
        [(4, "tenants.0", "FIELD_UNKNOWN"), (5, "tenants.0", "FIELD_UNKNOWN")],
    ),
    "a list as a key": (TENANT + "    [SECRET]: x\n", [(4, "tenants.0", "FIELD_UNKNOWN")]),
    "a mapping as a key": (TENANT + "    ? {SECRET: x}\n    : y\n", [(4, "tenants.0", "FIELD_UNKNOWN")]),
    "a merge key": (TENANT + "    <<: {name: SECRET}\n", [(4, "tenants.0", "FIELD_UNKNOWN")]),
    "a field twice": (TENANT + "    app: GENERIC\n", [(4, "tenants.0.app", "FIELD_REPEATED")]),
    "a section that is a list": (TENANT + "    help:\n      - SECRET\n", [(4, "tenants.0.help", "FIELD_SHAPE")]),
    "a section that is a text": (TENANT + "    help: SECRET\n", [(4, "tenants.0.help", "FIELD_SHAPE")]),
    "a switch that is a word": (
        TENANT + "    provisioning:\n      isEnabled: yes\n",
        [(5, "tenants.0.provisioning.isEnabled", "CHOICE_UNKNOWN")],
    ),
    "a method that there is not": (
        TENANT + "    provisioning:\n      method: SECRET\n",
        [(5, "tenants.0.provisioning.method", "CHOICE_UNKNOWN")],
    ),
    "a source that there is not": (
        TENANT + "    help:\n      credentialsSource: [SECRET]\n",
        [(5, "tenants.0.help.credentialsSource", "CHOICE_UNKNOWN")],
    ),
    "a colour that is a remark": (
        TENANT + "    branding:\n      themeColor: #0d47a1\n      darkThemeColor: #8ab4f8\n",
        [
            (5, "tenants.0.branding.themeColor", "FIELD_SHAPE"),
            (6, "tenants.0.branding.darkThemeColor", "FIELD_SHAPE"),
        ],
    ),
    "links that are a mapping": (TENANT + "    help:\n      links: {}\n", [(5, "tenants.0.help.links", "FIELD_SHAPE")]),
    "a link that is a text": (LINKS + "        - SECRET\n", [(6, "tenants.0.help.links.0", "FIELD_SHAPE")]),
    "a link that is null": (LINKS + "        -\n", [(6, "tenants.0.help.links.0", "FIELD_SHAPE")]),
    "a title that is a mapping": (
        LINKS + "        - url: https://acme.example/\n          title: {SECRET: x}\n",
        [(7, "tenants.0.help.links.0.title", "FIELD_SHAPE")],
    ),
    "a field that a link has not": (
        LINKS + "        - title: a\n          url: b\n          SECRET: c\n",
        [(8, "tenants.0.help.links.0", "FIELD_UNKNOWN")],
    ),
}


@pytest.mark.parametrize(("text", "expected"), FORMS.values(), ids=FORMS)
def test_a_wrong_form_has_its_line_its_path_and_its_code(
    text: str, expected: list[tuple[int | None, str, str]]
) -> None:
    assert problems(text) == expected


def test_all_problems_of_a_file_are_told_at_once_in_the_order_of_lines() -> None:
    text = (
        "tenants:\n  - help:\n      links: SECRET\n    provisioning:\n      isEnabled: on\n    app: x\n    nam: y\n"
        "  - SECRET\ntenant: z\n"
    )

    assert problems(text) == [
        (3, "tenants.0.help.links", "FIELD_SHAPE"),
        (5, "tenants.0.provisioning.isEnabled", "CHOICE_UNKNOWN"),
        (6, "tenants.0.app", "CHOICE_UNKNOWN"),
        (7, "tenants.0", "FIELD_UNKNOWN"),
        (8, "tenants.1", "FIELD_SHAPE"),
        (9, "", "FIELD_UNKNOWN"),
    ]


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        (TENANT + "    nane: x\n", "Did you mean name?"),
        (TENANT + "    PROVIDERID: x\n", "Did you mean providerId?"),
        (TENANT + "    zzz: x\n", "Here belong: providerId, name, app, branding, provisioning, help."),
        (TENANT + f"    ? {'name' * 100_000}\n    : x\n", "Here belong: providerId, name, app"),
        (TENANT + "    <<: {name: x}\n", "Merge keys are not taken"),
        (TENANT + "    branding:\n      themeColor: #0d47a1\n", '"#0d47a1"'),
        (TENANT + "    name: @x\n", "in quotes"),
        (TENANT + "    name: a: b\n", "in quotes"),
        (TENANT + "\tname: x\n", "Indent with blanks"),
        (TENANT.encode("utf-16"), "UTF-8"),
        (TENANT.encode("utf-16-le"), "UTF-8"),
        (TENANT + "    name: &x y\n", "in quotes"),
        (TENANT + "    name: !x\n", "in quotes"),
    ],
)
def test_a_hint_says_what_to_do(text: str | bytes, hint: str) -> None:
    (found,) = hints(text)

    assert hint in (found or "")


def test_a_file_that_is_too_large_is_refused_before_it_is_read() -> None:
    with pytest.raises(RefusedFileError) as refused:
        read_tree(b" " * (LARGEST_FILE + 1))

    assert [(problem.line, problem.code) for problem in refused.value.problems] == [(None, FileCode.FILE_TOO_LARGE)]


def test_every_code_of_a_file_says_what_it_means() -> None:
    assert all(len(code.value) > 20 and code.value.endswith(".") for code in FileCode)
    assert not {code.name for code in FileCode} & {code.name for code in ProblemCode}


def _is_read_or_refused(data: bytes) -> None:
    try:
        read_tenants(data).refuse_if_any()
    except RefusedFileError as error:
        lines = data.count(b"\n") + data.count(b"\r") + 1
        assert error.problems
        assert all(1 <= (problem.line or 1) <= lines for problem in error.problems)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    _is_read_or_refused(data)


# What means something to YAML, so that the search gets behind its first refusal.
PIECES = [
    *["tenants:", "- ", "  ", "    ", "\n", "\n  - ", "\n    ", "providerId: ", "app: ", "GENERIC", "help:", "links:"],
    *[
        "? ",
        ": ",
        "#",
        " #",
        "&a ",
        "*a",
        "!!binary ",
        "!",
        "|",
        ">-",
        "|9",
        "%YAML 1.2",
        "%TAG ! x",
        "---",
        "...",
        "@",
    ],
    *["<<: ", "'", '"', '"\\', "\\x4", "\\U7fffffff", "[", "]", "{", "}", ",", "~", "null", "\t", "\ufeff", "\x85"],
    *["\u2028", "\0", "\r", "0", "\U0001f600", "="],
]


@settings(max_examples=300)
@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=3), max_size=25).map("".join))
def test_any_text_is_read_or_refused(text: str) -> None:
    _is_read_or_refused(text.encode("utf-8", "surrogatepass"))
