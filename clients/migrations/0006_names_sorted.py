from django.db import migrations, models

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
        # Lists are sorted by the new column from here on.
        migrations.RemoveIndex(model_name="client", name="clients_cli_practic_c3037e_idx"),
    ]
