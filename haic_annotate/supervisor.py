"""`./haic up`: starts everything, keeps it running, stops it all."""

import argparse
import hashlib
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

from haic_annotate.data_folder import DataFolder, split_data
from haic_annotate.embedded import CannotStart, Child, services
from haic_annotate.processes import die_with_parent

HOME = Path(__file__).resolve().parent.parent
READY_SECONDS = 60


@dataclass
class Program:
    """A long-running part of the platform and how to start it again."""

    name: str
    command: list[str]
    child: Child
    failures: int = 0
    not_before: float = 0.0


@dataclass
class Supervisor:
    env: dict[str, str]
    logs: Path
    programs: list[Program] = field(default_factory=list)

    def start(self, name: str, *command: str) -> None:
        self.programs.append(Program(name, list(command), self._spawn(name, list(command))))

    def _spawn(self, name: str, command: list[str]) -> Child:
        log = self.logs / f"{name}.log"
        return Child(name, command, log=log, env=self.env, cwd=HOME, preexec_fn=die_with_parent)

    def revive(self) -> None:
        """Start again what has ended, each time after a longer pause."""
        for program in self.programs:
            if program.child.is_alive:
                continue
            if program.not_before == 0.0:
                pause = min(2**program.failures, 30)
                program.failures += 1
                program.not_before = time.monotonic() + pause
                say(f"{program.name} ended ({program.child.last_words()}); starting it again in {pause} s")
            elif time.monotonic() >= program.not_before:
                program.not_before = 0.0
                program.child = self._spawn(program.name, program.command)

    def stop(self) -> None:
        for program in self.programs:
            if program.child.is_alive:
                program.child.process.terminate()
        for program in self.programs:
            program.child.stop(patience_s=25)


def say(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - this is the program's face


def up(arguments: list[str]) -> int:
    """Run the platform until somebody stops it. 0 after Ctrl-C or SIGTERM, 1 if it could not start or go on."""
    rest, data = split_data(arguments)
    parser = argparse.ArgumentParser(prog="./haic up", description="The whole platform on this machine.")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--data", help="where everything is kept (default: var/)")
    parser.add_argument("--no-demo", action="store_true", help="do not load the sample project at the first start")
    options = parser.parse_args(rest)
    folder = DataFolder(data)
    if not folder.lock():
        raise CannotStart(f"{data} is in use by another ./haic: stop it first, or choose another folder with --data")
    _refuse_taken_port(options.port)
    signal.signal(signal.SIGTERM, _interrupted)
    try:
        _serve(folder, port=options.port, demo=not options.no_demo)
    except KeyboardInterrupt:
        say("stopped")
    finally:
        folder.forget()
    return 0


def _interrupted(*_: object) -> NoReturn:
    raise KeyboardInterrupt


def _refuse_taken_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise CannotStart(f"port {port} is taken: choose another with --port") from error


def _serve(folder: DataFolder, *, port: int, demo: bool) -> None:
    began = time.monotonic()
    say("starting Postgres and Valkey …")
    with services(folder.path) as env:
        env.setdefault("SITE_URL", f"http://127.0.0.1:{port}")
        folder.tell(env)
        _migrate(folder, env)
        supervisor = Supervisor(env, folder.path / "log")
        try:
            say("starting web, relay and worker …")
            python = sys.executable
            gunicorn = ["-m", "gunicorn", "haic_annotate.wsgi", "--preload", "-c", "haic_annotate/gunicorn_config.py"]
            supervisor.start("web", python, *gunicorn, "-b", f"127.0.0.1:{port}")
            supervisor.start("relay", python, "manage.py", "relay")
            worker = ["-m", "celery", "-A", "haic_annotate", "worker", "-c", "2", "-Q", "default,drafting,video"]
            supervisor.start("worker", python, *worker, "-l", "WARNING", "--without-mingle", "--without-gossip")
            _first_start(folder, env, demo=demo)
            _wait_ready(port, supervisor)
            say(f"ready after {time.monotonic() - began:.1f} s: http://127.0.0.1:{port}/   (Ctrl-C stops it)")
            _watch(supervisor, database_answers=_database_probe(env))
        finally:
            say("stopping …")
            supervisor.stop()


def _migrate(folder: DataFolder, env: dict[str, str]) -> None:
    """Migrate as the owner when the migrations on disk are others than at the last start."""
    digest = hashlib.sha256()
    for file in [*sorted(HOME.glob("*/migrations/*.py")), HOME / "requirements.txt"]:
        digest.update(file.read_bytes())
    stamp = folder.path / "migrated"
    if stamp.exists() and stamp.read_text() == digest.hexdigest():
        return
    say("bringing the database up to date …")
    _run(env | {"DATABASE_URL": env["DATABASE_OWNER_URL"]}, "migrate", "--verbosity", "0")
    stamp.write_text(digest.hexdigest())


def _first_start(folder: DataFolder, env: dict[str, str], *, demo: bool) -> None:
    stamp = folder.path / "set_up"
    if stamp.exists():
        return
    if demo:
        say("loading the sample project …")
        _run(env, "load_demo")
    else:
        _run(env, "setup_link")
    stamp.write_text("")


def _run(env: dict[str, str], *arguments: str) -> None:
    command = [sys.executable, "manage.py", *arguments]
    code = subprocess.run(command, env=env, cwd=HOME, preexec_fn=die_with_parent, check=False).returncode
    if code:
        raise CannotStart(f"“{arguments[0]}” failed (see above)")


def _wait_ready(port: int, supervisor: Supervisor) -> None:
    end = time.monotonic() + READY_SECONDS
    while True:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError) as error:
            last = str(error)
        dead = [program for program in supervisor.programs if not program.child.is_alive]
        if dead or time.monotonic() > end:
            cause = f"{dead[0].name}: {dead[0].child.last_words()}" if dead else last
            raise CannotStart(f"the platform did not become ready: {cause}")
        time.sleep(0.1)


def _database_probe(env: dict[str, str]) -> Callable[[], bool]:
    import psycopg

    def answers() -> bool:
        try:
            psycopg.connect(env["DATABASE_URL"], connect_timeout=3).close()
        except psycopg.OperationalError:
            return False
        return True

    return answers


def _watch(supervisor: Supervisor, *, database_answers: Callable[[], bool]) -> NoReturn:
    """Keep the programs running. Without its database the platform cannot go on: that ends it."""
    silent_since: float | None = None
    asked = 0.0
    while True:
        time.sleep(0.3)
        supervisor.revive()
        if time.monotonic() - asked < 5:
            continue
        asked = time.monotonic()
        if database_answers():
            silent_since = None
        elif silent_since is None:
            silent_since = asked
        elif asked - silent_since > 30:
            raise CannotStart("Postgres does not answer any more; see log/postgres.log in the data folder")
