"""The test run's own database server ends with it, however it ends."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from pathlib import Path

STARTS = """
import sys
from tests.postgres import running_postgres
with running_postgres(durable=False) as server:
    print(server._server.get_postmaster_info().process.pid, server._server.pgdata, flush=True)
    sys.stdin.read()
"""


def test_a_run_that_is_killed_leaves_no_server_behind() -> None:
    top = Path(__file__).parents[2]
    with subprocess.Popen(
        [sys.executable, "-c", STARTS], cwd=top, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as run:
        assert run.stdout is not None
        pid, folder = run.stdout.readline().split()
        watched = os.pidfd_open(int(pid))
        run.send_signal(signal.SIGKILL)
        run.wait()
    try:
        ended, _, _ = select.select([watched], [], [], 30)
    finally:
        os.close(watched)
    if not ended:
        os.kill(int(pid), signal.SIGQUIT)
    assert ended, "the server is still there"
    assert not Path(folder, "postmaster.pid").exists()
