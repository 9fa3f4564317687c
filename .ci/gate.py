"""Every check and test, one after the other: what `make test` and continuous integration run.

Arguments go to pytest: `make test ARGS="tests/journeys -x"`.
"""

import json
import os
import platform
import secrets
import shutil
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# What a real installation sets, with values of no worth; nothing is connected to.
PRODUCTION = {
    "DJANGO_SETTINGS_MODULE": "practice.config.settings",
    "HOMEWARD_BASE_URL": "https://homeward.example.org",
    "ALLOWED_HOSTS": "homeward.example.org",
    "SECRET_KEY": secrets.token_urlsafe(60),
    "HOMEWARD_MASTER_KEY": b64encode(secrets.token_bytes(32)).decode(),
    "DATABASE_URL": "postgres://homeward@127.0.0.1:9/homeward",
    "DATABASE_ROLE": "homeward_web",
    "REDIS_URL": "redis://127.0.0.1:9/0",
    "EMAIL_URL": "smtps://user:word@mail.example.org:465",
}
Step = Callable[[], bool]


def run(*command: str, env: dict[str, str] | None = None) -> bool:
    """Run one tool of the environment; tell whether it was content."""
    program = BIN / command[0]
    answer = subprocess.run(
        [str(program), *command[1:]], cwd=ROOT, env={**os.environ, **(env or {})}, check=False
    )
    return answer.returncode == 0


def manage(*command: str) -> bool:
    """Run `manage.py` as a real installation would."""
    # `makemigrations --check` would like to look at a database; there is none here to look at.
    return run("python", "-W", "ignore::RuntimeWarning", "manage.py", *command, env=PRODUCTION)


def silenced_checks() -> bool:
    """Refuse a silenced system check."""
    code = (
        "from django.conf import settings;"
        "import sys; sys.exit(bool(settings.SILENCED_SYSTEM_CHECKS))"
    )
    return run("python", "-c", code, env=PRODUCTION)


def vulnerabilities() -> bool:
    """Fail on a known vulnerability; go on, and say so, when nobody can be asked."""
    answer = subprocess.run(
        [str(BIN / "pip-audit"), "--format=json", "--progress-spinner=off", "--timeout=20"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        packages = json.loads(answer.stdout)["dependencies"]
    except (json.JSONDecodeError, KeyError):
        last = (answer.stderr.strip().splitlines() or ["no answer"])[-1]
        print(f"NOT CHECKED: the vulnerability service could not be asked ({last[:160]})")
        return True
    found = [(package, hit) for package in packages for hit in package.get("vulns", [])]
    for package, hit in found:
        fixed = ", ".join(hit["fix_versions"]) or "no release yet"
        print(f"{package['name']} {package['version']}: {hit['id']} (fixed in {fixed})")
    # pip-audit passes over what the service does not know, without a word: that is no "all clear".
    unknown = [package["name"] for package in packages if "skip_reason" in package]
    asked = len(packages) - len(unknown)
    print(f"{asked} packages asked about, {len(found)} known vulnerabilities")
    if unknown:
        print(f"NOT CHECKED: {len(unknown)} packages the vulnerability service did not answer for")
    return not found


def chromium() -> bool:
    """Make sure that there is a browser: from the system, through apt where we may."""
    if os.environ.get("CHROMIUM") or any(map(shutil.which, BROWSERS)):
        return True
    apt = shutil.which("apt-get")
    if apt and os.geteuid() == 0:
        env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for words in (["update", "-q"], ["install", "-qy", "--no-install-recommends", "chromium"]):
            subprocess.run([apt, *words], env=env, check=False)
        if any(map(shutil.which, BROWSERS)):
            return True
    hint = (
        "brew install --cask chromium"
        if platform.system() == "Darwin"
        else ("apt-get install chromium (as root)")
    )
    print(f"Chromium is missing. Install it ({hint}), or set CHROMIUM to its path.")
    return False


def tests() -> bool:
    """Run the tests, on as many processes as there are cores (eight at most)."""
    workers = str(min(os.cpu_count() or 2, 8))
    return run(
        *("python", "-m", "pytest", "-n", workers, "--dist", "loadfile"),
        # In the order tests/conftest.py gives: the long ones first, so that nobody waits at the end.
        *("--no-loadscope-reorder", "--durations=10"),
        *sys.argv[1:],
    )


STEPS: list[tuple[str, Step]] = [
    ("format", lambda: run("ruff", "format", "--check", ".")),
    ("lint", lambda: run("ruff", "check", ".")),
    ("templates", lambda: run("djlint", "--lint", "--quiet", "templates")),
    ("types", lambda: run("mypy")),
    ("import contracts", lambda: run("lint-imports")),
    ("deployment checks", lambda: manage("check", "--deploy", "--fail-level=WARNING")),
    ("silenced checks", silenced_checks),
    ("missing migrations", lambda: manage("makemigrations", "--check", "--dry-run")),
    ("known vulnerabilities", vulnerabilities),
    ("chromium", chromium),
    ("tests", tests),
]


def main() -> int:
    """Run every step, whatever came before it; name at the end those that failed."""
    began = time.monotonic()
    failed = []
    for name, step in STEPS:
        print(f"\n=== {name} {'=' * (70 - len(name))}", flush=True)
        started = time.monotonic()
        content = step()
        print(f"--- {name}: {'ok' if content else 'FAILED'}, {time.monotonic() - started:.1f} s")
        if not content:
            failed.append(name)
    minutes, seconds = divmod(int(time.monotonic() - began), 60)
    print(f"\nAll in {minutes} min {seconds} s.")
    print(f"FAILED: {', '.join(failed)}" if failed else "Everything passed.")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
