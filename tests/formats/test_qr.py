from __future__ import annotations

import struct
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from gateway.formats.qr import Picture, TooLongForQrError, draw
from tests.formats.zbar import read_code

SVG = "{http://www.w3.org/2000/svg}"
PAYLOADS = [
    "scsc:1000:1234:AcmeInc",
    "csc:29de%3F8@ACME",
    "https://gateway.example/provisioning/linphone/" + "Ab-_" * 11,
    'scloc:{"sipaccounts":[{"sipusername":"user1","sippassword":"29de?8","transport":"TLS"}]}',
    "1234567890",
    "UPPER CASE AND 0123456789",
    # A reader that is not told the encoding takes each of these for something else.
    "scsc:jürgen:größe:AcmeInc",
    "scsc:a:ÿþ",
    "€",
    # The UTF-8 of this could be Shift JIS.
    "炁炁",
    "scsc:Иван:пароль:AcmeInc",
    "パスワード",
    "مرحبا",
    "\N{FAMILY}\N{ZERO WIDTH JOINER}\N{GIRL}",
    "two\nlines",
    "x" * 2000,
]


@pytest.mark.zbar
@pytest.mark.parametrize("payload", PAYLOADS, ids=range(len(PAYLOADS)))
def test_the_picture_reads_as_its_payload(payload: str, tmp_path: Path) -> None:
    picture = draw(payload)
    (tmp_path / "code.png").write_bytes(picture.png)

    assert read_code(tmp_path / "code.png") == picture.payload == payload


@pytest.mark.parametrize("payload", ["x", "x" * 120, "x" * 900, "x" * 2900])
def test_the_png_is_square_wide_enough_and_has_a_quiet_zone(payload: str) -> None:
    png = draw(payload).png

    width, height = struct.unpack(">II", png[16:24])
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    assert width == height
    assert 512 <= width < 1024


def test_the_svg_says_what_it_is_and_nothing_of_what_is_inside() -> None:
    picture = draw("SECRET-payload")

    root = ET.fromstring(picture.svg)  # noqa: S314 - our own
    assert root.tag == f"{SVG}svg"
    assert root.attrib["role"] == "img"
    assert [(child.tag, child.text) for child in root] == [
        (f"{SVG}title", "QR code"),
        (f"{SVG}path", None),
        (f"{SVG}path", None),
    ]
    assert "SECRET" not in picture.svg


def test_the_svg_needs_nothing_that_a_strict_policy_forbids() -> None:
    root = ET.fromstring(draw("x").svg)  # noqa: S314 - our own

    attributes = {name for element in root.iter() for name in element.attrib}
    assert attributes == {"width", "height", "role", "shape-rendering", "viewBox", "fill", "stroke", "d"}


def test_the_picture_has_a_quiet_zone_of_four_modules() -> None:
    root = ET.fromstring(draw("x").svg)  # noqa: S314 - our own

    assert root.attrib["viewBox"] == "0 0 29 29"  # 21 modules and twice 4
    assert root[2].attrib["d"].startswith("M4 4.5h7")


def test_a_payload_that_no_code_holds_is_refused() -> None:
    draw("x" * 2953)

    with pytest.raises(TooLongForQrError):
        draw("x" * 2954)


def test_a_long_payload_is_called_dense() -> None:
    assert not draw("scsc:1000:1234:AcmeInc").is_dense
    assert draw("x" * 1500).is_dense


def test_a_picture_printed_in_a_log_shows_nothing_of_the_payload() -> None:
    assert repr(draw("SECRET")) == "Picture(is_dense=False)"
    assert isinstance(draw("SECRET"), Picture)
