"""Workers that a command brings with it and that end with it."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings

from haic_annotate.embedded import Child
from haic_annotate.processes import die_with_parent


@contextmanager
def workers(name: str, *, queues: str, children: int) -> Iterator[None]:
    """A worker with children of its own, and a relay that works where no other one does."""
    logs = Path(settings.DATA_DIR) / "log"
    env = {**os.environ, "PYTHONPATH": str(settings.BASE_DIR)}
    worker = ["-m", "celery", "-A", "haic_annotate", "worker", "-c", str(children), "-Q", queues]
    quiet = ["-n", f"{name}-{os.getpid()}@%h", "-l", "WARNING", "--without-mingle", "--without-gossip"]
    commands = {
        f"{name}-worker": [*worker, *quiet],
        f"{name}-relay": [str(settings.BASE_DIR / "manage.py"), "relay"],
    }
    running = [
        Child(
            label,
            [sys.executable, *command],
            log=logs / f"{label}.log",
            env=env,
            cwd=settings.BASE_DIR,
            preexec_fn=die_with_parent,
        )
        for label, command in commands.items()
    ]
    try:
        yield
    finally:
        for child in running:
            child.process.terminate()
        for child in running:
            child.stop()
