"""Row-level security for everything about people in care."""

from django.db import migrations

from practice.tenancy import USER, unwall, wall

PLAIN = [
    "clients_couple",
    "clients_caseload",
    "clients_clearance",
    "clients_consent",
    "clients_contactpreference",
    "clients_privatenote",
    "clients_sessiontopic",
    "clients_erasurerequest",
]
# A client sees the practice they could switch to, too.
PRACTICE_OF_CLIENT = f"""
CREATE POLICY client_seat ON practice_practice FOR SELECT USING (
  id IN (SELECT practice_id FROM clients_client WHERE user_id = (SELECT {USER}))
);
"""


class Migration(migrations.Migration):
    dependencies = [("clients", "0001_initial"), ("practice", "0002_walls")]

    operations = [
        migrations.RunSQL(wall("clients_client", or_own_user=True), unwall("clients_client")),
        *[migrations.RunSQL(wall(table), unwall(table)) for table in PLAIN],
        migrations.RunSQL(
            PRACTICE_OF_CLIENT, "DROP POLICY client_seat ON practice_practice;"
        ),
    ]
