"""The triggers that guard rounds and trail look at our tables, not at a temporary one of that name.

A temporary table comes first in everybody's search path: whoever acts as the web's role could put
an empty `exercises_response` before the real one, and change a round that was sent.
"""

from django.db import migrations

GUARDS = [
    "homeward_submitted(uuid)",
    "homeward_keep_answer()",
    "homeward_never()",
    "homeward_chain_audit()",
]


class Migration(migrations.Migration):
    dependencies = [("exercises", "0002_walls"), ("practice", "0002_walls")]

    operations = [
        migrations.RunSQL(
            f"ALTER FUNCTION {guard} SET search_path = public, pg_temp;",
            f"ALTER FUNCTION {guard} RESET search_path;",
        )
        for guard in GUARDS
    ]
