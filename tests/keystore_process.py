"""Another process at the key store, for tests that need a real one.

    python -m tests.keystore_process URL KEY_FILE WHAT

`take N` prints N key ids. `work` takes and opens keys until its input ends, then prints every id it had, and
what it sealed. `rotate` wraps every key under the newest of the key file; before each chunk it prints a line
and waits for one.
"""

from __future__ import annotations

import datetime as dt
import os
import sys
from pathlib import Path
from threading import Event, Thread

from alerts.sealing import Sealer
from alerts.store.keks import NewKek
from alerts.store.keyring import Keyring
from alerts.store.keystore import KeyStore
from config.keyfile import KeyFileSource


def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def pause(done: int, total: int) -> None:
    say(f"{done} of {total}")
    sys.stdin.readline()


def work(store: KeyStore) -> None:
    """Small marks, so that the pool is filled again all the time while others rotate."""
    ended = Event()

    def wait_for_the_end() -> None:
        sys.stdin.read()
        ended.set()

    Thread(target=wait_for_the_end, daemon=True).start()
    keyring = Keyring(store, now, low=5, high=20, cached=8)
    sealer = Sealer(keyring, os.urandom)
    say("ready")
    sealed: dict[str, bytes] = {}
    while not ended.is_set() or len(sealed) < 100:
        key_id = keyring.take()
        sealed[key_id] = sealer.seal("rows", key_id, key_id, b"x")
        for earlier in list(sealed)[-30::7]:
            sealer.open_bytes("rows", earlier, earlier, sealed[earlier])
    for key_id, payload in sealed.items():
        say(f"{key_id} {payload.hex()}")


def main(url: str, key_file: str, what: str, *arguments: str) -> None:
    source = KeyFileSource(Path(key_file))
    store = KeyStore.open(url, source, entropy=os.urandom, now=now)
    match what:
        case "take":
            keyring = Keyring(store, now, low=10, high=50)
            for _ in range(int(arguments[0])):
                say(keyring.take())
        case "work":
            work(store)
        case "rotate":
            pause(0, 0)
            store.rotate(NewKek(*source.fresh()), pause)
    store.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
