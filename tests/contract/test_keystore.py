"""The key store on both databases: no key is lost, none is handed out twice, and a destroyed one is gone."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import Engine, select, text, update

from alerts.sealing import Digests, KeyDestroyed, KeyMissing, Sealer, Unsealable
from alerts.store.engine import Role, keys_schema, keys_url, make_engine
from alerts.store.keks import NewKek, WrongKey
from alerts.store.key_tables import KeyKind, data_keys, key_store
from alerts.store.keyring import Keyring
from alerts.store.keystore import KeyStore, NewerKeyStore, NoKeyStore, RotationOvertaken
from config.keyfile import (
    Argon2Costs,
    KeyFileSource,
    PassphraseSource,
    add_key,
    keep_keys,
    make_key_file,
    read_keys,
)
from tests.at_rest import holds
from tests.postgres import Postgres

CHEAP = Argon2Costs(memory_kib=64, iterations=1, lanes=1)
START = dt.datetime(2026, 3, 2, 9, 0, tzinfo=dt.UTC)
MARKER = "MARKER-4155550123"


@dataclass
class Clock:
    at: dt.datetime = START

    def now(self) -> dt.datetime:
        return self.at


@dataclass
class Place:
    """One installation: a database, a key file, a clock, and what was opened of it."""

    url: str
    key_file: Path
    clock: Clock = field(default_factory=Clock)
    opened: list[KeyStore] = field(default_factory=list)
    children: list[subprocess.Popen[str]] = field(default_factory=list)

    def store(self) -> KeyStore:
        """The key store, opened as another process would."""
        source = KeyFileSource(self.key_file)
        store = KeyStore.open(self.url, source, entropy=os.urandom, now=self.clock.now)
        self.opened.append(store)
        return store

    def keyring(self, low: int = 5, high: int = 20, cached: int = 100) -> Keyring:
        return Keyring(self.store(), self.clock.now, low=low, high=high, cached=cached)

    def rotate(self) -> int:
        """A new key in the file, and every data key wrapped under it."""
        add_key(self.key_file, os.urandom)
        return self.store().rotate(NewKek(*KeyFileSource(self.key_file).fresh()), lambda done, total: None)

    def child(self, *what: str) -> subprocess.Popen[str]:
        child = subprocess.Popen(
            [sys.executable, "-m", "tests.keystore_process", self.url, str(self.key_file), *what],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.children.append(child)
        return child

    def engine(self) -> Engine:
        """A look behind the key store's back."""
        return make_engine(keys_url(self.url), Role.WRITER, schema=keys_schema())


@pytest.fixture
def place(database: str, tmp_path: Path) -> Iterator[Place]:
    place = Place(database, tmp_path / "kek")
    make_key_file(place.key_file, os.urandom)
    create(place)
    yield place
    for child in place.children:
        child.kill()
        child.communicate()
    for store in place.opened:
        store.close()


def create(place: Place) -> None:
    kek = NewKek(*KeyFileSource(place.key_file).fresh())
    KeyStore.create(place.url, kek, entropy=os.urandom, now=place.clock.now)


def lines(child: subprocess.Popen[str]) -> list[str]:
    output, _ = child.communicate(timeout=120)
    assert child.returncode == 0
    return output.splitlines()


# ------------------------------------------------------------------------------------------ opening, refusing


def test_without_a_key_store_there_is_a_refusal_that_names_the_mend(database: str, tmp_path: Path) -> None:
    make_key_file(tmp_path / "kek", os.urandom)
    with pytest.raises(NoKeyStore, match="watchline init"):
        Place(database, tmp_path / "kek").store()
    assert not list(tmp_path.glob("*-keys*")), "a refusal makes no file"


def test_making_it_twice_or_from_two_places_at_once_makes_one(database: str, tmp_path: Path) -> None:
    place = Place(database, tmp_path / "kek")
    make_key_file(place.key_file, os.urandom)
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda _: create(place), range(4)))
    root = place.store().root()
    create(place)
    assert place.store().root() == root
    for store in place.opened:
        store.close()


def test_another_key_file_is_refused_by_name(place: Place, tmp_path: Path) -> None:
    place.key_file = tmp_path / "another"
    make_key_file(place.key_file, os.urandom)
    with pytest.raises(WrongKey, match="WATCHLINE_KEY_FILE does not hold the key k-"):
        place.store()


