"""What was given to a couple knows it without the couple. Backwards nothing needs to be done.

What an erasure has left with one alone before is not found any more.
"""

from django.db import migrations

COUPLES = """
UPDATE exercises_assignment SET given_to_both = true
WHERE couple_id IS NOT NULL AND NOT given_to_both
"""


class Migration(migrations.Migration):
    dependencies = [("exercises", "0010_given_to_both")]

    operations = [migrations.RunSQL(COUPLES, migrations.RunSQL.noop)]
