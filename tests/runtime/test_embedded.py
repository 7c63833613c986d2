"""The services and their folder by themselves: what an earlier start, killed at any moment, may have left."""

import os
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from haic_annotate import embedded
from haic_annotate.data_folder import DataFolder, secret_key, split_data
from haic_annotate.embedded import CannotStart, Postgres, Valkey
from haic_annotate.processes import die_with_parent


@pytest.fixture
def postgres(tmp_path: Path) -> Iterator[Postgres]:
    postgres = Postgres(tmp_path / "pg", log=tmp_path / "log/postgres.log", durable=False)
    yield postgres
    postgres.stop()


def _answers(postgres: Postgres) -> bool:
    with psycopg.connect(postgres.url("postgres", "postgres")) as connection:
        row = connection.execute("SELECT 1").fetchone()
    return row == (1,)


def test_it_listens_on_a_private_socket_only_and_changes_no_folder_of_others(
    tmp_path: Path, postgres: Postgres
) -> None:
    tmp_path.chmod(0o700)
    before = {folder: folder.stat().st_mode for folder in [tmp_path, *tmp_path.parents]}
    users = Path("/etc/passwd").read_bytes()
    postgres.start()
    assert _answers(postgres)
    with psycopg.connect(postgres.url("postgres", "postgres")) as connection:
        settings: dict[str, str] = dict(connection.execute("SELECT name, setting FROM pg_settings").fetchall())
    assert settings["listen_addresses"] == ""
    assert stat.S_IMODE(postgres.sockets.stat().st_mode) == 0o700
    assert {folder: folder.stat().st_mode for folder in before} == before
    assert Path("/etc/passwd").read_bytes() == users


def test_it_keeps_what_was_committed_when_it_is_durable(tmp_path: Path) -> None:
    postgres = Postgres(tmp_path / "pg", log=tmp_path / "postgres.log")
    postgres.start()
    try:
        with psycopg.connect(postgres.url("postgres", "postgres")) as connection:
            settings: dict[str, str] = dict(connection.execute("SELECT name, setting FROM pg_settings").fetchall())
        for name in ("fsync", "full_page_writes", "synchronous_commit"):
            assert settings[name] == "on"
    finally:
        postgres.stop()


def test_root_without_user_namespaces_runs_it_as_nobody_from_a_copy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded, "_user_namespace", lambda: None)
    if os.geteuid() != 0:
        plain = Postgres(tmp_path / "pg", log=tmp_path / "postgres.log", durable=False)
        plain.stop()
        assert (plain.identity, plain.data) == ({}, tmp_path / "pg"), "only root becomes somebody else"
        return
    before = os.umask(0o077)
    copies = set()
    try:
        for turn in ("first", "second"):
            postgres = Postgres(tmp_path / "pg", log=tmp_path / "postgres.log", durable=False)
            copies.add(postgres.data.parent)
            try:
                postgres.start()
                assert postgres.child is not None
                assert Path(f"/proc/{postgres.child.process.pid}").stat().st_uid == embedded.NOBODY
                with psycopg.connect(postgres.url("postgres", "postgres")) as connection:
                    connection.execute(f"CREATE TABLE {turn} (a int)")
                    tables = connection.execute(
                        "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
                    ).fetchall()
                assert len(tables) == (1 if turn == "first" else 2)
            finally:
                postgres.stop()
    finally:
        os.umask(before)
        for copy in copies:
            shutil.rmtree(copy)
    assert tmp_path not in copies
    assert len(copies) == 1


def test_a_pid_note_that_names_another_program_does_not_prevent_the_start(tmp_path: Path, postgres: Postgres) -> None:
    postgres.start()
    note = tmp_path / "pg/postmaster.pid"
    stale = note.read_text().splitlines()
    postgres.stop()
    assert not note.exists()
    stranger = subprocess.Popen(["sleep", "60"], preexec_fn=die_with_parent)
    note.write_text("\n".join([str(stranger.pid), *stale[1:]]) + "\n")  # since a reboot the pid is somebody else's

    again = Postgres(tmp_path / "pg", log=postgres.log, durable=False)
    again.start()
    try:
        assert _answers(again)
        assert stranger.poll() is None
    finally:
        again.stop()
        stranger.kill()
        stranger.wait()


def test_a_start_waits_for_the_postgres_of_a_killed_supervisor(tmp_path: Path, postgres: Postgres) -> None:
    postgres.start()
    assert postgres.child is not None
    os.kill(postgres.child.process.pid, signal.SIGSTOP)  # as if it were still writing
    resume = f"import os, time; time.sleep(1); os.kill({postgres.child.process.pid}, {int(signal.SIGCONT)})"
    os.kill(postgres.child.process.pid, signal.SIGINT)
    resumer = subprocess.Popen([sys.executable, "-c", resume])
    again = Postgres(tmp_path / "pg", log=postgres.log, durable=False)
    began = time.monotonic()
    again.start()
    try:
        assert time.monotonic() - began > 0.5
        assert _answers(again)
    finally:
        resumer.wait()
        again.stop()


