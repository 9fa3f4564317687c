import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('clients', '0004_kinder_names'),
    ]

    operations = [
        migrations.AlterField(
            model_name='contactpreference',
            name='kinds_off',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=[('assigned', 'Something new is there'), ('due_soon', 'A few days before the date'), ('due_today', 'On that day'), ('follow_up', 'Once more after it'), ('answered', 'Your therapist answered'), ('waiting', 'Something is waiting for review')], max_length=12), blank=True, default=list, size=None),
        ),
    ]
