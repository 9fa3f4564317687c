"""What a practice wrote for danger stands in every language, until its admin writes one for each."""

from django.conf import settings
from django.db import migrations


def spread(apps, schema_editor):
    Practice = apps.get_model("practice", "Practice")
    for one in Practice.objects.exclude(crisis_text=""):
        one.crisis_texts = {code: one.crisis_text for code, _name in settings.LANGUAGES}
        one.save(update_fields=["crisis_texts"])


def gather(apps, schema_editor):
    Practice = apps.get_model("practice", "Practice")
    for one in Practice.objects.exclude(crisis_texts={}):
        one.crisis_text = one.crisis_texts.get(one.language, "")
        one.save(update_fields=["crisis_text"])


class Migration(migrations.Migration):
    dependencies = [("practice", "0005_crisis_texts")]

    operations = [migrations.RunPython(spread, gather)]
