"""A server on a Postgres that tests may kill: gunicorn as `./haic up` starts it, without the supervisor."""

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from haic_annotate.embedded import CannotStart, Postgres
from haic_annotate.processes import die_with_parent
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
        self.postgres.start()
        self.postgres.make_roles()
        base = {**environment(), "REDIS_URL": "redis://127.0.0.1:1/0", "PYTHONPATH": str(HOME)}
        self.owner_env = {**base, "DATABASE_URL": self.postgres.url("haic_owner", "haic")}
        self.env = {**base, "DATABASE_URL": self.postgres.url("haic_app", "haic")}
        self._manage("migrate", "-v", "0", env=self.owner_env)
        self.session, self.token = self._shell(SEED.replace("CAPTIONS", str(captions))).splitlines()[-2:]
        self._start_web()

    def _start_web(self) -> None:
        env = {
            **self.env,
            "HAIC_EMBEDDED": "1",
            "HAIC_DATA": str(self.data),
            "SECRET_KEY": (self.data / "secret_key").read_text().strip(),
            "DJANGO_SETTINGS_MODULE": "haic_annotate.settings",
        }
        command = ["gunicorn", "haic_annotate.wsgi", "--preload", "-c", "haic_annotate/gunicorn_config.py"]
        with (self.data / "web.log").open("ab") as log:
            self.web = subprocess.Popen(
                [sys.executable, "-m", *command, "-b", f"127.0.0.1:{self.port}"],
                cwd=HOME,
                env=env,
                stdout=log,
                stderr=log,
                preexec_fn=die_with_parent,
            )
        end = time.monotonic() + 30
        while not self._is_ready():
            assert time.monotonic() < end, (self.data / "web.log").read_text()
            time.sleep(0.05)

    def _is_ready(self) -> bool:
        try:
            return self.get("/readyz").status == 200
        except OSError:
            return False

    def _manage(self, *arguments: str, env: dict[str, str]) -> str:
        answer = manage(self.data, *arguments, env=env)
        assert answer.returncode == 0, answer.stderr
        return answer.stdout

    def _shell(self, code: str) -> str:
        return self._manage("shell", "-v", "0", "-c", code, env=self.env)

    def revisions(self) -> list[tuple[str, int, str]]:
        """Clip id, number and text of every revision there is."""
        return [(clip, number, text) for clip, number, text in json.loads(self._shell(REVISIONS))]

    def verify_history(self) -> str:
        return self._manage("verify_history", env=self.env)

    def kill_postgres(self) -> None:
        assert self.postgres.child is not None
        os.kill(self.postgres.child.process.pid, signal.SIGKILL)
        self.postgres.child.process.wait()

    def postgres_processes(self) -> list[int]:
        """The postmaster and all that it has started."""
        assert self.postgres.child is not None
        first = self.postgres.child.process.pid
        children = Path(f"/proc/{first}/task/{first}/children").read_text().split()
        return [first, *map(int, children)]

    @contextmanager
    def hung_postgres(self) -> Iterator[None]:
        """As if its machine had stopped: connections stand, nobody answers."""
        for pid in self.postgres_processes():
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in self.postgres_processes():
                os.kill(pid, signal.SIGCONT)

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
    ) -> Answer:
        """Raises OSError or http.client.HTTPException when no whole answer came."""
        began = time.monotonic()
        connection = http.client.HTTPConnection("127.0.0.1", port or self.port, timeout=30)
        said = {"Content-Type": "application/json", **(headers or {})}
        if path.startswith("/api/"):
            said["Authorization"] = f"Bearer {self.token}"
        try:
            connection.request(method, path, json.dumps(body) if body is not None else None, said)
            reply = connection.getresponse()
            text = reply.read().decode()
            return Answer(reply.status, text, dict(reply.getheaders()), time.monotonic() - began)
        finally:
            connection.close()

    def stop(self) -> None:
        self.web.terminate()
        self.web.wait(30)
        self.postgres.stop()
