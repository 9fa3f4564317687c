"""Row-level security for the work, and triggers that keep submitted rounds as they were."""

from django.db import migrations

from practice.tenancy import unwall, wall

PLAIN = [
    "exercises_exercise",
    "exercises_exerciseversion",
    "exercises_assignment",
    "exercises_homework",
    "exercises_step",
    "exercises_response",
    "exercises_entry",
    "exercises_answer",
    "exercises_review",
    "exercises_comment",
    "exercises_flag",
]

# A submitted round does not change. Taking it back un-submits the response first, in the same
# transaction. The worker alone may re-seal (key rotation) and erase.
SEALED_ROUNDS = """
CREATE FUNCTION homeward_submitted(response uuid) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT EXISTS (SELECT FROM exercises_response r WHERE r.id = response AND r.submitted_at IS NOT NULL)
$$;
CREATE FUNCTION homeward_keep_answer() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF current_user = 'homeward_worker' THEN
    IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
    IF TG_OP = 'UPDATE' AND to_jsonb(NEW) - 'sealed_value' = to_jsonb(OLD) - 'sealed_value' THEN
      RETURN NEW;
    END IF;
  END IF;
  IF TG_OP <> 'INSERT' AND homeward_submitted(OLD.response_id) THEN
    RAISE EXCEPTION 'a submitted round does not change' USING ERRCODE = 'check_violation';
  END IF;
  IF TG_OP <> 'DELETE' AND homeward_submitted(NEW.response_id) THEN
    RAISE EXCEPTION 'a submitted round does not change' USING ERRCODE = 'check_violation';
  END IF;
  RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER keep_answer BEFORE INSERT OR UPDATE OR DELETE ON exercises_answer
  FOR EACH ROW EXECUTE FUNCTION homeward_keep_answer();
CREATE TRIGGER keep_entry BEFORE INSERT OR UPDATE OR DELETE ON exercises_entry
  FOR EACH ROW EXECUTE FUNCTION homeward_keep_answer();

CREATE FUNCTION homeward_never() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'this row is written once' USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER written_once BEFORE UPDATE ON exercises_exerciseversion
  FOR EACH ROW EXECUTE FUNCTION homeward_never();
CREATE TRIGGER written_once BEFORE UPDATE ON exercises_step
  FOR EACH ROW EXECUTE FUNCTION homeward_never();
"""
NO_SEALED_ROUNDS = """
DROP TRIGGER written_once ON exercises_step;
DROP TRIGGER written_once ON exercises_exerciseversion;
DROP TRIGGER keep_entry ON exercises_entry;
DROP TRIGGER keep_answer ON exercises_answer;
DROP FUNCTION homeward_never();
DROP FUNCTION homeward_keep_answer();
DROP FUNCTION homeward_submitted(uuid);
"""
# Updated all day long: leave room on the page, vacuum early.
HOT = """
ALTER TABLE exercises_reminder SET
  (fillfactor = 85, autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_cost_delay = 0);
"""


class Migration(migrations.Migration):
    dependencies = [("exercises", "0001_initial"), ("clients", "0002_walls")]

    operations = [
        *[migrations.RunSQL(wall(table), unwall(table)) for table in PLAIN],
        # The pump claims what is due in all practices, and then works in each one's own scope.
        migrations.RunSQL(
            wall("exercises_reminder", worker_sees_all=True), unwall("exercises_reminder")
        ),
        migrations.RunSQL(SEALED_ROUNDS, NO_SEALED_ROUNDS),
        migrations.RunSQL(
            HOT,
            "ALTER TABLE exercises_reminder RESET (fillfactor,"
            " autovacuum_vacuum_scale_factor, autovacuum_vacuum_cost_delay);",
        ),
    ]
