"""What a server refuses to start with: gunicorn ends before it binds, with one line that names the variable."""

import re
import secrets
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import psycopg
import pytest

from haic_annotate.embedded import Postgres, Valkey
from tests.once_a_run import start_migrated
from tests.stack import HOME, environment, free_port

GOOD_KEY = secrets.token_urlsafe(60)


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    """Migrated and durable."""
    folder = tmp_path_factory.mktemp("guard")
    server = Postgres(folder / "pg", log=folder / "postgres.log")
    start_migrated(server)
    yield server
    server.stop()


@pytest.fixture(scope="module")
def static(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("static")
    env = {
        **environment(),
        "SECRET_KEY": GOOD_KEY,
        "DATABASE_URL": "postgres:///unused",
        "STATIC_ROOT": str(folder),
    }
    command = [sys.executable, "manage.py", "collectstatic", "--noinput", "-v", "0"]
    subprocess.run(command, cwd=HOME, env=env, check=True, timeout=60)
    return folder


@pytest.fixture(autouse=True)
def _collected(monkeypatch: pytest.MonkeyPatch, static: Path) -> None:
    monkeypatch.setenv("STATIC_ROOT", str(static))


def _start(postgres: Postgres, **changes: str | None) -> subprocess.CompletedProcess[str]:
    """Ask gunicorn to check that it can load the server, as its first act at every start is."""
    return _gunicorn(postgres, changes, "--check-config")


def _gunicorn(postgres: Postgres, changes: Mapping[str, str | None], *options: str) -> subprocess.CompletedProcess[str]:
    """With the settings of a server."""
    env: dict[str, str] = {
        **environment(),
        "SECRET_KEY": GOOD_KEY,
        "DATABASE_URL": postgres.url("haic_app", "haic"),
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "ALLOWED_HOSTS": "annotate.test",
    }
    for name, value in changes.items():
        env.pop(name, None)
        if value is not None:
            env[name] = value
    command = [sys.executable, "-m", "gunicorn", "haic_annotate.wsgi", "-c", "haic_annotate/production/gunicorn.py"]
    return subprocess.run(
        [*command, *options], cwd=HOME, env=env, capture_output=True, text=True, timeout=60, check=False
    )


def _refusal(answer: subprocess.CompletedProcess[str]) -> str:
    assert answer.returncode != 0, "it would have started"
    lines = [line for line in answer.stderr.splitlines() if line.startswith("haic refuses to start: ")]
    assert len(lines) == 1, answer.stderr
    assert "Traceback" not in answer.stderr
    return lines[0].removeprefix("haic refuses to start: ")


def test_a_safe_server_starts_and_a_broker_that_is_away_is_no_reason_not_to(postgres: Postgres) -> None:
    answer = _start(postgres)
    assert (answer.returncode, answer.stderr) == (0, "")


@pytest.mark.parametrize(
    "key",
    [None, "", "changeme", "x" * 20, "ab" * 40, "django-insecure-" + secrets.token_urlsafe(60)],
    ids=["unset", "empty", "changeme", "short", "two letters", "out of a template"],
)
def test_a_missing_weak_or_known_key_is_refused_s03(postgres: Postgres, key: str | None) -> None:
    assert "SECRET_KEY" in _refusal(_start(postgres, SECRET_KEY=key))


def test_no_key_in_the_repository_would_be_taken_s03(postgres: Postgres) -> None:
    written = set()
    for line in subprocess.run(
        ["git", "log", "-p", "--no-color", "--all", "-G", "SECRET_KEY"],
        cwd=HOME,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines():
        for quoted, bare in re.findall(r"""SECRET_KEY["']?\s*[=:,]\s*(?:["']([^"']+)["']|([^\s"'}]+))""", line):
            written.add(quoted or bare)
    assert len(written) > 1, "nothing was found: the pattern is wrong"
    for key in sorted(written):
        assert "SECRET_KEY" in _refusal(_start(postgres, SECRET_KEY=key)), key


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("DEBUG", "true"),
        ("ALLOWED_HOSTS", "*"),
        ("ALLOWED_HOSTS", "annotate.test,*"),
        ("ALLOWED_HOSTS", ""),
        ("DATABASE_URL", None),
        ("HTTPS", "perhaps"),
        ("BEHIND_PROXY", "two"),
        ("MEDIA_STORAGE", "ftp"),
        ("STATIC_ROOT", "/nonexistent"),
        ("MODEL_PRICES", '[{"model": "mine", "since": "2026-01-01", "input": 1}]'),
    ],
)
def test_an_open_door_is_refused_by_the_name_of_its_variable_s03(
    postgres: Postgres, variable: str, value: str | None
) -> None:
    assert variable in _refusal(_start(postgres, **{variable: value}))


