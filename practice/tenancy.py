"""The second wall: PostgreSQL is told, per transaction, for whom it may show rows.

Row-level security compares each row's practice with `homeward.practice`; a query that forgets its
filter, or that runs outside a scope, therefore returns nothing.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from django.db import connection, transaction

from practice import statements

PRACTICE = "NULLIF(current_setting('homeward.practice', true), '')::uuid"
USER = "NULLIF(current_setting('homeward.user', true), '')::bigint"
WRITE = "SELECT set_config('homeward.practice', %s, true), set_config('homeward.user', %s, true)"
# The same, said together with the transaction's beginning.
BEGIN = "SET LOCAL homeward.practice = '{practice}'; SET LOCAL homeward.\"user\" = '{user}'"


@contextmanager
def scope(
    *, practice: UUID | None = None, user: int | None = None, generic_plans: bool = False
) -> Iterator[None]:
    """Open one transaction in which only `practice`'s rows exist.

    `user` additionally shows that person their own seats (memberships, client records), which is
    how one finds out in which practices somebody may sit at all. Scopes nest: leaving the inner
    one gives the outer one its view back. With `generic_plans` PostgreSQL plans a prepared statement
    (`statements.fetch_one_prepared`) once for a connection; without it, it takes a plan made for the
    values to be cheaper and plans the pump's statements anew for each mail. Only the outermost scope
    can say so.
    """
    nested = connection.in_atomic_block
    with transaction.atomic():
        before = _read() if nested else ("", "")
        if nested:
            _write(str(practice or ""), str(user or ""))
        else:
            # Hexadecimal and digits need no quoting; what is neither a key nor a number fails here.
            said = {
                "practice": practice.hex if practice else "",
                "user": "" if user is None else f"{user:d}",
            }
            first = BEGIN.format(**said)
            statements.begin(f"{statements.PLAN_ONCE}; {first}" if generic_plans else first)
        yield
        if nested:
            _write(*before)


def enter(practice: UUID | None) -> None:
    """Move the open scope into `practice`, once it is known which one the person sits in.

    None leads out again: then no practice's rows exist.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('homeward.practice', %s, true)", [str(practice or "")])


def _read() -> tuple[str, str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT COALESCE(current_setting('homeward.practice', true), ''),"
            " COALESCE(current_setting('homeward.user', true), '')"
        )
        practice, user = cursor.fetchone()
    return practice, user


def _write(practice: str, user: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(WRITE, [practice, user])


def wall(table: str, *, or_own_user: bool = False, worker_sees_all: bool = False) -> str:
    """Return the SQL that puts `table` behind the wall; for migrations."""
    # The sub-select makes the planner read the setting once per statement, not once per row.
    own = f" OR user_id = (SELECT {USER})" if or_own_user else ""
    sql = (
        f'ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY;\n'
        f'CREATE POLICY practice_wall ON "{table}"'
        f" USING (practice_id = (SELECT {PRACTICE}){own})"
        f" WITH CHECK (practice_id = (SELECT {PRACTICE}));\n"
    )
    if worker_sees_all:
        sql += f'CREATE POLICY worker_queue ON "{table}" TO homeward_worker USING (true);\n'
    return sql


def unwall(table: str) -> str:
    """Return the SQL that takes the wall down again; for reversing a migration."""
    return (
        f'DROP POLICY IF EXISTS worker_queue ON "{table}";\n'
        f'DROP POLICY IF EXISTS practice_wall ON "{table}";\n'
        f'ALTER TABLE "{table}" DISABLE ROW LEVEL SECURITY;\n'
    )
