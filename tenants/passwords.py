"""Passwords of staff (rule G5): what is accepted, and how it is stored and compared.

Stored is an Argon2id hash that carries its own parameters. Hashing takes some 20 ms and 19 MiB, so it happens in a
small pool of threads of its own, however many people sign in at once.
"""

from __future__ import annotations

import asyncio
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, TypeVar

from tenants.codes import ProblemCode
from tenants.errors import InvalidValueError
from tenants.known_passwords import SHORTEST_PASSWORD, is_widely_known
from tenants.text import parse_opaque

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from argon2 import PasswordHasher

T = TypeVar("T")

LONGEST_PASSWORD = 256
_LONGEST_TYPED = 4 * LONGEST_PASSWORD  # before accents and letters are joined
_MEMORY_KIB = 19 * 1024
_PASSES = 2
_LANES = 1
_MOST_AT_ONCE = 2  # bounds their memory to 38 MiB a process

# Of a random password that nobody kept, with the parameters above. Made once: at start it would cost time, at the
# first unknown address it would tell.
_NOBODYS_HASH = "$argon2id$v=19$m=19456,t=2,p=1$b5Z3xWLDgD6WEZi/jbzadQ$WF/mf7A6Fn/zmFB7yqUPqrMRzik3zadvWIpxCUJtch0"


@dataclass(frozen=True, slots=True)
class Password:
    """A password that may be chosen; `text` is in NFKC."""

    text: str

    def __repr__(self) -> str:
        """Never the password."""
        return "Password(…)"


def parse_password(text: str, *, about: Sequence[str] = ()) -> Password:
    """Rule G5: 12 to 256 code points in NFKC, blanks among them taken as they are, and no widely known password.

    NFKC, as NIST SP 800-63B advises: the same keys give the same password on every device. `about` is what others know
    of the person, such as the e-mail address and the name.
    Raises InvalidValueError REQUIRED, TEXT_TOO_LONG, TEXT_CHARACTERS, PASSWORD_TOO_SHORT or PASSWORD_COMMON.
    """
    password = parse_opaque(_normalize(text), LONGEST_PASSWORD)
    # One sign may become many in NFKC; it was still one that was typed.
    if min(len(text), len(password)) < SHORTEST_PASSWORD:
        raise InvalidValueError(
            ProblemCode.PASSWORD_TOO_SHORT,
            f"A password has at least {SHORTEST_PASSWORD} characters.",
            hint="A few words that have nothing to do with each other are long and easy to keep.",
        )
    if is_widely_known(password, about):
        raise InvalidValueError(
            ProblemCode.PASSWORD_COMMON,
            "This password is among those that others try first.",
            hint="Take a few words that have nothing to do with each other, or one that a password manager made.",
        )
    return Password(password)


async def hash_password(password: Password) -> str:
    """What is stored: Argon2id with 19 MiB, two passes and one lane, and a salt of its own."""
    return await _in_pool(lambda: _hasher().hash(password.text))


async def rehash_password(typed: str) -> str:
    """The same of a password that was just verified, which today's rule need not accept any more."""
    return await hash_password(Password(_normalize(typed)))


async def verify_password(stored: str | None, typed: str) -> bool:
    """Whether it is the password that `stored` was made of. Without a stored hash never, at the same expense.

    What no password can be, for its length or its characters, is refused before hashing, whoever the person is.
    Raises argon2.exceptions.InvalidHashError when `stored` is no hash of Argon2.
    """
    try:
        password = Password(parse_opaque(_normalize(typed), LONGEST_PASSWORD))
    except InvalidValueError:
        return False
    matches = await _in_pool(lambda: _verify(_NOBODYS_HASH if stored is None else stored, password))
    return matches and stored is not None


def needs_rehash(stored: str) -> bool:
    """Whether it was made with other parameters than today's: hash the password anew when it was just verified.

    Raises argon2.exceptions.InvalidHashError when `stored` is no hash of Argon2.
    """
    return _hasher().check_needs_rehash(stored)


async def _in_pool(work: Callable[[], T]) -> T:
    """Do it in one of the pool's threads; cancelled while it waits for one, it is never begun."""
    return await asyncio.get_running_loop().run_in_executor(_pool(), work)


@cache
def _pool() -> ThreadPoolExecutor:
    """Of this process, made by the first who needs it: argon2 lets go of the interpreter while it works."""
    return ThreadPoolExecutor(_MOST_AT_ONCE, thread_name_prefix="passwords")


@cache
def _hasher() -> PasswordHasher:
    from argon2 import PasswordHasher, Type  # noqa: PLC0415 - most processes never see a password

    return PasswordHasher(time_cost=_PASSES, memory_cost=_MEMORY_KIB, parallelism=_LANES, type=Type.ID)


def _verify(stored: str, password: Password) -> bool:
    from argon2.exceptions import VerifyMismatchError  # noqa: PLC0415

    try:
        return _hasher().verify(stored, password.text)
    except VerifyMismatchError:
        return False


def _normalize(text: str) -> str:
    if len(text) > _LONGEST_TYPED:
        return text  # too long whatever it becomes: not worth the work
    return unicodedata.normalize("NFKC", text)
