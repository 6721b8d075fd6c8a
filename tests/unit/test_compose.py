"""What the container files promise, read from the files: no engine is needed to break a promise in them."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
import yaml

from bot.channels.signal.settings import Receiver
from bot.commands.opening import receiver_lock, signal_settings
from bot.seats import SEATS
from config.settings import Settings, known_names, load
from config.sources import SECRETS, setting

TOP = Path(__file__).parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((TOP / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
DOCKERFILE = (TOP / "Dockerfile").read_text(encoding="utf-8")
RUNNING = (TOP / "docs" / "running.md").read_text(encoding="utf-8")
FLEETING = str(PurePosixPath("/", "tmp"))
ACCOUNT = "/home/.local/share/signal-cli"
OURS = ("bot", "receiver")
HELD = {
    "database": "postgresql://watchline:made-up@database/watchline",
    "signal_account": "+14155550100",
    "telegram_token": "123456789:made-up",
    "telegram_proxy": "socks5h://127.0.0.1:9050",
    "heartbeat": "https://ping.example/made-up",
    "page_webhook": "https://alarm.example/made-up",
    "canary_signal": "0e1d2c3b-4a59-4687-8796-a5b4c3d2e1f0",
    "canary_telegram": "-100200300",
}
"""What may stand in the secrets' files."""


def words(service: dict[str, Any]) -> list[str]:
    """Entrypoint and command as the one list of arguments they become."""
    return [*service.get("entrypoint", []), *service.get("command", [])]


def the_one(matching: list[str]) -> str:
    assert len(matching) == 1, matching
    return matching[0]


def daemon() -> str:
    return the_one([name for name, service in SERVICES.items() if "daemon" in words(service)])


def gateway() -> str:
    return the_one([n for n, s in SERVICES.items() if any("signal-cli-rest-api" in w for w in words(s))])


def passing(service: dict[str, Any]) -> bool:
    """Whether the service does one thing and ends, so that there is no health to ask for."""
    return bool(service["restart"] == "no")


def mounts(service: dict[str, Any]) -> dict[str, str]:
    """Target folder to source, of every volume; the short form is the only one in use."""
    return {volume.split(":")[1]: volume.split(":")[0] for volume in service.get("volumes", [])}


def settings_of(name: str, folder: Path) -> Settings:
    """What Watchline reads in this service, with every secret's file filled."""
    for secret in SERVICES[name]["secrets"]:
        (folder / secret).write_text(HELD[secret.removeprefix("watchline_")], encoding="utf-8")
    return load({**SERVICES[name]["environment"], "WATCHLINE_SECRETS_DIR": str(folder)}, folder)


def writable_at(service: dict[str, Any], path: str | Path) -> str:
    """The volume or memory that a path lies on; empty when it lies on the read-only file system."""
    places = {
        **{
            volume.split(":")[1]: volume.split(":")[0]
            for volume in service.get("volumes", [])
            if ":ro" not in volume
        },
        **{tmpfs.split(":")[0]: "memory" for tmpfs in service.get("tmpfs", [])},
    }
    around = [place for place in places if PurePosixPath(path).is_relative_to(place)]
    return places[max(around, key=len)] if around else ""


def beyond_loopback(port: Any) -> bool:
    if isinstance(port, dict):
        return port.get("host_ip") not in ("127.0.0.1", "::1")
    return not str(port).startswith(("127.0.0.1:", "[::1]:"))


@pytest.mark.parametrize("port", ["8080:8080", 8080, "0.0.0.0:80:80", {"target": 80, "published": 80}])
def test_a_port_for_everybody_would_be_noticed(port: Any) -> None:
    assert beyond_loopback(port)


