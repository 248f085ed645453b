"""Settings: built once from the environment, frozen, safe to print."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, fields
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar

from gateway.limits import Limits
from gateway.setting_values import (
    OFF,
    certificates,
    database_address,
    host,
    host_names,
    level,
    manifest,
    networks,
    origins,
    public_url,
    role,
    snapshot,
    urls_of_caches,
    whole_number,
)
from tenants import address

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from ipaddress import IPv4Network, IPv6Network

T = TypeVar("T")
E = TypeVar("E", bound=Enum)

PREFIX = "GATEWAY_"
SHORTEST_KEY = 32
_FEWEST_DIFFERENT = 11
DEFAULT_DATABASE = "sqlite:///gateway.db"
_TOKEN = re.compile(rf"[A-Za-z0-9._~+/=-]{{{SHORTEST_KEY},256}}")


class Profile(Enum):
    """Development needs nothing set; production refuses whatever is unsafe."""

    DEVELOPMENT = "development"
    PRODUCTION = "production"


class AnonymousDocuments(Enum):
    """Which documents callers without a credential may run."""

    ANY = "any"
    TRUSTED = "trusted"


class Switch(Enum):
    """What can be turned off."""

    ON = "on"
    OFF = "off"


class Secret:
    """A text that no log or message shows."""

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself."""
        return self._text

    def __repr__(self) -> str:
        """Never the text."""
        return "Secret('…')"

    def __eq__(self, other: object) -> bool:
        """By the text."""
        return isinstance(other, Secret) and self._text == other._text

    def __hash__(self) -> int:
        """By the text."""
        return hash(self._text)


class SettingError(ValueError):
    """A setting that stops the start; the message is one line, names it and never shows a secret."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that an operator can set; each by a variable `GATEWAY_<NAME>`."""

    profile: Profile = Profile.DEVELOPMENT
    database_url: str = field(default=DEFAULT_DATABASE, repr=False)  # may hold a password
    secret_key: Secret | None = None
    """At least 32 characters; None lets development make one."""
    old_secret_keys: tuple[Secret, ...] = ()
    """Keys that still open what was encrypted with them, while `gateway keys rotate` is not through."""
    host: str = "127.0.0.1"
    port: int = 8000
    workers: int = 1
    admit_hosts: frozenset[str] = frozenset()
    """Names outside the public DNS that links may lead to (L3) and that may be this machine; refused in production."""
    upstream_ca: Path | None = None
    """A file of further certificate authorities for calls to providers; refused in production."""
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...] = ()
    """Whose word is taken, in X-Forwarded-For, for the address of the caller."""
    public_url: str | None = None
    """Where people and phones reach this gateway, without a slash at its end; None: as the request came in."""
    cors_origins: frozenset[str] = frozenset()
    """Origins whose pages may call the API with the session of whoever looks at them. Example: a portal's."""
    trusted_documents: Path | None = None
    """A manifest of documents that are known from the start, beside the softphone's own."""
    anonymous_documents: AnonymousDocuments = AnonymousDocuments.ANY
    """Whether callers without a credential may run other documents than those."""
    metrics_token: Secret | None = None
    """Opens /metrics; a platform admin's token does too."""
    purge_urls: tuple[str, ...] = ()
    """Caches in front of the gateway that are told whose configs to forget."""
    purge_token: Secret | None = None
    """What they are shown."""
    log_level: str = "info"
    deadline_seconds: float = 5.0
    """How long one operation may take."""
    database_pool: int = 10
    system_role: str | None = None
    """On PostgreSQL, the role that the gateway's own work is done as; None: as whoever it connects as."""
    body_bytes: int = 64 * 1024
    """The largest request body."""
    cache_bytes: int = 64 * 1024 * 1024
    """What stored answers to softphones may take, in each process; 0: none is stored."""
    fast_lane: Switch = Switch.ON
    """Whether the server answers by itself what is stored, without calling the application; with the same bytes."""
    snapshot: str | None = None
    """The file that known-good configs are kept in while the database cannot be had, or `off`; None: see below."""
    limits: Limits = field(default_factory=Limits)
    """What one operation may cost; each by a variable `GATEWAY_LIMIT_<NAME>`."""

    @property
    def is_production(self) -> bool:
        """Whether what is unsafe must be refused."""
        return self.profile is Profile.PRODUCTION

    @property
    def snapshot_path(self) -> Path | None:
        """Where known-good configs are kept: beside a SQLite file, under PostgreSQL only where the setting says so."""
        if self.snapshot == OFF:
            return None
        if self.snapshot is not None:
            return Path(self.snapshot)
        place = address.parse(self.database_url)
        if isinstance(place, address.SqliteAddress):
            return place.path.with_name(f"{place.path.name}.snapshot")
        return None

    @property
    def is_trusted_only(self) -> bool:
        """Whether callers without a credential may run trusted documents only."""
        return self.anonymous_documents is AnonymousDocuments.TRUSTED

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> Self:
        """Read `GATEWAY_*`. Raises SettingError naming the first bad one."""
        read = _Reader(environ)
        settings = cls(
            profile=read("PROFILE", _one_of(Profile), Profile.DEVELOPMENT),
            database_url=read("DATABASE_URL", database_address, DEFAULT_DATABASE),
            secret_key=read("SECRET_KEY", _secret_key, None),
            old_secret_keys=read("OLD_SECRET_KEYS", _secret_keys, ()),
            host=read("HOST", host, "127.0.0.1"),
            port=read("PORT", whole_number(0, 65535), 8000),
            workers=read("WORKERS", whole_number(1, 64), 1),
            admit_hosts=read("ADMIT_HOSTS", host_names, frozenset[str]()),
            upstream_ca=read("UPSTREAM_CA", certificates, None),
            trusted_proxies=read("TRUSTED_PROXIES", networks, ()),
            public_url=read("PUBLIC_URL", public_url, None),
            cors_origins=read("CORS_ORIGINS", origins, frozenset[str]()),
            trusted_documents=read("TRUSTED_DOCUMENTS", manifest, None),
            anonymous_documents=read("ANONYMOUS_DOCUMENTS", _one_of(AnonymousDocuments), AnonymousDocuments.ANY),
            metrics_token=read("METRICS_TOKEN", _secret_token, None),
            purge_urls=read("PURGE_URLS", urls_of_caches, ()),
            purge_token=read("PURGE_TOKEN", _secret_token, None),
            system_role=read("SYSTEM_ROLE", role, None),
            log_level=read("LOG_LEVEL", level, "info"),
            deadline_seconds=read("DEADLINE_SECONDS", whole_number(1, 60), 5),
            database_pool=read("DATABASE_POOL", whole_number(1, 200), 10),
            body_bytes=read("BODY_BYTES", whole_number(1024, 10_000_000), 64 * 1024),
            cache_bytes=read("CACHE_BYTES", whole_number(0, 999_999_999), 64 * 1024 * 1024),
            fast_lane=read("FAST_LANE", _one_of(Switch), Switch.ON),
            snapshot=read("SNAPSHOT", snapshot, None),
            limits=_limits(read),
        )
        read.refuse_unknown()
        settings.check_profile()
        return settings

    def check_profile(self) -> None:
        """Production fails closed. Raises SettingError."""
        if not self.is_production:
            return
        if self.secret_key is None:
            message = (
                f"{PREFIX}SECRET_KEY is needed in production: at least {SHORTEST_KEY} characters that nobody can guess."
            )
            raise SettingError(message)
        for name, value in (("ADMIT_HOSTS", self.admit_hosts), ("UPSTREAM_CA", self.upstream_ca)):
            if value:
                message = f"{PREFIX}{name} is for development and refused in production."
                raise SettingError(message)
        if any(origin.startswith("http:") for origin in self.cors_origins):
            message = f"{PREFIX}CORS_ORIGINS must be https in production."
            raise SettingError(message)


