"""Laws 1, 2, 6, 7 and 8 on the real engine: each test fails when its law is broken."""

from __future__ import annotations

import asyncio
import itertools
import json
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine as Database
from sqlalchemy import event, func, select, text

from alerts.deadlines import Deadline, DeadlineKind
from alerts.events import Outbound, OutboundKind, Outcome, RawInbound, Refusal, Refused, RetryAt, Sent
from alerts.ids import micros
from alerts.outbox import P1_RETRY_CAP, priority
from alerts.recognition import Intent, Verdict
from alerts.store import files, queues, tables
from bot.channels.pretend_phones import account
from bot.delivery import Budget, Delivery
from bot.downloads import tell_shut
from bot.engine import Engine
from bot.lane import Lane
from bot.rehearsal.script import Character
from bot.runtime import Runtime
from handlers.rules import Recognises, Rules
from handlers.turn import Turns
from tests.machines.law3 import broken
from tests.stories.chat import BOTH, Chat, chat


@pytest.fixture
def it(database: str) -> Iterator[Chat]:
    """A desk, a verified defender and a stranger, in one life of the process."""
    with chat(Character("sami", BOTH, verified=True), "nour", database=database, restarts=False) as made:
        yield made


def frame(who: str, number: int, words: str, **more: Any) -> RawInbound:
    """A text on Signal, as its channel hands it over."""
    fields: dict[str, Any] = {"n": number, "from": account(who, "signal"), "kind": "text", "ref": str(number)}
    fields |= {"text": words, **more}
    return RawInbound("signal", str(number), account(who, "signal"), json.dumps(fields).encode(), words)


def engine_with(it: Chat, rules: Rules | None = None, kind: type[Engine] = Engine) -> Engine:
    """An engine on the same store that works by other rules."""
    old = it.stage.engine
    return kind(old.store, rules or it.stage.rules, old.parsers, old.clock, old.entropy)


def count(it: Chat, table: Any, *where: Any) -> int:
    with it.stage.engine.store.reading() as work:
        return int(
            work.connection.execute(select(func.count()).select_from(table).where(*where)).scalar_one()
        )


def pages(it: Chat, urgency: int = 1) -> int:
    return count(it, tables.outbox, tables.outbox.c.kind == "page", tables.outbox.c.urgency == urgency)


# --------------------------------------------------------------------------------------------------------------- law 1


class Hesitant(Engine):
    """Waits a moment before it stores, so that whoever was told too early has the time to say so."""

    told = threading.Event()
    early = False

    def accept(self, frames: Sequence[RawInbound]) -> bool:
        Hesitant.early = Hesitant.told.wait(0.3)
        return super().accept(frames)


class Quiet:
    """A channel that nobody writes on."""

    name = "signal"

    async def run(self, accept: Callable[[RawInbound], Any]) -> None:
        await asyncio.Event().wait()

    async def send(self, outbound: Outbound) -> Outcome:
        return Sent("1")


def running(engine: Engine, do: Callable[[Runtime], Any]) -> Any:
    """`do` with a runtime that runs."""

    async def go() -> Any:
        runtime = Runtime(engine, {})
        runtime.start(asyncio.get_running_loop())
        try:
            return await do(runtime)
        finally:
            await asyncio.to_thread(runtime.stop)

    return asyncio.run(go())


def test_a_channel_is_told_only_after_the_commit(it: Chat) -> None:
    Hesitant.told.clear()

    async def write(runtime: Runtime) -> int:
        await runtime.accept(frame("nour", 1, "SOS"))
        stored = count(it, tables.inbox)
        Hesitant.told.set()
        return stored

    assert running(engine_with(it, kind=Hesitant), write) == 1
    assert not Hesitant.early


def test_a_frame_that_is_not_stored_is_refused_and_those_beside_it_are_not(it: Chat) -> None:
    class Full(Engine):
        def accept(self, frames: Sequence[RawInbound]) -> bool:
            if any(raw.dedup == "2" for raw in frames):
                raise ValueError("this one cannot be stored")
            return super().accept(frames)

    async def write(runtime: Runtime) -> list[Any]:
        frames = [frame("nour", n, f"SOS {n}") for n in (1, 2, 3)]
        return await asyncio.gather(*map(runtime.accept, frames), return_exceptions=True)

    told = running(engine_with(it, kind=Full), write)
    assert [type(answer) for answer in told] == [type(None), ValueError, type(None)]
    assert count(it, tables.inbox) == 2


# --------------------------------------------------------------------------------------------------------------- law 2


