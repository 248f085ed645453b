"""Each setting: what it takes, and the one line that a bad value stops the start with."""

from __future__ import annotations

import re
from dataclasses import asdict, fields
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import certifi
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.limits import Limits
from gateway.settings import AnonymousDocuments, Profile, Secret, SettingError, Settings, Switch

KEY = "SECRET-key-0123456789-abcdefghij-xyz"
TOKEN = "SECRET-token-0123456789-abcdefghij"
PASSWORD = "SECRET-password"
POSTGRES = f"postgresql://gateway:{PASSWORD}@db.example:5432/gateway"

GOOD: list[tuple[str, str, Any]] = [
    ("PROFILE", "development", Profile.DEVELOPMENT),
    ("DATABASE_URL", "sqlite:///relative.db", "sqlite:///relative.db"),
    ("DATABASE_URL", "sqlite:////absolute.db", "sqlite:////absolute.db"),
    ("DATABASE_URL", POSTGRES, POSTGRES),
    ("DATABASE_URL", POSTGRES.replace("postgresql", "postgres"), POSTGRES.replace("postgresql", "postgres")),
    ("SECRET_KEY", KEY, Secret(KEY)),
    ("SECRET_KEY", f"  {KEY}\n", Secret(KEY)),
    ("OLD_SECRET_KEYS", f"{KEY}, {TOKEN}", (Secret(KEY), Secret(TOKEN))),
    ("OLD_SECRET_KEYS", f'["{KEY} with a blank", "{TOKEN}"]', (Secret(f"{KEY} with a blank"), Secret(TOKEN))),
    ("OLD_SECRET_KEYS", "[]", ()),
    ("UPSTREAM_CA", certifi.where(), Path(certifi.where())),
    ("TRUSTED_PROXIES", "10.0.0.0/8, ::1", (ip_network("10.0.0.0/8"), ip_network("::1"))),
    ("PUBLIC_URL", "https://gateway.acme.example/softphones/", "https://gateway.acme.example/softphones"),
    ("CORS_ORIGINS", "https://portal.acme.example", frozenset({"https://portal.acme.example"})),
    (
        "CORS_ORIGINS",
        "https://a.example:8443, https://[2001:db8::1]",
        frozenset({"https://a.example:8443", "https://[2001:db8::1]"}),
    ),
    (
        "CORS_ORIGINS",
        "http://localhost:3000,http://127.0.0.1,http://[::1]:1",
        frozenset({"http://localhost:3000", "http://127.0.0.1", "http://[::1]:1"}),
    ),
    ("TRUSTED_DOCUMENTS", __file__, Path(__file__)),  # what is in it is read later, where the schema is
    ("ANONYMOUS_DOCUMENTS", "any", AnonymousDocuments.ANY),
    ("ANONYMOUS_DOCUMENTS", "trusted", AnonymousDocuments.TRUSTED),
    ("HOST", "0.0.0.0", "0.0.0.0"),  # noqa: S104 - a value like another here
    ("HOST", "::1", "::1"),
    ("HOST", "localhost", "localhost"),
    ("HOST", "gateway-1.example", "gateway-1.example"),
    ("PORT", "0", 0),
    ("PORT", "65535", 65535),
    ("WORKERS", "64", 64),
    ("ADMIT_HOSTS", "intranet, Files.LAN,", frozenset({"intranet", "files.lan"})),
    ("METRICS_TOKEN", TOKEN, Secret(TOKEN)),
    ("PURGE_TOKEN", TOKEN, Secret(TOKEN)),
    (
        "PURGE_URLS",
        "http://10.1.0.7:6081, http://varnish/,https://[fd00::1]:8443/purge",
        ("http://10.1.0.7:6081", "http://varnish/", "https://[fd00::1]:8443/purge"),
    ),
    ("LOG_LEVEL", "debug", "debug"),
    ("DEADLINE_SECONDS", "60", 60),
    ("DATABASE_POOL", "200", 200),
    ("SYSTEM_ROLE", "gateway_system", "gateway_system"),
    ("BODY_BYTES", "1024", 1024),
    ("CACHE_BYTES", "0", 0),
    ("FAST_LANE", "on", Switch.ON),
    ("FAST_LANE", "off", Switch.OFF),
    ("SNAPSHOT", "off", "off"),
    ("SNAPSHOT", "known-good", "known-good"),
]

