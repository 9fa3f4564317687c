"""What Django's own cursor does too slowly for every request, or for every mail of the pump.

Without `begin`, each transaction costs one more round trip to the database: Django sends BEGIN by
itself, and the first statement after it. Without `fetch_one_prepared`, PostgreSQL parses and plans
the pump's statements anew for each mail: Django's cursors put the values into the text, so that no
two are the same statement.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection
from psycopg import Cursor, OperationalError
from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus

# Without this line PostgreSQL plans a prepared statement again for each set of values, whenever it
# takes the plan made for these to be cheaper; the planning then costs more than it saves.
PLAN_ONCE = "SET LOCAL plan_cache_mode = force_generic_plan"


def fetch_one_prepared(
    statement: str, parameters: Sequence[object] | Mapping[str, object]
) -> tuple[Any, ...] | None:
    """Return the statement's first row, if there is one; PostgreSQL keeps it prepared.

    `statement` has to be the same text each time, with all that differs in `parameters`; another text
    is another statement, prepared and planned anew.

    Raises Django's own errors (`django.db.DatabaseError` and its kind), as any query of ours does.
    """
    connection.ensure_connection()
    # Without this line nothing is prepared: Django switches it off for its connections. Its own
    # cursors go on as before, since they never prepare.
    line = connection.connection
    line.prepare_threshold = 0
    with connection.wrap_database_errors, Cursor(line) as cursor:
        # Without `binary` times and lists come as text, and Python spends longer reading them.
        cursor.execute(statement.encode(), parameters, prepare=True, binary=True)
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
