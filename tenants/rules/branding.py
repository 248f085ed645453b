"""Rules about colours that a single colour cannot keep: B2."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tenants.codes import WarningCode
from tenants.colors import CONTROL_CONTRAST, DARK, TEXT_CONTRAST, WHITE, contrast, readable_shade
from tenants.errors import RuleWarning

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tenants.colors import ThemeColor
    from tenants.model import Config

_NEEDS = (
    (WarningCode.COLOR_CONTRAST_TEXT, TEXT_CONTRAST, "menu titles"),
    (WarningCode.COLOR_CONTRAST_CONTROL, CONTROL_CONTRAST, "controls"),
)


def warnings(config: Config) -> Iterator[RuleWarning]:
    """Rule B2: the theme colour on white, the dark one on #121212; a derived dark colour is readable by making."""
    yield from _hard_to_read(config.branding.theme_color, WHITE, "themeColor")
    yield from _hard_to_read(config.branding.dark_theme_color, DARK, "darkThemeColor")


def _hard_to_read(color: ThemeColor, background: str, field: str) -> Iterator[RuleWarning]:
    ratio = contrast(color, background)
    for code, needed, use in _NEEDS:
        if ratio < needed:
            # Cut, not rounded: 4.48 must not read as the 4.5 that it misses.
            message = (
                f"On {background} this colour has a contrast of {int(ratio * 100) / 100}:1; {use} need {needed:g}:1."
            )
            yield RuleWarning(code, ("branding", field), message, readable_shade(color, background, needed).hex)
