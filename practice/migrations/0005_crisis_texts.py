from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("practice", "0004_second_factors")]

    operations = [
        # The release before writes rows without it.
        migrations.AddField(
            model_name="practice",
            name="crisis_texts",
            field=models.JSONField(blank=True, db_default={}, default=dict),
        ),
    ]
