"""`./haic up` on real processes: what it starts, what survives a kill, and what must not."""

import os
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from haic_annotate.embedded import Services
from haic_annotate.supervisor import Stop, Supervisor, _wait_ready, _watch
from tests.stack import Stack, manage, processes_of, wait_until_gone

PARTS = ["bin/postgres -D", "valkey-server", "gunicorn", "manage.py relay", "celery"]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder that `up` has once been started on."""
    folder = tmp_path_factory.mktemp("up") / "data"
    stack = Stack(folder)
    stack.start("--no-demo")
    stack.wait_for("ready after")
    assert "/invitations/" in stack.said(), "no link for the first administrator"
    assert stack.send(signal.SIGTERM) == 0
    assert wait_until_gone(folder) == {}
    return folder


@pytest.fixture
def stack(data: Path) -> Iterator[Stack]:
    stack = Stack(data)
    yield stack
    stack.stop()
    assert wait_until_gone(data) == {}


def _wait_for_workers(stack: Stack) -> None:
    """Until the worker has answered the canary, so that all its children have been forked."""
    ask = "from annotation.models import Heartbeat; print(Heartbeat.objects.filter(name='worker').count())"
    for _ in range(20):
        if manage(stack.data, "shell", "-v", "0", "-c", ask).stdout.strip() == "1":
            return
        time.sleep(0.5)
    raise AssertionError("no worker answered")


def _parent(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[1])


def test_a_second_start_is_quick_and_asks_nothing_again(stack: Stack) -> None:
    assert stack.start("--no-demo") < 10
    said = stack.wait_for("ready after")
    assert stack.url in said
    assert "bringing the database up to date" not in said
    assert "/invitations/" not in said


def test_a_killed_supervisor_leaves_no_process_and_all_data(stack: Stack) -> None:
    stack.start("--no-demo")
    _wait_for_workers(stack)
    write = "from django.contrib.auth import get_user_model as u; u().objects.create_user(username='kept')"
    assert manage(stack.data, "shell", "-v", "0", "-c", write).returncode == 0
    alive = processes_of(stack.data)
    for part in PARTS:
        assert any(part in command for command in alive.values()), f"{part} was not running: {alive}"
    # The worker and its two pool children; gunicorn's master and its two workers.
    assert sum("celery" in command for command in alive.values()) == 3
    assert sum("gunicorn" in command for command in alive.values()) == 3

    # Children that are too busy to notice the silence of their parents must go as well: these notice nothing at all.
    for pid, command in alive.items():
        if ("celery" in command or "gunicorn" in command) and _parent(pid) != stack.process.pid:
            os.kill(pid, signal.SIGSTOP)

    stack.send(signal.SIGKILL)
    assert wait_until_gone(stack.data) == {}

    assert stack.start("--no-demo") < 10
    read = "from django.contrib.auth import get_user_model as u; print(u().objects.filter(username='kept').count())"
    assert manage(stack.data, "shell", "-v", "0", "-c", read).stdout.strip() == "1"


@pytest.mark.parametrize("sig", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_everything_in_order(stack: Stack, sig: signal.Signals) -> None:
    stack.start("--no-demo")
    stack.wait_for("ready after")
    assert stack.send(sig) == 0
    assert processes_of(stack.data) == {}
    assert stack.said().rstrip().endswith("stopped")
    assert not (stack.data / "running.json").exists()
    # Postgres said goodbye: the next start has nothing to recover.
    assert (stack.data / "log/postgres.log").read_text().rstrip().endswith("database system is shut down")


def test_a_signal_during_the_start_leaves_nothing(stack: Stack) -> None:
    stack.spawn("--no-demo")
    stack.wait_for("starting web")
    stack.send(signal.SIGTERM)
    assert wait_until_gone(stack.data) == {}


def test_a_signal_whose_exception_was_swallowed_still_stops_the_start() -> None:
    stop = Stop()
    with suppress(KeyboardInterrupt):  # what Python's hooks around a fork do with it
        stop._asked()
    with pytest.raises(KeyboardInterrupt):
        _wait_ready(1, Supervisor({}, Path("unused")), stop)
    with pytest.raises(KeyboardInterrupt):
        _watch(Supervisor({}, Path("unused")), Services({}), stop)


def test_a_second_up_on_the_same_folder_is_refused_in_one_line(stack: Stack) -> None:
    stack.start("--no-demo")
    second = Stack(stack.data)
    second.output = stack.data.with_name("second.output")
    second.spawn("--no-demo")
    assert second.process.wait(30) == 1
    assert second.said().count("\n") == 1
    assert "is in use by another ./haic" in second.said()
    assert stack.is_ready()


def test_a_taken_port_is_refused_before_anything_starts(stack: Stack) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", stack.port))
        taken.listen()
        stack.spawn("--no-demo")
        assert stack.process.wait(30) == 1
    assert stack.said() == f"haic: port {stack.port} is taken: choose another with --port\n"
    assert processes_of(stack.data) == {}


def test_a_command_beside_it_uses_its_services(stack: Stack) -> None:
    stack.start("--no-demo")
    postgres = stack.pid_of("bin/postgres -D")
    ask = "from django.db import connection as c; k = c.cursor(); print(k.execute('SELECT 1').fetchone()[0])"
    answer = manage(stack.data, "shell", "-v", "0", "-c", ask)
    assert (answer.stdout, answer.returncode) == ("1\n", 0)
    assert stack.pid_of("bin/postgres -D") == postgres
    assert stack.is_ready()


def test_parts_that_die_are_started_again(stack: Stack) -> None:
    stack.start("--no-demo")
    stack.wait_for("ready after")
    parts = ["-m celery", "manage.py relay", "valkey-server", "-m gunicorn"]
    first = {part: stack.pid_of(part) for part in parts}
    for pid in first.values():
        os.kill(pid, signal.SIGKILL)
    for name in ("worker", "relay", "Valkey", "web"):
        stack.wait_for(f"{name} ended")
    end = time.monotonic() + 60
    for part, old in first.items():
        while not any(part in command and pid != old for pid, command in processes_of(stack.data).items()):
            assert time.monotonic() < end, f"{part} did not come back: {stack.said()}"
            time.sleep(0.1)
    while not stack.is_ready():
        assert time.monotonic() < end, "the site did not come back"
        time.sleep(0.1)
    assert stack.process.poll() is None


def test_the_end_of_postgres_ends_the_platform_with_the_reason(stack: Stack) -> None:
    stack.start("--no-demo")
    stack.wait_for("ready after")
    os.kill(stack.pid_of("bin/postgres -D"), signal.SIGKILL)
    assert stack.process.wait(60) == 1
    assert "Postgres ended" in stack.said().splitlines()[-1]
    assert wait_until_gone(stack.data) == {}