def test_a_key_under_the_right_name_with_other_bytes_is_refused(place: Place, tmp_path: Path) -> None:
    good = place.store()
    (kek_id,) = read_keys(place.key_file).ids
    ((other_id, other_key),) = make_key_file(tmp_path / "other", os.urandom).keys
    with pytest.raises(WrongKey, match="WATCHLINE_KEY_FILE"):
        good.rotate(NewKek(kek_id, other_key), lambda done, total: None)
    place.key_file.write_text((tmp_path / "other").read_text().replace(other_id, kek_id))
    with pytest.raises(WrongKey, match="WATCHLINE_KEY_FILE"):
        place.store()


def test_a_newer_key_store_is_refused(place: Place) -> None:
    engine = place.engine()
    with engine.begin() as connection:
        connection.execute(update(key_store).values(version=2))
    engine.dispose()
    with pytest.raises(NewerKeyStore, match="version 2"):
        place.store()


# ---------------------------------------------------------------------------------------------------- at rest


def test_nothing_readable_is_at_rest(place: Place) -> None:
    keyring = place.keyring()
    sealer = Sealer(keyring, os.urandom)
    digests = Digests(keyring.root, keyring)
    key_id = keyring.take()
    engine = make_engine(place.url, Role.WRITER, schema="public")
    with engine.begin() as connection:
        kind = "BLOB" if engine.dialect.name == "sqlite" else "BYTEA"
        connection.execute(text(f"CREATE TABLE rows (sealed {kind}, found {kind}, plain TEXT)"))
        sealed = sealer.seal("rows", 1, key_id, {"text": MARKER})
        found = digests.blind("account", MARKER)
        connection.execute(text("INSERT INTO rows VALUES (:s, :f, 'CONTROL')"), {"s": sealed, "f": found})
    plain_key = place.store().load([key_id])[key_id]
    assert isinstance(plain_key, bytes)
    (_, kek), *_ = read_keys(place.key_file).keys
    for secret in (MARKER.encode(), plain_key, plain_key.hex().encode(), kek, place.store().root()[1]):
        assert holds(place.url, secret) == []
    assert holds(place.url, b"CONTROL") != [], "the search finds what is there"
    assert holds(place.url, sealed) != []
    engine.dispose()


def test_a_key_row_that_was_changed_or_swapped_does_not_open_and_keeps_no_other_away(place: Place) -> None:
    keyring = place.keyring()
    one, two, three, good = (keyring.take() for _ in range(4))
    engine = place.engine()
    with engine.begin() as connection:
        rows = connection.execute(select(data_keys.c.id, data_keys.c.wrapped))
        wrapped = {row.id: row.wrapped for row in rows}
        changed = wrapped[one][:20] + bytes([wrapped[one][20] ^ 1]) + wrapped[one][21:]
        for key_id, other in ((one, changed), (two, wrapped[three]), (three, wrapped[two])):
            connection.execute(update(data_keys).where(data_keys.c.id == key_id).values(wrapped=other))
    engine.dispose()
    fresh = place.keyring()
    fresh.load_many([one, two, three, good])
    assert fresh.get(good).id == good
    for key_id in (one, two, three):
        with pytest.raises(Unsealable, match=key_id):
            fresh.get(key_id)


# --------------------------------------------------------------------------------------------------- the pool


def test_taken_keys_open_after_the_process_is_gone(place: Place) -> None:
    keyring = place.keyring()
    ids = [keyring.take() for _ in range(50)]
    sealer = Sealer(keyring, os.urandom)
    sealed = {key_id: sealer.seal("rows", 1, key_id, {"n": n}) for n, key_id in enumerate(ids)}
    reopened = Sealer(place.keyring(), os.urandom)
    assert [reopened.open("rows", 1, key_id, sealed[key_id])["n"] for key_id in ids] == list(range(50))


def test_threads_processes_and_restarts_never_get_the_same_key(place: Place) -> None:
    children = [place.child("take", "300") for _ in range(2)]
    keyring = place.keyring()
    with ThreadPoolExecutor(8) as threads:
        taken = list(threads.map(lambda _: keyring.take(), range(300)))
    for child in children:
        taken += lines(child)
    restarted = place.keyring()
    taken += [restarted.take() for _ in range(100)]
    assert len(taken) == 1_000
    assert len(set(taken)) == 1_000
    assert len(place.store().load(taken)) == 1_000


def test_a_taker_of_a_full_pool_touches_no_store(place: Place) -> None:
    keyring = place.keyring(low=5, high=20)
    keyring.refill()
    for store in place.opened:
        store.close()
    engine = place.engine()
    with (
        engine.begin() as connection
    ):  # nobody else can write now, and on SQLite nobody could for ten seconds
        connection.execute(update(key_store).values(version=1))
        ids = [keyring.take() for _ in range(20)]
        sealer = Sealer(keyring, os.urandom)
        intake = keyring.intake(START.date())
        assert sealer.open("rows", 1, intake, sealer.seal("rows", 1, intake, {"n": 1})) == {"n": 1}
    engine.dispose()
    assert len(set(ids)) == 20


