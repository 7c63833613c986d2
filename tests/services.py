"""A pytest plugin (`-p tests.services`): a real Postgres and Valkey for the run, before Django reads its settings.

conftest.py would be too late for that. With xdist only the controller starts them; its workers inherit the addresses.
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

from haic_annotate.embedded import Postgres, Valkey
from haic_annotate.processes import die_with_parent

_folder = Path(tempfile.mkdtemp(prefix="haic-test-"))
_started: list[Postgres | Valkey] = []


def _start() -> None:
    os.environ.setdefault("SECRET_KEY", "a key for tests, which is long enough and known to everybody")
    os.environ.setdefault("HAIC_EMBEDDED", "1")  # what guards a server is tested on servers
    os.environ.setdefault("HAIC_TEST_RUN", str(_folder))  # where processes of one run share what they make
    os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")  # Playwright keeps an event loop in the test's thread
    if "DATABASE_URL" not in os.environ:
        postgres = Postgres(_folder / "pg", log=_folder / "postgres.log", durable=False)
        postgres.start()
        _started.append(postgres)
        postgres.make_roles()
        os.environ["DATABASE_URL"] = postgres.url("postgres", "haic")
    if "REDIS_URL" not in os.environ:
        valkey = Valkey(_folder / "valkey", log=_folder / "valkey.log")
        valkey.start()
        _started.append(valkey)
        os.environ["REDIS_URL"] = valkey.url


if "PYTEST_XDIST_WORKER" in os.environ:
    die_with_parent()  # a killed run leaves no worker busy with its test


@atexit.register
def _stop() -> None:
    for service in reversed(_started):
        service.stop()
    shutil.rmtree(_folder, ignore_errors=True)


_start()