class Broken:
    """A recogniser whose every answer but those named is a mistake of ours."""

    def __init__(self, inner: Recognises, *good: str) -> None:
        self.inner, self.good = inner, good

    def _or_raise(self, name: str) -> None:
        if name not in self.good:
            raise RuntimeError("a mistake")

    def recognise(self, words: str) -> Verdict:
        self._or_raise("recognise")
        return self.inner.recognise(words)

    def language(self, words: str) -> str:
        self._or_raise("language")
        return self.inner.language(words)

    def whole_message_sos(self, words: str) -> bool:
        self._or_raise("whole_message_sos")
        return self.inner.whole_message_sos(words)

    def intent(self, words: str) -> Intent | None:
        self._or_raise("intent")
        return self.inner.intent(words)


def seen_at_commits(it: Chat, do: Callable[[], object]) -> list[tuple[int, int]]:
    """How many cases and pages others can see before each commit while something is done, and after the last."""
    seen: list[tuple[int, int]] = []
    busy = threading.local()

    def look(_connection: Any) -> None:
        if not getattr(busy, "now", False):
            busy.now = True
            seen.append((count(it, tables.cases), count(it, tables.outbox, tables.outbox.c.kind == "page")))
            busy.now = False

    event.listen(Database, "commit", look)
    try:
        do()
    finally:
        event.remove(Database, "commit", look)
    look(None)
    return seen


@pytest.mark.parametrize("who", ["sami", "nour"])
def test_the_page_is_visible_from_the_same_commit_as_the_case(it: Chat, who: str) -> None:
    it.stage.engine.accept(
        [frame(who, 1, "SOS", files=[{"id": "f1", "content_type": "image/png", "size": 9}])]
    )
    seen = seen_at_commits(it, it.stage.engine.work_inbox)
    assert seen[-1][0] == 1
    assert all((cases == 0) == (sent == 0) for cases, sent in seen), seen


def test_a_recogniser_that_fails_at_first_sight_delays_nothing(it: Chat) -> None:
    blind = replace(it.stage.rules, recogniser=Broken(it.stage.rules.recogniser))
    assert engine_with(it, blind).accept([frame("nour", 1, "SOS")]), "whatever cannot be judged comes first"
    it.stage.engine.work_inbox()
    assert pages(it) > 0


@pytest.mark.parametrize("who", ["sami", "nour"])
def test_an_alarm_whose_turn_fails_is_a_case_and_a_page_at_once(it: Chat, who: str) -> None:
    """Whatever mistake of ours stands in its way: here nothing in the words can be understood."""
    blind = replace(it.stage.rules, recogniser=Broken(it.stage.rules.recogniser))
    engine = engine_with(it, blind)
    engine.accept([frame(who, 1, "SOS")])
    engine.work_inbox()
    assert pages(it) > 0
    assert count(it, tables.cases, tables.cases.c.urgency == 1) == 1
    assert broken(it.stage.engine.store) == []
    drained(engine)
    assert count(it, tables.cases) == 1
    # When the mistake is mended in between, the message joins the case that is there.
    it.stage.engine.accept([frame(who, 2, "SOS")])
    drained(it.stage.engine)
    assert count(it, tables.cases) == 1


# --------------------------------------------------------------------------------------------------------------- law 6


def prompts(it: Chat, how_many: int) -> None:
    """A check-in round of that size waits in the outbox, older than everything that comes."""
    now = micros(it.stage.clock.now())
    rows = [
        {
            **{name: f"{name}{n:05}" for name in ("id", "group_id", "person_id", "address_id")},
            "channel": "signal",
            "kind": "prompt",
            "priority": priority(OutboundKind.PROMPT, 4, True),
            "urgency": 4,
            "state": "queued",
            "attempts": 0,
            "created_at": now,
            "ready_at": now,
            "menu": False,
            "guard": "none",
            "token": 0,
            "key_id": "k",
            "sealed": b"",
        }
        for n in range(how_many)
    ]
    with it.stage.engine.store.writing() as work:
        work.connection.execute(tables.outbox.insert(), rows)


def test_a_page_overtakes_ten_thousand_prompts_and_verified_goes_before_unverified(it: Chat) -> None:
    prompts(it, 10_000)
    it.stage.engine.accept([frame("nour", 1, "SOS"), frame("sami", 1_000, "SOS")])
    drained(it.stage.engine)
    with it.stage.engine.store.writing() as work:
        first = queues.waiting_parcels(work.connection, "signal", it.stage.clock.now(), 30)
        order = [(parcel.urgency, parcel.kind != "page", parcel.case_id) for parcel in first]
        verified = {
            p.case_id: (c := work.case(p.case_id)) is not None and c.verified for p in first if p.case_id
        }
    urgent = [one for one in order if one[0] == 1]
    assert order[: len(urgent)] == urgent
    assert [late for _, late, _ in urgent] == sorted(late for _, late, _ in urgent), "pages first"
    mine = [verified[case] for _, late, case in urgent if not late and case]
    assert mine == sorted(mine, reverse=True)
    assert set(mine) == {True, False}


