"""How each entity lies in its table: which fields are columns, and that all others are sealed.

A field whose name is a column of the table is stored plain; every other field goes into the sealed payload. So the rule
"what tells of a person is sealed" is read off `tables.py` alone.
"""

from __future__ import annotations

import enum
import typing
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any, Generic, TypeVar

from sqlalchemy import Table

from alerts.cases import Case, Message, StoredFile
from alerts.checkins import CheckIn, Round
from alerts.codec import Members, made_from, plan_of
from alerts.ids import from_micros, micros
from alerts.outbox import Outgoing
from alerts.people import Address, ContactLink, Invitation, Person
from alerts.records import replace, written
from alerts.store import tables
from alerts.store.vault import Vault

E = TypeVar("E")


def _column(name: str, hint: Any, given: dict[str, Any]) -> tuple[str, str]:
    """How a field becomes its column's value, and how it comes back: two expressions."""
    some = [argument for argument in typing.get_args(hint) if argument is not type(None)]
    optional = bool(some) and type(None) in typing.get_args(hint)
    base = some[0] if optional else hint
    field, value = f"entity.{name}", f"row.{name}"
    if base is datetime:
        there, back = f"micros({field})", f"from_micros({value})"
    elif isinstance(base, type) and issubclass(base, enum.Enum):
        given[f"members_{name}"] = Members(base)
        there, back = f"{field}._value_", f"members_{name}[{value}]"
    else:
        return field, value
    if optional:
        there, back = f"None if {field} is None else {there}", f"None if {value} is None else {back}"
    return there, back


def _tuple(whose: str, names: Iterable[str]) -> str:
    return f"({''.join(f'{whose}.{name}, ' for name in names)})"


@dataclass(frozen=True)
class Shape(Generic[E]):
    """One entity and its table."""

    table: Table
    kind: type[E]
    elsewhere: frozenset[str] = frozenset()
    """Fields that are rows of another table."""
    columns: tuple[str, ...] = field(init=False)
    """Of what `values` gives: the plain ones, then `sealed`."""

    def __post_init__(self) -> None:
        hints = typing.get_type_hints(self.kind)
        names = [f.name for f in fields(self.kind)]  # type: ignore[arg-type]
        columns = [c.name for c in self.table.columns if c.name in hints]
        hidden = [name for name in names if name not in {*columns, *self.elsewhere}]
        if not {"id", "key_id"} <= set(columns):
            raise TypeError(f"{self.kind.__name__} has no id or no key_id")
        given: dict[str, Any] = {"micros": micros, "from_micros": from_micros}
        coders = {name: _column(name, hints[name], given) for name in columns}
        lines = (
            "def there(entity):",
            f"    return ({''.join(f'{coders[name][0]}, ' for name in columns)})",
            "def back(row):",
            f"    return {{{', '.join(f'{name!r}: {coders[name][1]}' for name in columns)}}}",
            "def raw(row):",
            f"    return {_tuple('row', columns)}",
            "def same_payload(one, other):",
            f"    return {' == '.join(_tuple(who, ('id', 'key_id', *hidden)) for who in ('one', 'other'))}",
        )
        for name, function in written(lines, given).items():
            object.__setattr__(self, f"_{name}", function)
        object.__setattr__(self, "columns", (*columns, "sealed"))
        object.__setattr__(self, "_plan", plan_of(self.kind, frozenset(columns) | self.elsewhere))

    def values(
        self, entity: E, vault: Vault, stored: tuple[E, bytes] | None = None, remember: bool = True
    ) -> tuple[Any, ...]:
        """The entity as values of `columns`, payload sealed.

        `stored` is what the database has of it, and sealed how: a payload that has not changed is not sealed anew.
        `remember` says whether it may be asked for again soon.
        """
        values: tuple[Any, ...] = self._there(entity)  # type: ignore[attr-defined]
        if stored is not None and self._same_payload(stored[0], entity):  # type: ignore[attr-defined]
            sealed = stored[1]
        else:
            made: Any = entity
            payload = self._plan.encode(entity)  # type: ignore[attr-defined]
            sealed = vault.sealer.seal(self.table.name, made.id, made.key_id, payload)
        if remember:
            vault.memory.keep(sealed, (values, entity))
        return (*values, sealed)

    def row(self, entity: E, vault: Vault) -> dict[str, Any]:
        """The entity as values by the names of their columns, payload sealed."""
        return dict(zip(self.columns, self.values(entity, vault), strict=True))

    def entity(self, row: Any, vault: Vault, remember: bool = True, **extra: Any) -> E:
        """The row as the entity. `extra` are the fields that lie elsewhere. Raises `alerts.sealing.Unsealable`."""
        values = self._raw(row)  # type: ignore[attr-defined]
        known = vault.memory.get(row.sealed)
        if known is not None and known[0] == values:
            same: E = known[1]
            return same if all(getattr(same, k) == v for k, v in extra.items()) else replace(same, **extra)  # type: ignore[type-var]
        payload = vault.sealer.open(self.table.name, row.id, row.key_id, row.sealed)
        entity = made_from(self.kind, self._plan, payload, {**self._back(row), **extra})  # type: ignore[attr-defined]
        if remember:
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
