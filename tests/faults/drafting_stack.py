"""Postgres, Valkey, relay and worker as processes of their own, with a model beside them: for tests that kill them."""

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from haic_annotate.embedded import Postgres, Valkey
from haic_annotate.processes import die_with_parent
from tests.console import Console
from tests.once_a_run import start_migrated
from tests.stack import HOME, environment, manage

CHILDREN = 4
DRAFTS_TO_MAKE = """
from annotation.models import Role
from annotation.services.drafting import make_run
from tests.annotation.drafting.conftest import waiting_clips
from tests.factories import MembershipFactory, ProjectFactory, UserFactory
project = ProjectFactory.create(slug="demo")
MembershipFactory.create(project=project, user=UserFactory.create(username="adam"), role=Role.ADMIN)
waiting_clips(project, CLIPS)
make_run(project=project, user=None, kind="captions")
"""
RETRY = """
from annotation.models import Run, User
from annotation.services.drafting import retry
print(retry(run=Run.objects.get(), user=User.objects.get(), reason="unknown"))
"""
STATE = """
import json
from django.db.models import Count
from annotation.models import BudgetAccount, Call, CallOutcome, Draft, Job, Outbox
outcomes = {row["call__uid"]: row for row in CallOutcome.objects.values("call__uid", "kind", "cost_micro_usd")}
print(json.dumps({
    "jobs": dict(Job.objects.values_list("status").annotate(Count("pk"))),
    "reasons": dict(Job.objects.exclude(reason="").values_list("reason").annotate(Count("pk"))),
    "drafts": list(Draft.objects.values_list("job_id", flat=True)),
    "calls": [
        {"uid": str(uid), "job": job, "attempt": attempt, "reserved": reserved,
         "kind": outcomes.get(uid, {}).get("kind"), "cost": outcomes.get(uid, {}).get("cost_micro_usd")}
        for uid, job, attempt, reserved in Call.objects.values_list("uid", "job_id", "attempt", "reserved_micro_usd")
    ],
    "accounts": {a.key: [a.spent_micro_usd, a.reserved_micro_usd] for a in BudgetAccount.objects.all()},
    "unpublished": Outbox.objects.filter(published_at=None).count(),
}))
"""


class DraftingStack:
    """The services, and who drafts. Sweeps every 2 s, leases of 4 s. children: processes of the worker's pool."""

    QUEUES = "drafting,default"

    def __init__(self, data: Path, *, model: str = "", children: int = CHILDREN, **env: str) -> None:
        self.data = data
        self.children = children
        self.postgres = Postgres(data / "pg", log=data / "postgres.log")
        start_migrated(self.postgres)
        self.valkey = Valkey(data / "valkey", log=data / "valkey.log")
        self.valkey.start()
        self.env = {
            **environment(),
            "DATABASE_URL": self.postgres.url("haic_app", "haic"),
            "REDIS_URL": self.valkey.url,
            "PYTHONPATH": str(HOME),
            "HAIC_EMBEDDED": "1",
            "HAIC_DATA": str(data),
            "SECRET_KEY": "a key for tests",
            "DJANGO_SETTINGS_MODULE": "haic_annotate.settings",
            "ANTHROPIC_API_KEY": "a key for tests",
            "ANTHROPIC_BASE_URL": model,
            "SWEEP_SECONDS": "2",
            "JOB_LEASE_SECONDS": "4",
            "CALL_SECONDS": "20",
            **env,
        }
        self.console = Console(self.env)
        self.relay = self._spawn("relay", "manage.py", "relay")
        self.start_worker()

    def draft(self, clips: int) -> None:
        """Make a project with so many clips that wait for a caption, and a run over them."""
        self.shell(DRAFTS_TO_MAKE.replace("CLIPS", str(clips)))

    def start_worker(self) -> None:
        worker = ["-m", "celery", "-A", "haic_annotate", "worker", "-c", str(self.children), "-l", "WARNING"]
        self.worker = self._spawn("worker", *worker, "-Q", self.QUEUES, "--without-mingle", "--without-gossip")

    def revive(self) -> None:
        """A worker ends by itself when its children are killed while it starts: as `./haic up` and compose do."""
        if self.worker.poll() is not None:
            self.start_worker()

    def kill_worker_child(self, place: int) -> None:
        """One process of the pool, as the kernel does when memory is short."""
        children = self.pool()
        if children:
            with suppress(ProcessLookupError):  # it ended since it was found
                os.kill(children[place % len(children)], signal.SIGKILL)

    def kill_worker_group(self) -> None:
        """The worker with all its children at once, as when a machine goes; another one starts."""
        os.killpg(self.worker.pid, signal.SIGKILL)
        self.worker.wait()
        self.start_worker()

    def kill_valkey(self) -> None:
        assert self.valkey.child is not None
        self.valkey.child.process.kill()
        self.valkey.child.process.wait()
        self.valkey.start()

    def state(self) -> dict[str, Any]:
        value: dict[str, Any] = json.loads(self.shell(STATE).splitlines()[-1])
        return value

    def retry_unknown(self) -> int:
        """What an administrator does about jobs whose outcome nobody knows."""
        return int(self.shell(RETRY).splitlines()[-1])

    def verify_history(self) -> str:
        return self._manage("verify_history", env=self.env)

    def stop(self) -> None:
        self.console.stop()
        for process in (self.worker, self.relay):
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        self.valkey.stop()
        self.postgres.stop()

    def pool(self) -> list[int]:
        """Process ids of the pool: those that the worker's first process started."""
        path = Path(f"/proc/{self.worker.pid}/task/{self.worker.pid}/children")
        return [int(pid) for pid in path.read_text().split()] if path.exists() else []

    def _spawn(self, name: str, *command: str) -> subprocess.Popen[bytes]:
        with (self.data / f"{name}.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, *command],
                cwd=HOME,
                env=self.env,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=die_with_parent,
            )

    def _manage(self, *arguments: str, env: dict[str, str]) -> str:
        answer = manage(self.data, *arguments, env=env)
        assert answer.returncode == 0, answer.stderr
        return answer.stdout

    def shell(self, code: str) -> str:
        return self.console.run(code)

    def wait_for(self, *, seconds: float) -> dict[str, Any]:
        """Until no job waits or is on the way, or the time is over; what stands then."""
        end = time.monotonic() + seconds
        while True:
            self.revive()
            state = self.state()
            open_jobs = sum(
                state["jobs"].get(status, 0) for status in ("queued", "leased", "calling", "received", "paused")
            )
            if not open_jobs or time.monotonic() > end:
                return state
            time.sleep(1)
