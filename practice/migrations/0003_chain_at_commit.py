"""The trail is chained when a transaction commits, and its lock is held for that moment only.

Taken at the first line, it was held to the end of the request, and everyone else of the practice
who wrote a line waited meanwhile: a partner could have felt the other one write.
"""

from django.db import migrations

LOCK = "PERFORM pg_advisory_xact_lock(hashtextextended('audit' || NEW.practice_id::text, 0));"

# The owner's function: it fills in three columns that nobody else may ever update.
AT_COMMIT = f"""
DROP TRIGGER chain ON practice_auditevent;
CREATE OR REPLACE FUNCTION homeward_chain_audit() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE last record;
BEGIN
  {LOCK}
  SELECT seq, digest INTO last FROM practice_auditevent
    WHERE practice_id = NEW.practice_id AND id <> NEW.id AND seq IS NOT NULL
    ORDER BY seq DESC LIMIT 1;
  NEW.seq := COALESCE(last.seq, 0) + 1;
  NEW.previous := COALESCE(last.digest, '\\x00'::bytea);
  NEW.digest := sha256(NEW.previous || convert_to(NEW.seq::text || '|' || NEW.payload, 'UTF8'));
  UPDATE practice_auditevent SET seq = NEW.seq, previous = NEW.previous, digest = NEW.digest
    WHERE id = NEW.id;
  RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION homeward_chain_audit() FROM PUBLIC;
CREATE CONSTRAINT TRIGGER chain AFTER INSERT ON practice_auditevent
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION homeward_chain_audit();
"""
AT_ONCE = f"""
DROP TRIGGER chain ON practice_auditevent;
DROP FUNCTION homeward_chain_audit();
CREATE FUNCTION homeward_chain_audit() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE last record;
BEGIN
  {LOCK}
  SELECT seq, digest INTO last FROM practice_auditevent
    WHERE practice_id = NEW.practice_id ORDER BY seq DESC LIMIT 1;
  NEW.id := nextval(pg_get_serial_sequence('practice_auditevent', 'id'));
  NEW.seq := COALESCE(last.seq, 0) + 1;
  NEW.previous := COALESCE(last.digest, '\\x00'::bytea);
  NEW.digest := sha256(NEW.previous || convert_to(NEW.seq::text || '|' || NEW.payload, 'UTF8'));
  RETURN NEW;
END $$;
CREATE TRIGGER chain BEFORE INSERT ON practice_auditevent
  FOR EACH ROW EXECUTE FUNCTION homeward_chain_audit();
"""


class Migration(migrations.Migration):
    dependencies = [("practice", "0002_walls")]

    operations = [migrations.RunSQL(AT_COMMIT, AT_ONCE)]
