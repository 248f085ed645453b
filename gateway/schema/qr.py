"""QR codes and links: what is put in, what comes out."""

from __future__ import annotations

import base64
from typing import Annotated, Self

import strawberry

from gateway.formats.payloads import FormatCannotCarryError, QrFormat
from gateway.formats.qr import Picture, draw
from gateway.schema.accounts import AccountsInput, LoginInput
from gateway.schema.enums import describe
from gateway.schema.problems import Forbidden, InvalidInput, NotFound, Refusal, RuleWarning

describe(
    QrFormat,
    "An app that a QR code or link is for.",
    {
        "SESSIONTALK": "SessionTalk on a phone, scanned in the app: `scsc:` for a login, `scloc:` for accounts.",
        "SESSIONTALK_DESKTOP": "SessionTalk on a desktop, as a link: `scloc:?…`, for accounts or a setup code.",
        "SESSIONTALK_WINDOWS": "SessionTalk on Windows, as a link: `scsc:?…`, for a login.",
        "ACROBITS": "Acrobits Cloud Softphone and its white labels: `csc:`, for a login or the ProviderId alone.",
        "LINPHONE": "Linphone: the URL it is provisioned from, for a setup code.",
    },
)


@strawberry.input(description="What a QR code carries. Exactly one.", one_of=True)
class QrContentInput:
    login: LoginInput | None = strawberry.field(
        description="A login for the tenant's own provisioning server.", default=strawberry.UNSET
    )
    accounts: AccountsInput | None = strawberry.field(
        description="Accounts, password and all, readable by whoever sees the code.", default=strawberry.UNSET
    )
    setup_code: str | None = strawberry.field(
        description="The code of a setup link that was just made: no password inside.", default=strawberry.UNSET
    )


@strawberry.input(description="A QR code to make. Generic or whitelabel spelling follows from the tenant's kind.")
class MakeQrCodeInput:
    tenant_id: strawberry.ID = strawberry.field(description="For which tenant.")
    format: QrFormat = strawberry.field(description="For which app.")
    content: QrContentInput | None = strawberry.field(
        description="What to put in; absent: the ProviderId only, where the format can do that.", default=None
    )


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


@strawberry.type(description="The QR code, read back and found right.")
class QrCodeMade:
    qr_code: QrCode = strawberry.field(description="The code.")
    warnings: list[RuleWarning] = strawberry.field(
        description="For example: a password is inside, or it is too dense to scan."
    )


@strawberry.type(description="The format has no way to say this, for example a colon in a password in `scsc:`.")
class FormatCannotCarry(Refusal):
    message: str = strawberry.field(description="What cannot be said and why, without the value.")
    alternatives: list[QrFormat] = strawberry.field(description="Formats that can say it, best first; may be empty.")

    @classmethod
    def of(cls, error: FormatCannotCarryError) -> FormatCannotCarry:
        """From the format."""
        return cls(message=error.message, alternatives=list(error.alternatives))


MakeQrCodeResult = Annotated[
    QrCodeMade | FormatCannotCarry | InvalidInput | Forbidden | NotFound,
    strawberry.union("MakeQrCodeResult", description="What `makeQrCode` answers."),
]
