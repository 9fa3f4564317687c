"""The walls: roles that own nothing, row-level security, and an audit that only grows."""

from django.contrib.postgres.operations import TrigramExtension
from django.db import migrations

from practice.tenancy import PRACTICE, USER, unwall, wall

# Group roles; a deployment grants LOGIN to them or membership in them (docs/operations.md).
ROLES = """
DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'homeward_web') THEN
    CREATE ROLE homeward_web NOLOGIN NOINHERIT;
  END IF;
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'homeward_worker') THEN
    CREATE ROLE homeward_worker NOLOGIN NOINHERIT;
  END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;  -- another database's migration won
END $$;
GRANT USAGE ON SCHEMA public TO homeward_web, homeward_worker;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO homeward_web, homeward_worker;
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO homeward_web, homeward_worker;
ALTER DEFAULT PRIVILEGES IN SCHEMA public
  GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO homeward_web, homeward_worker;
ALTER DEFAULT PRIVILEGES IN SCHEMA public
  GRANT USAGE, SELECT ON SEQUENCES TO homeward_web, homeward_worker;
"""

# The practice itself: one sees the one one sits in, and those one could switch to.
PRACTICE_WALL = f"""
ALTER TABLE practice_practice ENABLE ROW LEVEL SECURITY;
CREATE POLICY practice_wall ON practice_practice USING (
  id = (SELECT {PRACTICE})
  OR id IN (SELECT practice_id FROM practice_membership WHERE user_id = (SELECT {USER}))
) WITH CHECK (id = (SELECT {PRACTICE}));
CREATE POLICY worker_queue ON practice_practice FOR SELECT TO homeward_worker USING (true);
"""
NO_PRACTICE_WALL = """
DROP POLICY worker_queue ON practice_practice;
DROP POLICY practice_wall ON practice_practice;
ALTER TABLE practice_practice DISABLE ROW LEVEL SECURITY;
"""

# Each practice's events form one chain. The lock orders them; nobody but the owner can rewrite.
AUDIT = """
CREATE FUNCTION homeward_chain_audit() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE last record;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('audit' || NEW.practice_id::text, 0));
  SELECT seq, digest INTO last FROM practice_auditevent
    WHERE practice_id = NEW.practice_id ORDER BY id DESC LIMIT 1;
  -- Taken under the lock, so that ids rise along the chain.
  NEW.id := nextval(pg_get_serial_sequence('practice_auditevent', 'id'));
  NEW.seq := COALESCE(last.seq, 0) + 1;
  NEW.previous := COALESCE(last.digest, '\\x00'::bytea);
  NEW.digest := sha256(NEW.previous || convert_to(NEW.seq::text || '|' || NEW.payload, 'UTF8'));
  RETURN NEW;
END $$;
CREATE TRIGGER chain BEFORE INSERT ON practice_auditevent
  FOR EACH ROW EXECUTE FUNCTION homeward_chain_audit();
REVOKE UPDATE, DELETE, TRUNCATE ON practice_auditevent FROM homeward_web, homeward_worker;
CREATE UNIQUE INDEX audit_one_chain ON practice_auditevent (practice_id, seq);
"""
NO_AUDIT = """
DROP INDEX audit_one_chain;
GRANT UPDATE, DELETE ON practice_auditevent TO homeward_web, homeward_worker;
DROP TRIGGER chain ON practice_auditevent;
DROP FUNCTION homeward_chain_audit();
"""

OWN_USER = ["practice_membership"]
PLAIN = [
    "practice_supervision",
    "practice_invitation",
    "practice_practicekey",
    "practice_auditevent",
    "practice_idempotencykey",
]


class Migration(migrations.Migration):
    dependencies = [("practice", "0001_initial")]

    operations = [
        TrigramExtension(),
        migrations.RunSQL(ROLES, migrations.RunSQL.noop),
        *[
            migrations.RunSQL(wall(table, or_own_user=True), unwall(table))
            for table in OWN_USER
        ],
        *[migrations.RunSQL(wall(table), unwall(table)) for table in PLAIN],
        migrations.RunSQL(wall("practice_apitoken", or_own_user=True), unwall("practice_apitoken")),
        migrations.RunSQL(PRACTICE_WALL, NO_PRACTICE_WALL),
        migrations.RunSQL(AUDIT, NO_AUDIT),
    ]