def test_a_database_that_was_half_made_is_made_again(tmp_path: Path, postgres: Postgres) -> None:
    making = tmp_path / "pg.making"
    making.mkdir()
    (making / "PG_VERSION").write_text("18\n")
    postgres.start()
    assert _answers(postgres)
    assert not making.exists()


def test_a_service_that_cannot_start_says_why_in_one_line(tmp_path: Path) -> None:
    postgres = Postgres(tmp_path / "pg", log=tmp_path / "postgres.log", durable=False)
    postgres.start()
    postgres.stop()
    (tmp_path / "pg/PG_VERSION").write_text("9\n")
    broken = Postgres(tmp_path / "pg", log=tmp_path / "postgres.log", durable=False)
    with pytest.raises(CannotStart, match=r"Postgres ended while starting: .*postgres\.log") as refusal:
        broken.start()
    broken.stop()
    assert "\n" not in str(refusal.value)


def test_roles_can_be_made_twice(postgres: Postgres) -> None:
    postgres.start()
    postgres.make_roles()
    postgres.make_roles()
    with psycopg.connect(postgres.url("haic_app", "haic")) as connection:
        row = connection.execute(
            "SELECT rolsuper OR rolcreatedb OR rolcreaterole FROM pg_roles WHERE rolname = current_user"
        ).fetchone()
    assert row == (False,)


def test_valkey_never_evicts_and_keeps_what_it_was_told_through_a_kill(tmp_path: Path) -> None:
    import redis

    valkey = Valkey(tmp_path / "valkey", log=tmp_path / "valkey.log")
    valkey.start()
    try:
        client = redis.Redis(unix_socket_path=str(valkey.socket), decode_responses=True)
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        client.rpush("queue", "message")
        assert valkey.child is not None
        valkey.child.process.kill()
        valkey.child.process.wait()
        valkey.start()  # on the same socket: clients find it again
        assert client.lrange("queue", 0, -1) == ["message"]
    finally:
        valkey.stop()


def test_the_secret_key_is_made_once_and_is_its_owners(tmp_path: Path) -> None:
    key = secret_key(tmp_path)
    assert len(key) >= 50
    assert secret_key(tmp_path) == key
    assert stat.S_IMODE((tmp_path / "secret_key").stat().st_mode) == 0o600
    assert [file.name for file in tmp_path.iterdir()] == ["secret_key"]


def test_a_locked_folder_is_refused_and_its_services_are_told(tmp_path: Path) -> None:
    names = ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL", "HAIC_EMBEDDED", "DJANGO_SETTINGS_MODULE")
    first, second = DataFolder(tmp_path), DataFolder(tmp_path)
    assert first.lock()
    assert not second.lock()
    assert second.running() is None
    first.tell({**{name: name.lower() for name in names}, "HAIC_DATA": str(tmp_path), "SECRET_KEY": "never written"})
    told = second.running()
    assert told is not None
    assert told["HAIC_DATA"] == str(tmp_path)
    assert "never written" not in first.note.read_text()
    assert stat.S_IMODE(first.note.stat().st_mode) == 0o600


def test_the_note_of_a_killed_up_is_forgotten(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    folder.note.write_text('{"DATABASE_URL": "postgres://gone"}')
    assert folder.lock()
    assert folder.running() is None


def test_what_the_environment_gives_wins_over_the_note(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://mine")
    monkeypatch.delenv("REDIS_URL", raising=False)
    folder = DataFolder(tmp_path)
    folder.note.write_text(
        '{"DATABASE_URL": "postgres://a", "DATABASE_OWNER_URL": "postgres://o", "REDIS_URL": "redis://a"}'
    )
    told = folder.running()
    assert told is not None
    # The owner of another database must never migrate this one.
    assert (told["DATABASE_URL"], told["DATABASE_OWNER_URL"]) == ("postgres://mine", "postgres://mine")
    assert told["REDIS_URL"] == "redis://a"


def test_the_data_folder_is_the_argument_else_the_environments_else_var(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HAIC_DATA", "/from/environment")
    assert split_data(["check", "--data", "/a", "-v"]) == (["check", "-v"], Path("/a"))
    assert split_data(["check", "--data=/a"]) == (["check"], Path("/a"))
    assert split_data(["check"]) == (["check"], Path("/from/environment"))
    monkeypatch.delenv("HAIC_DATA")
    assert split_data([])[1].name == "var"


def test_a_grandchild_dies_with_its_parent(tmp_path: Path) -> None:
    """What gunicorn's and Celery's children rely on: the wish to die is not inherited, each asks for itself."""
    script = (
        "import os, time\n"
        "from haic_annotate.processes import die_with_parent\n"
        "child = os.fork()\n"
        "if child == 0:\n"
        "    die_with_parent(); time.sleep(60)\n"
        "print(child, flush=True); time.sleep(60)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, preexec_fn=die_with_parent
    )
    assert process.stdout is not None
    grandchild = int(process.stdout.readline())
    time.sleep(0.2)
    process.kill()
    process.wait()
    process.stdout.close()
    end = time.monotonic() + 5
    while Path(f"/proc/{grandchild}/cmdline").exists() and Path(f"/proc/{grandchild}/cmdline").read_bytes():
        assert time.monotonic() < end
        time.sleep(0.05)