@pytest.mark.parametrize("name", SERVICES)
def test_nothing_is_published_beyond_loopback(name: str) -> None:
    assert not [port for port in SERVICES[name].get("ports", []) if beyond_loopback(port)]
    assert SERVICES[name].get("network_mode", "none") in ("none", f"service:{daemon()}")


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_can_do_nothing_it_does_not_need(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not {"privileged", "pid", "ipc", "devices", "userns_mode"} & service.keys()
    if passing(service):
        assert service["cap_add"] == ["CHOWN"]
        assert service["network_mode"] == "none"
    else:
        assert "cap_add" not in service
        assert service.get("user", "").split(":")[0] != "0"
        assert "user" in service or "build" in service, "the image's own user would be root"


@pytest.mark.parametrize("name", [name for name, service in SERVICES.items() if not passing(service)])
def test_every_running_service_has_a_health_check_and_comes_back(name: str) -> None:
    service = SERVICES[name]
    assert service["healthcheck"]["test"][0] in ("CMD", "CMD-SHELL")
    assert {"interval", "timeout", "retries"} <= service["healthcheck"].keys()
    assert service["restart"] == "unless-stopped"


def test_signal_is_fetched_only_when_our_receiver_asks() -> None:
    arguments = words(SERVICES[daemon()])
    assert "--receive-mode=manual" in arguments
    # What is received would stand in the container's log otherwise.
    assert "--no-receive-stdout" in arguments
    assert "--scrub-log" in arguments[: arguments.index("daemon")]
    # A story can be made so that it ends the daemon's receiving.
    assert "--ignore-stories" in arguments[arguments.index("daemon") :]


def test_the_gateway_joins_the_daemon_and_starts_no_second_one() -> None:
    service = SERVICES[gateway()]
    assert service["network_mode"] == f"service:{daemon()}"
    assert service["entrypoint"][0] == "/usr/bin/signal-cli-rest-api", (
        "the stock entrypoint starts a supervisor"
    )
    assert service["environment"]["MODE"] == "json-rpc"
    assert not {"AUTO_RECEIVE_SCHEDULE", "RECEIVE_WEBHOOK_URL"} & service["environment"].keys()
    assert service["image"] == SERVICES[daemon()]["image"]
    assert service["user"] == SERVICES[daemon()]["user"]


def test_the_gateway_finds_the_daemon_where_it_listens() -> None:
    service = SERVICES[gateway()]
    assert f"-signal-cli-config={ACCOUNT}" in service["entrypoint"]
    shipped = TOP / mounts(service)[f"{ACCOUNT}/jsonrpc2.yml"]
    port = yaml.safe_load(shipped.read_text(encoding="utf-8"))["config"]["<multi-account>"]["tcp_port"]
    assert f"--tcp=0.0.0.0:{port}" in words(SERVICES[daemon()])
    for name in OURS:
        assert SERVICES[name]["environment"]["WATCHLINE_SIGNAL_DAEMON"] == f"{daemon()}:{port}"
    assert f"':{port:04X} 01 '" in SERVICES["receiver"]["healthcheck"]["test"][1]
    assert SERVICES["bot"]["environment"]["WATCHLINE_SIGNAL_GATEWAY"] == (
        f"http://{daemon()}:{SERVICES[gateway()]['environment']['PORT']}"
    )


def test_a_file_on_its_way_out_is_where_the_daemon_looks_for_it_and_never_on_disk() -> None:
    folder = the_one(
        [w for w in words(SERVICES[gateway()]) if w.startswith("-attachment-tmp-dir=")]
    ).partition("=")[2]
    volume = mounts(SERVICES[gateway()])[folder.rstrip("/")]
    assert mounts(SERVICES[daemon()])[folder.rstrip("/")] == volume
    assert COMPOSE["volumes"][volume]["driver_opts"]["type"] == "tmpfs"


@pytest.mark.parametrize(
    ("network", "members", "internal"),
    [
        ("database", {*OURS, "database"}, True),
        ("signal", {*OURS, daemon()}, True),
        ("outside", {"bot", daemon()}, False),
    ],
)
def test_a_network_has_only_the_members_that_need_it(network: str, members: set[str], internal: bool) -> None:
    assert (COMPOSE["networks"][network].get("internal", False)) is internal
    assert {name for name, service in SERVICES.items() if network in service.get("networks", [])} == members
    # A service that names no network would be put on one with everybody.
    assert all("networks" in service or "network_mode" in service for service in SERVICES.values())


def test_secrets_are_files_and_stand_in_no_environment() -> None:
    for secret in COMPOSE["secrets"].values():
        assert secret.keys() == {"file"}
        assert secret["file"].startswith("./secrets/")
    for name, service in SERVICES.items():
        for variable, value in service.get("environment", {}).items():
            if any(hint in variable for hint in ("PASSWORD", "TOKEN", "KEY", "SECRET", "WATCHLINE_DATABASE")):
                assert variable.endswith("_FILE"), f"{name}: {variable}"
                assert value.startswith(("/run/secrets/", "/keys/")), f"{name}: {variable}"
    ignored = (TOP / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert "/secrets/" in ignored
    assert "/.env" in ignored


def test_the_key_file_has_a_volume_that_only_watchline_sees_and_only_the_bot_writes(tmp_path: Path) -> None:
    keys = mounts(SERVICES["bot"])["/keys"]
    assert [name for name, service in SERVICES.items() if keys in mounts(service).values()] == [*OURS]
    assert writable_at(SERVICES["bot"], settings_of("bot", tmp_path).keys_path) == keys
    assert writable_at(SERVICES["receiver"], settings_of("receiver", tmp_path).keys_path) == ""


@pytest.mark.parametrize("name", OURS)
def test_every_setting_and_secret_is_one_that_watchline_reads(name: str, tmp_path: Path) -> None:
    given = [variable for variable in SERVICES[name]["environment"] if variable.startswith("WATCHLINE_")]
    assert [v for v in given if v.removeprefix("WATCHLINE_").lower() not in known_names()] == []
    assert given == list(SERVICES[name]["environment"])
    secrets = SERVICES[name]["secrets"]
    assert {*secrets} <= {setting(secret).lower() for secret in SECRETS} & COMPOSE["secrets"].keys()
    settings = settings_of(name, tmp_path)
    for secret in secrets:
        field = secret.removeprefix("watchline_")
        assert getattr(settings, field).get_secret_value() == HELD[field]


def test_each_secret_is_given_to_somebody_from_a_file_of_its_name_that_the_guide_makes() -> None:
    given = {secret for service in SERVICES.values() for secret in service.get("secrets", [])}
    assert given == COMPOSE["secrets"].keys()
    made = {*re.findall(r"> secrets/(\w+)", RUNNING)}
    for secret, held in COMPOSE["secrets"].items():
        assert held["file"] == f"./secrets/{secret}"
        assert secret in made


def test_the_health_check_looks_at_the_sign_of_life_where_the_bot_leaves_it(tmp_path: Path) -> None:
    path = settings_of("bot", tmp_path).alive_file
    assert path is not None
    assert f"find {path} " in SERVICES["bot"]["healthcheck"]["test"][1]
    assert writable_at(SERVICES["bot"], path) == "memory", "a sign of life must not outlive the container"


def test_signal_is_received_by_two_containers_that_are_no_part_of_the_bot(tmp_path: Path) -> None:
    bot, receiver = SERVICES["bot"], SERVICES["receiver"]
    theirs = [settings_of(name, tmp_path) for name in OURS]
    for settings in theirs:
        account = signal_settings(settings)
        assert account is not None
        assert account.receiver is Receiver.EXTERNAL, "the bot would start some of its own"
    assert receiver["command"] == ["receive"]
    assert receiver["image"] == bot["image"]
    assert receiver["scale"] == SEATS, "killed with nobody beside it, one loses what is on its way"
    assert "container_name" not in receiver, "two containers cannot have one name"
    # The locks keep out a third receiver only where all see the same files.
    lock = {receiver_lock(settings) for settings in theirs}
    assert len(lock) == 1
    assert {writable_at(service, lock.copy().pop()) for service in (bot, receiver)} == {"watchline-data"}
    assert receiver["env_file"] == bot["env_file"]
    assert "outside" not in receiver["networks"]
    assert {*receiver["secrets"]} == {"watchline_database", "watchline_signal_account"}


def test_an_sos_on_telegram_waits_for_no_part_of_signal() -> None:
    waits = SERVICES["bot"]["depends_on"]
    assert "receiver" not in waits
    assert waits["database"]["condition"] == "service_healthy"
    assert waits[daemon()]["condition"] == "service_started"
    assert gateway() not in waits


PROGRAMS = {
    # Read in the images' published build files.
    "watchline": {"test", "find", "grep"},
    "postgres": {"pg_isready"},
    "signal-cli-rest-api": {"bash", "curl", "exec"},
}


def image_of(name: str) -> str:
    return str(SERVICES[name]["image"]).rpartition("/")[2].partition(":")[0]


def owner(name: str) -> str:
    """Who the service runs as: user and group, as numbers."""
    built = re.findall(r"^USER (\S+)$", DOCKERFILE, re.MULTILINE)[-1]
    return str(SERVICES[name].get("user", built))


@pytest.mark.parametrize("name", [name for name, service in SERVICES.items() if not passing(service)])
def test_a_health_check_calls_only_what_is_in_its_image(name: str) -> None:
    test = SERVICES[name]["healthcheck"]["test"]
    shell = test[-1] if test[0] == "CMD-SHELL" or "-c" in test else ""
    called = {re.split(r"\s", part.strip())[0] for part in re.split(r"&&|\|\||\$\$\(", shell) if part.strip()}
    called |= set() if test[0] == "CMD-SHELL" else {test[1]}
    assert called <= PROGRAMS[image_of(name)], called


@pytest.mark.parametrize("name", SERVICES)
def test_memory_that_is_somebodys_is_its_users(name: str) -> None:
    for place in SERVICES[name].get("tmpfs", []):
        options = dict(option.partition("=")[::2] for option in place.partition(":")[2].split(","))
        if options["mode"] != "1777":
            assert f"{options['uid']}:{options['gid']}" == owner(name), place
        assert options["size"], "memory without a bound is all of the machine's"


@pytest.mark.parametrize("name", OURS)
def test_a_new_volume_of_ours_takes_its_owner_from_the_image(name: str) -> None:
    final = DOCKERFILE.rpartition("\nFROM ")[2]
    made = re.search(r"install -d -o (\w+) -g \w+ -m 0700 (.+)$", final, re.MULTILINE)
    assert made is not None
    assert f"--uid {owner(name).split(':')[0]} --gid {made[1]}" in final
    assert set(mounts(SERVICES[name])) <= {*made[2].split()}
    declared = re.search(r"^VOLUME (.+)$", final, re.MULTILINE)
    assert declared is not None
    assert {*declared[1].split()} == {*mounts(SERVICES[name])}


def test_the_accounts_volume_is_handed_to_who_works_on_it_before_that_begins() -> None:
    handing = the_one([name for name, service in SERVICES.items() if passing(service)])
    assert words(SERVICES[handing]) == ["chown", owner(daemon()), ACCOUNT]
    volume = mounts(SERVICES[handing])[ACCOUNT]
    assert mounts(SERVICES[daemon()])[ACCOUNT] == mounts(SERVICES[gateway()])[ACCOUNT] == volume
    waited_for = SERVICES[daemon()]["depends_on"][handing]["condition"]
    assert waited_for == "service_completed_successfully"
    outgoing = COMPOSE["volumes"][mounts(SERVICES[daemon()])["/outgoing"]]["driver_opts"]["o"]
    uid, gid = owner(daemon()).split(":")
    assert {f"uid={uid}", f"gid={gid}"} <= {*outgoing.split(",")}


@pytest.mark.parametrize("name", SERVICES)
def test_what_a_service_waits_for_can_come(name: str) -> None:
    for other, condition in SERVICES[name].get("depends_on", {}).items():
        match condition["condition"]:
            case "service_healthy":
                assert "healthcheck" in SERVICES[other]
            case "service_completed_successfully":
                assert passing(SERVICES[other])
            case "service_started":
                assert not passing(SERVICES[other])
            case unknown:
                raise AssertionError(unknown)
    # Who lives in another's network has none of its own, and publishes and names nothing there.
    if SERVICES[name].get("network_mode", "").startswith("service:"):
        assert not {"networks", "ports", "hostname"} & SERVICES[name].keys()


def test_everything_that_is_written_has_a_place() -> None:
    database = SERVICES["database"]
    assert mounts(database)["/var/lib/postgresql"] == "database", (
        "18 keeps its data in a folder below this one"
    )
    assert writable_at(database, "/var/run/postgresql/.s.PGSQL.5432") == "memory"
    for name in (daemon(), gateway()):
        assert writable_at(SERVICES[name], FLEETING) == "memory"
    # The JVM maps native libraries as code from where it unpacked them, and reads HOME.
    assert any(place.startswith(f"{FLEETING}:exec,") for place in SERVICES[daemon()]["tmpfs"])
    assert writable_at(SERVICES[daemon()], SERVICES[daemon()]["environment"]["HOME"]) == "memory"
    for name in OURS:
        assert writable_at(SERVICES[name], FLEETING) == "memory"


def test_the_database_s_password_is_one_of_its_secrets() -> None:
    path = SERVICES["database"]["environment"]["POSTGRES_PASSWORD_FILE"]
    assert path.removeprefix("/run/secrets/") in SERVICES["database"]["secrets"]


def test_nobodys_account_id_stands_in_a_containers_log() -> None:
    assert SERVICES[gateway()]["logging"] == {"driver": "none"}, "it logs the path of every call"
    assert "--scrub-log" in words(SERVICES[daemon()])
    assert "log_error_verbosity=terse" in words(SERVICES["database"])


@pytest.mark.parametrize("name", SERVICES)
def test_images_are_of_a_named_version(name: str) -> None:
    _, _, tag = SERVICES[name]["image"].rpartition(":")
    assert tag not in ("", "latest")
    assert "/" not in tag


def test_the_image_runs_as_nobody_in_particular_and_holds_only_what_is_pinned() -> None:
    final = DOCKERFILE.rpartition("\nFROM ")[2]
    user = the_one([line.split()[1] for line in final.splitlines() if line.startswith("USER ")])
    assert all(part.isdigit() and int(part) > 0 for part in user.split(":"))
    assert "--only-binary=:all: --require-hashes -r .ci/requirements/run.txt" in DOCKERFILE
    for line in DOCKERFILE.splitlines():
        if "pip install" in line:
            assert "--require-hashes" in line or "--no-index" in line, line


def test_the_builder_is_sent_only_what_the_image_is_made_of() -> None:
    patterns = [
        line
        for line in (TOP / ".dockerignore").read_text(encoding="utf-8").splitlines()
        if not line.startswith("#")
    ]
    assert patterns[0] == "*"
    sent = {pattern.removeprefix("!") for pattern in patterns if pattern.startswith("!")}
    copied = {
        source
        for line in DOCKERFILE.splitlines()
        if line.startswith("COPY ") and "--from" not in line
        for source in line.split()[1:-1]
    }
    assert sent == copied
