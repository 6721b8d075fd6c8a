"""A skip that fails: with `WATCHLINE_NO_SKIPS=1` a test that would be skipped, or expected to fail, fails.

The checks before a change lands set it. A check that did not run must not look like one that passed.
"""

import os
from collections.abc import Generator

import pytest

NO_SKIPS = os.environ.get("WATCHLINE_NO_SKIPS", "") not in ("", "0")


def _reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    longrepr = report.longrepr
    if isinstance(longrepr, tuple):
        return str(longrepr[2])
    return str(longrepr or getattr(report, "wasxfail", ""))


def _fail_if_skipped(report: pytest.TestReport | pytest.CollectReport) -> None:
    if NO_SKIPS and report.outcome == "skipped":
        report.outcome = "failed"
        report.longrepr = f"WATCHLINE_NO_SKIPS is set, so this may not be skipped: {_reason(report)}"
        if hasattr(report, "wasxfail"):
            del report.wasxfail


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    _fail_if_skipped(report)
    return report


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    _fail_if_skipped(report)
    return report