# --------------------------------------------------------------------------------------------------------------- law 7


def settle(it: Chat, outcome: Callable[[str, str], Outcome]) -> None:
    """Everything that waits is sent once, with what `outcome` says of each (channel, person's account)."""
    for delivery in it.stage.deliveries:
        fresh = Delivery(it.stage.engine, delivery.channel, Budget())
        for consignment in fresh.claim(50):
            answer = outcome(delivery.channel, consignment.outbound.address)
            it.stage.engine.settle(fresh.answered(consignment, answer))


def test_refused_everywhere_goes_to_the_next_person_at_once(it: Chat) -> None:
    it.stage.engine.accept([frame("sami", 1, "SOS")])
    it.stage.engine.work_inbox()
    ana = {account("ana", channel) for channel in BOTH}
    settle(it, lambda _, who: Refused(Refusal.BLOCKED) if who in ana else Sent("1"))
    told = {c.outbound.address for d in it.stage.deliveries for c in d.claim(50)}
    assert account("ben", "signal") in told


def test_temporary_failures_of_a_p1_are_tried_again_within_three_seconds(it: Chat) -> None:
    it.stage.engine.accept([frame("sami", 1, "SOS")])
    it.stage.engine.work_inbox()
    for _ in range(6):
        settle(it, lambda *_: RetryAt(60.0, "server_error"))
        with it.stage.engine.store.reading() as work:
            ready = tables.outbox.c.ready_at
            query = select(func.max(ready)).where(
                tables.outbox.c.state == "queued", tables.outbox.c.urgency == 1
            )
            latest = work.connection.execute(query).scalar_one() / 1e6
        assert latest - it.stage.clock.now().timestamp() <= P1_RETRY_CAP
        it.stage.clock.advance(timedelta(seconds=P1_RETRY_CAP))


def test_something_urgent_tries_the_other_channel_after_three_failures(it: Chat) -> None:
    it.stage.engine.accept([frame("sami", 1, "SOS")])
    it.stage.engine.work_inbox()
    theirs = [account("sami", channel) for channel in BOTH]
    seen: list[str] = []
    for _ in range(4):
        for delivery in it.stage.deliveries:
            fresh = Delivery(it.stage.engine, delivery.channel, Budget())
            for consignment in fresh.claim(50):
                if consignment.outbound.address in theirs:
                    seen.append(delivery.channel)
                answer = RetryAt(1.0, "server_error") if delivery.channel == "signal" else Sent("1")
                it.stage.engine.settle(fresh.answered(consignment, answer))
        it.stage.clock.advance(timedelta(seconds=4))
    first_elsewhere = seen.index("telegram")
    assert seen[:first_elsewhere].count("signal") >= 3


# --------------------------------------------------------------------------------------------------------------- law 8


def drained(engine: Engine) -> None:
    """Works until nothing waits, and not for ever."""
    for _ in range(20):
        engine.work_inbox()


def test_a_frame_that_nobody_can_read_pages_the_desk_and_lets_the_next_one_pass(it: Chat) -> None:
    garbage = RawInbound("signal", "1", account("sami", "signal"), b"{", "")
    it.stage.engine.accept([garbage, frame("sami", 2, "the meeting moved")])
    drained(it.stage.engine)
    assert count(it, tables.messages) == 1, "the next one had its turn"
    states = tables.inbox.c.state
    assert (count(it, tables.inbox, states == "poison"), count(it, tables.inbox, states == "new")) == (1, 0)
    assert count(it, tables.inbox, tables.inbox.c.attempts == 3) == 1
    assert count(it, tables.outbox, tables.outbox.c.kind == "page") > 0


def test_a_turn_that_always_fails_pages_the_desk_and_lets_the_next_one_pass(it: Chat) -> None:
    class Trips(Broken):
        def recognise(self, words: str) -> Verdict:
            if "trips" in words:
                raise RuntimeError("a mistake")
            return self.inner.recognise(words)

    rules = replace(
        it.stage.rules, recogniser=Trips(it.stage.rules.recogniser, "whole_message_sos", "intent")
    )
    engine = engine_with(it, rules)
    engine.accept([frame("nour", 1, "this trips"), frame("nour", 2, "SOS")])
    drained(engine)
    assert count(it, tables.inbox, tables.inbox.c.state == "poison") == 1
    assert count(it, tables.inbox, tables.inbox.c.state == "new") == 0
    assert pages(it) > 0


