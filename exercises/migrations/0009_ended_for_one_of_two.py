"""A series for two can end for one of them, and go on for the other."""

import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('exercises', '0008_what_runs_until_a_session'),
    ]

    operations = [
        migrations.AddField(
            model_name='assignment',
            name='ended_for',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), db_default=[], default=list, size=None),
        ),
    ]