BAD = [
    ("PROFILE", "prod"),
    ("PROFILE", "Production"),
    ("DATABASE_URL", f"mysql://user:{PASSWORD}@host/db"),
    ("DATABASE_URL", f"gateway:{PASSWORD}"),
    ("DATABASE_URL", "sqlite://relative.db"),
    ("DATABASE_URL", "sqlite:///"),
    ("DATABASE_URL", "sqlite:///:memory:"),
    ("DATABASE_URL", f"postgresql://user:{PASSWORD}@host:port/db"),
    ("DATABASE_URL", f"postgresql://user:{PASSWORD}[@host/db"),
    ("SECRET_KEY", KEY[:31]),
    ("SECRET_KEY", "a" * 64),
    ("SECRET_KEY", f"{KEY}\udcff"),  # what a byte beyond UTF-8 becomes
    ("OLD_SECRET_KEYS", f"{KEY}, {TOKEN[:8]}"),
    ("OLD_SECRET_KEYS", f'["{TOKEN[:8]}"]'),
    ("OLD_SECRET_KEYS", f'["{KEY}"'),
    ("OLD_SECRET_KEYS", f'[["{KEY}"]]'),
    ("UPSTREAM_CA", "no-such-file.pem"),
    ("UPSTREAM_CA", __file__),
    ("TRUSTED_PROXIES", "10.0.0.1/8"),
    ("TRUSTED_PROXIES", "everybody"),
    ("PUBLIC_URL", "gateway.acme.example"),
    ("PUBLIC_URL", "https://gateway.acme.example/?a=b"),
    ("CORS_ORIGINS", "*"),
    ("CORS_ORIGINS", "null"),
    ("CORS_ORIGINS", "https://*.acme.example"),
    ("CORS_ORIGINS", "http://portal.acme.example"),
    ("CORS_ORIGINS", "http://localhost.acme.example"),
    ("CORS_ORIGINS", "https://portal.acme.example/"),
    ("CORS_ORIGINS", "https://Portal.acme.example"),
    ("CORS_ORIGINS", "https://portal.acme.example:443"),
    ("CORS_ORIGINS", "http://localhost:80"),
    ("CORS_ORIGINS", "https://jane@portal.acme.example"),
    ("CORS_ORIGINS", "https://portal.acme.example, ftp://a.example"),
    ("TRUSTED_DOCUMENTS", "no-such-file.json"),
    ("TRUSTED_DOCUMENTS", "/"),
    ("ANONYMOUS_DOCUMENTS", "none"),
    ("ANONYMOUS_DOCUMENTS", "Trusted"),
    ("HOST", "not a host"),
    ("HOST", "a..b"),
    ("HOST", "999.1.1.1"),
    ("HOST", f"{'a' * 64}.example"),
    ("HOST", "http://127.0.0.1"),
    ("HOST", "127.0.0.1:80"),
    ("PORT", "65536"),
    ("PORT", "-1"),
    ("PORT", "8e3"),
    ("PORT", "\u0664\u0662"),
    ("WORKERS", "0"),
    ("WORKERS", "65"),
    ("ADMIT_HOSTS", "http://intranet"),
    ("ADMIT_HOSTS", "a b"),
    ("METRICS_TOKEN", TOKEN[:31]),
    ("PURGE_TOKEN", TOKEN[:31]),
    ("PURGE_URLS", f"http://operator:{PASSWORD}@varnish/"),
    ("PURGE_URLS", f"http://varnish/?token={PASSWORD}"),
    ("PURGE_URLS", "http://varnish/#purge"),
    ("PURGE_URLS", "varnish:6081"),
    ("PURGE_URLS", "http://varnish:99999"),
    ("METRICS_TOKEN", f"{TOKEN} {TOKEN}"),
    ("METRICS_TOKEN", f"{TOKEN}\u00e9"),
    ("LOG_LEVEL", "trace"),
    ("LOG_LEVEL", "INFO"),
    ("DEADLINE_SECONDS", "0"),
    ("DEADLINE_SECONDS", "61"),
    ("DEADLINE_SECONDS", "0.5"),
    ("DATABASE_POOL", "0"),
    ("SYSTEM_ROLE", "none"),
    ("SYSTEM_ROLE", "Gateway"),
    ("SYSTEM_ROLE", "a;b"),
    ("BODY_BYTES", "1023"),
    ("BODY_BYTES", "10000001"),
    ("BODY_BYTES", "64k"),
    ("CACHE_BYTES", "-1"),
    ("SNAPSHOT", "/not/there/snapshot"),
    ("CACHE_BYTES", "64M"),
    ("FAST_LANE", "no"),
    ("FAST_LANE", "ON"),
]

LIMITS = [one.name for one in fields(Limits) if isinstance(one.default, int)]


def test_the_documentation_names_every_setting(root: Path) -> None:
    page = (root / "docs" / "operating.md").read_text("utf-8")

    names = [f"`GATEWAY_{one.name.upper()}`" for one in fields(Settings) if one.name != "limits"]

    assert [name for name in names if name not in page] == []


@pytest.mark.parametrize(("name", "text", "value"), GOOD)
def test_a_good_value_is_taken(name: str, text: str, value: Any) -> None:
    settings = Settings.from_env({f"GATEWAY_{name}": text})

    assert getattr(settings, name.lower()) == value


