"""What a database needs before people can use it: its migrations, and at the very first start its first accounts.

Stamps in the data folder save a start-up of Django each time; they name the database, so that they go stale with it.
"""

import hashlib
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from haic_annotate.data_folder import DataFolder
from haic_annotate.embedded import CannotStart, Services
from haic_annotate.processes import die_with_parent

HOME = Path(__file__).resolve().parent.parent
Say = Callable[[str], None]


def bring_up_to_date(folder: DataFolder, running: Services, *, say: Say) -> None:
    """Migrate as the owner when the migrations on disk, or the database, are others than at the last start.

    Raises CannotStart when `migrate` fails.
    """
    digest = hashlib.sha256(running.database_identity().encode())
    for file in [*sorted(HOME.glob("*/migrations/*.py")), HOME / "requirements.txt"]:
        digest.update(file.read_bytes())
    stamp = folder.path / "migrated"
    if stamp.exists() and stamp.read_text() == digest.hexdigest():
        return
    say("bringing the database up to date …")
    _run(running.env | {"DATABASE_URL": running.env["DATABASE_OWNER_URL"]}, "migrate", "--verbosity", "0")
    stamp.write_text(digest.hexdigest())


def set_up(folder: DataFolder, running: Services, *, demo: bool, say: Say) -> None:
    """At the first start of a database: load the sample project, or print the link for the first administrator."""
    identity = hashlib.sha256(running.database_identity().encode()).hexdigest()
    stamp = folder.path / "set_up"
    if stamp.exists() and stamp.read_text() == identity:
        return
    if demo:
        say("loading the sample project …")
        _run(running.env, "load_demo")
    else:
        _run(running.env, "setup_link")
    stamp.write_text(identity)


def _run(env: dict[str, str], *arguments: str) -> None:
    command = [sys.executable, "manage.py", *arguments]
    code = subprocess.run(command, env=env, cwd=HOME, preexec_fn=die_with_parent, check=False).returncode
    if code:
        raise CannotStart(f"“{arguments[0]}” failed (see above)")