def test_an_unsafe_server_never_touches_its_port_s03(postgres: Postgres) -> None:
    """The port is taken: a server that binds before it looks complains of that."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        bind = {"WEB_BIND": f"127.0.0.1:{port}"}
        unsafe = _gunicorn(postgres, {**bind, "SECRET_KEY": "changeme"})
        safe = _gunicorn(postgres, bind)
    assert "SECRET_KEY" in _refusal(unsafe)
    assert "in use" not in unsafe.stderr
    assert (safe.returncode != 0, "in use" in safe.stderr) == (True, True), safe.stderr


@pytest.mark.parametrize(
    ("said", "missing"),
    [
        ({"MEDIA_STORAGE": "s3"}, "S3_BUCKET"),
        ({"MEDIA_DELIVERY": "presigned"}, "MEDIA_STORAGE=s3"),
        ({"MEDIA_STORAGE": "s3", "S3_BUCKET": "b", "MEDIA_DELIVERY": "presigned"}, "S3_PUBLIC_ENDPOINT_URL"),
    ],
)
def test_a_store_that_cannot_work_is_refused(postgres: Postgres, said: dict[str, str], missing: str) -> None:
    assert missing in _refusal(_start(postgres, **said))


def test_a_store_in_s3_needs_no_answer_at_the_start(postgres: Postgres) -> None:
    said = {"MEDIA_STORAGE": "s3", "S3_BUCKET": "b", "S3_ENDPOINT_URL": f"http://127.0.0.1:{free_port()}"}
    assert _start(postgres, **said).returncode == 0


def test_a_database_that_is_away_is_named_without_its_password(postgres: Postgres) -> None:
    said = _refusal(_start(postgres, DATABASE_URL=f"postgres://haic_app:geheim@127.0.0.1:{free_port()}/haic"))
    assert said.startswith("DATABASE_URL")
    assert "geheim" not in said


@pytest.mark.parametrize("role", ["haic_owner", "postgres"])
def test_a_role_that_may_rewrite_history_does_not_serve(postgres: Postgres, role: str) -> None:
    assert "may rewrite history" in _refusal(_start(postgres, DATABASE_URL=postgres.url(role, "haic")))


@pytest.mark.parametrize("setting", ["synchronous_commit"])
def test_a_database_that_forgets_is_refused_f09(postgres: Postgres, setting: str) -> None:
    with psycopg.connect(postgres.url("postgres", "haic"), autocommit=True) as admin:
        admin.execute(f"ALTER ROLE haic_app SET {setting} = off")
        try:
            assert f"DATABASE_URL: {setting} is off" in _refusal(_start(postgres))
        finally:
            admin.execute(f"ALTER ROLE haic_app RESET {setting}")


def test_a_server_without_fsync_is_refused_f09(tmp_path: Path) -> None:
    server = Postgres(tmp_path / "pg", log=tmp_path / "postgres.log", durable=False)
    server.start()
    try:
        server.make_roles()
        answer = _start(server)
        assert answer.returncode != 0
        for setting in ("fsync", "full_page_writes", "synchronous_commit"):
            assert f"DATABASE_URL: {setting} is off" in answer.stderr
    finally:
        server.stop()


def test_pending_migrations_are_refused_d12(postgres: Postgres) -> None:
    with psycopg.connect(postgres.url("postgres", "haic"), autocommit=True) as admin:
        row = admin.execute("DELETE FROM django_migrations WHERE app = 'qa' RETURNING app, name, applied").fetchall()
        try:
            assert "migrations are pending" in _refusal(_start(postgres))
        finally:
            for values in row:
                admin.execute("INSERT INTO django_migrations (app, name, applied) VALUES (%s, %s, %s)", values)


def test_a_broker_that_evicts_is_refused_f08(postgres: Postgres, tmp_path: Path) -> None:
    import redis

    valkey = Valkey(tmp_path / "valkey", log=tmp_path / "valkey.log")
    valkey.start()
    try:
        assert _start(postgres, REDIS_URL=valkey.url).returncode == 0
        with redis.Redis(unix_socket_path=str(valkey.socket)) as client:
            client.config_set("maxmemory-policy", "allkeys-lru")
        assert "REDIS_URL: its maxmemory-policy is allkeys-lru" in _refusal(_start(postgres, REDIS_URL=valkey.url))
    finally:
        valkey.stop()


@pytest.mark.parametrize(
    "command",
    [["manage.py", "relay"], ["-m", "celery", "-A", "haic_annotate", "worker", "-P", "solo", "-l", "ERROR"]],
    ids=["relay", "worker"],
)
def test_relay_and_worker_refuse_the_same_s03(postgres: Postgres, command: list[str]) -> None:
    env = {
        **environment(),
        "SECRET_KEY": "short",
        "DATABASE_URL": postgres.url("haic_app", "haic"),
        "REDIS_URL": "redis://127.0.0.1:1/0",
    }
    answer = subprocess.run(
        [sys.executable, *command], cwd=HOME, env=env, capture_output=True, text=True, timeout=60, check=False
    )
    assert answer.returncode != 0
    assert "haic refuses to start: SECRET_KEY" in answer.stderr


def test_the_deployment_check_has_nothing_to_say(postgres: Postgres) -> None:
    env = {
        **environment(),
        "SECRET_KEY": GOOD_KEY,
        "DATABASE_URL": postgres.url("haic_app", "haic"),
        "HTTPS": "true",
        "BEHIND_PROXY": "1",
        "ALLOWED_HOSTS": "annotate.test",
    }
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    answer = subprocess.run(command, cwd=HOME, env=env, capture_output=True, text=True, timeout=60, check=False)
    assert (answer.returncode, answer.stdout) == (0, "System check identified no issues (0 silenced).\n"), answer.stderr
