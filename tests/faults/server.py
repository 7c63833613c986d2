"""A server on a Postgres that tests may kill: gunicorn as `./haic up` starts it, without the supervisor."""

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

from haic_annotate.data_folder import secret_key
from haic_annotate.embedded import CannotStart, Postgres
from haic_annotate.processes import die_with_parent
from tests.console import Console
from tests.once_a_run import start_migrated
from tests.stack import HOME, environment, free_port, manage

SEED = """
from django.test import Client
from annotation.models import Role, Scope
from annotation.services.tokens import make_token
from tests.factories import ClipFactory, DraftedCaptionFactory, MembershipFactory, ProjectFactory, UserFactory
project = ProjectFactory.create(slug="demo")
ana = UserFactory.create(username="ana")
MembershipFactory.create(project=project, user=ana, role=Role.ADMIN)
for number in range(CAPTIONS):
    DraftedCaptionFactory(project=project, clip=ClipFactory.create(project=project, clip_id=f"c{number}"))
client = Client()
client.force_login(ana)
print(client.cookies["sessionid"].value)
print(make_token(user=ana, name="test", scope=Scope.WRITE, days=1)[1])
"""
REVISIONS = """
import json
from annotation.models import CaptionRevision
print(json.dumps(list(CaptionRevision.objects.values_list("caption__clip__clip_id", "number", "text"))))
"""
UNSAVED = """
import json
from annotation.models import CaptionWorkingCopy
print(json.dumps(list(CaptionWorkingCopy.objects.values_list("caption__clip__clip_id", "owner__username", "text"))))
"""
END_SESSIONS = """
from django.contrib.sessions.models import Session
print(Session.objects.all().delete()[0])
"""


class Answer(NamedTuple):
    status: int
    body: str
    headers: dict[str, str]
    seconds: float


