"""Colours and how readable they are: rules B1 and B2."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenants.codes import ProblemCode, WarningCode
from tenants.colors import (
    CONTROL_CONTRAST,
    DARK,
    TEXT_CONTRAST,
    WHITE,
    ThemeColor,
    contrast,
    readable_shade,
)
from tenants.errors import InvalidValueError
from tenants.model import DEFAULT_DARK_COLOR, DEFAULT_THEME_COLOR, Branding
from tenants.rules.checks import config_warnings
from tests import make

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=12)
LIKELY = st.from_regex(r"\s?#?[0-9a-gA-G]{2,8}\s?", fullmatch=True)
COLORS = st.from_regex(r"#[0-9a-f]{6}", fullmatch=True).map(ThemeColor)
BACKGROUNDS = st.sampled_from([WHITE, DARK])
RATIOS = st.sampled_from([CONTROL_CONTRAST, TEXT_CONTRAST])


@given(ANY_TEXT | LIKELY)
def test_any_text_is_a_stable_colour_or_a_problem(text: str) -> None:
    try:
        color = ThemeColor.parse(text)
    except InvalidValueError as error:
        assert error.code in {ProblemCode.COLOR_SYNTAX, ProblemCode.REQUIRED}
    else:
        assert re.fullmatch("#[0-9a-f]{6}", color.hex)
        assert ThemeColor.parse(color.hex) == color == ThemeColor.parse(color.hex.upper())


@given(st.from_regex("[0-9a-fA-F]{3}", fullmatch=True))
def test_a_short_colour_is_the_long_one_with_doubled_digits(digits: str) -> None:
    doubled = "".join(2 * digit for digit in digits)

    assert ThemeColor.parse(f"#{digits}") == ThemeColor.parse(f"#{doubled}")


@pytest.mark.parametrize(
    "text",
    [
        "0d47a1",
        "#0d47a",
        "#0d47a1ff",
        "#0d4f",
        "navy",
        "rgb(1,2,3)",
        "#0d47a1; x",
        "#12345g",
        "##123456",
        "#\uff11\uff12\uff13",
    ],
)
def test_what_is_not_an_opaque_hexadecimal_colour_is_refused(text: str) -> None:
    with pytest.raises(InvalidValueError) as caught:
        ThemeColor.parse(text)

    assert caught.value.code is ProblemCode.COLOR_SYNTAX


@pytest.mark.parametrize(
    ("color", "background", "ratio"),
    [
        ("#767676", WHITE, 4.54),
        ("#777777", WHITE, 4.48),
        ("#949494", WHITE, 3.03),
        ("#ffeb3b", WHITE, 1.22),
        ("#0d47a1", WHITE, 8.63),
        ("#0d47a1", DARK, 2.17),
        ("#000000", WHITE, 21.0),
        ("#ffffff", WHITE, 1.0),
    ],
)
def test_contrast_is_that_of_wcag(color: str, background: str, ratio: float) -> None:
    assert contrast(ThemeColor(color), background) == pytest.approx(ratio, abs=0.005)


def test_yellow_is_bright_on_dark() -> None:
    assert contrast(ThemeColor("#ffeb3b"), DARK) > 15


@given(COLORS, BACKGROUNDS, RATIOS)
def test_the_shade_reaches_its_ratio_and_is_the_colour_itself_when_that_does(
    color: ThemeColor, background: str, ratio: float
) -> None:
    shade = readable_shade(color, background, ratio)

    assert re.fullmatch("#[0-9a-f]{6}", shade.hex)
    assert contrast(shade, background) >= ratio
    assert (shade == color) == (contrast(color, background) >= ratio)


@given(COLORS, BACKGROUNDS, RATIOS)
def test_the_shade_is_the_nearest_and_not_just_any(color: ThemeColor, background: str, ratio: float) -> None:
    shade = readable_shade(color, background, ratio)

    assert shade == color or contrast(shade, background) < ratio + 0.5


@given(COLORS)
def test_a_dark_colour_that_nobody_set_can_be_read(theme: ThemeColor) -> None:
    branding = Branding.of(theme, None)

    assert branding.dark_theme_color == readable_shade(theme, DARK, TEXT_CONTRAST)
    assert branding.is_dark_theme_color_derived


def test_the_default_dark_colour_is_the_one_that_would_be_chosen() -> None:
    assert Branding.of(DEFAULT_THEME_COLOR, None) == Branding()
    assert readable_shade(DEFAULT_THEME_COLOR, DARK, TEXT_CONTRAST) == DEFAULT_DARK_COLOR


def test_the_defaults_warn_of_nothing() -> None:
    assert config_warnings(make.config()) == ()


@given(COLORS)
def test_what_a_warning_suggests_does_not_warn(theme: ThemeColor) -> None:
    config = make.config(branding={"themeColor": theme.hex, "darkThemeColor": theme.hex})

    for warning in config_warnings(config):
        assert warning.suggestion is not None
        better = make.config(branding={warning.path[1]: warning.suggestion})
        assert warning.code not in {left.code for left in config_warnings(better)}


def test_a_ratio_just_missed_does_not_read_as_reached() -> None:
    (warning,) = config_warnings(make.config(branding={"themeColor": "#777777"}))

    assert warning.code is WarningCode.COLOR_CONTRAST_TEXT
    assert "4.47:1" in warning.message
    assert warning.suggestion == "#767676"
