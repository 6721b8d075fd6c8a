"""Figures for Prometheus, on loopback: seconds, counts and channel names, nothing about a person or a case."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, start_http_server

from bot.watch import GOOD_STATES, Figures


class Metrics:
    """The present figures, as Prometheus reads them."""

    def __init__(self, version: str) -> None:
        self.registry = CollectorRegistry()
        self._version = self._gauge("watchline_info", "Version of Watchline.", "version")
        self._version.labels(version).set(1)
        self._well = self._gauge("watchline_well", "1 while the watch finds nothing wrong.")
        self._store = self._gauge("watchline_store_up", "1 while the store answers.")
        self._overdue = self._gauge(
            "watchline_oldest_overdue_deadline_seconds", "How long the oldest deadline has been overdue."
        )
        self._page = self._gauge(
            "watchline_oldest_unsent_page_seconds", "How long the oldest page has waited to go out."
        )
        self._inbox = self._gauge("watchline_inbox_waiting", "Messages that wait for their turn.")
        self._inbox_oldest = self._gauge(
            "watchline_inbox_oldest_seconds", "How long the oldest of them has waited."
        )
        self._stalled = self._gauge(
            "watchline_desk_stalled_seconds", "Since when the desk thread has finished no step."
        )
        self._webhook = self._gauge(
            "watchline_page_webhook_failing_seconds", "Since when the alarm service takes no calls."
        )
        self._shut = self._gauge(
            "watchline_desk_rows_shut",
            "Members of the desk, accounts of theirs and rotas that cannot be opened.",
        )
        self._scarce = self._gauge(
            "watchline_disk_nearly_full", "1 while so little room is left for the database that files wait."
        )
        self._up = self._gauge("watchline_channel_up", "1 while receiving from a channel works.", "channel")
        self._canary_age = self._gauge(
            "watchline_canary_age_seconds", "Since a channel's canary last made its whole trip.", "channel"
        )
        self._canary_trip = self._gauge(
            "watchline_canary_trip_seconds",
            "How long a channel's last canary took, by leg.",
            "channel",
            "leg",
        )
        self._canary_missed = self._gauge(
            "watchline_canary_missed", "Canaries in a row that did not make it.", "channel"
        )
        self._canary_unproven = self._gauge(
            "watchline_canary_unproven_seconds",
            "Since when nothing shows that what a channel takes arrives; 0 while it is known to.",
            "channel",
        )
        self._beats = Counter("watchline_watch_beats", "Rounds of the watch.", registry=self.registry)

    def _gauge(self, name: str, words: str, *labels: str) -> Gauge:
        return Gauge(name, words, labels, registry=self.registry)

    def show(self, figures: Figures, wrong: tuple[str, ...]) -> None:
        """Takes new figures."""
        self._beats.inc()
        self._well.set(not wrong)
        self._store.set(figures.store)
        self._overdue.set(figures.overdue or 0.0)
        self._page.set(figures.unsent_page or 0.0)
        self._inbox.set(figures.inbox)
        self._inbox_oldest.set(figures.inbox_oldest or 0.0)
        self._stalled.set(figures.stalled)
        self._webhook.set(figures.webhook or 0.0)
        self._shut.set(figures.shut)
        self._scarce.set(figures.scarce)
        for channel, state in figures.channels.items():
            self._up.labels(channel).set(state in GOOD_STATES)
        for canary in figures.canaries:
            if canary.done_at is not None:
                age = (figures.at - canary.done_at).total_seconds()
                self._canary_age.labels(canary.channel).set(max(0.0, age))
            for leg, seconds in (("out", canary.taken_seconds), ("round", canary.round_seconds)):
                if seconds is not None:
                    self._canary_trip.labels(canary.channel, leg).set(seconds)
            self._canary_missed.labels(canary.channel).set(canary.missed)
            since = canary.unproven_since
            unproven = (figures.at - since).total_seconds() if since is not None else 0.0
            self._canary_unproven.labels(canary.channel).set(max(0.0, unproven))

    def serve(self, host: str, port: int) -> int:
        """Serves them under /metrics, on a thread of its own; the port, which is chosen when 0 was given.

        Raises OSError when the port is taken.
        """
        server, _ = start_http_server(port, host, self.registry)
        return server.server_port
