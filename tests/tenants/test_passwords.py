"""Passwords of staff: which are accepted, how they are stored, and what comparing them costs."""

from __future__ import annotations

import asyncio
import random
import statistics
import string
import subprocess
import sys
import threading
import time
import traceback
import unicodedata
from typing import TYPE_CHECKING, Literal, get_args

import pytest
from argon2 import Type, extract_parameters
from argon2.exceptions import InvalidHashError
from hypothesis import example, given
from hypothesis import strategies as st

from tenants.codes import ProblemCode
from tenants.errors import InvalidValueError
from tenants.known_passwords import is_widely_known
from tenants.passwords import hash_password, needs_rehash, parse_password, verify_password
from tenants.rules.reference import RULES

if TYPE_CHECKING:
    from collections.abc import Callable

Form = Literal["NFC", "NFD", "NFKC", "NFKD"]
FORMS: tuple[Form, ...] = get_args(Form)

REFUSES = next(rule.refuses for rule in RULES if rule.id == "G5")

GOOD = "kF7$wq2!pZx9"
JANE = ("Jane.Doe+work@acme-corp.example", "Jane Doe", "Zoë Müller", "AcmeInc")
OLDER = "$argon2id$v=19$m=8192,t=1,p=1$b5Z3xWLDgD6WEZi/jbzadQ$WF/mf7A6Fn/zmFB7yqUPqrMRzik3zadvWIpxCUJtch0"
WORDS = """
administrator autumn banana battery candle castle copper correct dragon english football freedom garden hammer harbour
horse island kitchen lantern liverpool market monkey mountain orange password pepper princess river silver staple
summer sunshine table telephone thunder violet welcome window winter yellow
""".split()
LETTERS_AND_SIGNS = string.ascii_letters + string.digits + string.punctuation


def problem_of(text: str, about: tuple[str, ...] = ()) -> ProblemCode:
    """The rule that the password breaks."""
    with pytest.raises(InvalidValueError) as caught:
        parse_password(text, about=about)
    return caught.value.code


# ---- What is accepted


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", ProblemCode.REQUIRED),
        (GOOD[:11], ProblemCode.PASSWORD_TOO_SHORT),
        ("\ufdfa", ProblemCode.PASSWORD_TOO_SHORT),  # one sign, eighteen in NFKC
        ("e\u0301" * 11, ProblemCode.PASSWORD_TOO_SHORT),  # eleven letters on any keyboard
        (f"{GOOD}\x00", ProblemCode.TEXT_CHARACTERS),
        (f"{GOOD}\n", ProblemCode.TEXT_CHARACTERS),
        (f"{GOOD}\ud800", ProblemCode.TEXT_CHARACTERS),
        (f"{GOOD}{'é9' * 122}e", ProblemCode.TEXT_TOO_LONG),
        ("\ufdfa" * 15, ProblemCode.TEXT_TOO_LONG),
        ("x" * 1_000_000, ProblemCode.TEXT_TOO_LONG),
    ],
    ids=ascii,
)
def test_a_password_that_is_too_short_too_long_or_not_text_is_refused(text: str, code: ProblemCode) -> None:
    assert problem_of(text) is code


@pytest.mark.parametrize(
    "text",
    [
        GOOD,
        "^^~ZHUo}3&(1",  # drawn with a name in it
        "correct horse battery",
        "violetharbourlantern",
        "jane loves apples a lot",
        "mein hund mag käse",
        "пятьслоновнакрыше",
        "🦊 🐢 🦉 🐍 🦜 🐙 🦔",
        f"{GOOD}{'é9' * 122}",
    ],
)
def test_phrases_and_drawn_passwords_are_accepted_in_any_script_up_to_256_characters(text: str) -> None:
    assert parse_password(text, about=JANE).text == text


@pytest.mark.parametrize(
    "text",
    [
        "1q2w3e4r5t6y",  # listed as it stands
        "Leavemealone",
        "PASSWORD1234",
        "Administrator1!",
        "p4$$w0rd2026",
        "pass word 1234",
        "love01011990",
        "1234iloveyou",
        "welcome2026!",
        "love!!!!!!!!!!!!!!!!!!!!",
        "dragon.dragon",
        "adminadmin12",
        "password1234password1234",
        "aaaaaaaaaaaa",
        "abcabcabcabc",
        "kF7$wq" * 3,
        "            ",
        "123456789012",
        "zyxwvutsrqponmlk",
        "2468135724681",
        "QWERTYUIOP[]",
        "qwertzuiop12",
        "azertyuiop123",
        "!@#$%^&*()_+",
        "1qaz2wsx3edc",
        "zaq1xsw2cde3",
        "qwe123asd456",
        "q1w2e3r4t5y6u7",
    ],
)
def test_a_listed_password_a_filled_word_and_a_pattern_are_widely_known(text: str) -> None:
    assert problem_of(text) is ProblemCode.PASSWORD_COMMON


