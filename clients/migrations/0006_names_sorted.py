from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import migrations, models
from django.db.models.functions import Upper

from practice.models import Plain


class Migration(migrations.Migration):
    dependencies = [
        ("clients", "0005_reminders_by_the_date"),
        ("practice", "0009_names_sorted"),
    ]

    operations = [
        migrations.AddField(
            model_name="client",
            name="sort_name",
            field=models.GeneratedField(
                db_persist=True, expression=Plain("name"), output_field=models.TextField()
            ),
        ),
        migrations.AddIndex(
            model_name="client",
            index=models.Index(
                fields=["practice", "sort_name", "id"], name="clients_cli_practic_b70ad9_idx"
            ),
        ),
        migrations.AddIndex(
            model_name="client",
            index=GinIndex(
                OpClass(Upper("sort_name"), name="gin_trgm_ops"), name="client_plain_name_search"
            ),
        ),
        # Lists are sorted, and names looked for, by the new column from here on.
        migrations.RemoveIndex(model_name="client", name="clients_cli_practic_c3037e_idx"),
        migrations.RemoveIndex(model_name="client", name="client_name_search"),
    ]
