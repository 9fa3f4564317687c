"""Bring keeping times within their bounds, which the next migration then holds.

Nobody who wrote 0 meant "at once": it stood beside a field where 0 switches something off. So it
becomes empty, "until somebody asks". Backwards nothing needs to be done.
"""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("practice", "0006_crisis_text_in_each_language")]

    operations = [
        migrations.RunSQL(
            "UPDATE practice_practice SET retention_months = NULLIF(LEAST(retention_months, 1200), 0)"
            " WHERE retention_months NOT BETWEEN 1 AND 1200",
            migrations.RunSQL.noop,
        )
    ]
