"""Key files and passphrase files: what is refused, in which words, and that nothing of them is ever shown."""

from __future__ import annotations

import base64
import os
import stat
from pathlib import Path

import pytest

from config.keyfile import (
    Argon2Costs,
    KeyFile,
    KeyFileError,
    KeyFileSource,
    PassphraseSource,
    add_key,
    keep_keys,
    make_key_file,
    passphrase_key,
    read_keys,
    read_passphrases,
)

CHEAP = Argon2Costs(memory_kib=64, iterations=1, lanes=1)
KEY = base64.b64encode(b"K" * 32).decode()
OTHER = base64.b64encode(b"L" * 32).decode()


def written(path: Path, content: str | bytes, mode: int = 0o600) -> Path:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    path.chmod(mode)
    return path


# -------------------------------------------------------------------------------------------------- key files


def test_a_made_key_file_is_private_and_reads_back(tmp_path: Path) -> None:
    path = tmp_path / "kek"
    made = make_key_file(path, os.urandom)
    assert read_keys(path) == made
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [len(key) for _, key in made.keys] == [32]


def test_a_key_file_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "kek"
    made = make_key_file(path, os.urandom)
    with pytest.raises(KeyFileError, match="move it away"):
        make_key_file(path, os.urandom)
    assert read_keys(path) == made


def test_a_new_key_goes_before_the_others_and_old_ones_are_thrown_away_by_name(tmp_path: Path) -> None:
    path = tmp_path / "kek"
    first = make_key_file(path, os.urandom)
    both = add_key(path, os.urandom)
    assert both.keys[1:] == first.keys
    assert read_keys(path) == both
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert keep_keys(path, {both.ids[0]}).keys == both.keys[:1]
    assert read_keys(path).keys == both.keys[:1]
    with pytest.raises(KeyFileError, match="nothing was changed"):
        keep_keys(path, {"k-unknown"})
    assert read_keys(path).keys == both.keys[:1]
    assert [left.name for left in tmp_path.iterdir()] == ["kek"]


def test_a_draft_left_by_a_killed_process_is_in_nobodys_way(tmp_path: Path) -> None:
    path = tmp_path / "kek"
    make_key_file(path, os.urandom)
    written(tmp_path / "kek.new", "half a")
    assert len(add_key(path, os.urandom).keys) == 2


def test_comments_and_empty_lines_are_passed_over(tmp_path: Path) -> None:
    path = written(tmp_path / "kek", f"# a\n\nwatchline-kek-v1 a {KEY}\r\n  # b\nwatchline-kek-v1 b {OTHER}")
    assert read_keys(path) == KeyFile((("a", b"K" * 32), ("b", b"L" * 32)))


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "holds no key"),
        ("# only a comment\n", "holds no key"),
        (KEY, "line 1 .* is not a key"),
        (f"watchline-kek-v2 a {KEY}", "line 1 .* is not a key"),
        (f"watchline-kek-v1 {KEY}", "line 1 .* is not a key"),
        (f"watchline-kek-v1 A_b {KEY}", "line 1 .* is not a key"),
        (f"watchline-kek-v1 a {KEY} more", "line 1 .* is not a key"),
        (f"watchline-kek-v1 a {KEY[:-4]}", "line 1 .* whole key"),
        (f"\nwatchline-kek-v1 a {KEY[:-1]}!", "line 2 .* whole key"),
        (f"watchline-kek-v1 a {KEY}\nwatchline-kek-v1 a {OTHER}", "line 2 .* earlier line"),
        (b"\xff\xfe\x00", "not text"),
    ],
)
def test_a_broken_key_file_is_refused_and_not_shown(tmp_path: Path, content: str | bytes, told: str) -> None:
    path = written(tmp_path / "kek", content)
    with pytest.raises(KeyFileError, match=told) as caught:
        read_keys(path)
    message = str(caught.value)
    assert message.startswith("WATCHLINE_KEY_FILE: ")
    assert KEY[:8] not in message
    assert caught.value.__context__ is None or KEY[:8] not in repr(caught.value.__context__)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o644])
def test_a_key_file_that_others_can_read_or_change_is_refused_with_the_mend(
    tmp_path: Path, mode: int
) -> None:
    path = written(tmp_path / "kek", f"watchline-kek-v1 a {KEY}", mode)
    with pytest.raises(KeyFileError, match=f"chmod 600 {path}"):
        read_keys(path)