def test_a_turn_that_cannot_be_written_does_not_keep_others_from_being_written(it: Chat) -> None:
    store = it.stage.engine.store
    it.stage.engine.accept([frame("nour", 1, "good day to you"), frame("sami", 2, "SOS")])
    with store.writing() as work:
        bad = work.person_at("signal", account("sami", "signal"))
        assert bad is not None
        # Nothing about Nour can be kept: a fault of the database that concerns one row.
        if store.dialect == "sqlite":
            work.connection.execute(
                text(
                    "CREATE TRIGGER fault BEFORE INSERT ON messages WHEN NEW.person_id <> '"
                    + bad.id
                    + "' BEGIN SELECT RAISE(ABORT, 'fault'); END"
                )
            )
        else:
            work.connection.execute(
                text(f"ALTER TABLE messages ADD CONSTRAINT fault CHECK (person_id = '{bad.id}')")
            )
    drained(it.stage.engine)
    assert count(it, tables.inbox, tables.inbox.c.state == "poison") == 1
    assert pages(it) > 0
    assert count(it, tables.inbox, tables.inbox.c.state == "new") == 0


def sent_by_a_runtime(engine: Engine) -> list[str]:
    """What a runtime hands over first, and not for ever."""
    sent: list[str] = []

    class Listening(Quiet):
        async def send(self, outbound: Outbound) -> Outcome:
            sent.append(outbound.id)
            return Sent(str(len(sent)))

    lane = Lane(Listening(), Delivery(engine, "signal", Budget()))  # type: ignore[arg-type]

    async def go() -> None:
        runtime = Runtime(engine, {"signal": lane})
        runtime.start(asyncio.get_running_loop())
        for _ in range(600):
            if sent:
                break
            await asyncio.sleep(0.05)
        await asyncio.to_thread(runtime.stop)

    asyncio.run(go())
    return sent


def test_one_message_that_cannot_be_opened_does_not_keep_others_from_going_out(it: Chat) -> None:
    it.stage.engine.accept([frame("sami", 1, "SOS")])
    it.stage.engine.work_inbox()
    outbox = tables.outbox
    with it.stage.engine.store.writing() as work:
        first = (
            work.connection.execute(
                select(outbox.c.id)
                .where(outbox.c.channel == "signal")
                .order_by(outbox.c.priority, outbox.c.id)
            )
            .scalars()
            .first()
        )
        work.connection.execute(outbox.update().where(outbox.c.id == first).values(sealed=b"\1" * 60))
    sent = sent_by_a_runtime(engine_with(it))
    assert sent
    assert first not in sent


@pytest.mark.parametrize("words", ["good day to you", "SOS"])
def test_a_frame_whose_key_is_gone_pages_the_desk_and_lets_the_next_one_pass(it: Chat, words: str) -> None:
    it.stage.engine.accept([frame("nour", 1, words)])
    with it.stage.engine.store.writing() as work:
        work.connection.execute(tables.inbox.update().values(key_id="0" * 32))
    it.stage.engine.accept([frame("sami", 2, "SOS"), frame("sami", 3, "the meeting moved")])
    drained(it.stage.engine)
    assert count(it, tables.messages) == 2, "those behind it had their turn"
    states = tables.inbox.c.state
    assert (count(it, tables.inbox, states == "poison"), count(it, tables.inbox, states == "new")) == (1, 0)
    assert count(it, tables.outbox, tables.outbox.c.kind == "page", tables.outbox.c.case_id.is_(None)) > 0


@pytest.mark.parametrize("broken_step", ["work_inbox", "work_deadlines"])
def test_a_step_that_always_fails_does_not_keep_pages_from_going_out(it: Chat, broken_step: str) -> None:
    it.stage.engine.accept([frame("sami", 1, "SOS")])
    it.stage.engine.work_inbox()
    engine = engine_with(it)

    def fails(**_: object) -> Any:
        raise RuntimeError("a mistake")

    setattr(engine, broken_step, fails)
    assert sent_by_a_runtime(engine)


def turns_until_verified_alarm(it: Chat) -> int:
    """How many messages have had their turn when the alarm of a verified defender has had its."""
    cases = tables.cases.c
    for _ in range(200):
        if count(it, tables.cases, cases.verified, cases.urgency == 1):
            break
        it.stage.engine.work_inbox()
    return count(it, tables.inbox, tables.inbox.c.state == "done")


