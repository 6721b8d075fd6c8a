"""What is said of a PostgreSQL that gives no connection. Its driver has no code for that, only the server's words."""

from __future__ import annotations

import psycopg
import pytest

from alerts.store.trouble import plain_trouble

AT = 'connection failed: connection to server at "127.0.0.1", port 5432 failed: '


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (
            AT + 'FATAL:  password authentication failed for user "PLANTED"',
            "does not accept this user or password",
        ),
        (AT + "fe_sendauth: no password supplied", "does not accept this user or password"),
        (AT + 'FATAL:  role "PLANTED" does not exist', "does not accept this user or password"),
        (AT + 'FATAL:  no pg_hba.conf entry for host "10.0.0.1", user "PLANTED"', "pg_hba.conf"),
        (AT + 'FATAL:  database "PLANTED" does not exist', "has no database of that name"),
        (AT + "FATAL:  the database system is starting up", "is starting up"),
        (AT + "FATAL:  sorry, too many clients already", "no connection left"),
        (AT + 'FATAL:  la base de datos "PLANTED" no existe', "refuses the user or the database"),
        (AT + "Connection refused\n\tIs the server running on that host?", "no server answers there"),
        ("failed to resolve host 'PLANTED': [Errno -2] Name or service not known", "no server answers there"),
        (
            f'All failures were:\n- host: "::1": refused\n- "127.0.0.1": {AT}FATAL:  database "PLANTED" does not exist',
            "has no database of that name",
        ),
    ],
)
def test_a_connection_that_was_refused_says_why_and_repeats_nothing(said: str, told: str) -> None:
    words = plain_trouble(psycopg.OperationalError(said))
    assert told in words
    assert "PLANTED" not in words
    assert ": " in words, "a mend follows"