def test_a_reader_does_not_wait_for_a_writer(place: Place) -> None:
    key_id = place.keyring().take()
    other = place.keyring()
    engine = place.engine()
    with engine.begin() as connection:
        connection.execute(update(data_keys).values(created_ms=1))
        assert other.get(key_id).id == key_id
    engine.dispose()


def test_memory_is_bounded(place: Place) -> None:
    keyring = place.keyring(cached=10)
    ids = [keyring.take() for _ in range(60)]
    assert keyring.held == 10
    keyring.load_many(ids[:8])
    assert {keyring.get(key_id).id for key_id in ids} == set(ids)
    assert keyring.held == 10


def test_an_unknown_key_is_missing(place: Place) -> None:
    with pytest.raises(KeyMissing, match="no key k-none"):
        place.keyring().get("k-none")


def test_a_sweep_deletes_old_unused_keys_and_only_those(place: Place) -> None:
    crashed = place.keyring()
    person, case, unused = crashed.take(), crashed.take(), crashed.take()
    kinds = {person: KeyKind.PERSON, case: KeyKind.CASE}
    asked: list[str] = []

    def used(ids: Sequence[str]) -> dict[str, KeyKind]:
        asked.extend(ids)
        return {key_id: kinds[key_id] for key_id in ids if key_id in kinds}

    place.clock.at += dt.timedelta(days=6)
    young = place.keyring().take()
    assert place.store().sweep_unused(used) == 0
    assert asked == []

    place.clock.at += dt.timedelta(days=2)
    assert place.store().sweep_unused(used) == 3
    keyring = place.keyring()
    assert {keyring.get(key_id).id for key_id in (person, case, young)} == {person, case, young}
    with pytest.raises(KeyMissing):
        keyring.get(unused)
    asked.clear()
    assert place.store().sweep_unused(used) == 0
    assert asked == [], "what was once found in use is not asked about again"


def test_a_long_running_process_hands_out_no_key_that_was_swept(place: Place) -> None:
    idle = place.keyring()
    idle.take()
    place.clock.at += dt.timedelta(days=30)
    place.store().sweep_unused(lambda ids: {})
    late = idle.take()
    assert late in place.store().load([late])


def test_a_clock_set_back_does_not_waste_the_pool(place: Place) -> None:
    keyring = place.keyring(low=5, high=20)
    keyring.refill()
    place.clock.at -= dt.timedelta(hours=1)
    engine = place.engine()
    with engine.begin() as connection:
        before = len(connection.scalars(select(data_keys.c.id)).all())
    [keyring.take() for _ in range(20)]
    with engine.begin() as connection:
        assert len(connection.scalars(select(data_keys.c.id)).all()) == before
    engine.dispose()


# ------------------------------------------------------------------------------------------------ intake keys


def test_processes_share_a_days_intake_key_and_days_have_their_own(place: Place) -> None:
    days = [START.date() + dt.timedelta(days=n) for n in range(20)]
    stores = [place.store() for _ in range(4)]
    together = threading.Barrier(4)

    def ask(store: KeyStore) -> list[tuple[str, bytes]]:
        found = []
        for day in days:
            together.wait()  # so that all of them look for the day before one of them has made it
            found.append(store.intake(day))
        return found

    with ThreadPoolExecutor(4) as threads:
        first, *others = threads.map(ask, stores)
    assert all(found == first for found in others)
    assert len(set(first)) == 20
    assert place.keyring().intake(days[7]) == first[7][0]


def test_todays_and_tomorrows_intake_keys_are_made_ahead(place: Place) -> None:
    place.keyring().refill()
    assert len(place.store().intake_before(START.date() + dt.timedelta(days=7))) == 2


def test_passed_days_are_destroyed_but_for_those_still_needed(place: Place) -> None:
    keyring = place.keyring()
    days = [START.date() + dt.timedelta(days=n) for n in range(4)]
    ids = [keyring.intake(day) for day in days]
    sealer = Sealer(keyring, os.urandom)
    sealed = [sealer.seal("inbox", 1, key_id, b"raw") for key_id in ids]
    assert keyring.destroy_intake(before=days[3], needed={ids[1]}) == 2
    for n in (0, 2):
        with pytest.raises(KeyDestroyed):
            sealer.open_bytes("inbox", 1, ids[n], sealed[n])
    for n in (1, 3):
        assert sealer.open_bytes("inbox", 1, ids[n], sealed[n]) == b"raw"