def test_a_flood_of_one_stranger_that_ends_in_an_alarm_keeps_nobody_elses_waiting(it: Chat) -> None:
    flood = [frame("nour", number, f"and another thing, {number}") for number in range(300)]
    it.stage.engine.accept([*flood, frame("nour", 300, "SOS")])
    it.stage.engine.accept([frame("sami", 301, "are you there"), frame("sami", 302, "SOS")])
    assert turns_until_verified_alarm(it) < 20
    drained(it.stage.engine)
    for _ in range(400):
        it.stage.engine.work_inbox()
    assert count(it, tables.inbox, tables.inbox.c.state == "new") == 0


def test_on_a_slow_machine_an_alarm_is_not_put_off_by_what_stands_before_it_in_each_batch(it: Chat) -> None:
    engine = it.stage.engine
    hours, numbers = itertools.count(step=3600), itertools.count(1)
    engine.turns = Turns(
        engine.rules, engine.parsers, engine.entropy.draw, lambda: float(next(hours)), numbers.__next__
    )
    flood = [frame("nour", number, f"and another thing, {number}") for number in range(50)]
    engine.accept([*flood, frame("nour", 50, "SOS")])
    engine.accept([frame("sami", 51, "SOS")])
    assert turns_until_verified_alarm(it) < 5


def test_a_flood_of_many_strangers_does_not_stand_before_an_alarm_and_the_word_before_it(
    database: str,
) -> None:
    crowd = [f"passer{number}" for number in range(200)]
    with chat(Character("sami", BOTH, verified=True), *crowd, database=database, restarts=False) as it:
        it.stage.engine.accept([frame(who, number, "good day") for number, who in enumerate(crowd)])
        it.stage.engine.accept([frame("sami", 301, "are you there"), frame("sami", 302, "SOS")])
        assert turns_until_verified_alarm(it) < 20


def test_the_climb_of_an_alarm_does_not_wait_behind_thousands_of_missed_check_ins(it: Chat) -> None:
    now, store = it.stage.clock.now(), it.stage.engine.store
    rungs = [Deadline(DeadlineKind.RUNG, f"{n:032x}", None, 1, 1, 2, now) for n in range(1_500)]
    climb = Deadline(DeadlineKind.CLIMB, "f" * 32, None, 1, 1, 1, now + timedelta(minutes=2))
    with store.writing() as work:
        for deadline in (*rungs, climb):
            work.arm(deadline)
        work.flush()
    with store.writing() as work:
        found = queues.due(work.connection, now + timedelta(minutes=2), 100)
    assert found[0] == climb
    assert len({deadline.subject for deadline in found}) == len(found) == 100


def test_an_alarm_whose_record_does_not_open_any_more_is_told_again_and_again(it: Chat) -> None:
    it.says("sami", "SOS")
    with it.stage.engine.store.writing() as work:
        work.connection.execute(tables.cases.update().values(sealed=b"\1" * 60))
    it.waits(minutes=14)
    assert [line["text"][:2] for line in it.new("carla", "page")] == ["P1", "P1"], "on both of her channels"
    it.waits(minutes=5)
    assert it.new("ben", "page")
    assert not broken(it.stage.engine.store)


def test_a_file_that_does_not_open_any_more_does_not_keep_others_from_being_fetched(it: Chat) -> None:
    for number in (1, 2):
        photo = {"id": f"photo {number}", "content_type": "image/jpeg", "size": 5}
        it.stage.engine.accept([frame("sami", number, "look at this", files=[photo])])
        drained(it.stage.engine)
    wanted = tables.attachments
    with it.stage.engine.store.writing() as work:
        first = work.connection.execute(select(func.min(wanted.c.id))).scalar_one()
        work.connection.execute(wanted.update().where(wanted.c.id == first).values(sealed=b"\1" * 60))
    with it.stage.engine.store.reading() as work:
        found, shut = files.looked_through(work, it.stage.clock.now(), 8)
    assert [file.remote_id for file in found] == ["photo 2"]
    (about,) = [file.about for file in shut]
    # The desk is told, once, and it is looked at again another day.
    tell_shut(it.stage.engine, shut[0])
    claims = (d.claim(64) for d in it.stage.deliveries for _ in range(9))
    said = [c.outbound.text for claimed in claims for c in claimed]
    told = it.stage.rules.words.say("en", "file.shut", about=about)
    assert said.count(told) == 3
    assert len(about) == 4
    with it.stage.engine.store.reading() as work:
        assert files.looked_through(work, it.stage.clock.now(), 8)[1] == []
        assert files.looked_through(work, it.stage.clock.now() + timedelta(days=1), 8)[1] == shut
