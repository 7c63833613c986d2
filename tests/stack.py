"""The whole platform as people start it, in a data folder of its own: for tests that kill it or look at it."""

import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import suppress
from pathlib import Path

from django.db import connection

from haic_annotate.data_folder import secret_key
from haic_annotate.processes import die_with_parent

HOME = Path(__file__).resolve().parent.parent
OURS = (
    "HAIC_EMBEDDED",
    "DATABASE_URL",
    "DATABASE_OWNER_URL",
    "REDIS_URL",
    "SECRET_KEY",
    "HAIC_DATA",
    "DJANGO_SETTINGS_MODULE",
    "DJANGO_ALLOW_ASYNC_UNSAFE",
    "HAIC_TEST_RUN",
)


def environment() -> dict[str, str]:
    """The environment of somebody who has set nothing; the test run itself has services and a key in its own."""
    return {name: value for name, value in os.environ.items() if name not in OURS}


def committed_database() -> dict[str, str]:
    """The test run's environment for another process, which sees what this test has committed to its database."""
    address = f"{os.environ['DATABASE_URL'].rpartition('/')[0]}/{connection.settings_dict['NAME']}"
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "haic_annotate.settings",
        "PYTHONPATH": str(HOME),
        "DATABASE_URL": address,
    }


def free_port() -> int:
    """One that nobody listens on, below those that the system gives to outgoing connections: it is bound later."""
    while True:
        port = random.SystemRandom().randrange(10_000, 32_000)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def manage(data: Path, *arguments: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run `./haic manage … --data DATA` to its end."""
    command = [sys.executable, "-m", "haic_annotate", "manage", *arguments, "--data", str(data)]
    return subprocess.run(
        command, cwd=HOME, env=env or environment(), capture_output=True, text=True, timeout=300, check=False
    )


def processes_of(data: Path) -> dict[int, str]:
    """Pid and command line of every living process that belongs to a data folder, however far its family has spread."""
    found: dict[int, str] = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
            traces = (
                f"{command} {(entry / 'environ').read_bytes().decode(errors='replace')} {(entry / 'cwd').readlink()}"
            )
        except OSError:  # it ended while we looked, or is a zombie
            continue
        if re.search(rf"{re.escape(str(data))}(?![\w.-])", traces):
            found[int(entry.name)] = command
    return found


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def wait_until_gone(data: Path, *, seconds: float = 15) -> dict[int, str]:
    """What is still alive when nothing is, or when the time is over."""
    end = time.monotonic() + seconds
    while (left := processes_of(data)) and time.monotonic() < end:
        time.sleep(0.05)
    return left


class Stack:
    """One `./haic up`."""

    def __init__(self, data: Path, *, port: int | None = None) -> None:
        self.data = data
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.output = data.with_name(f"{data.name}.output")

    def spawn(self, *arguments: str) -> None:
        """Start it without waiting. It dies with the test run."""
        command = [sys.executable, "-m", "haic_annotate", "up", "--port", str(self.port), "--data", str(self.data)]
        with self.output.open("w") as output:
            self.process = subprocess.Popen(
                [*command, *arguments],
                cwd=HOME,
                env=environment(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=die_with_parent,
            )

    def start(self, *arguments: str, seconds: float = 90) -> float:
        """Start it, wait until `/readyz` answers 200, and give the seconds that took."""
        began = time.monotonic()
        self.spawn(*arguments)
        while not self.is_ready():
            assert self.process.poll() is None, self.said()
            assert time.monotonic() - began < seconds, self.said()
            time.sleep(0.05)
        return time.monotonic() - began

    def wait_for(self, words: str, *, seconds: float = 60) -> str:
        """Until it has said `words`; gives all it said."""
        end = time.monotonic() + seconds
        while words not in self.said():
            assert time.monotonic() < end, f"never said {words!r}: {self.said()}"
            time.sleep(0.05)
        return self.said()

    def is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/readyz", timeout=5) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def said(self) -> str:
        return self.output.read_text()

    def environment(self) -> dict[str, str]:
        """What its processes have, for another one beside them."""
        told: dict[str, str] = json.loads((self.data / "running.json").read_text())
        return {**environment(), **told, "SECRET_KEY": secret_key(self.data)}

    def pid_of(self, words: str) -> int:
        """The process whose command line has these words and whose parent's has not: its children keep its words."""
        family = [pid for pid, command in processes_of(self.data).items() if words in command]
        return next(pid for pid in family if parent_of(pid) not in family)

    def send(self, sig: signal.Signals) -> int:
        """Signal the supervisor alone and give its exit code."""
        self.process.send_signal(sig)
        return self.process.wait(60)

    def stop(self) -> None:
        if self.process.poll() is None:
            self.send(signal.SIGTERM)