@pytest.mark.parametrize(("name", "text"), BAD)
def test_a_bad_value_is_refused_in_one_line_that_names_the_setting(name: str, text: str) -> None:
    with pytest.raises(SettingError) as refused:
        Settings.from_env({f"GATEWAY_{name}": text})

    message = str(refused.value)
    assert message.startswith(f"GATEWAY_{name} ")
    assert "\n" not in message
    assert "SECRET" not in re.sub("GATEWAY_(OLD_)?SECRET_KEYS?", "", message)
    assert refused.value.__cause__ is None


@pytest.mark.parametrize("name", LIMITS)
def test_each_limit_is_a_setting(name: str) -> None:
    settings = Settings.from_env({f"GATEWAY_LIMIT_{name.upper()}": "7"})

    assert asdict(settings.limits) == asdict(Limits()) | {name: 7}


@pytest.mark.parametrize("name", LIMITS)
@pytest.mark.parametrize("text", ["0", "-1", "10000001", "many"])
def test_a_bad_limit_is_refused(name: str, text: str) -> None:
    with pytest.raises(SettingError, match=f"^GATEWAY_LIMIT_{name.upper()} must be a whole number from 1 to 10000000"):
        Settings.from_env({f"GATEWAY_LIMIT_{name.upper()}": text})


def test_nothing_needs_to_be_set() -> None:
    assert Settings.from_env({}) == Settings()


def test_an_empty_variable_is_as_good_as_none() -> None:
    assert Settings.from_env({f"GATEWAY_{name}": " " for name, *_ in GOOD}) == Settings()


def test_every_setting_has_a_good_and_a_bad_example() -> None:
    names = {one.name.upper() for one in fields(Settings)} - {"LIMITS"}

    assert {name for name, *_ in GOOD} == {name for name, _ in BAD} == names


@pytest.mark.parametrize("name", ["GATEWAY_SECRETKEY", "GATEWAY_LIMIT_DEPHT", "GATEWAY_", "GATEWAY_LIMITS"])
def test_a_misspelt_setting_is_refused_by_its_name(name: str) -> None:
    with pytest.raises(SettingError) as refused:
        Settings.from_env({name: KEY})

    assert str(refused.value) == f"{name} is no setting of this gateway."


def test_what_others_call_their_variables_does_not_matter() -> None:
    others = {"GATEWAY": "x", "PORT": "x", "API_GATEWAY_PORT": "x", "GATEWAY_TEST_X": "x", "GATEWAY_PROOF_X": "x"}

    assert Settings.from_env(others) == Settings()


def test_settings_are_safe_to_print() -> None:
    environ = {"GATEWAY_DATABASE_URL": POSTGRES, "GATEWAY_SECRET_KEY": KEY, "GATEWAY_METRICS_TOKEN": TOKEN}

    settings = Settings.from_env(environ)

    shown = f"{settings!r} {settings} {settings.secret_key} {settings.metrics_token!r}"
    assert not [secret for secret in (PASSWORD, KEY, TOKEN) if secret in shown]


def test_production_starts_with_a_key() -> None:
    settings = Settings.from_env({"GATEWAY_PROFILE": "production", "GATEWAY_SECRET_KEY": KEY})

    assert settings.is_production


@pytest.mark.parametrize(
    ("environ", "name"),
    [
        ({}, "GATEWAY_SECRET_KEY"),
        ({"GATEWAY_SECRET_KEY": ""}, "GATEWAY_SECRET_KEY"),
        ({"GATEWAY_SECRET_KEY": KEY[:31]}, "GATEWAY_SECRET_KEY"),
        ({"GATEWAY_SECRET_KEY": KEY, "GATEWAY_ADMIT_HOSTS": "intranet"}, "GATEWAY_ADMIT_HOSTS"),
    ],
)
def test_production_refuses_what_is_unsafe(environ: dict[str, str], name: str) -> None:
    with pytest.raises(SettingError) as refused:
        Settings.from_env({"GATEWAY_PROFILE": "production", **environ})

    assert str(refused.value).startswith(f"{name} ")
    assert "\n" not in str(refused.value)
    assert KEY[:31] not in str(refused.value)


@given(name=st.sampled_from([name for name, *_ in GOOD]), text=st.text(max_size=80))
def test_any_text_is_a_value_or_one_line(name: str, text: str) -> None:
    outcome = read_or_refuse({f"GATEWAY_{name}": text})

    assert isinstance(outcome, Settings) or outcome.startswith(f"GATEWAY_{name} ")
    assert isinstance(outcome, Settings) or "\n" not in outcome


def read_or_refuse(environ: dict[str, str]) -> Settings | str:
    """The settings, or the line that refuses them."""
    try:
        return Settings.from_env(environ)
    except SettingError as error:
        return str(error)
