"""QR codes as they are handed out."""

from __future__ import annotations

import base64
from typing import Self

import strawberry

from gateway.formats.qr import Picture, draw


@strawberry.type(
    description="A QR code in three forms. Treat each as a secret when a password or setup code is inside."
)
class QrCode:
    payload: str = strawberry.field(
        description="The text inside, also usable as a link on a desktop. Example: `scsc:1000:1234:AcmeInc`."
    )
    svg: str = strawberry.field(description="The picture as an SVG document.")
    png_base64: str = strawberry.field(description="The picture as a PNG file in base64, at least 512 pixels wide.")

    @classmethod
    def of(cls, picture: Picture) -> Self:
        """From what was drawn."""
        return cls(payload=picture.payload, svg=picture.svg, png_base64=base64.b64encode(picture.png).decode())

    @classmethod
    def drawn(cls, payload: str) -> Self:
        """From a text that any QR code holds."""
        return cls.of(draw(payload))
