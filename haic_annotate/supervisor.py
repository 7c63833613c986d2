"""`./haic up`: starts everything, keeps it running, stops it all."""

import argparse
import signal
import socket
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

from haic_annotate.data_folder import DataFolder, split_data
from haic_annotate.embedded import CannotStart, Child, Services, Valkey, services
from haic_annotate.first_start import HOME, bring_up_to_date, set_up
from haic_annotate.processes import die_with_parent

READY_SECONDS = 60
STOP_SECONDS = 25
STEADY_SECONDS = 60
"""A program that ran this long before it ended is started again at once."""


@dataclass
class Program:
    """A long-running part of the platform and how to start it again."""

    name: str
    spawn: Callable[[], Child]
    child: Child
    started: float = field(default_factory=time.monotonic)
    failures: int = 0
    not_before: float | None = None


@dataclass
class Supervisor:
    """Keeps programs running. It stops those that it started; Valkey it only revives."""

    env: dict[str, str]
    logs: Path
    programs: list[Program] = field(default_factory=list)
    services: list[Program] = field(default_factory=list)

    def start(self, name: str, *command: str) -> None:
        def spawn() -> Child:
            log = self.logs / f"{name}.log"
            return Child(name, list(command), log=log, env=self.env, cwd=HOME, preexec_fn=die_with_parent)

        self.programs.append(Program(name, spawn, spawn()))

    def watch_over(self, valkey: Valkey) -> None:
        if valkey.child is not None:
            self.services.append(Program("Valkey", valkey.spawn, valkey.child))

    def revive(self) -> None:
        """Start again what has ended, each time after a longer pause."""
        for program in [*self.programs, *self.services]:
            if program.child.is_alive:
                continue
            now = time.monotonic()
            if program.not_before is None:
                if now - program.started > STEADY_SECONDS:
                    program.failures = 0
                pause = min(2**program.failures, 30)
                program.failures += 1
                program.not_before = now + pause
                say(f"{program.name} ended ({program.child.last_words()}); starting it again in {pause} s")
            elif now >= program.not_before:
                program.not_before = None
                program.started = now
                program.child = program.spawn()

    def stop(self) -> None:
        for program in self.programs:
            if program.child.is_alive:
                program.child.process.terminate()
        end = time.monotonic() + STOP_SECONDS  # for all together: the second has had the first one's time as well
        for program in self.programs:
            program.child.stop(patience_s=max(end - time.monotonic(), 0.1))


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
    stop = Stop()
    stop.listen()
    try:
        _serve(folder, port=options.port, demo=not options.no_demo, stop=stop)
    except KeyboardInterrupt:
        say("stopped")
    finally:
        folder.forget()
    return 0


class Stop:
    """Whether somebody asked us to stop.

    An exception raised by a signal's handler is lost when Python is inside a hook that may not fail (those around a
    fork, for one): the loops that wait ask here as well.
    """

    def __init__(self) -> None:
        self.is_asked = False

    def listen(self) -> None:
        for sig in (signal.SIGTERM, signal.SIGINT):
            signal.signal(sig, self._asked)

    def heed(self) -> None:
        """Raises KeyboardInterrupt if it was asked for."""
        if self.is_asked:
            raise KeyboardInterrupt

    def _asked(self, *_: object) -> NoReturn:
        self.is_asked = True
        raise KeyboardInterrupt


def _refuse_taken_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise CannotStart(f"port {port} is taken: choose another with --port") from error


def _serve(folder: DataFolder, *, port: int, demo: bool, stop: Stop) -> None:
    began = time.monotonic()
    say("starting Postgres and Valkey …")
    with services(folder.path) as running:
        env = running.env
        env.setdefault("SITE_URL", f"http://127.0.0.1:{port}")
        folder.tell(env)
        bring_up_to_date(folder, running, say=say)
        supervisor = Supervisor(env, folder.path / "log")
        if running.valkey is not None:
            supervisor.watch_over(running.valkey)
        try:
            say("starting web, relay and worker …")
            python = sys.executable
            gunicorn = ["-m", "gunicorn", "haic_annotate.wsgi", "--preload", "-c", "haic_annotate/gunicorn_config.py"]
            supervisor.start("web", python, *gunicorn, "-b", f"127.0.0.1:{port}")
            supervisor.start("relay", python, "manage.py", "relay")
            worker = ["-m", "celery", "-A", "haic_annotate", "worker", "-c", "2", "-Q", "default,drafting,video"]
            supervisor.start("worker", python, *worker, "-l", "WARNING", "--without-mingle", "--without-gossip")
            set_up(folder, running, demo=demo, say=say)
            _wait_ready(port, supervisor, stop)
            say(f"ready after {time.monotonic() - began:.1f} s: http://127.0.0.1:{port}/   (Ctrl-C stops it)")
            _watch(supervisor, running, stop)
        finally:
            say("stopping …")
            supervisor.stop()


def _wait_ready(port: int, supervisor: Supervisor, stop: Stop) -> None:
    end = time.monotonic() + READY_SECONDS
    while True:
        stop.heed()
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


def _watch(supervisor: Supervisor, running: Services, stop: Stop) -> NoReturn:
    """Keep the programs running. Without its own Postgres the platform cannot go on: that ends it."""
    while True:
        time.sleep(0.3)
        stop.heed()
        postgres = running.postgres
        if postgres is not None and postgres.child is not None and not postgres.child.is_alive:
            raise CannotStart(f"Postgres ended ({postgres.child.last_words()}): see {postgres.log}")
        supervisor.revive()
