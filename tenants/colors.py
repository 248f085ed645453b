"""Colours of the app and how readable they are: rules B1 and B2."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Self

from tenants.codes import ProblemCode
from tenants.errors import InvalidValueError

WHITE = "#ffffff"
DARK = "#121212"
TEXT_CONTRAST = 4.5
CONTROL_CONTRAST = 3.0


@dataclass(frozen=True, slots=True)
class ThemeColor:
    """An opaque sRGB colour."""

    hex: str
    """`#rrggbb`, lower case."""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Rule B1. Accepts #RGB and #RRGGBB in any case. Raises InvalidValueError COLOR_SYNTAX or REQUIRED."""
        trimmed = text.strip().lower()
        if not trimmed:
            raise InvalidValueError(ProblemCode.REQUIRED, "A colour is needed.")
        match = re.fullmatch(r"#([0-9a-f]{3}|[0-9a-f]{6})", trimmed)
        if not match:
            raise InvalidValueError(
                ProblemCode.COLOR_SYNTAX, "A colour is written #rrggbb.", hint="For example #0d47a1."
            )
        digits = match[1]
        return cls("#" + (digits if len(digits) == 6 else "".join(2 * digit for digit in digits)))  # noqa: PLR2004


def contrast(color: ThemeColor, background: str) -> float:
    """Contrast ratio by WCAG 2.x, from 1 to 21."""
    return _contrast(color.hex, background)


def readable_shade(color: ThemeColor, background: str, ratio: float) -> ThemeColor:
    """The nearest shade of the same hue that reaches `ratio` on the background; the colour itself when it does."""
    return ThemeColor(_readable_shade(color.hex, background, ratio))


@lru_cache(maxsize=1024)
def _contrast(color: str, background: str) -> float:
    from coloraide import Color  # noqa: PLC0415 - takes 65 ms to import, and no request of a phone needs it

    return float(Color(color).contrast(background, method="wcag21"))


@lru_cache(maxsize=1024)
def _readable_shade(color: str, background: str, ratio: float) -> str:
    """Walk the lightness of OKLCH away from the background: contrast rises with it, so halving finds the edge."""
    if _contrast(color, background) >= ratio:
        return color
    from coloraide import Color  # noqa: PLC0415 - as above

    lch = Color(color).convert("oklch")
    near, far = lch["lightness"], 1.0 if background == DARK else 0.0
    for _ in range(16):
        middle = (near + far) / 2
        near, far = (near, middle) if _contrast(_shade(lch, middle), background) >= ratio else (middle, far)
    return _shade(lch, far)


def _shade(lch: object, lightness: float) -> str:
    shade = lch.clone().set("lightness", lightness)  # type: ignore[attr-defined]  # coloraide's class is imported lazily
    return str(shade.convert("srgb").fit().to_string(hex=True))
