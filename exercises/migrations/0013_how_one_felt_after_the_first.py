"""What was told before each round was asked for itself goes to the first round that was sent.

When it was told was not kept. It was asked there first, and shown as told ever after. It is sealed
anew, for its new place. Backwards nothing needs to be done: the old column still holds it.
"""

from django.db import migrations

from practice.crypto import seal, unseal

FIELD = "sealed_after_check"


def move(apps, schema_editor):
    Homework, Response = (apps.get_model("exercises", name) for name in ("Homework", "Response"))
    told = Homework.objects.filter(sealed_after_check__isnull=False).order_by("pk")
    for row in told.values("pk", "practice_id", FIELD).iterator(chunk_size=500):
        sent = Response.objects.filter(homework=row["pk"], submitted_at__isnull=False)
        first = sent.order_by("round").first()
        if first is None or first.sealed_after_check is not None:
            continue
        place = {"practice": row["practice_id"], "field": FIELD}
        text = unseal(row[FIELD], table="exercises_homework", row=row["pk"], **place)
        first.sealed_after_check = seal(text, table="exercises_response", row=first.pk, **place)
        first.save(update_fields=[FIELD])


class Migration(migrations.Migration):
    dependencies = [
        ("exercises", "0012_how_one_felt_after_each_round"),
        ("practice", "0009_names_sorted"),
    ]

    operations = [migrations.RunPython(move, migrations.RunPython.noop)]