def test_a_clock_that_jumps_back_to_a_destroyed_day_does_not_stop_the_inbox(place: Place) -> None:
    keyring = place.keyring()
    first = keyring.intake(START.date())
    keyring.destroy_intake(before=START.date() + dt.timedelta(days=1))
    again = keyring.intake(START.date())
    assert again != first
    assert place.keyring().intake(START.date()) == again


# ---------------------------------------------------------------------------------------------------- erasure


def test_a_destroyed_key_opens_nothing_in_any_process(place: Place) -> None:
    keyring, other = place.keyring(), place.keyring()
    erased, kept = keyring.take(), keyring.take()
    sealed = Sealer(keyring, os.urandom).seal("people", 1, erased, {"name": "x"})
    assert Sealer(other, os.urandom).open("people", 1, erased, sealed) == {"name": "x"}
    assert keyring.destroy([erased]) == 1
    assert keyring.destroy([erased]) == 0
    assert other.drop_gone() == 1
    for ring in (keyring, other, place.keyring()):
        with pytest.raises(KeyDestroyed, match=erased):
            Sealer(ring, os.urandom).open("people", 1, erased, sealed)
        with pytest.raises(KeyDestroyed):
            Sealer(ring, os.urandom).seal("people", 1, erased, {"name": "x"})
        assert ring.get(kept).id == kept


def test_the_wrapped_key_of_an_erased_person_leaves_the_sqlite_files(tmp_path: Path) -> None:
    place = Place(f"sqlite:///{tmp_path / 'w.db'}", tmp_path / "kek")
    make_key_file(place.key_file, os.urandom)
    create(place)
    keyring = place.keyring()
    erased = keyring.take()
    engine = place.engine()
    with engine.begin() as connection:
        query = select(data_keys.c.wrapped).where(data_keys.c.id == erased)
        wrapped: bytes = connection.execute(query).scalar_one()
    engine.dispose()
    assert holds(place.url, wrapped) != []
    keyring.destroy([erased])
    assert holds(place.url, wrapped) == []
    for store in place.opened:
        store.close()


def test_the_root_key_is_not_destroyed(place: Place) -> None:
    keyring = place.keyring()
    with pytest.raises(ValueError, match="root"):
        keyring.destroy([keyring.root.id])
    assert place.keyring().root.id == keyring.root.id


# --------------------------------------------------------------------------------------------------- rotation


def filled(place: Place, count: int) -> dict[str, bytes | Unsealable]:
    """Every key there is, after `count` more were made."""
    store = place.store()
    made = store.add(KeyKind.POOL, count)
    return {**dict(made), store.root()[0]: store.root()[1]}


def test_after_a_rotation_the_new_key_alone_opens_everything(place: Place) -> None:
    keys = filled(place, 1_200)
    erased = place.keyring()
    gone = erased.take()
    erased.destroy([gone])
    heard: list[tuple[int, int]] = []
    both = add_key(place.key_file, os.urandom)
    done = place.store().rotate(NewKek(*KeyFileSource(place.key_file).fresh()), lambda *at: heard.append(at))
    assert heard[-1] == (done, done)
    assert done > 1_200
    keep_keys(place.key_file, {both.ids[0]})
    store = place.store()
    assert store.load(keys) == keys
    assert isinstance(store.load([gone])[gone], KeyDestroyed)


def test_the_old_key_alone_is_refused_after_a_rotation(place: Place) -> None:
    old = place.key_file.read_text()
    place.rotate()
    place.key_file.write_text(old)
    with pytest.raises(WrongKey, match="WATCHLINE_KEY_FILE"):
        place.store()


def test_a_running_process_reads_the_key_file_again_and_adds_under_the_new_key(place: Place) -> None:
    running = place.keyring(low=2, high=4, cached=2)
    before = [running.take() for _ in range(10)]
    assert place.rotate() > 0
    after = [running.take() for _ in range(10)]
    assert {running.get(key_id).id for key_id in before + after} == set(before + after)
    keep_keys(place.key_file, {read_keys(place.key_file).ids[0]})
    reopened = place.keyring()
    assert {reopened.get(key_id).id for key_id in before + after} == set(before + after)


def test_a_rotation_beside_a_working_process_leaves_nothing_under_the_old_key(place: Place) -> None:
    filled(place, 1_500)
    worker = place.child("work")
    assert worker.stdout is not None
    assert worker.stdout.readline() == "ready\n"
    for _ in range(3):
        place.rotate()
    sealed = dict(line.split() for line in lines(worker))
    assert len(sealed) >= 100
    keep_keys(place.key_file, {read_keys(place.key_file).ids[0]})
    sealer = Sealer(place.keyring(cached=5_000), os.urandom)
    for key_id, payload in sealed.items():
        assert sealer.open_bytes("rows", key_id, key_id, bytes.fromhex(payload)) == b"x"


