"""What was given until a session knows whose session that is."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("exercises", "0006_reminders_by_the_date")]

    operations = [
        migrations.AddField(
            model_name="homework",
            name="session_of",
            field=models.UUIDField(blank=True, null=True),
        ),
    ]
