"""The ground the rest stands on: servers from wheels, the sink, compose.yaml, lines to other machines."""

import os
import re
import signal
import smtplib
import subprocess
import sys
import warnings
from pathlib import Path

import dj_database_url
import pytest
import yaml
from django.core import checks
from django.db import connection

from practice.checks import unsure
from practice.config import processes
from practice.config.embedded import Postgres, Valkey, escape
from practice.config.sink import Sink
from practice.smtp import PhaseSMTP
from tests import servers
from tests.conftest import acting_as, as_owner


# --- PostgreSQL and Valkey --------------------------------------------------------------------
def test_postgres_listens_on_no_network_and_lets_only_us_in(folder: Path) -> None:
    server = Postgres(folder, logs=folder / "logs", durable=False)
    server.start()
    try:
        with server.connect() as owner:
            assert owner.execute("SHOW listen_addresses").fetchone() == ("",)
            assert owner.info.server_version >= 180000
            logins = owner.execute(
                "SELECT rolname, rolcanlogin, rolsuper, rolbypassrls FROM pg_roles"
                " WHERE rolname LIKE 'homeward\\_%' ORDER BY 1"
            ).fetchall()
        assert logins == [
            ("homeward_web", True, False, False),
            ("homeward_worker", True, False, False),
        ]
        assert server.sockets.stat().st_mode & 0o077 == 0
        for role in ("homeward", "homeward_web", "homeward_worker"):
            parts = dj_database_url.parse(server.url(role))
            assert parts["HOST"] == str(server.sockets)
    finally:
        server.stop()


def test_postgres_starts_again_after_a_kill(folder: Path) -> None:
    first = Postgres(folder, logs=folder / "logs")
    first.start()
    with first.connect("homeward") as owner:
        owner.execute("CREATE TABLE kept (word text)")
        owner.execute("INSERT INTO kept VALUES ('still here')")
    assert first.child is not None
    processes.end(first.child, signal.SIGKILL)
    assert (first.data / "postmaster.pid").exists()

    second = Postgres(folder, logs=folder / "logs")
    second.start()
    try:
        with second.connect("homeward") as owner:
            assert owner.execute("SELECT word FROM kept").fetchone() == ("still here",)
    finally:
        second.stop()


def test_postgres_takes_over_from_a_server_left_running(folder: Path) -> None:
    first = Postgres(folder, logs=folder / "logs", durable=False)
    first.start()
    second = Postgres(folder, logs=folder / "logs", durable=False)
    second.start()
    try:
        assert first.child is not None
        assert first.child.wait(5) == 0
    finally:
        second.stop()


def test_a_lock_whose_number_belongs_to_somebody_else_is_no_obstacle(folder: Path) -> None:
    server = Postgres(folder, logs=folder / "logs", durable=False)
    server.start()
    server.stop()
    lock = server.data / "postmaster.pid"
    lock.write_text(f"{os.getpid()}\n{server.data}\n")
    server.start()
    with server.connect() as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    server.stop()


def test_an_interrupted_first_start_is_begun_anew(folder: Path) -> None:
    (folder / "postgres.new").mkdir()
    (folder / "postgres.new" / "half").write_text("")
    server = Postgres(folder, logs=folder / "logs", durable=False)
    server.start()
    server.stop()
    assert not (folder / "postgres.new").exists()


def test_data_of_another_version_is_refused_in_plain_words(folder: Path) -> None:
    server = Postgres(folder, logs=folder / "logs", durable=False)
    server.start()
    server.stop()
    (server.data / "PG_VERSION").write_text("17\n")
    with pytest.raises(RuntimeError, match=r"made by PostgreSQL 17, and this is 18"):
        server.start()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has folders its servers can't enter")
def test_a_clone_under_a_closed_folder_keeps_its_data_outside(folder: Path) -> None:
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    server = Postgres(closed / "clone" / ".data", logs=folder / "logs", durable=False)
    try:
        assert server.folder.parent == Path("/var/lib")
        server.start()
        server.stop()
    finally:
        import shutil

        shutil.rmtree(server.folder, ignore_errors=True)


