"""How a client felt after sending belongs to the round that was sent."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("exercises", "0011_what_was_given_to_both")]

    operations = [
        migrations.AddField(
            model_name="response",
            name="sealed_after_check",
            field=models.BinaryField(blank=True, null=True),
        ),
    ]
