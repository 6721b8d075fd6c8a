"""The tables, one schema on SQLite and PostgreSQL.

Two rules:

1. Operational columns are plain and few: ids, states, urgency, desk, instants, versions. Whatever tells of a person is
   in `sealed`, under the data key named by `key_id`.
2. What must be found by something secret (an account id, a message reference, an invitation code) is found by a keyed
   blind index, 16 bytes.

Instants are microseconds since 1970 UTC, so that both databases compare and order them alike.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, MetaData, String, Table, text

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _id(name: str = "id", **options: bool) -> Column[str]:
    return Column(name, String(32), **options)  # type: ignore[arg-type]


def _instant(name: str, nullable: bool = True) -> Column[int]:
    return Column(name, BigInteger, nullable=nullable)


def _sealed() -> tuple[Column[str], Column[bytes]]:
    return Column("key_id", String(64), nullable=False), Column("sealed", LargeBinary, nullable=False)


meta = Table(
    "meta",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("value", String(255), nullable=False),
)

people = Table(
    "people",
    metadata,
    _id(primary_key=True),
    Column("desk", String(32), nullable=False),
    Column("role", String(16), nullable=False),
    Column("status", String(16), nullable=False),
    Column("verified", Boolean, nullable=False),
    Column("version", Integer, nullable=False),
    Column("named", LargeBinary, nullable=True),
    *_sealed(),
)
Index(
    "ix_people_named",
    people.c.named,
    sqlite_where=text("named is not null"),
    postgresql_where=text("named is not null"),
)
STAFF = text("role in ('officer','lead')")
Index("ix_people_staff", people.c.desk, sqlite_where=STAFF, postgresql_where=STAFF)

addresses = Table(
    "addresses",
    metadata,
    _id(primary_key=True),
    _id("person_id", nullable=False),
    Column("channel", String(16), nullable=False),
    Column("blind", LargeBinary, nullable=False),
    Column("rank", Integer, nullable=False),
    Column("status", String(16), nullable=False),
    _instant("heard_at"),
    *_sealed(),
)
Index("ix_addresses_blind", addresses.c.channel, addresses.c.blind, unique=True)
Index("ix_addresses_person", addresses.c.person_id)

inbox = Table(
    "inbox",
    metadata,
    _id(primary_key=True),
    Column("channel", String(16), nullable=False),
    Column("dedup", LargeBinary, nullable=False),
    Column("lane", LargeBinary, nullable=False),
    _instant("received_at", nullable=False),
    Column("urgent", Boolean, nullable=False),
    Column("state", String(8), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("key_id", String(64), nullable=False),
    Column("sealed", LargeBinary, nullable=True),
)
Index("ix_inbox_dedup", inbox.c.channel, inbox.c.dedup, unique=True)
Index(
    "ix_inbox_new",
    inbox.c.urgent,
    inbox.c.id,
    sqlite_where=text("state = 'new'"),
    postgresql_where=text("state = 'new'"),
)
Index(
    "ix_inbox_lane",
    inbox.c.lane,
    inbox.c.id,
    sqlite_where=text("state = 'new'"),
    postgresql_where=text("state = 'new'"),
)
Index("ix_inbox_received", inbox.c.received_at)

cases = Table(
    "cases",
    metadata,
    _id(primary_key=True),
    Column("ref", String(12), nullable=False, unique=True),
    Column("desk", String(32), nullable=False),
    _id("person_id", nullable=False),
    Column("urgency", Integer, nullable=False),
    Column("status", String(8), nullable=False),
    Column("silent", Boolean, nullable=False),
    Column("verified", Boolean, nullable=False),
    Column("drill", Boolean, nullable=False),
    Column("source", String(16), nullable=False),
    _id("taken_by", nullable=True),
    _instant("opened_at", nullable=False),
    _instant("taken_at"),
    _instant("answered_at"),
    _instant("closed_at"),
    Column("version", Integer, nullable=False),
    *_sealed(),
)
# Conditions of partial indexes. A query that is to use one repeats its condition as it stands here: neither database
# works it out from bound values.
UNCLOSED = text("status != 'closed'")
Index(
    "ix_cases_unclosed",
    cases.c.desk,
    cases.c.urgency,
    cases.c.opened_at,
    sqlite_where=UNCLOSED,
    postgresql_where=UNCLOSED,
)
CROWD = text("status = 'open' and urgency = 1 and not verified and not drill")
Index("ix_cases_crowd", cases.c.desk, cases.c.id, sqlite_where=CROWD, postgresql_where=CROWD)
Index("ix_cases_person", cases.c.person_id, cases.c.opened_at)

messages = Table(
    "messages",
    metadata,
    _id(primary_key=True),
    _id("case_id", nullable=True),
    _id("person_id", nullable=False),
    _id("author_id", nullable=False),
    _instant("at", nullable=False),
    Column("kind", String(16), nullable=False),
    Column("blind", LargeBinary, nullable=True),
    *_sealed(),
)
Index("ix_messages_case", messages.c.case_id, messages.c.at)
Index("ix_messages_person", messages.c.person_id, messages.c.at)
Index("ix_messages_blind", messages.c.blind)

attachments = Table(
    "attachments",
    metadata,
    _id(primary_key=True),
    _id("message_id", nullable=False),
    _id("case_id", nullable=True),
    _id("person_id", nullable=False),
    Column("state", String(8), nullable=False),
    Column("size", BigInteger, nullable=True),
    Column("attempts", Integer, nullable=False),
    _instant("ready_at", nullable=False),
    *_sealed(),
)
Index(
    "ix_attachments_wanted",
    attachments.c.ready_at,
    sqlite_where=text("state = 'wanted'"),
    postgresql_where=text("state = 'wanted'"),
)
Index("ix_attachments_message", attachments.c.message_id)

attachment_chunks = Table(
    "attachment_chunks",
    metadata,
    _id("attachment_id", primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
)

outbox = Table(
    "outbox",
    metadata,
    _id(primary_key=True),
    _id("group_id", nullable=False),
    _id("person_id", nullable=False),
    _id("address_id", nullable=False),
    Column("channel", String(16), nullable=False),
    _id("case_id", nullable=True),
    _id("round_id", nullable=True),
    Column("kind", String(16), nullable=False),
    Column("priority", Integer, nullable=False),
    Column("urgency", Integer, nullable=False),
    Column("state", String(10), nullable=False),
    Column("attempts", Integer, nullable=False),
    _instant("created_at", nullable=False),
    _instant("ready_at", nullable=False),
    _instant("sent_at"),
    Column("menu", Boolean, nullable=False),
    Column("guard", String(12), nullable=False),
    Column("token", Integer, nullable=False),
    Column("blind", LargeBinary, nullable=True),
    *_sealed(),
)
WAITING = text("state in ('queued','sending')")
QUEUED = text("state = 'queued'")
MENU = text("menu")
Index(
    "ix_outbox_waiting",
    outbox.c.channel,
    outbox.c.priority,
    outbox.c.id,
    sqlite_where=WAITING,
    postgresql_where=WAITING,
)
Index(
    "ix_outbox_ready",
    outbox.c.ready_at,
    sqlite_where=QUEUED,
    postgresql_where=QUEUED,
)
Index("ix_outbox_case", outbox.c.case_id, outbox.c.kind, outbox.c.state)
Index(
    "ix_outbox_round",
    outbox.c.round_id,
    sqlite_where=text("round_id is not null"),
    postgresql_where=text("round_id is not null"),
)
Index("ix_outbox_group", outbox.c.group_id)
Index(
    "ix_outbox_blind",
    outbox.c.blind,
    sqlite_where=text("blind is not null"),
    postgresql_where=text("blind is not null"),
)
Index(
    "ix_outbox_menu",
    outbox.c.address_id,
    outbox.c.sent_at,
    sqlite_where=MENU,
    postgresql_where=MENU,
)

deadlines = Table(
    "deadlines",
    metadata,
    Column("kind", String(12), primary_key=True),
    _id("subject", primary_key=True),
    _id("person_id", nullable=True),
    Column("token", Integer, nullable=False),
    Column("step", Integer, nullable=False),
    Column("urgency", Integer, nullable=False),
    _instant("due_at", nullable=False),
)
Index("ix_deadlines_due", deadlines.c.due_at)
Index("ix_deadlines_subject", deadlines.c.subject)

contacts = Table(
    "contacts",
    metadata,
    _id(primary_key=True),
    _id("defender_id", nullable=False),
    _id("contact_id", nullable=False),
    Column("status", String(10), nullable=False),
    Column("rank", Integer, nullable=False),
    Column("version", Integer, nullable=False),
    *_sealed(),
)
Index("ix_contacts_defender", contacts.c.defender_id)
Index("ix_contacts_contact", contacts.c.contact_id)

invitations = Table(
    "invitations",
    metadata,
    _id(primary_key=True),
    Column("digest", LargeBinary, nullable=False, unique=True),
    Column("desk", String(32), nullable=False),
    Column("purpose", String(16), nullable=False),
    _id("made_by", nullable=True),
    _id("subject_id", nullable=True),
    _instant("made_at", nullable=False),
    _instant("expires_at", nullable=False),
    _instant("used_at"),
    _id("used_by", nullable=True),
    *_sealed(),
)
Index("ix_invitations_subject", invitations.c.subject_id)

check_ins = Table(
    "check_ins",
    metadata,
    _id(primary_key=True),
    _id("person_id", nullable=False),
    Column("desk", String(32), nullable=False),
    Column("kind", String(10), nullable=False),
    Column("status", String(10), nullable=False),
    Column("version", Integer, nullable=False),
    _instant("next_at"),
    *_sealed(),
)
Index("ix_check_ins_person", check_ins.c.person_id)

rounds = Table(
    "rounds",
    metadata,
    _id(primary_key=True),
    _id("check_in_id", nullable=False),
    _id("person_id", nullable=False),
    _id("case_id", nullable=True),
    Column("status", String(10), nullable=False),
    Column("rung", Integer, nullable=False),
    Column("version", Integer, nullable=False),
    _instant("asked_at", nullable=False),
    _instant("ended_at"),
    *_sealed(),
)
LIVE = text("status = 'live'")
Index("ix_rounds_live", rounds.c.person_id, sqlite_where=LIVE, postgresql_where=LIVE)
Index("ix_rounds_person", rounds.c.person_id, rounds.c.asked_at)
Index(
    "ix_rounds_case",
    rounds.c.case_id,
    sqlite_where=text("case_id is not null"),
    postgresql_where=text("case_id is not null"),
)

rotas = Table(
    "rotas",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("version", Integer, nullable=False),
    *_sealed(),
)

leases = Table(
    "leases",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("holder", String(64), nullable=False),
    _instant("until", nullable=False),
)
