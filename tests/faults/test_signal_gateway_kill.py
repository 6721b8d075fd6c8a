"""Gateway mode under kill -9, on the real stack: what the gateway drops is lost, and that is why it is not the default.

What is lost beyond it is what was on its way to us in the instant of a kill.
"""

from __future__ import annotations

import random
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest

from bot.channels.signal.parse import parse
from tests.fakes.signal_receiver import open_database
from tests.faults.test_signal_kill import A_KILL, KILLS, SEED, Load
from tests.faults.test_signal_receiver import eventually
from tests.signal_stack import BOT, signal_stack


def test_the_bot_killed_in_gateway_mode(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    chance = random.Random(SEED)
    path = str(tmp_path / "inbox.db")

    def stored() -> set[str]:
        with closing(open_database(path)) as database:
            return {parse(raw).text for (raw,) in database.execute("SELECT raw FROM inbox")}

    with signal_stack(tmp_path / "stack", receive_mode="on-start") as stack:
        command = [
            sys.executable,
            "-m",
            "tests.fakes.signal_gateway_bot",
            BOT,
            f"http://{stack.gateway_address}",
            path,
        ]

        def attached() -> bool:
            return bool(stack.gateway_state()["attached"].get(BOT))

        bot = subprocess.Popen(command, cwd=Path(__file__).parents[2])
        try:
            eventually(attached)
            with Load(stack.user("writer"), "m") as load:
                for _ in range(KILLS):
                    load.wanted = len(load.sent) + 2 * A_KILL
                    load.reaches(len(load.sent) + 1 + chance.randrange(A_KILL))
                    threading.Event().wait(chance.random() * 0.05)
                    bot.kill()
                    bot.wait()
                    load.wanted = 0  # what comes while nobody is attached is lost anyway, and tells nothing
                    eventually(lambda: not attached())
                    bot = subprocess.Popen(command, cwd=Path(__file__).parents[2])
                    eventually(attached)
                load.reaches(len(load.sent) + A_KILL)
            eventually(lambda: stack.pending(BOT) == 0)
            last = stack.user("last")
            last.send("last")
            eventually(lambda: "last" in stored())
        finally:
            bot.kill()
            bot.wait()
        lost = len(set(load.sent) - stored())
        dropped = sum(stack.gateway_state()["dropped"].values())
        with capsys.disabled():
            print(  # noqa: T201
                f"\ngateway mode: {KILLS} kills, seed {SEED}: {len(load.sent)} sent, {lost} lost, "
                f"{dropped} dropped by the gateway"
            )
        assert lost <= dropped + KILLS
