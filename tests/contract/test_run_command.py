"""`watchline run` with real channels and everything that watches it: whole processes on loopback.

Here the way out is broken on purpose (no gateway, no Telegram): the third path has to ring all the same.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.request import urlopen

from tests.fakes.loopback_http import LoopbackServer, Request, Response
from tests.fakes.signal_daemon import ACCOUNT, FakeDaemon, message

TOP = Path(__file__).parents[2]
TOKEN = f"123456789:PLANTED{'a' * 30}"
COMMAND = (sys.executable, "-m", "bot.cli")
PATIENCE = 60.0


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


async def eventually(what: Callable[[], bool], process: asyncio.subprocess.Process) -> None:
    async with asyncio.timeout(PATIENCE):
        while not what():
            assert process.returncode is None, "it ended by itself"
            await asyncio.sleep(0.05)


def environment(**settings: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("WATCHLINE_")}
    given = {f"WATCHLINE_{name.upper()}": value for name, value in settings.items()}
    return {**kept, "PYTHONPATH": str(TOP), **given}


def test_an_sos_rings_the_alarm_service_while_nothing_else_gets_out(tmp_path: Path) -> None:
    called: list[tuple[str, bytes]] = []

    async def answer(request: Request) -> Response:
        called.append((request.target, request.body))
        return Response(200, b"OK")

    async def story() -> tuple[str, str]:
        server = LoopbackServer(answer)
        await server.start()
        outside = f"http://127.0.0.1:{server.port}"
        metrics, nothing = free_port(), free_port()
        settings = environment(
            signal_account=ACCOUNT,
            signal_daemon=f"127.0.0.1:{daemon.port}",
            signal_gateway=f"http://127.0.0.1:{nothing}",
            telegram_token=TOKEN,
            telegram_base_url=f"http://127.0.0.1:{nothing}/bot",
            heartbeat=f"{outside}/ping/PLANTED",
            page_webhook=f"{outside}/alarm/PLANTED",
            alive_file=str(tmp_path / "alive"),
            metrics_port=str(metrics),
        )
        make = await asyncio.create_subprocess_exec(*COMMAND, "init", cwd=tmp_path, env=settings, stdout=-3)
        assert await make.wait() == 0
        run = await asyncio.create_subprocess_exec(
            *COMMAND, "run", cwd=tmp_path, env=settings, stdout=-1, stderr=-1
        )
        ends = asyncio.create_task(run.communicate())
        try:
            await eventually((tmp_path / "alive").exists, run)
            await eventually(lambda: any(target == "/ping/PLANTED" for target, _ in called), run)
            daemon.push(message("PLANTED words of hers", 1_800_000_000_001))
            daemon.push(message("SOS"))
            await eventually(lambda: any(target == "/alarm/PLANTED" for target, _ in called), run)
            with await asyncio.to_thread(urlopen, f"http://127.0.0.1:{metrics}/metrics") as shown:
                figures = shown.read().decode()
        finally:
            run.send_signal(signal.SIGTERM)
            out, err = await asyncio.wait_for(ends, PATIENCE)
            await server.stop()
            print(err.decode())  # noqa: T201 - shown when the test fails
        assert run.returncode == 0, err.decode()
        assert 'watchline_channel_up{channel="telegram"} 0.0' in figures
        return out.decode(), err.decode() + figures

    daemon = FakeDaemon()
    try:
        out, told = asyncio.run(story())
    finally:
        daemon.close()
    alarms = [body.decode() for target, body in called if target.startswith("/alarm")]
    assert alarms
    assert all('"urgency":"P1"' in body.replace(" ", "") for body in alarms)
    assert "PLANTED" not in "".join(alarms)
    assert "PLANTED" not in out + told
    assert ACCOUNT not in out + told
    assert "durable receiving" in out
    assert "page_webhook" in told
