"""Seeds of second factors are sealed from here on.

Forwards nothing is done: the release before, which may still run, could not read what is sealed. The
worker seals (`practice.actions.factors`). Backwards all of it is opened again, for that release.
"""

from django.db import migrations

from practice.crypto import FACTOR, unseal_factor


def open_all(apps, schema_editor):
    Authenticator = apps.get_model("mfa", "Authenticator")
    opened = lambda text: unseal_factor(text)[1] if text.startswith(FACTOR) else text
    for one in Authenticator.objects.select_for_update().order_by("pk").iterator(chunk_size=500):
        if one.type == "webauthn":
            continue
        for seed in ("secret", "seed"):
            if seed in one.data:
                one.data[seed] = opened(one.data[seed])
        if "migrated_codes" in one.data:
            one.data["migrated_codes"] = [opened(code) for code in one.data["migrated_codes"]]
        one.save(update_fields=["data"])


class Migration(migrations.Migration):
    dependencies = [("practice", "0003_chain_at_commit"), ("mfa", "0003_authenticator_type_uniq")]

    operations = [migrations.RunPython(migrations.RunPython.noop, open_all)]
