"""Statements that PostgreSQL plans once for a connection, not once each time they are asked.

For what is asked thousands of times in a row by one process, as the reminders' pump does. Django's
own cursors put the values into the text, so that each is a new statement to be planned.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection
from psycopg import Cursor


def ask(statement: str, wanted: Sequence[object] | Mapping[str, object]) -> tuple[Any, ...] | None:
    """Return the first row of the answer, if there is one.

    Raises Django's own errors (`django.db.DatabaseError` and its kind), as any query of ours does.
    """
    connection.ensure_connection()
    # Django switches preparing off for its connections; its own cursors do not prepare either way.
    line = connection.connection
    line.prepare_threshold = 0
    with connection.wrap_database_errors, Cursor(line) as cursor:
        cursor.execute(statement.encode(), wanted, prepare=True)
        found: tuple[Any, ...] | None = cursor.fetchone()
    return found