def test_a_folder_made_by_somebody_else_is_refused(folder: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can play somebody else")
    (folder / "socket").mkdir()
    os.chown(folder / "socket", 12345, 12345)
    with pytest.raises(RuntimeError, match="belongs to somebody else"):
        Postgres(folder, logs=folder / "logs").start()


@pytest.mark.parametrize("path", ["/srv/a", "/srv/Ana Müller/Homeward@2/.data", "/x/%41+&?#"])
def test_any_path_survives_a_database_url(path: str) -> None:
    assert dj_database_url.parse(f"postgres://web@{escape(path)}/homeward")["HOST"] == path


def test_valkey_wants_its_password_and_evicts_nothing(folder: Path) -> None:
    import redis

    server = Valkey(folder, logs=folder / "logs")
    server.start()
    try:
        with redis.Redis.from_url(server.url) as client:
            assert client.config_get("maxmemory-policy") == {
                b"maxmemory-policy": b"noeviction"
            } or (client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"})
        with redis.Redis(port=server.port) as stranger, pytest.raises(redis.AuthenticationError):
            stranger.ping()
        assert (server.folder / "valkey.conf").stat().st_mode & 0o077 == 0
    finally:
        server.stop()


# --- the wall ---------------------------------------------------------------------------------
@pytest.mark.django_db
def test_ordinary_tests_stand_before_the_wall() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        assert cursor.fetchone() == ("homeward_web",)
        with acting_as("homeward_worker"):
            cursor.execute("SELECT current_user")
            assert cursor.fetchone() == ("homeward_worker",)
        with as_owner():
            cursor.execute("SELECT row_security_active('practice_practice')")
            assert cursor.fetchone() == (False,)
        cursor.execute("SELECT row_security_active('practice_practice')")
        assert cursor.fetchone() == (True,)


@pytest.mark.django_db(transaction=True)
def test_a_test_with_real_transactions_is_cleaned_up_as_the_owner() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        assert cursor.fetchone() == ("homeward_web",)


# --- the sink ---------------------------------------------------------------------------------
def _send(sink: Sink, to: str, *, timeout: float = 5) -> None:
    port = int(sink.url.rpartition(":")[2])
    with smtplib.SMTP("127.0.0.1", port, timeout=timeout) as client:
        client.sendmail("from@example.org", [to], "Subject: Hello\r\n\r\nWords\r\n")


def test_the_sink_keeps_what_it_receives(sink: Sink) -> None:
    _send(sink, "ana@example.org")
    _send(sink, "ben@example.org")
    (mail,) = sink.to("ana@example.org")
    assert mail["Subject"] == "Hello"
    assert mail["X-Envelope-To"] == "ana@example.org"
    assert len(sink.messages) == 2


@pytest.mark.parametrize(
    ("phase", "how", "expected", "kept"),
    [
        ("rcpt", {"reply": "550 no such box"}, smtplib.SMTPRecipientsRefused, 0),
        ("data", {"reply": "451 later"}, smtplib.SMTPDataError, 0),
        ("body", {"drop": True}, smtplib.SMTPServerDisconnected, 0),
        ("dot", {"reply": "554 no"}, smtplib.SMTPDataError, 0),
        ("dot", {"drop": True}, smtplib.SMTPServerDisconnected, 0),
        ("dot", {"drop": True, "accept": True}, smtplib.SMTPServerDisconnected, 1),
        ("dot", {"hang": True, "accept": True}, smtplib.SMTPServerDisconnected, 1),
    ],
)
def test_the_sink_misbehaves_for_one_recipient_at_one_phase(
    sink: Sink, phase: str, how: dict[str, object], expected: type[Exception], kept: int
) -> None:
    sink.misbehave(phase, "ana@example.org", **how)  # type: ignore[arg-type]
    with pytest.raises(expected):
        _send(sink, "ana@example.org", timeout=1)
    assert len(sink.messages) == kept
    _send(sink, "ben@example.org")
    assert len(sink.to("ben@example.org")) == 1


def test_a_mail_line_of_ours_left_open_is_noticed(sink: Sink) -> None:
    """What is forgiven the tests' own sinks is forgiven nobody else."""
    left = PhaseSMTP(sink.url)
    left.send("a@mail.example", "b@mail.example", b"Subject: one\r\n\r\nOne\r\n")
    assert left.line is not None
    with pytest.raises(ResourceWarning, match="unclosed"):
        warnings.warn(f"unclosed {left.line.sock!r}", ResourceWarning, stacklevel=1)
    left.close()


def test_the_sink_misbehaves_a_number_of_times(sink: Sink) -> None:
    sink.misbehave("mail", reply="451 later", times=1)
    with pytest.raises(smtplib.SMTPSenderRefused):
        _send(sink, "ana@example.org")
    _send(sink, "ana@example.org")
    assert len(sink.messages) == 1


# --- the papers -------------------------------------------------------------------------------
def test_continuous_integration_calls_make_test_and_nothing_hidden() -> None:
    script = (servers.ROOT / ".ci" / "run").read_text()
    commands = [line for line in script.splitlines() if line and not line.startswith("#")]
    assert commands == ["set -eu", 'cd "$(dirname "$0")/.."', "exec make test"]


def test_the_image_is_built_with_the_same_uv_as_a_clone() -> None:
    makefile, image = ((servers.ROOT / name).read_text() for name in ("Makefile", "Dockerfile"))
    (pinned,) = re.findall(r"^UV_VERSION := (\S+)$", makefile, re.MULTILINE)
    assert re.findall(r"uv==(\S+)", image) == [pinned]


def test_compose_runs_every_process_under_its_own_role() -> None:
    services = yaml.safe_load((servers.ROOT / "compose.yaml").read_text())["services"]
    assert {"postgres", "redis", "web", "worker", "beat", "pump"} <= services.keys()
    assert services["web"]["environment"]["DATABASE_ROLE"] == "homeward_web"
    for name in ("worker", "pump"):
        assert services[name]["environment"]["DATABASE_ROLE"] == "homeward_worker"


def test_beat_is_given_nothing_but_the_bell() -> None:
    beat = yaml.safe_load((servers.ROOT / "compose.yaml").read_text())["services"]["beat"]
    assert beat["environment"].keys() == {"REDIS_URL", "HOMEWARD_PROCESS"}
    assert beat["secrets"] == []
    unit = (servers.ROOT / "deploy" / "homeward-beat.service").read_text()
    assert re.findall(r"^EnvironmentFile=(.*)$", unit, re.MULTILINE) == ["/etc/homeward/beat"]
    assert "DATABASE" not in unit


def test_what_env_may_hold_for_compose_is_said_in_the_papers() -> None:
    """A variable of the table that compose.yaml passes to nobody would be set in vain."""
    compose = (servers.ROOT / "compose.yaml").read_text()
    paper = (servers.ROOT / "docs" / "operations.md").read_text()
    (said,) = re.findall(r"^`\.env` may also hold (.+?)\.$", paper, re.MULTILINE | re.DOTALL)
    optional = re.findall(r"\$\{([A-Z_]+):-", compose)
    assert sorted(set(re.findall(r"`([A-Z_]+)`", said))) == sorted(set(optional))


def test_nothing_reloads_the_web_server_half() -> None:
    """A HUP keeps gunicorn's old self, its settings and the deadline of requests (`config/web.py`)."""
    for name in ("deploy/homeward-web.service", "docs/operations.md"):
        assert not re.search("ExecReload|reload homeward", (servers.ROOT / name).read_text()), name


def test_the_proxies_settings_keep_no_address_of_a_page() -> None:
    """An invitation's link opens for seven days: an error's line in a proxy's log would hold it."""
    paper = (servers.ROOT / "docs" / "operations.md").read_text()
    for line in ("request>uri delete", "request>headers delete", "access_log off;"):
        assert re.search(rf"^    +{re.escape(line)}$", paper, re.MULTILINE), line
    assert re.search(r"^    error_log \S+ crit;$", paper, re.MULTILINE)


def test_a_command_waits_longer_than_a_page() -> None:
    """One file of variables serves them all: what a page gives up must not end a migration."""
    ask = "from django.conf import settings; print(settings.DATABASES['default']['OPTIONS'])"
    said = [
        subprocess.run(
            [sys.executable, "-c", f"{first}; {ask}"],
            cwd=servers.ROOT,
            env={
                **os.environ,
                "DJANGO_SETTINGS_MODULE": "practice.config.settings",
                "DATABASE_URL": "postgres://nobody@localhost/none",
                "SECRET_KEY": "of no worth",
                "HOMEWARD_PAGE_SECONDS": "7",
            },
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for first in ("import practice.config.celery", "import practice.config.wsgi")
    ]
    assert ["statement_timeout=7s" in one for one in said] == [False, True]


# --- lines to other machines ------------------------------------------------------------------
@pytest.mark.parametrize(
    ("database", "redis", "warned"),
    [
        ("postgres://a@127.0.0.1/h", "redis://localhost:6379/0", []),
        ("postgres://a@%2Frun%2Fpostgresql/h", "unix:///run/valkey.sock", []),
        ("postgres://a@db.example.org/h", "redis://localhost/0", ["homeward.W001"]),
        ("postgres://a@db.example.org/h?sslmode=require", "", ["homeward.W001"]),
        ("postgres://a@db.example.org/h?sslmode=verify-full", "", []),
        ("postgres://a@localhost/h", "redis://r.example.org/0", ["homeward.W002"]),
        ("postgres://a@localhost/h", "rediss://r.example.org/0", []),
        (
            "postgres://a@localhost/h",
            "rediss://r.example.org/0?ssl_cert_reqs=none",
            ["homeward.W002"],
        ),
    ],
)
def test_a_line_to_another_machine_is_asked_for_its_certificate(
    database: str, redis: str, warned: list[str]
) -> None:
    assert [one.id for one in unsure(dj_database_url.parse(database), redis)] == warned
    asked = {one.__name__ for one in checks.registry.registry.deployment_checks}
    assert "lines_to_other_machines" in asked


def test_celery_checks_the_certificate_of_a_redis_that_has_one() -> None:
    code = (
        "from practice.config.celery import app; ssl = app.connection_for_write().ssl;"
        "print(ssl and ssl['ssl_cert_reqs'].name)"
    )
    said = [
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=servers.ROOT,
            env={
                **os.environ,
                "DJANGO_SETTINGS_MODULE": "practice.config.settings",
                "REDIS_URL": f"{scheme}://r.example.org:6379/0",
            },
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for scheme in ("redis", "rediss")
    ]
    assert said == ["False", "CERT_REQUIRED"]
