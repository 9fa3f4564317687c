"""What a client reads stays as it is when their partner's record is erased."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("clients", "0006_names_sorted")]

    operations = [
        migrations.AddField(
            model_name="client",
            name="was_in_couple",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name="client",
            name="kept_session_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
    ]
