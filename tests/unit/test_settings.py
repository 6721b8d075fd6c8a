"""Settings say what is wrong with them, name it the way an administrator wrote it, and never show a secret."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from config.settings import (
    Settings,
    SettingsWrong,
    empty_accounts,
    in_its_file,
    known_names,
    load,
    secrets_in_environment,
    secrets_others_can_read,
    unknown_names,
)
from config.sources import SECRETS, setting

SECRET = "PLANTED-4b7d"
TOKEN = f"123456789:{SECRET}"


def read(tmp_path: Path, **environment: str) -> Settings:
    return load(
        {f"WATCHLINE_{name.upper()}": value for name, value in environment.items()}
        | {"PATH": "/bin", "HOME": "/nowhere"},
        tmp_path,
    )


def problems(tmp_path: Path, **environment: str) -> list[str]:
    with pytest.raises(SettingsWrong) as caught:
        read(tmp_path, **environment)
    return caught.value.problems


def test_nothing_set_is_a_practice_installation(tmp_path: Path) -> None:
    settings = read(tmp_path)
    assert not settings.has_accounts
    assert settings.database_url == f"sqlite:///{Path('data').absolute() / 'watchline.db'}"
    assert settings.keys_path == Path("data/keys/key")


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(
        "# a comment\nWATCHLINE_ZONE=Asia/Beirut\nWATCHLINE_LANGUAGE='ar'\nPOSTGRES_USER=other\n",
        encoding="utf-8",
    )
    settings = read(tmp_path, zone="Europe/Kyiv")
    assert (settings.zone, settings.language) == ("Europe/Kyiv", "ar")


def test_a_file_of_another_name(tmp_path: Path) -> None:
    other = tmp_path / "desk.env"
    other.write_text("WATCHLINE_ZONE=Asia/Beirut\n")
    (tmp_path / ".env").write_text("WATCHLINE_ZONE=Europe/Kyiv\n")
    assert read(tmp_path, settings_file=str(other)).zone == "Asia/Beirut"
    (missing,) = problems(tmp_path, settings_file=str(tmp_path / "none"))
    assert missing.startswith("WATCHLINE_SETTINGS_FILE: ")


def test_a_slip_in_the_settings_file_is_refused_with_what_was_meant(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"WATCHLINE_PAGE_WEBHOK=https://{SECRET}.example/\n")
    (problem,) = problems(tmp_path)
    assert "WATCHLINE_PAGE_WEBHOK" in problem
    assert "WATCHLINE_PAGE_WEBHOOK meant" in problem
    assert SECRET not in problem


@pytest.mark.parametrize(
    "line", ["WATCHLINE_ZONE Asia/Beirut", "WATCHLINE_PAGE_WEBHOOK: " + SECRET, "WATCHLINE_ZONE", SECRET]
)
def test_a_line_of_the_settings_file_that_sets_nothing_is_refused(tmp_path: Path, line: str) -> None:
    (tmp_path / ".env").write_text(f"# a comment\nPOSTGRES_USER=other\n\n{line}\n")
    (problem,) = problems(tmp_path)
    assert problem.startswith(f"Line 4 of {tmp_path / '.env'} is no NAME=value")
    assert SECRET not in problem


def test_a_setting_in_small_letters_is_refused_and_a_mark_of_the_encoding_is_passed_over(
    tmp_path: Path,
) -> None:
    (tmp_path / ".env").write_text("watchline_zone=Asia/Beirut\n")
    (problem,) = problems(tmp_path)
    assert "is WATCHLINE_ZONE meant?" in problem
    (tmp_path / ".env").write_text("WATCHLINE_ZONE=Asia/Beirut\n", encoding="utf-8-sig")
    assert read(tmp_path).zone == "Asia/Beirut"


def test_a_name_of_the_environment_that_is_no_setting_is_told_and_not_refused(tmp_path: Path) -> None:
    read(tmp_path, chromium="/usr/bin/chromium")
    given = {"WATCHLINE_CHROMIUM": "x", "WATCHLINE_ZONE": "UTC", "OTHER": "1", "WATCHLINE_TELEGRAM_TOKN": "x"}
    assert unknown_names(given) == {
        "WATCHLINE_CHROMIUM": "docs/running.md lists those there are",
        "WATCHLINE_TELEGRAM_TOKN": "is WATCHLINE_TELEGRAM_TOKEN meant?",
    }


def test_a_secret_from_a_file_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text(f"\n  {TOKEN}\n")
    settings = read(tmp_path, telegram_token_file=str(path))
    assert settings.telegram_token is not None
    assert settings.telegram_token.get_secret_value() == TOKEN


def test_secrets_as_a_container_engine_mounts_them(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    folder.mkdir()
    (folder / "watchline_telegram_token").write_text(TOKEN + "\n")
    (folder / "watchline_database").write_text(f"postgresql://watchline:{SECRET}@database/watchline\n")
    (folder / "watchline_heartbeat").write_text("\n")
    settings = read(tmp_path, secrets_dir=str(folder))
    assert settings.telegram_token is not None
    assert settings.database_url.endswith(f"{SECRET}@database/watchline")
    assert settings.heartbeat is None, "an empty file is a secret that is not set"


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_that_is_set_twice_is_refused(name: str, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text(SECRET)
    found = problems(tmp_path, **{name: SECRET, f"{name}_file": str(path)})
    assert f"{setting(name)} and {setting(name)}_FILE are both set" in found[0]
    assert SECRET not in "".join(found)


@pytest.mark.parametrize("kind", ["missing", "folder", "pipe", "bytes"])
def test_a_secret_s_file_that_cannot_be_read_is_refused(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "it"
    match kind:
        case "folder":
            path.mkdir()
        case "pipe":
            os.mkfifo(path)
        case "bytes":
            path.write_bytes(b"\xff\xfe" + SECRET.encode())
    (problem,) = problems(tmp_path, heartbeat_file=str(path))
    assert problem.startswith("WATCHLINE_HEARTBEAT_FILE: ")
    assert SECRET not in problem


def test_no_repr_shows_a_secret(tmp_path: Path) -> None:
    settings = read(
        tmp_path,
        database=f"postgresql://u:{SECRET}@h/d",
        telegram_token=TOKEN,
        telegram_proxy=f"socks5://u:{SECRET}@h:1",
        telegram_webhook_url=f"https://{SECRET}.example/hook",
        telegram_webhook_secret=SECRET * 2,
        signal_account=SECRET,
        page_webhook=f"https://alarm.example/{SECRET}",
        heartbeat=f"https://ping.example/{SECRET}",
        canary_telegram=SECRET,
        canary_signal=SECRET,
    )
    assert SECRET not in repr(settings)
    assert SECRET not in str(settings)
    assert {name for name in SECRETS if getattr(settings, name) is None} == set()


UNSAFE = [
    ({"metrics_listen": "::"}, "WATCHLINE_METRICS_LISTEN"),
    ({"metrics_listen": "0.0.0.0"}, "WATCHLINE_METRICS_LISTEN"),  # noqa: S104 - refused
    ({"metrics_listen": "desk.example"}, "WATCHLINE_METRICS_LISTEN"),
    (
        {"telegram_token": TOKEN, "telegram_webhook_url": f"https://{SECRET}.example"},
        "WATCHLINE_TELEGRAM_WEBHOOK_SECRET",
    ),
    ({"telegram_token": TOKEN, "telegram_webhook_secret": SECRET * 2}, "WATCHLINE_TELEGRAM_WEBHOOK_URL"),
    ({"telegram_proxy": f"http://{SECRET}"}, "WATCHLINE_TELEGRAM_PROXY"),
    ({"telegram_base_url": "http://api.telegram.org/bot"}, "WATCHLINE_TELEGRAM_BASE_URL"),
    ({"telegram_base_url": "api.telegram.org/bot"}, "WATCHLINE_TELEGRAM_BASE_URL"),
    ({"telegram_base_file_url": "http://files.example/file/bot"}, "WATCHLINE_TELEGRAM_BASE_FILE_URL"),
    (
        {
            "telegram_token": TOKEN,
            "telegram_webhook_url": f"http://desk.example/{SECRET}",
            "telegram_webhook_secret": SECRET * 2,
        },
        "WATCHLINE_TELEGRAM_WEBHOOK_URL",
    ),
    ({"signal_gateway": "http://signal.example:8080"}, "WATCHLINE_SIGNAL_GATEWAY"),
    ({"signal_daemon": "127.0.0.1:6001,signal.example:6001"}, "WATCHLINE_SIGNAL_DAEMON"),
    ({"database": f"postgresql://w:{SECRET}@db.example/w"}, "WATCHLINE_DATABASE"),
    ({"database": f"postgresql://w:{SECRET}@8.8.4.4/w?sslmode=prefer"}, "WATCHLINE_DATABASE"),
    ({"page_webhook": f"http://alarm.example/{SECRET}"}, "WATCHLINE_PAGE_WEBHOOK"),
    ({"page_webhook": SECRET}, "WATCHLINE_PAGE_WEBHOOK"),
    ({"heartbeat": f"https://[{SECRET}"}, "WATCHLINE_HEARTBEAT"),
    ({"key_file": "a", "passphrase_file": "b"}, "WATCHLINE_KEY_FILE"),
    ({"canary_signal": SECRET}, "WATCHLINE_SIGNAL_ACCOUNT"),
    ({"policy_dir": "/nonexistent"}, "WATCHLINE_POLICY_DIR"),
    ({"secrets_dir": "/nonexistent"}, "WATCHLINE_SECRETS_DIR"),
]
MEANINGLESS = [
    ({"zone": "Mars/Olympus"}, "WATCHLINE_ZONE"),
    ({"language": "english"}, "WATCHLINE_LANGUAGE"),
    ({"gap_seconds": "5"}, "WATCHLINE_GAP_SECONDS"),
    ({"gap_seconds": "soon"}, "WATCHLINE_GAP_SECONDS"),
    ({"signal_receive": "sometimes"}, "WATCHLINE_SIGNAL_RECEIVE"),
    ({"telegram_content": "maybe"}, "WATCHLINE_TELEGRAM_CONTENT"),
    ({"telegram_protect_content": "perhaps"}, "WATCHLINE_TELEGRAM_PROTECT_CONTENT"),
    ({"metrics_port": "70000"}, "WATCHLINE_METRICS_PORT"),
    ({"emergency_numbers": "112"}, "WATCHLINE_EMERGENCY_NUMBERS"),
    ({"emergency_numbers": "Nowhere/No=112"}, "WATCHLINE_EMERGENCY_NUMBERS"),
    ({"emergency_numbers": "Asia/Beirut=the police"}, "WATCHLINE_EMERGENCY_NUMBERS"),
]


@pytest.mark.parametrize(
    ("given", "named"), UNSAFE + MEANINGLESS, ids=lambda v: v if isinstance(v, str) else ""
)
def test_what_cannot_work_or_is_unsafe_is_refused_by_name_with_a_mend(
    given: dict[str, str], named: str, tmp_path: Path
) -> None:
    (problem,) = problems(tmp_path, **given)
    assert named in problem
    assert any(mark in problem for mark in (";", ":")), "a mend follows"
    assert SECRET not in problem
    assert "pydantic" not in problem


def test_everything_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    found = problems(
        tmp_path, zone="Mars", heartbeat="x", canary_minutes="0", telegram_token_file="/nonexistent"
    )
    assert len(found) == 4


def test_a_language_that_the_bot_does_not_speak_is_refused(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path, language="xx")
    assert problem.startswith("WATCHLINE_LANGUAGE is none of ar, en, es, fr")


def test_an_address_on_this_machine_may_do_without_tls(tmp_path: Path) -> None:
    assert read(tmp_path, page_webhook="http://127.0.0.1:8080/x").page_webhook is not None


@pytest.mark.parametrize(
    "given",
    [
        {"telegram_base_url": "http://telegram-bot-api:8081/bot"},
        {"telegram_base_url": "http://10.1.2.3:8081/bot"},
        {"telegram_base_url": "http://[::1]:8081/bot"},
        {"signal_gateway": "http://signal-cli:8080"},
        {"signal_gateway": "https://signal.example"},
        {"signal_daemon": "signal-cli:6001, [::1]:6002"},
        {"database": "postgresql://w@db/w"},
        {"database": "postgresql://w@/w?host=/run/postgresql"},
        {"database": "postgresql://w@db.watchline.svc/w"},
        {"database": "postgresql://w@db.example/w?sslmode=verify-full"},
        {"database": "sqlite:////srv/watchline.db"},
    ],
    ids=lambda given: "".join(given.values()),
)
def test_plain_addresses_are_for_this_machine_and_its_own_network(
    given: dict[str, str], tmp_path: Path
) -> None:
    assert isinstance(read(tmp_path, **given), Settings)


def test_what_libpq_is_told_elsewhere_counts(tmp_path: Path) -> None:
    environment = {"WATCHLINE_DATABASE": "postgresql://w@db.example/w", "PGSSLMODE": "verify-full"}
    assert load(environment, tmp_path).database is not None


def test_emergency_numbers_by_zone(tmp_path: Path) -> None:
    settings = read(tmp_path, emergency_numbers=" Asia/Beirut=112, Europe/Kyiv = +380 44 000 ,")
    assert settings.emergency_numbers == {"Asia/Beirut": "112", "Europe/Kyiv": "+380 44 000"}


def test_an_emergency_number_of_a_misspelt_zone_names_the_zone_and_what_is_meant(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path, emergency_numbers="Europe/Kyiv=112,Asia/Beirutt=112")
    assert "'Asia/Beirutt'" in problem
    assert "is Asia/Beirut meant?" in problem
    assert "is not a list" not in problem


def test_secrets_in_the_environment_are_noticed() -> None:
    environment = {"WATCHLINE_TELEGRAM_TOKEN": TOKEN, "WATCHLINE_HEARTBEAT": " ", "WATCHLINE_ZONE": "UTC"}
    assert secrets_in_environment(environment) == ["WATCHLINE_TELEGRAM_TOKEN"]


def test_every_secret_hides_its_value_and_every_hidden_value_is_a_secret() -> None:
    hidden = {name for name, info in Settings.model_fields.items() if "SecretStr" in str(info.annotation)}
    assert hidden == set(SECRETS)
    assert all(not Settings.model_fields[name].repr for name in SECRETS)


def test_every_setting_is_described_for_administrators() -> None:
    text = (Path(__file__).parents[2] / "docs" / "running.md").read_text(encoding="utf-8")
    # A secret's _FILE form is described once for all of them; the last one is between two processes of ours.
    names = known_names() - {f"{name}_file" for name in SECRETS} - {"receiver_files"}
    assert [setting(name) for name in sorted(names) if f"`{setting(name)}`" not in text] == []


# ------------------------------------------------------------------------------------- what is meant, and where it is


def test_an_empty_file_of_an_account_is_told_with_what_pointed_at_it(tmp_path: Path) -> None:
    token, secrets = tmp_path / "token", tmp_path / "secrets"
    secrets.mkdir()
    for path in (token, secrets / "watchline_signal_account", secrets / "watchline_heartbeat"):
        path.write_text(" \n")
    given = {"WATCHLINE_TELEGRAM_TOKEN_FILE": str(token), "WATCHLINE_SECRETS_DIR": str(secrets)}
    assert empty_accounts(given, tmp_path) == [
        f"WATCHLINE_TELEGRAM_TOKEN_FILE: {token}",
        f"WATCHLINE_SECRETS_DIR: {secrets / 'watchline_signal_account'}",
    ]
    assert empty_accounts({}, tmp_path) == []


def test_a_setting_that_is_wrong_in_a_file_of_its_own_is_told_with_the_file(tmp_path: Path) -> None:
    path = tmp_path / "ping"
    path.write_text(f"http://{SECRET}.example\n")
    (problem,) = problems(tmp_path, heartbeat_file=str(path))
    assert problem.startswith(f"WATCHLINE_HEARTBEAT (WATCHLINE_HEARTBEAT_FILE: {path}) is not an address")
    assert SECRET not in problem


def test_a_setting_that_is_wrong_in_the_settings_file_is_told_with_it_unless_the_environment_says_otherwise(
    tmp_path: Path,
) -> None:
    path = tmp_path / ".env"
    path.write_text("WATCHLINE_ZONE=Mars\nWATCHLINE_POLICY_DIR=/nonexistent\n")
    (zone,) = problems(tmp_path)
    assert zone.startswith(f"WATCHLINE_ZONE ({path}) is not an IANA time zone")
    (folder,) = problems(tmp_path, zone="UTC")
    assert folder.startswith(f"WATCHLINE_POLICY_DIR ({path}): /nonexistent is no folder")
    (own,) = problems(tmp_path, zone="UTC", policy_dir="/none")
    assert own.startswith("WATCHLINE_POLICY_DIR: /none is no folder")


def test_what_is_said_of_a_value_later_names_the_file_that_it_came_from(tmp_path: Path) -> None:
    address, said = tmp_path / "address", "WATCHLINE_DATABASE: the server does not answer"
    address.write_text(f"postgresql://w:{SECRET}@h/d\n")
    given = {"WATCHLINE_DATABASE_FILE": str(address)}
    assert in_its_file(said, given, tmp_path) == (
        f"WATCHLINE_DATABASE (WATCHLINE_DATABASE_FILE: {address}): the server does not answer"
    )
    assert in_its_file(said, {}, tmp_path) == said
    (tmp_path / ".env").write_text(f"WATCHLINE_DATABASE=postgresql://w:{SECRET}@h/d\n")
    told = in_its_file(said, {}, tmp_path)
    assert told == f"WATCHLINE_DATABASE ({tmp_path / '.env'}): the server does not answer"
    assert in_its_file(said, {"WATCHLINE_DATABASE": "sqlite:////x"}, tmp_path) == said
    assert in_its_file("the disk is full", {}, tmp_path) == "the disk is full"


def test_an_account_s_line_of_the_settings_file_that_is_empty_is_told(tmp_path: Path) -> None:
    """In the environment an empty text is how one takes a setting out for once."""
    path = tmp_path / ".env"
    path.write_text("WATCHLINE_TELEGRAM_TOKEN=\nWATCHLINE_SIGNAL_ACCOUNT=' '\nWATCHLINE_HEARTBEAT=\n")
    assert empty_accounts({}, tmp_path) == [
        f"WATCHLINE_TELEGRAM_TOKEN in {path}",
        f"WATCHLINE_SIGNAL_ACCOUNT in {path}",
    ]
    taken_out = {"WATCHLINE_TELEGRAM_TOKEN": "", "WATCHLINE_SIGNAL_ACCOUNT": ""}
    assert empty_accounts(taken_out, tmp_path) == []


@pytest.mark.parametrize(
    ("written", "meant"),
    [("Europe/Brussel", "Europe/Brussels"), ("brussels", "Europe/Brussels"), ("beirut", "Asia/Beirut")],
)
def test_a_zone_that_is_none_is_told_with_the_one_that_may_be_meant(
    written: str, meant: str, tmp_path: Path
) -> None:
    (problem,) = problems(tmp_path, zone=written)
    assert f"is {meant} meant?" in problem
    assert "timedatectl list-timezones" in problem


def test_what_is_no_zone_at_all_has_the_list_as_its_mend(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path, zone="../../etc/passwd")
    assert "meant" not in problem
    assert "timedatectl list-timezones" in problem


@pytest.mark.parametrize(
    ("address", "secret"),
    [
        ("sqlite:////var/lib/watchline/watchline.db", False),
        ("postgresql://watchline@database/watchline", False),
        ("postgresql://watchline:x@database/watchline", True),
        ("postgresql://database/watchline?user=w&password=x", True),
    ],
)
def test_a_database_s_address_is_a_secret_when_a_password_is_in_it(address: str, secret: bool) -> None:
    assert secrets_in_environment({"WATCHLINE_DATABASE": address}) == ["WATCHLINE_DATABASE"] * secret


def test_a_settings_file_that_others_can_read_is_told_when_secrets_are_in_it(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text(f"WATCHLINE_ZONE=UTC\nWATCHLINE_TELEGRAM_TOKEN={TOKEN}\n")
    for mode, told in ((0o600, None), (0o640, "told"), (0o604, "told")):
        path.chmod(mode)
        found = secrets_others_can_read({}, tmp_path)
        assert found == (told and (path, ("WATCHLINE_TELEGRAM_TOKEN",))), oct(mode)
    path.write_text(
        "WATCHLINE_ZONE=UTC\nWATCHLINE_DATABASE=sqlite:////srv/watchline.db\nWATCHLINE_HEARTBEAT=\n"
    )
    assert secrets_others_can_read({}, tmp_path) is None