@pytest.mark.parametrize(
    "text",
    [
        "jane.doe+work@acme-corp.example",
        "jane.doe+work",
        "JaneDoe12345",
        "doe-jane-1985",
        "j4nedoe!2026",
        "zoemueller-zoemuller1",
        "ZoëMüller2026",
        "acmecorp2026!",
        "AcmeInc-AcmeInc!",
        "janesunshine1",
    ],
)
def test_what_others_know_of_the_person_is_widely_known_for_this_person_only(text: str) -> None:
    about = (*JANE, "zoemueller")

    assert problem_of(text, about) is ProblemCode.PASSWORD_COMMON
    assert not is_widely_known(text, ("bob@neighbour.example", "Bob Stone"))


@given(
    st.sampled_from(WORDS),
    st.text(string.digits, min_size=8, max_size=8),
    st.sampled_from(("{word}{digits}", "{digits}{word}")),
    st.randoms(),
)
def test_no_listed_word_becomes_a_password_by_digits(word: str, digits: str, order: str, chance: random.Random) -> None:
    spelt = "".join(chance.choice((letter, letter.upper())) for letter in word)

    assert is_widely_known(order.format(word=spelt, digits=digits))


@given(st.text(string.ascii_lowercase, min_size=4, max_size=20), st.text(string.digits, min_size=8, max_size=8))
@example("xqzv", "83920147")
def test_no_name_of_ones_own_becomes_a_password_by_digits(name: str, digits: str) -> None:
    for about in (name, name.title(), f"{name}@acme.example", f"{name} Miller"):
        assert problem_of(name + digits, (about,)) is ProblemCode.PASSWORD_COMMON


@given(st.integers(0, 2**64), st.sampled_from((string.ascii_lowercase, string.ascii_letters, LETTERS_AND_SIGNS)))
def test_twelve_characters_drawn_at_random_are_accepted(seed: int, alphabet: str) -> None:
    chance = random.Random(seed)  # noqa: S311 - Hypothesis itself draws "000000000000"
    drawn = "".join(chance.choices(alphabet, k=12))

    assert parse_password(drawn, about=JANE).text == drawn


@given(st.lists(st.sampled_from(WORDS), min_size=3, max_size=8, unique=True), st.sampled_from((" ", "-", "", ".")))
def test_words_that_have_nothing_to_do_with_each_other_are_accepted(words: list[str], between: str) -> None:
    phrase = between.join(words)

    assert parse_password(phrase, about=JANE).text == phrase


@given(st.text(max_size=300))
def test_whatever_is_accepted_is_normal_of_the_right_length_and_accepted_again(text: str) -> None:
    try:
        password = parse_password(text)
    except InvalidValueError as error:
        assert error.code in REFUSES
    else:
        assert 12 <= len(password.text) <= 256
        assert unicodedata.is_normalized("NFKC", password.text)
        assert parse_password(password.text) == password


@pytest.mark.parametrize(
    "hostile",
    [
        "a1" * 128,
        "a" * 255 + "b",
        "ab" * 127 + "c",
        "1" * 125 + "love" + "!" * 127,
        "@4$0" * 5 + "a" + "!" * 10 + "1" * 221,
        "12" * 40 + "x" * 20 + "34" * 40,
        "p@$$w0rd1|!4(7+5" * 16,
        "\ufdfa" * 14,
        "\u1e9b\u0323" * 128,
    ],
    ids=ascii,
)
def test_no_text_of_256_characters_takes_long_to_judge(hostile: str) -> None:
    is_widely_known(GOOD)  # reads the lists
    about = (*JANE, "ab" * 127, "1@" * 127, "a." * 127)

    started = time.process_time()
    is_widely_known(unicodedata.normalize("NFKC", hostile)[:256], about)

    assert time.process_time() - started < 0.05


# ---- Stored and compared


@pytest.mark.anyio
async def test_a_hash_says_that_it_is_argon2id_with_19_mib_and_two_passes() -> None:
    stored = await hash_password(parse_password(GOOD))

    parameters = extract_parameters(stored)
    assert parameters.type is Type.ID
    assert (parameters.memory_cost, parameters.time_cost, parameters.parallelism) == (19456, 2, 1)
    assert (parameters.salt_len, parameters.hash_len) == (16, 32)
    assert not needs_rehash(stored)


@pytest.mark.anyio
async def test_the_same_password_is_stored_differently_each_time() -> None:
    password = parse_password(GOOD)

    assert await hash_password(password) != await hash_password(password)


@pytest.mark.anyio
async def test_only_the_password_itself_opens() -> None:
    stored = await hash_password(parse_password(GOOD))

    assert await verify_password(stored, GOOD)
    assert not await verify_password(stored, GOOD.lower())
    assert not await verify_password(stored, f"{GOOD} ")
    assert not await verify_password(stored, GOOD[:-1])


