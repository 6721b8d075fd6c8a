"""Lists as arrays, for PostgreSQL.

A list of four hundred values in an IN is four hundred parameters: the driver looks for each of them in the text, and
the server reads and plans all of it anew for each length. As one array it is one parameter, and one statement for
every length, which the server plans once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from sqlalchemy import Column, LargeBinary, String, Table, all_, any_, bindparam, func, select
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
