"""Lists as arrays, for PostgreSQL.

A list of four hundred values in an IN is four hundred parameters: the driver looks for each of them in the text, and
the server reads and plans all of it anew for each length. As one array it is one parameter, and one statement for
every length, which the server plans once.

The arrays are packed here: the driver would look at each value several times to find out what it knows from the
column's type, which took a tenth of a prompt's time.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from typing import Any, Final, cast

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Integer,
    LargeBinary,
    String,
    Table,
    all_,
    any_,
    bindparam,
    func,
    select,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.sql.base import Executable
from sqlalchemy.sql.elements import BinaryExpression, BindParameter
from sqlalchemy.sql.operators import in_op, not_in_op
from sqlalchemy.sql.visitors import replacement_traverse
from sqlalchemy.types import TypeEngine


def with_arrays(statement: Executable) -> Executable:
    """The statement with each expanding parameter of its IN lists as one array."""
    whole: Any = statement
    return cast(Executable, replacement_traverse(whole, {}, _array_for))


def _array_for(element: Any, **_: Any) -> Any | None:
    if not isinstance(element, BinaryExpression) or element.operator not in (in_op, not_in_op):
        return None
    among = element.right
    if not isinstance(among, BindParameter) or not among.expanding or not among.required:
        return None  # values that are part of the statement
    array = array_of(among.key, element.left.type)
    return element.left == any_(array) if element.operator is in_op else element.left != all_(array)


def array_of(name: str, kind: TypeEngine[Any]) -> BindParameter[Any]:
    """A list of values of a column's type as one parameter; without its length, by which PostgreSQL would cut off."""
    if isinstance(kind, String):
        kind = String()
    elif isinstance(kind, LargeBinary):
        kind = LargeBinary()
    return bindparam(name, type_=postgresql.ARRAY(kind))


def rows_of(table: Table, columns: tuple[str, ...]) -> Any:
    """A query that makes rows of arrays, one a column, each named as its column."""
    found: Callable[[str], Column[Any]] = table.c.__getitem__
    arrays = [array_of(name, found(name).type) for name in columns]
    rows = func.unnest(*arrays).table_valued(*columns, name="given").render_derived()
    return select(*[rows.c[name] for name in columns])


# -------------------------------------------------------------------------------------------------- as they are sent

_length = struct.Struct("!i").pack
_MISSING: Final = _length(-1)
_head = struct.Struct("!iiIii").pack


class Packed(bytes):
    """A list as PostgreSQL takes it: a head, then each value behind its length. See `array_recv` in its sources."""

    __slots__ = ()
    array: int
    """The number of the array's type in the server's `pg_type`."""
    element: int
    """That of what is in it."""
    one: Callable[[Any], bytes]
    """How one value is sent."""


class Texts(Packed):
    """A list of texts."""

    __slots__ = ()
    array, element, one = 1009, 25, str.encode


class Blobs(Packed):
    """A list of bytes."""

    __slots__ = ()
    array, element, one = 1001, 17, cast(Any, bytes.__bytes__)


class Truths(Packed):
    """A list of truth values."""

    __slots__ = ()
    array, element, one = 1000, 16, {True: b"\1", False: b"\0"}.__getitem__


class Numbers(Packed):
    """A list of whole numbers of 32 bits."""

    __slots__ = ()
    array, element, one = 1007, 23, _length


class LargeNumbers(Packed):
    """A list of whole numbers of 64 bits."""

    __slots__ = ()
    array, element, one = 1016, 20, struct.Struct("!q").pack


_PACKED: Final[tuple[tuple[type[TypeEngine[Any]], type[Packed]], ...]] = (
    (String, Texts),
    (LargeBinary, Blobs),
    (Boolean, Truths),
    (BigInteger, LargeNumbers),
    (Integer, Numbers),
)


def packed_as(kind: TypeEngine[Any]) -> type[Packed]:
    """How a list of values of a column's type is sent."""
    return next(packed for column, packed in _PACKED if isinstance(kind, column))


def pack(kind: type[Packed], values: Sequence[Any]) -> Packed:
    """A list as a parameter of a statement, None for what is missing."""
    if None in values:
        items = [_MISSING if value is None else _sized(kind.one(value)) for value in values]
        return kind(_head(1, 1, kind.element, len(items), 1) + b"".join(items))
    items = list(map(kind.one, values))
    if len(set(map(len, items))) == 1:  # ids, numbers: most columns
        size = _length(len(items[0]))
        body = size + size.join(items)
    else:
        body = b"".join(map(_sized, items))
    return kind(_head(1, 0, kind.element, len(items), 1) + body)


def _sized(item: bytes) -> bytes:
    return _length(len(item)) + item
