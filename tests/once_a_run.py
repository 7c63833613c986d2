"""What is dear to make and the same for every process of a run is made by the first that needs it; tests copy it."""

import fcntl
import os
import shutil
from collections.abc import Callable
from pathlib import Path

from haic_annotate.embedded import Postgres
from tests.stack import environment, manage


def once_a_run(name: str, make: Callable[[Path], None]) -> Path:
    """The folder of this name. `make` gets a folder to fill; if it fails, the next process that asks tries again."""
    folder = Path(os.environ["HAIC_TEST_RUN"]) / name
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            making = folder.with_suffix(".making")
            shutil.rmtree(making, ignore_errors=True)
            making.mkdir()
            make(making)
            making.rename(folder)
    return folder


def migrated() -> Path:
    """The data of a Postgres at rest, with the platform's roles and tables."""
    return once_a_run("migrated", _migrate) / "data"


def start_migrated(postgres: Postgres) -> None:
    """Start a new Postgres that has them."""
    shutil.copytree(migrated(), postgres.data, dirs_exist_ok=True)
    if postgres.identity:
        for path in (postgres.data, *postgres.data.rglob("*")):
            os.chown(path, postgres.identity["user"], postgres.identity["group"])
    postgres.start()


def _migrate(folder: Path) -> None:
    postgres = Postgres(folder / "pg", log=folder / "postgres.log", durable=False)
    postgres.start()
    postgres.make_roles()
    owner = {"DATABASE_URL": postgres.url("haic_owner", "haic"), "REDIS_URL": "redis://127.0.0.1:1/0"}
    said = manage(folder, "migrate", "-v", "0", env=environment() | owner)
    postgres.stop()
    assert said.returncode == 0, said.stderr
    shutil.copytree(postgres.data, folder / "data")
