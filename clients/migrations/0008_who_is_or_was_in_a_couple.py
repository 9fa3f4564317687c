"""Who is or was in a couple knows it without the couple. Backwards nothing needs to be done.

Whose partner's record was erased before is not found any more.
"""

from django.db import migrations

COUPLES = """
UPDATE clients_client c SET was_in_couple = true
FROM clients_couple p WHERE c.id IN (p.first_id, p.second_id) AND NOT c.was_in_couple
"""


class Migration(migrations.Migration):
    dependencies = [("clients", "0007_what_a_partner_keeps")]

    operations = [migrations.RunSQL(COUPLES, migrations.RunSQL.noop)]
