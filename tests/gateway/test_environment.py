"""The `.env` file, and the key that development makes for itself."""

from __future__ import annotations

import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.environment import ensure_key, key_path, load_serving_settings, load_settings
from gateway.settings import Profile, Secret, SettingError, Settings

KEY = "SECRET-key-0123456789-abcdefghij-xyz"
OLDER, OLDEST = KEY[::-1], KEY.swapcase()
ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_file_sets_what_no_variable_sets(folder: Path) -> None:
    (folder / ".env").write_text("# ours\nexport GATEWAY_PORT=9001\nGATEWAY_HOST='::1'\nOTHER=1\nGATEWAY_WORKERS\n")

    settings = load_settings({"GATEWAY_HOST": "127.0.0.2"}, {})

    assert (settings.port, settings.host, settings.workers) == (9001, "127.0.0.2", 1)


def test_the_command_line_wins_over_both(folder: Path) -> None:
    (folder / ".env").write_text("GATEWAY_PORT=9001\n")

    assert load_settings({"GATEWAY_PORT": "9002"}, {"GATEWAY_PORT": "9003"}).port == 9003


def test_a_password_with_a_dollar_is_taken_literally(folder: Path) -> None:
    url = "postgresql://gateway:a${HOME}$b@db.example/gateway"
    (folder / ".env").write_text(f"GATEWAY_DATABASE_URL={url}\n")

    assert load_settings({}).database_url == url


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"GATEWAY_PORT=x\n", "GATEWAY_PORT must be a whole number from 0 to 65535."),
        (b"GATEWAY_PROT=1\n", "GATEWAY_PROT is no setting of this gateway."),
        (b"A=1\nGATEWAY_SECRET_KEY='SECRET\n", "Line 2 of the file .env is not NAME=value."),
        (b"GATEWAY_SECRET_KEY=\xffSECRET\n", "The file .env cannot be read as UTF-8 text."),
    ],
)
def test_a_bad_file_stops_the_start_in_one_line(folder: Path, content: bytes, message: str) -> None:
    (folder / ".env").write_bytes(content)

    with pytest.raises(SettingError) as refused:
        load_settings({})

    assert str(refused.value) == message


def test_a_folder_in_place_of_the_file_stops_the_start(folder: Path) -> None:
    (folder / ".env").mkdir()

    with pytest.raises(SettingError, match=r"^The file \.env cannot be read as UTF-8 text\.$"):
        load_settings({})


def test_development_makes_its_key_once_beside_the_database(folder: Path) -> None:
    settings = Settings(database_url=f"sqlite:///{folder / 'data' / 'gateway.db'}")

    first, second = ensure_key(settings), ensure_key(settings)

    path = folder / "data" / "gateway.key"
    assert first.secret_key is not None
    assert first.secret_key.reveal() == path.read_text().strip()
    assert len(first.secret_key.reveal()) == 64
    assert second == first
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [one.name for one in path.parent.iterdir()] == ["gateway.key"]


def test_the_key_lies_in_the_working_folder_under_postgresql(folder: Path) -> None:
    assert key_path("postgresql://db.example/gateway").resolve() == folder / "gateway.key"


def test_a_key_that_is_set_is_kept_and_no_file_made(folder: Path) -> None:
    settings = Settings(secret_key=Secret(KEY))

    assert ensure_key(settings) is settings
    assert not list(folder.iterdir())


def test_first_starts_at_the_same_time_agree_on_one_key(folder: Path) -> None:
    code = "from gateway.environment import *; print(ensure_key(load_settings({})).secret_key.reveal())"
    run = [sys.executable, "-c", code]

    with ThreadPoolExecutor(4) as pool:
        started = [
            pool.submit(subprocess.check_output, run, env={"PYTHONPATH": str(ROOT)}, timeout=60) for _ in range(4)
        ]
        keys = {each.result() for each in started}

    assert len(keys) == 1
    assert [one.name for one in folder.iterdir()] == ["gateway.key"]


