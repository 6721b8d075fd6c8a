"""What the pretend phones remember: durable, sealed, whole or not at all."""

from pathlib import Path
from typing import Any

import pytest

from bot.channels.practice.journal import Journal, JournalUnreadable
from bot.clock import SeededEntropy

KEY = b"k" * 32
FIRST: list[dict[str, Any]] = [{"message": "marker"}, {"frame": 1}]
SECOND: list[dict[str, Any]] = [{"line": "offline"}]


def opened(path: Path, key: bytes = KEY) -> Journal:
    return Journal(path, key, SeededEntropy(len(path.name)).draw)


def test_what_was_written_is_there_after_a_restart(tmp_path: Path) -> None:
    journal = opened(tmp_path / "phones")
    journal.append(FIRST)
    journal.append(SECOND)
    journal.close()
    again = opened(tmp_path / "phones")
    assert again.records == [FIRST, SECOND]
    again.append(FIRST)
    again.close()
    assert opened(tmp_path / "phones").records == [FIRST, SECOND, FIRST]


def test_nothing_in_the_file_can_be_read_and_nobody_else_may_open_it(tmp_path: Path) -> None:
    journal = opened(tmp_path / "phones")
    journal.append(FIRST)
    journal.close()
    assert b"marker" not in (tmp_path / "phones").read_bytes()
    assert (tmp_path / "phones").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("lost", [1, 3, 5, 20])
def test_what_a_crash_cut_off_never_happened(tmp_path: Path, lost: int) -> None:
    path = tmp_path / "phones"
    journal = opened(path)
    journal.append(FIRST)
    journal.append(SECOND)
    journal.close()
    path.write_bytes(path.read_bytes()[:-lost])
    again = opened(path)
    assert again.records == [FIRST]
    again.append(SECOND)
    again.close()
    assert opened(path).records == [FIRST, SECOND]


def test_another_key_a_change_and_a_swap_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "phones"
    journal = opened(path)
    journal.append(FIRST)
    journal.append(FIRST)
    journal.close()
    with pytest.raises(JournalUnreadable, match="another key"):
        opened(path, b"x" * 32)
    whole = path.read_bytes()
    path.write_bytes(whole[:40] + bytes([whole[40] ^ 1]) + whole[41:])
    with pytest.raises(JournalUnreadable, match="damaged"):
        opened(path)
    length = 4 + int.from_bytes(whole[8:12], "big")
    path.write_bytes(whole[:8] + whole[8 + length :] + whole[8 : 8 + length])
    with pytest.raises(JournalUnreadable, match="damaged"):
        opened(path)
    path.write_bytes(b"something else altogether")
    with pytest.raises(JournalUnreadable, match="not a file of the practice phones"):
        opened(path)


def test_a_rewrite_takes_the_place_of_everything(tmp_path: Path) -> None:
    journal = opened(tmp_path / "phones")
    for _ in range(50):
        journal.append(FIRST)
    long = (tmp_path / "phones").stat().st_size
    journal.rewrite([SECOND])
    journal.append(FIRST)
    journal.close()
    assert opened(tmp_path / "phones").records == [SECOND, FIRST]
    assert (tmp_path / "phones").stat().st_size < long
    assert [path.name for path in tmp_path.iterdir()] == ["phones"]