@pytest.mark.parametrize("chunks", [0, 1, 3, 6])
def test_a_rotation_killed_in_the_middle_loses_no_key_and_goes_on(place: Place, chunks: int) -> None:
    keys = filled(place, 4_000)
    both = add_key(place.key_file, os.urandom)
    child = place.child("rotate")
    assert child.stdin is not None
    assert child.stdout is not None
    for _ in range(chunks + 1):
        assert " of " in child.stdout.readline()
        child.stdin.write("go on\n")
        child.stdin.flush()
    child.kill()  # somewhere in the chunk that it was just told to begin
    child.communicate()

    store = place.store()
    assert store.load(keys) == keys, "with both keys, all is readable"
    store.rotate(NewKek(*KeyFileSource(place.key_file).fresh()), lambda done, total: None)
    keep_keys(place.key_file, {both.ids[0]})
    assert place.store().load(keys) == keys, "and after it was finished, with the new one alone"


def test_throwing_the_old_key_away_in_the_middle_of_a_rotation_is_noticed_at_once(place: Place) -> None:
    filled(place, 1_500)
    both = add_key(place.key_file, os.urandom)

    def interrupt(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        place.store().rotate(NewKek(*KeyFileSource(place.key_file).fresh()), interrupt)
    keep_keys(place.key_file, {both.ids[0]})
    with pytest.raises(WrongKey, match="after an unfinished rotation it must hold the old key too"):
        place.store()


def test_of_two_rotations_the_later_one_wins_and_no_key_is_lost(place: Place) -> None:
    keys = filled(place, 1_500)
    add_key(place.key_file, os.urandom)
    first = NewKek(*KeyFileSource(place.key_file).fresh())
    other = place.store()

    def overtake(done: int, total: int) -> None:
        add_key(place.key_file, os.urandom)
        other.rotate(NewKek(*KeyFileSource(place.key_file).fresh()), lambda done, total: None)

    with pytest.raises(RotationOvertaken):
        place.store().rotate(first, overtake)
    keep_keys(place.key_file, {read_keys(place.key_file).ids[0]})
    assert place.store().load(keys) == keys


# ------------------------------------------------------------------------------------------------ passphrases


def passphrases(path: Path, *newest_first: str) -> PassphraseSource:
    path.touch(0o600)
    path.write_text("\n".join(newest_first))
    return PassphraseSource(path, os.urandom, CHEAP)


def test_a_passphrase_opens_rotates_and_is_refused_when_wrong(database: str, tmp_path: Path) -> None:
    path = tmp_path / "pass"
    clock = Clock()
    source = passphrases(path, "correct horse battery")
    KeyStore.create(database, NewKek(*source.fresh()), entropy=os.urandom, now=clock.now)

    def opened() -> KeyStore:
        return KeyStore.open(database, source, entropy=os.urandom, now=clock.now)

    store = opened()
    root = store.root()
    passphrases(path, "quite another passphrase")
    with pytest.raises(WrongKey, match="WATCHLINE_PASSPHRASE_FILE") as caught:
        opened()
    assert "another" not in str(caught.value)

    passphrases(path, "quite another passphrase", "correct horse battery")
    rotating = opened()
    rotating.rotate(NewKek(*source.fresh()), lambda done, total: None)
    assert store.root() == root, "a running process follows"
    passphrases(path, "quite another passphrase")
    last = opened()
    assert last.root() == root
    for each in (store, rotating, last):
        each.close()


def test_two_desks_share_a_server_and_no_keys(postgres: Postgres, tmp_path: Path) -> None:
    place = Place("", tmp_path / "kek")
    make_key_file(place.key_file, os.urandom)
    source = KeyFileSource(place.key_file)
    clock = Clock()
    roots = set()
    with postgres.fresh_database() as url:
        for schema in ("north", "south"):
            kek = NewKek(*source.fresh())
            KeyStore.create(url, kek, entropy=os.urandom, now=clock.now, schema=schema)
            store = KeyStore.open(url, source, entropy=os.urandom, now=clock.now, schema=schema)
            roots.add(store.root())
            store.close()
        with pytest.raises(NoKeyStore, match="watchline_keys"):
            KeyStore.open(url, source, entropy=os.urandom, now=clock.now)
    assert len(roots) == 2
