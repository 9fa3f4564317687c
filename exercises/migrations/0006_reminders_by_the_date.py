from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('exercises', '0005_one_mail_for_an_evening'),
    ]

    operations = [
        migrations.AlterField(
            model_name='reminder',
            name='kind',
            field=models.CharField(choices=[('assigned', 'Something new is there'), ('due_soon', 'A few days before the date'), ('due_today', 'On that day'), ('follow_up', 'Once more after it'), ('answered', 'Your therapist answered'), ('waiting', 'Something is waiting for review')], max_length=12),
        ),
    ]