class Server:
    """Postgres and gunicorn on one data folder. `token` may do all that an administrator may."""

    def __init__(self, data: Path, *, captions: int) -> None:
        self.data = data
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.postgres = Postgres(data / "pg", log=data / "postgres.log")
        start_migrated(self.postgres)
        self.env = {
            **environment(),
            "REDIS_URL": "redis://127.0.0.1:1/0",
            "PYTHONPATH": str(HOME),
            "DATABASE_URL": self.postgres.url("haic_app", "haic"),
            "HAIC_EMBEDDED": "1",
            "HAIC_DATA": str(data),
            "SECRET_KEY": secret_key(data),
            "DJANGO_SETTINGS_MODULE": "haic_annotate.settings",
        }
        self.owner_url = self.postgres.url("haic_owner", "haic")
        self.console = Console(self.env)
        self.session, self.token = self.shell(SEED.replace("CAPTIONS", str(captions))).splitlines()[-2:]
        self.start_web()

    def start_web(self) -> None:
        command = ["gunicorn", "haic_annotate.wsgi", "--preload", "-c", "haic_annotate/gunicorn_config.py"]
        with (self.data / "web.log").open("ab") as log:
            self.web = subprocess.Popen(
                [sys.executable, "-m", *command, "-b", f"127.0.0.1:{self.port}"],
                cwd=HOME,
                env=self.env,
                stdout=log,
                stderr=log,
                preexec_fn=die_with_parent,
            )
        end = time.monotonic() + 90
        while not self._is_ready():
            assert time.monotonic() < end, (self.data / "web.log").read_text()
            time.sleep(0.05)

    def _is_ready(self) -> bool:
        try:
            return self.get("/readyz").status == 200
        except OSError:
            return False

    def shell(self, code: str) -> str:
        return self.console.run(code)

    def revisions(self) -> list[tuple[str, int, str]]:
        """Clip id, number and text of every revision there is."""
        return [(clip, number, text) for clip, number, text in json.loads(self.shell(REVISIONS))]

    def unsaved(self) -> list[tuple[str, str, str]]:
        """Clip id, owner and text of all words that are no revision yet."""
        return [(clip, owner, text) for clip, owner, text in json.loads(self.shell(UNSAVED))]

    def end_sessions(self) -> int:
        """Everybody has to sign in again."""
        return int(self.shell(END_SESSIONS))

    def verify_history(self) -> str:
        answer = manage(self.data, "verify_history", env=self.env)
        assert answer.returncode == 0, answer.stderr
        return answer.stdout

    def kill_postgres(self) -> None:
        assert self.postgres.child is not None
        os.kill(self.postgres.child.process.pid, signal.SIGKILL)
        self.postgres.child.process.wait()

    def postgres_processes(self) -> list[int]:
        """The postmaster and all that it has started."""
        assert self.postgres.child is not None
        return _with_children(self.postgres.child.process.pid)

    @contextmanager
    def hung_postgres(self) -> Iterator[None]:
        """As if its machine had stopped: connections stand, nobody answers."""
        _signal(self.postgres_processes(), signal.SIGSTOP)
        try:
            yield
        finally:
            _signal(self.postgres_processes(), signal.SIGCONT)

    def stop_web(self) -> None:
        self.web.terminate()
        self.web.wait(30)

    @contextmanager
    def hung_web(self) -> Iterator[None]:
        """As if the line were dead: connections are taken, nobody answers."""
        processes = _with_children(self.web.pid)
        _signal(processes, signal.SIGSTOP)
        try:
            yield
        finally:
            _signal(processes, signal.SIGCONT)

    def start_postgres(self) -> None:
        """Its killed predecessor's children may live for a moment longer, and hold its memory."""
        for _ in range(50):
            try:
                self.postgres.start()
            except CannotStart:
                time.sleep(0.1)
            else:
                return
        raise AssertionError("Postgres did not come back")

    def get(self, path: str) -> Answer:
        """As a browser with a session, the API as a program with a token."""
        return self.ask(
            "GET", path, headers={} if path.startswith("/api/") else {"Cookie": f"sessionid={self.session}"}
        )

    def until_answered(self, ask: Callable[[], Answer], *, seconds: float = 60) -> Answer:
        """As a client does: 503 says to come again, with the same request."""
        end = time.monotonic() + seconds
        while (answer := ask()).status == 503:
            assert time.monotonic() < end, answer
            time.sleep(0.2)
        return answer

    def etag_of(self, clip_id: str) -> str:
        answer = self.until_answered(lambda: self.get(f"/api/v1/projects/demo/clips/{clip_id}/caption"))
        assert answer.status == 200, answer
        return answer.headers["ETag"]

    def save(self, clip_id: str, *, text: str, etag: str, key: str, port: int | None = None) -> Answer:
        path = f"/api/v1/projects/demo/clips/{clip_id}/caption/revisions"
        headers = {"If-Match": etag, "Idempotency-Key": key}
        return self.ask("POST", path, {"text": text, "people": []}, headers, port=port)

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: dict[str, str] | None = None,
        *,
        port: int | None = None,
        token: str = "",
    ) -> Answer:
        """Raises OSError or http.client.HTTPException when no whole answer came."""
        began = time.monotonic()
        connection = http.client.HTTPConnection("127.0.0.1", port or self.port, timeout=30)
        said = {"Content-Type": "application/json", **(headers or {})}
        if path.startswith("/api/"):
            said["Authorization"] = f"Bearer {token or self.token}"
        try:
            connection.request(method, path, json.dumps(body) if body is not None else None, said)
            reply = connection.getresponse()
            text = reply.read().decode()
            return Answer(reply.status, text, dict(reply.getheaders()), time.monotonic() - began)
        finally:
            connection.close()

    def stop(self) -> None:
        self.console.stop()
        self.stop_web()
        self.postgres.stop()


def _signal(processes: list[int], sig: signal.Signals) -> None:
    for pid in processes:
        with suppress(ProcessLookupError):  # it ended since it was found
            os.kill(pid, sig)


def _with_children(first: int) -> list[int]:
    children = Path(f"/proc/{first}/task/{first}/children").read_text().split()
    return [first, *map(int, children)]
