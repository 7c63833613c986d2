"""One installation's data: a folder with a lock, a key of its own, and a note of where its services are."""

import fcntl
import json
import os
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import IO


def secret_key(data: Path) -> str:
    """This installation's own key, made at the first start and readable by its owner only."""
    path = data / "secret_key"
    if not path.exists():
        # Written elsewhere and then linked: a killed start leaves no empty key, a second start no second key.
        descriptor, made = tempfile.mkstemp(prefix="secret_key.", dir=data)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(50))
        with suppress(FileExistsError):
            os.link(made, path)
        Path(made).unlink()
    return path.read_text().strip()


class DataFolder:
    """The lock on a data folder, and the note in it that tells other commands where the services are."""

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()
        self.path.mkdir(parents=True, exist_ok=True)
        self.note = self.path / "running.json"
        self._file: IO[str] | None = None

    def lock(self) -> bool:
        """True when the folder is ours now; False when another process holds it."""
        file = (self.path / "lock").open("w")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            return False
        self._file = file
        self.forget()  # a killed `up` could not
        return True

    def tell(self, env: dict[str, str]) -> None:
        """Note where the services are, for `manage` beside a running `up`."""
        names = (
            "DATABASE_URL",
            "DATABASE_OWNER_URL",
            "REDIS_URL",
            "HAIC_DATA",
            "HAIC_EMBEDDED",
            "DJANGO_SETTINGS_MODULE",
        )
        self.note.write_text(json.dumps({name: env[name] for name in names}))
        self.note.chmod(0o600)

    def forget(self) -> None:
        self.note.unlink(missing_ok=True)

    def running(self) -> dict[str, str] | None:
        """The environment of the running services, or None if nobody has told."""
        try:
            told: dict[str, str] = json.loads(self.note.read_text())
        except (FileNotFoundError, json.JSONDecodeError):
            return None
        own = {"SECRET_KEY": os.environ.get("SECRET_KEY") or secret_key(self.path)}
        if "DATABASE_URL" in os.environ:
            database = os.environ["DATABASE_URL"]
            own |= {"DATABASE_URL": database, "DATABASE_OWNER_URL": os.environ.get("DATABASE_OWNER_URL", database)}
        if "REDIS_URL" in os.environ:
            own["REDIS_URL"] = os.environ["REDIS_URL"]
        return {**os.environ, **told, **own}


def split_data(arguments: list[str]) -> tuple[list[str], Path]:
    """Take `--data DIR` out of the arguments; else HAIC_DATA, else var/ beside the code."""
    home = Path(__file__).resolve().parent.parent
    data = Path(os.environ.get("HAIC_DATA") or home / "var")
    rest: list[str] = []
    left = iter(arguments)
    for argument in left:
        if argument == "--data":
            data = Path(next(left, ""))
        elif argument.startswith("--data="):
            data = Path(argument.removeprefix("--data="))
        else:
            rest.append(argument)
    return rest, data.resolve()
