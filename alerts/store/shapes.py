"""How each entity lies in its table: which fields are columns, and that all others are sealed.

A field whose name is a column of the table is stored plain; every other field goes into the sealed payload. So the rule
"what tells of a person is sealed" is read off `tables.py` alone.
"""

from __future__ import annotations

import enum
import typing
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from datetime import datetime
from operator import attrgetter
from typing import Any, Generic, TypeVar

from sqlalchemy import Table

from alerts.cases import Case, Message, StoredFile
from alerts.checkins import CheckIn, Round
from alerts.codec import from_plain, to_plain
from alerts.ids import from_micros, micros
from alerts.outbox import Outgoing
from alerts.people import Address, ContactLink, Invitation, Person
from alerts.store import tables
from alerts.store.vault import Vault

E = TypeVar("E")


Coder = Callable[[Any], Any] | None
"""None leaves a value as it is."""


def _plain_coders(hint: Any) -> tuple[Coder, Coder]:
    some = [argument for argument in typing.get_args(hint) if argument is not type(None)]
    base = some[0] if some and type(None) in typing.get_args(hint) else hint
    if base is datetime:
        return (
            lambda value: None if value is None else micros(value),
            lambda value: None if value is None else from_micros(value),
        )
    if isinstance(base, type) and issubclass(base, enum.Enum):
        return (lambda value: value.value), base
    return None, None


@dataclass(frozen=True)
class Shape(Generic[E]):
    """One entity and its table."""

    table: Table
    kind: type[E]
    elsewhere: frozenset[str] = frozenset()
    """Fields that are rows of another table."""

    def __post_init__(self) -> None:
        hints = typing.get_type_hints(self.kind)
        columns = [c.name for c in self.table.columns if c.name in hints]
        object.__setattr__(self, "_columns", tuple((c, *_plain_coders(hints[c])) for c in columns))
        object.__setattr__(self, "_unsealed", frozenset(columns) | self.elsewhere)
        object.__setattr__(self, "_values", attrgetter(*columns))
        hidden = [f.name for f in fields(self.kind) if f.name not in {*columns, *self.elsewhere}]  # type: ignore[arg-type]
        object.__setattr__(self, "_hidden", attrgetter(*hidden))
        present = {f.name for f in fields(self.kind)} & {"id", "key_id"}  # type: ignore[arg-type]
        if present != {"id", "key_id"}:
            raise TypeError(f"{self.kind.__name__} has no id or no key_id")

    def row(self, entity: E, vault: Vault, stored: tuple[E, bytes] | None = None) -> dict[str, Any]:
        """The entity as column values, payload sealed.

        `stored` is what the database has of it, and sealed how: a payload that has not changed is not sealed anew.
        """
        row = {
            name: value if encode is None else encode(value)
            for (name, encode, _), value in zip(self._columns, self._values(entity), strict=True)  # type: ignore[attr-defined]
        }
        if stored is not None and self._same_payload(stored[0], entity):
            sealed = stored[1]
        else:
            payload = to_plain(entity, self._unsealed)  # type: ignore[attr-defined]
            sealed = vault.sealer.seal(self.table.name, row["id"], row["key_id"], payload)
        vault.memory.keep(sealed, (tuple(row.values()), entity))
        row["sealed"] = sealed
        return row

    def _same_payload(self, one: Any, other: Any) -> bool:
        same_key = one.id == other.id and one.key_id == other.key_id
        return same_key and bool(self._hidden(one) == self._hidden(other))  # type: ignore[attr-defined]

    def entity(self, row: Any, vault: Vault, **extra: Any) -> E:
        """The row as the entity. Raises `alerts.sealing.Unsealable`."""
        values = self._values(row)  # type: ignore[attr-defined]
        known = vault.memory.get(row.sealed)
        if known is not None and known[0] == values:
            same: E = known[1]
            return same if all(getattr(same, k) == v for k, v in extra.items()) else replace(same, **extra)  # type: ignore[type-var]
        columns = {
            name: value if decode is None else decode(value)
            for (name, _, decode), value in zip(self._columns, values, strict=True)  # type: ignore[attr-defined]
        }
        payload = vault.sealer.open(self.table.name, columns["id"], columns["key_id"], row.sealed)
        entity = from_plain(self.kind, payload, **columns, **extra)
        vault.memory.keep(row.sealed, (values, entity))
        return entity


PEOPLE: Shape[Person] = Shape(tables.people, Person, frozenset({"addresses"}))
ADDRESSES: Shape[Address] = Shape(tables.addresses, Address)
CASES: Shape[Case] = Shape(tables.cases, Case)
MESSAGES: Shape[Message] = Shape(tables.messages, Message)
FILES: Shape[StoredFile] = Shape(tables.attachments, StoredFile)
OUTBOX: Shape[Outgoing] = Shape(tables.outbox, Outgoing)
CONTACTS: Shape[ContactLink] = Shape(tables.contacts, ContactLink)
INVITATIONS: Shape[Invitation] = Shape(tables.invitations, Invitation)
CHECK_INS: Shape[CheckIn] = Shape(tables.check_ins, CheckIn)
ROUNDS: Shape[Round] = Shape(tables.rounds, Round)

BY_KIND: dict[type, Shape[Any]] = {
    shape.kind: shape
    for shape in (PEOPLE, ADDRESSES, CASES, MESSAGES, FILES, OUTBOX, CONTACTS, INVITATIONS, CHECK_INS, ROUNDS)
}
