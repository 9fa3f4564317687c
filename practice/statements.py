"""For what is said in every request, or thousands of times in a row as the reminders' pump does.

Django's transactions begin with a statement of their own, a round trip to the database and back;
here the first one comes with it. And its cursors put the values into the text, so that each is a new
statement to be planned; what `ask` asks PostgreSQL plans once for a connection.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection
from psycopg import Cursor, OperationalError
from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus

# Else it plans again, each time, what it takes to be cheaper with the values known.
PLAN_ONCE = "SET LOCAL plan_cache_mode = force_generic_plan"


def ask(statement: str, wanted: Sequence[object] | Mapping[str, object]) -> tuple[Any, ...] | None:
    """Return the first row of the answer, if there is one.

    Raises Django's own errors (`django.db.DatabaseError` and its kind), as any query of ours does.
    """
    connection.ensure_connection()
    # Django switches preparing off for its connections; its own cursors do not prepare either way.
    line = connection.connection
    line.prepare_threshold = 0
    with connection.wrap_database_errors, Cursor(line) as cursor:
        # Binary: times and lists need not be read out of words.
        cursor.execute(statement.encode(), wanted, prepare=True, binary=True)
        found: tuple[Any, ...] | None = cursor.fetchone()
    return found


def begin(first: str) -> None:
    """Begin the transaction that `atomic()` has opened, and say the first thing in it, at once.

    `first` bears its values in its text: nothing that anyone wrote. Raises Django's own errors.
    """
    line = connection.connection
    with connection.wrap_database_errors:
        answer = line.pgconn.exec_(f"BEGIN; {first}".encode())
        if answer.status != ExecStatus.COMMAND_OK:
            error = error_from_result(answer)
            # No code: it is not PostgreSQL that says so, the line itself broke.
            raise error if error.sqlstate else OperationalError(str(error))
