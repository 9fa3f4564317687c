"""What two were given stays so when the record of one is erased."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("exercises", "0009_ended_for_one_of_two")]

    operations = [
        migrations.AddField(
            model_name="assignment",
            name="given_to_both",
            field=models.BooleanField(db_default=False, default=False),
        ),
    ]