@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_a_key_file_only_its_owner_can_read_is_taken(tmp_path: Path, mode: int) -> None:
    assert read_keys(written(tmp_path / "kek", f"watchline-kek-v1 a {KEY}", mode)).ids == ("a",)


def test_what_is_not_a_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(KeyFileError, match=r"WATCHLINE_KEY_FILE: .*No such file"):
        read_keys(tmp_path / "none")
    with pytest.raises(KeyFileError, match="WATCHLINE_KEY_FILE"):
        read_keys(tmp_path)
    os.mkfifo(tmp_path / "pipe", 0o600)
    with pytest.raises(KeyFileError, match="not a file"):
        read_keys(tmp_path / "pipe")
    with pytest.raises(KeyFileError, match=r"WATCHLINE_KEY_FILE: .*No such file"):
        make_key_file(tmp_path / "none" / "kek", os.urandom)


def test_a_key_file_does_not_show_its_keys() -> None:
    assert "K" not in repr(KeyFile((("a", b"K" * 32),))).replace("KeyFile", "")


def test_a_key_file_source_reads_again_and_gives_the_keys_the_store_knows(tmp_path: Path) -> None:
    path = tmp_path / "kek"
    old = make_key_file(path, os.urandom)
    source = KeyFileSource(path)
    assert source.fresh() == (*old.keys[0], "")
    both = add_key(path, os.urandom)
    assert source.fresh() == (*both.keys[0], "")
    assert list(source.candidates({old.ids[0]: "", "k-other": ""})) == list(old.keys)
    assert source.setting == "WATCHLINE_KEY_FILE"


# ------------------------------------------------------------------------------------------------ passphrases


def test_passphrases_are_read_newest_first(tmp_path: Path) -> None:
    path = written(tmp_path / "pass", "correct horse battery\r\n\n  older staple words \n")
    assert read_passphrases(path) == ("correct horse battery", "older staple words")


def test_a_passphrase_is_the_same_however_its_accents_were_typed(tmp_path: Path) -> None:
    composed = written(tmp_path / "a", "caf\u00e9 au lait au matin")
    apart = written(tmp_path / "b", "cafe\u0301 au lait au matin")
    assert read_passphrases(composed) == read_passphrases(apart)


@pytest.mark.parametrize(
    ("content", "told"),
    [("", "empty"), ("\n\n", "empty"), ("too short", "line 1 .* shorter"), (b"\xff" * 20, "not text")],
)
def test_a_bad_passphrase_file_is_refused_and_not_shown(
    tmp_path: Path, content: str | bytes, told: str
) -> None:
    with pytest.raises(KeyFileError, match=told) as caught:
        read_passphrases(written(tmp_path / "pass", content))
    assert str(caught.value).startswith("WATCHLINE_PASSPHRASE_FILE: ")
    assert "too short" not in str(caught.value)


def test_a_passphrase_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(KeyFileError, match=r"WATCHLINE_PASSPHRASE_FILE: .*chmod 600"):
        read_passphrases(written(tmp_path / "pass", "correct horse battery", 0o644))


def test_a_passphrase_makes_the_same_key_again_and_others_make_others() -> None:
    key = passphrase_key("correct horse battery", b"s" * 16, CHEAP)
    assert len(key) == 32
    assert key == passphrase_key("correct horse battery", b"s" * 16, CHEAP)
    assert key != passphrase_key("correct horse batterz", b"s" * 16, CHEAP)
    assert key != passphrase_key("correct horse battery", b"t" * 16, CHEAP)


def test_a_passphrase_source_makes_its_keys_from_what_the_store_kept(tmp_path: Path) -> None:
    path = written(tmp_path / "pass", "correct horse battery")
    source = PassphraseSource(path, os.urandom, CHEAP)
    kek_id, key, derivation = source.fresh()
    assert "correct" not in derivation
    assert list(source.candidates({kek_id: derivation})) == [(kek_id, key)]
    assert source.fresh()[1] != key

    written(path, "newer words come first\ncorrect horse battery")
    tried = list(source.candidates({kek_id: derivation, "k-from-a-file": ""}))
    assert (kek_id, key) in tried
    assert [tried_id for tried_id, _ in tried] == [kek_id, kek_id]
    assert source.setting == "WATCHLINE_PASSPHRASE_FILE"


def test_the_default_costs_are_those_of_rfc_9106() -> None:
    assert Argon2Costs() == Argon2Costs(memory_kib=64 * 1024, iterations=3, lanes=4)
