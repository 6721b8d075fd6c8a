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


def _plain_coders(hint: Any) -> tuple[Callable[[Any], Any], Callable[[Any], Any]]:
    some = [argument for argument in typing.get_args(hint) if argument is not type(None)]
    base = some[0] if some and type(None) in typing.get_args(hint) else hint
    if base is datetime:
        return (
            lambda value: None if value is None else micros(value),
            lambda value: None if value is None else from_micros(value),
        )
    if isinstance(base, type) and issubclass(base, enum.Enum):
        return (lambda value: value.value), base
    return (lambda value: value), (lambda value: value)


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
        present = {f.name for f in fields(self.kind)} & {"id", "key_id"}  # type: ignore[arg-type]
        if present != {"id", "key_id"}:
            raise TypeError(f"{self.kind.__name__} has no id or no key_id")

    def row(self, entity: E, vault: Vault) -> dict[str, Any]:
        """The entity as column values, payload sealed."""
        row = {name: encode(getattr(entity, name)) for name, encode, _ in self._columns}  # type: ignore[attr-defined]
        payload = to_plain(entity, self._unsealed)  # type: ignore[attr-defined]
        sealed = vault.sealer.seal(self.table.name, row["id"], row["key_id"], payload)
        vault.memory.keep(sealed, (tuple(row.values()), entity))
        row["sealed"] = sealed
        return row

    def entity(self, row: Any, vault: Vault, **extra: Any) -> E:
        """The row as the entity. Raises `alerts.sealing.Unsealable`."""
        values = self._values(row)  # type: ignore[attr-defined]
        known = vault.memory.get(row.sealed)
        if known is not None and known[0] == values:
            same: E = known[1]
            return same if all(getattr(same, k) == v for k, v in extra.items()) else replace(same, **extra)  # type: ignore[type-var]
        columns = {
            name: decode(value)
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
