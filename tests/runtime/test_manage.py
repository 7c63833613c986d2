"""`./haic manage` without a running `up`: it brings services for its own time, and only where a command needs them."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from haic_annotate.embedded import Valkey
from haic_annotate.processes import die_with_parent
from tests.stack import HOME, environment, manage, processes_of, wait_until_gone

WHO = "from django.db import connection as c; k = c.cursor(); print(k.execute('SELECT current_user').fetchone()[0])"
CREATE = "from django.db import connection as c; c.cursor().execute('CREATE TABLE mine (a int)')"
SLEEP = "import time; print('inside', flush=True); time.sleep(60)"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder that a command has once been run on."""
    folder = tmp_path_factory.mktemp("manage") / "data"
    first = manage(folder, "shell", "-v", "0", "-c", "from annotation.models import User; User(username='kept').save()")
    assert first.returncode == 0, first.stderr
    return folder


def _shell(data: Path, code: str) -> subprocess.CompletedProcess[str]:
    return manage(data, "shell", "-v", "0", "-c", code)


def test_a_command_starts_services_for_its_own_time_and_data_survive(data: Path) -> None:
    assert wait_until_gone(data, seconds=1) == {}
    answer = _shell(data, "from annotation.models import User; print(User.objects.get().username)")
    assert (answer.stdout, answer.stderr, answer.returncode) == ("kept\n", "", 0)
    assert processes_of(data) == {}


def test_a_command_serves_as_the_app_role_which_cannot_change_the_schema(data: Path) -> None:
    assert _shell(data, WHO).stdout == "haic_app\n"
    refused = _shell(data, CREATE)
    assert refused.returncode == 1
    assert "permission denied for schema public" in refused.stderr


def test_migrate_runs_as_the_owner_on_a_database_that_has_nothing_yet(tmp_path: Path) -> None:
    data = tmp_path / "data"
    assert manage(data, "migrate", "--check").returncode == 1
    migrated = manage(data, "migrate")
    assert migrated.returncode == 0, migrated.stderr
    assert manage(data, "migrate", "--check").returncode == 0


@pytest.mark.parametrize("arguments", [[], ["help"], ["migrate", "--help"], ["load_demo", "-h"]])
def test_help_starts_no_service(tmp_path: Path, arguments: list[str]) -> None:
    answer = manage(tmp_path / "data", *arguments)
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout
    assert not (tmp_path / "data").exists()


def test_a_command_that_fails_hands_on_its_exit_code(data: Path) -> None:
    assert _shell(data, "raise SystemExit(7)").returncode == 7
    assert manage(data, "no_such_command").returncode == 1
    assert processes_of(data) == {}


@pytest.mark.parametrize(("sig", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGKILL, -9)])
def test_an_interrupted_command_leaves_no_service(data: Path, sig: signal.Signals, code: int) -> None:
    command = [sys.executable, "-m", "haic_annotate", "manage", "shell", "-v", "0", "-c", SLEEP, "--data", str(data)]
    process = subprocess.Popen(
        command,
        cwd=HOME,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
        preexec_fn=die_with_parent,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "inside\n"
    assert any("bin/postgres -D" in command for command in processes_of(data).values())
    process.send_signal(sig)
    assert process.wait(30) == code
    process.stdout.close()
    assert wait_until_gone(data) == {}


def test_given_services_take_the_place_of_the_embedded_ones(tmp_path: Path) -> None:
    data = tmp_path / "data"
    env = environment() | {"DATABASE_URL": os.environ["DATABASE_URL"], "REDIS_URL": os.environ["REDIS_URL"]}
    answer = manage(data, "shell", "-v", "0", "-c", WHO, env=env)
    assert (answer.stdout, answer.returncode) == ("postgres\n", 0), answer.stderr
    assert not (data / "pg").exists()
    assert not (data / "valkey").exists()


def test_a_given_broker_leaves_the_embedded_database(tmp_path: Path) -> None:
    valkey = Valkey(tmp_path / "other", log=tmp_path / "valkey.log")
    valkey.start()
    try:
        data = tmp_path / "data"
        answer = manage(data, "shell", "-v", "0", "-c", WHO, env=environment() | {"REDIS_URL": valkey.url})
        assert answer.stdout == "haic_app\n", answer.stderr
        assert (data / "pg").exists()
        assert not (data / "valkey").exists()
    finally:
        valkey.stop()
