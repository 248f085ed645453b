"""A payload as a picture that a phone's camera reads."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tenants.qr_codes import MOST_MODULES

if TYPE_CHECKING:
    from segno import QRCode

TITLE = "QR code"
"""What a screen reader says; the payload may be a secret and stands in no text of the picture."""
PIXELS = 512
"""The least width of the PNG, and the width that the SVG asks for where nobody says another."""
QUIET_ZONE = 4
"""White modules around the code, as ISO/IEC 18004 wants them."""
_SVG_TAG = f'<svg width="{PIXELS}" height="{PIXELS}" role="img" shape-rendering="crispEdges" '


class TooLongForQrError(ValueError):
    """No QR code can hold so much."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A QR code in three forms. Each may be a secret, so none is in its repr."""

    payload: str = field(repr=False)
    svg: str = field(repr=False)
    """An SVG document without style or script, fit to stand inline in a page with a strict policy."""
    png: bytes = field(repr=False)
    is_dense: bool
    """Whether many phones will not scan it."""


def draw(payload: str) -> Picture:
    """The picture of a payload. Takes up to a tenth of a second for long ones. Raises TooLongForQrError."""
    code = _encode(payload)
    modules = code.symbol_size(border=0)[0]
    return Picture(payload, _svg(code), _png(code), is_dense=modules > MOST_MODULES)


def _encode(payload: str) -> QRCode:
    """Error correction M or better where that fits, else L.

    Beyond ASCII the code names its encoding (ECI): without it readers guess, and take "ü" for Japanese. The mode is
    fixed, since the library would take some texts' UTF-8 for Shift JIS.
    """
    import segno  # noqa: PLC0415 - 30 ms that the start need not wait for

    for level in ("m", "l"):
        try:
            return segno.make_qr(payload, error=level, mode="byte", encoding="utf-8", eci=not payload.isascii())
        except segno.DataOverflowError:
            continue
    raise TooLongForQrError


def _png(code: QRCode) -> bytes:
    """Whole pixels a module, so that its edges are sharp."""
    width = code.symbol_size(border=QUIET_ZONE)[0]
    file = io.BytesIO()
    code.save(file, kind="png", scale=-(-PIXELS // width), border=QUIET_ZONE)
    return file.getvalue()


def _svg(code: QRCode) -> str:
    file = io.BytesIO()
    code.save(
        file,
        kind="svg",
        border=QUIET_ZONE,
        light="#fff",
        title=TITLE,
        xmldecl=False,
        omitsize=True,
        svgclass=None,
        lineclass=None,
        nl=False,
    )
    return file.getvalue().decode().replace("<svg ", _SVG_TAG, 1)