class _Reader:
    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ, self._known = environ, set[str]()

    def __call__(self, name: str, parse: Callable[[str], T], default: Any) -> T:  # noqa: ANN401 - a default may be None
        """An unset or empty variable has its default."""
        variable = PREFIX + name
        self._known.add(variable)
        text = self._environ.get(variable, "").strip()
        if not text:
            return default  # type: ignore[no-any-return]  # the caller's own default
        try:
            return parse(text)
        except ValueError as error:
            message = f"{variable} {error}"
            raise SettingError(message) from None

    def refuse_unknown(self) -> None:
        """A misspelt name would be ignored in silence. Names for the tests are left alone."""
        unknown = [name for name in self._environ if name.startswith(PREFIX) and name not in self._known]
        strange = sorted(name for name in unknown if not name.startswith((f"{PREFIX}TEST_", f"{PREFIX}PROOF_")))
        if strange:
            message = f"{strange[0]} is no setting of this gateway."
            raise SettingError(message)


def _limits(read: _Reader) -> Limits:
    defaults = {one.name: one.default for one in fields(Limits) if isinstance(one.default, int)}
    parse = whole_number(1, 10_000_000)
    figures: dict[str, Any] = {name: read(f"LIMIT_{name.upper()}", parse, figure) for name, figure in defaults.items()}
    return Limits(**figures)


def _one_of(choices: type[E]) -> Callable[[str], E]:
    def parse(text: str) -> E:
        try:
            return choices(text)
        except ValueError:
            message = f"must be {' or '.join(each.value for each in choices)}."
            raise ValueError(message) from None

    return parse


def _secret_key(text: str) -> Secret:
    # "changeme-changeme-…" and "1234567890…" have fewer than random text of this length, hexadecimal text included.
    if len(text) < SHORTEST_KEY or len(set(text)) < _FEWEST_DIFFERENT:
        message = f"must have at least {SHORTEST_KEY} characters that nobody can guess."
        raise ValueError(message)
    if any("\ud800" <= character <= "\udfff" for character in text):  # what Python makes of other bytes
        message = "must be text in UTF-8; random bytes are best written in base64."
        raise ValueError(message)
    return Secret(text)


def _secret_keys(text: str) -> tuple[Secret, ...]:
    """Separated by blanks or commas; keys that hold some are written as a list of JSON."""
    if not text.startswith("["):
        return tuple(_secret_key(key) for key in re.split(r"[\s,]+", text) if key)
    try:
        keys = json.loads(text)
    except ValueError:
        keys = None
    if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
        message = "must be keys with commas between them, or a JSON list of them."
        raise ValueError(message)
    return tuple(_secret_key(key) for key in keys)


def _secret_token(text: str) -> Secret:
    """What an `Authorization: Bearer` header can carry."""
    if not _TOKEN.fullmatch(text):
        message = f"must have {SHORTEST_KEY} to 256 characters, each a letter of ASCII, a digit or one of ._~+/=-"
        raise ValueError(message)
    return Secret(text)