@pytest.mark.anyio
@pytest.mark.parametrize("form", FORMS)
async def test_a_keyboard_that_composes_letters_differently_opens_too(form: Form) -> None:
    chosen = "Ünïcödé \ufb01ne \uff4beys"  # with a ligature and a wide letter
    stored = await hash_password(parse_password(chosen))

    assert await verify_password(stored, unicodedata.normalize(form, chosen))


@pytest.mark.anyio
@pytest.mark.parametrize(
    "typed", [GOOD, "", "x" * 257, "x" * 1_000_000, "\x00", "\ud800"], ids=lambda typed: ascii(typed[:9])
)
async def test_nothing_opens_for_somebody_without_a_password(typed: str) -> None:
    assert not await verify_password(None, typed)


@pytest.mark.anyio
@pytest.mark.parametrize(
    "typed", ["", "x" * 257, "x" * 1_000_000, "\x00", "\ud800"], ids=lambda typed: ascii(typed[:9])
)
async def test_what_can_be_no_password_is_refused_before_hashing(typed: str) -> None:
    stored = await hash_password(parse_password(GOOD))
    hashing = await cpu_of_verifying(stored, GOOD)

    assert not await verify_password(stored, typed)
    assert await cpu_of_verifying(stored, typed) < hashing / 4


@pytest.mark.anyio
async def test_an_unknown_person_costs_what_a_known_one_does() -> None:
    stored = await hash_password(parse_password(GOOD))

    known, unknown, right = [
        await cpu_of_verifying(hashed, typed) for hashed, typed in ((stored, "wrong"), (None, "wrong"), (stored, GOOD))
    ]

    assert 2 / 3 < unknown / known < 3 / 2
    assert 2 / 3 < unknown / right < 3 / 2


async def cpu_of_verifying(stored: str | None, typed: str) -> float:
    """The median of the CPU seconds of several, which other programs do not lengthen."""
    return statistics.median([await _cpu_of_one(stored, typed) for _ in range(9)])


async def _cpu_of_one(stored: str | None, typed: str) -> float:
    started = time.process_time()
    await verify_password(stored, typed)
    return time.process_time() - started


@pytest.mark.anyio
async def test_a_hash_of_other_parameters_is_to_be_made_anew_and_one_that_is_none_is_an_error() -> None:
    assert needs_rehash(OLDER)
    assert needs_rehash(OLDER.replace("argon2id", "argon2i"))
    with pytest.raises(InvalidHashError):
        await verify_password("", GOOD)
    with pytest.raises(InvalidHashError):
        needs_rehash("")


# ---- Many at once


@pytest.mark.anyio
async def test_however_many_sign_in_at_once_two_threads_do_the_work() -> None:
    stored = await hash_password(parse_password(GOOD))

    opened = await asyncio.gather(*(verify_password(stored, typed) for typed in [GOOD, "wrong"] * 10))

    assert opened == [True, False] * 10
    assert 1 <= sum(thread.name.startswith("passwords") for thread in threading.enumerate()) <= 2


@pytest.mark.anyio
async def test_those_who_left_while_waiting_keep_nobody_waiting() -> None:
    stored = await hash_password(parse_password(GOOD))
    one = await cpu_of_verifying(stored, GOOD)
    crowd = [asyncio.create_task(verify_password(stored, "wrong")) for _ in range(300)]
    await asyncio.sleep(0)  # all of them are in the queue
    for task in crowd:
        task.cancel()
    await asyncio.gather(*crowd, return_exceptions=True)

    started = time.process_time()
    opened = await verify_password(stored, GOOD)

    assert opened
    assert all(task.cancelled() for task in crowd)
    assert time.process_time() - started < 30 * one  # two were begun; the crowd would be 300


def test_nothing_is_loaded_or_started_before_the_first_password() -> None:
    program = (
        "import sys, threading, tenants.passwords;"
        "print(sorted({'argon2', 'zxcvbn', 'frequency_lists'} & set(sys.modules)), threading.active_count())"
    )

    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert said.stdout == "[] 1\n"


# ---- A password is shown nowhere


SECRET = "SECRET-qv8!Zk"


@pytest.mark.parametrize(
    "refused",
    [
        lambda: parse_password(f"{SECRET}\x00"),
        lambda: parse_password(SECRET * 20),
        lambda: parse_password(SECRET[:11]),
        lambda: parse_password(f"{SECRET}1", about=(SECRET,)),
        lambda: asyncio.run(verify_password("no hash", SECRET)),
    ],
)
def test_no_error_repeats_the_password(refused: Callable[[], object]) -> None:
    with pytest.raises((InvalidValueError, InvalidHashError)) as caught:
        refused()

    told = [*traceback.format_exception(caught.value), repr(caught.value), str(caught.value), repr(vars(caught.value))]
    assert SECRET[:11] not in "\n".join(told)


@pytest.mark.anyio
async def test_no_representation_and_no_hash_shows_the_password() -> None:
    password = parse_password(SECRET)

    assert SECRET not in f"{password} {password!r} {[password]} {await hash_password(password)}"