@pytest.mark.parametrize("content", [b"", b"\n\n", b"short\n", b"\xff" * 64, KEY.encode() + b"\nshort\n"])
def test_a_file_without_a_key_stops_the_start_and_is_left_alone(folder: Path, content: bytes) -> None:
    (folder / "gateway.key").write_bytes(content)

    with pytest.raises(SettingError, match=r"^The key file .*gateway\.key .*\.$") as refused:
        ensure_key(Settings())

    assert "\n" not in str(refused.value)
    assert (folder / "gateway.key").read_bytes() == content


def test_a_folder_that_cannot_be_made_stops_the_start(folder: Path) -> None:
    (folder / "file").write_text("")

    with pytest.raises(SettingError, match="cannot be made or read"):
        ensure_key(Settings(database_url=f"sqlite:///{folder / 'file' / 'gateway.db'}"))


def test_further_lines_of_the_key_file_only_open(folder: Path) -> None:
    (folder / "gateway.key").write_text(f"{KEY}\n\n  {OLDER} \n")

    settings = ensure_key(Settings(old_secret_keys=(Secret(OLDEST),)))

    assert settings.secret_key == Secret(KEY)
    assert settings.old_secret_keys == (Secret(OLDEST), Secret(OLDER))


def test_a_worker_finds_the_key_that_development_made(folder: Path) -> None:
    made = ensure_key(load_settings({}))

    assert load_serving_settings({}) == made


def test_a_worker_that_is_started_later_has_what_the_files_say_by_then(folder: Path) -> None:
    (folder / ".env").write_text(f"GATEWAY_SECRET_KEY={OLDER}\nGATEWAY_PROFILE=production\n")
    earlier = load_serving_settings({"GATEWAY_PORT": "9001"})

    (folder / ".env").write_text(
        f"GATEWAY_SECRET_KEY={KEY}\nGATEWAY_OLD_SECRET_KEYS={OLDER}\nGATEWAY_PROFILE=production\n"
    )
    later = load_serving_settings({"GATEWAY_PORT": "9001"})

    assert earlier.secret_key == Secret(OLDER)
    assert later == replace(earlier, secret_key=Secret(KEY), old_secret_keys=(Secret(OLDER),))
    assert [one.name for one in folder.iterdir()] == [".env"]


def test_a_worker_that_cannot_use_what_a_file_says_by_then_ends_with_one_line(folder: Path) -> None:
    (folder / ".env").write_text("GATEWAY_PROFILE=production\nGATEWAY_SECRET_KEY=guessable\n")
    code = "from gateway.app import create_from_env; create_from_env()"

    run = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert (run.returncode, run.stdout, run.stderr.count("\n")) == (1, "", 1)
    assert "GATEWAY_SECRET_KEY must have at least 32 characters" in run.stderr
    assert 'SECRET"' not in run.stderr


def gateway(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """One command, in the working folder."""
    return subprocess.run(
        [sys.executable, "-m", "gateway", *arguments],
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), **environ},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    ("environ", "named"),
    [
        ({}, "GATEWAY_SECRET_KEY"),
        ({"GATEWAY_SECRET_KEY": "SECRET-short"}, "GATEWAY_SECRET_KEY"),
        ({"GATEWAY_SECRET_KEY": KEY, "GATEWAY_ADMIT_HOSTS": "intranet"}, "GATEWAY_ADMIT_HOSTS"),
        ({"GATEWAY_SECRET_KEY": KEY}, "migration"),
        ({"GATEWAY_SECRET_KEY": KEY, "GATEWAY_SECRET_KEYS": "SECRET"}, "GATEWAY_SECRET_KEYS"),
    ],
)
def test_production_does_not_start_and_says_why_in_one_line(environ: dict[str, str], named: str) -> None:
    run = gateway("serve", "--port", "0", GATEWAY_PROFILE=Profile.PRODUCTION.value, **environ)

    (line,) = run.stderr.splitlines()
    assert run.returncode in {1, 2}
    assert named in line
    assert "SECRET-" not in line
    assert run.stdout == ""


def test_a_command_says_what_is_wrong_with_a_setting_in_one_line() -> None:
    run = gateway("serve", GATEWAY_PORT="many")

    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr == "gateway: GATEWAY_PORT must be a whole number from 0 to 65535.\n"
