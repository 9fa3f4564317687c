from django.db import migrations, models

from practice.models import Plain


class Migration(migrations.Migration):
    dependencies = [("practice", "0008_keeping_times_held")]

    operations = [
        # PostgreSQL fills it in, also for what the release before writes.
        migrations.AddField(
            model_name="user",
            name="sort_name",
            field=models.GeneratedField(
                db_persist=True, expression=Plain("name"), output_field=models.TextField()
            ),
        ),
    ]
