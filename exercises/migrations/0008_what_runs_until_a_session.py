"""Find what was given until a session before that was kept: what ends at its very hour, by the rule
by which it would have moved. Nothing else changes. Backwards nothing needs to be done.

Of two in two zones it was given until the earlier of both clocks; it still is, until the session
moves.
"""

from django.db import migrations

OWN = """
UPDATE exercises_homework h SET session_of = c.id
FROM clients_client c, exercises_assignment a
WHERE c.id = h.client_id AND a.id = h.assignment_id AND a.couple_id IS NULL AND a.rrule = ''
  AND h.due_at = c.next_session_at
"""
COUPLES = """
UPDATE exercises_homework h SET session_of = p.id
FROM clients_couple p
JOIN clients_client one ON one.id = p.first_id
JOIN clients_client other ON other.id = p.second_id,
  exercises_assignment a
WHERE h.client_id IN (p.first_id, p.second_id) AND p.ended_at IS NULL
  AND a.id = h.assignment_id AND a.rrule = '' AND (a.couple_id IS NULL OR a.couple_id = p.id)
  AND (h.due_at = p.next_session_at
    OR h.due_local AT TIME ZONE 'UTC' = LEAST(
      p.next_session_at AT TIME ZONE one.zone, p.next_session_at AT TIME ZONE other.zone))
"""


class Migration(migrations.Migration):
    dependencies = [
        ("exercises", "0007_until_a_session"),
        ("clients", "0006_names_sorted"),
    ]

    operations = [
        migrations.RunSQL(OWN, migrations.RunSQL.noop),
        migrations.RunSQL(COUPLES, migrations.RunSQL.noop),
    ]
