"""One release, one text: under other hash seeds, after the tables were written anew, restored, read back."""

import hashlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from haic_annotate.embedded import postgres_home
from tests.faults.server import Server
from tests.many_clips import add_approved_clips
from tests.stack import HOME

pytestmark = pytest.mark.faults

SEED = """
from annotation.models import Project, User
from tests.factories import MembershipFactory, ProjectFactory, UserFactory
from annotation.models import Role
ana, rui = User.objects.get(username="ana"), UserFactory.create(username="rui")
project = ProjectFactory.create(slug="some", name="Some", release_salt="salt")
for user in (ana, rui):
    MembershipFactory.create(project=project, user=user, role=Role.ADMIN)
ProjectFactory.create(slug="copy", name="Some")
print(ana.pk, rui.pk)
"""
FREEZE = """
from annotation.models import Project
from qa.models import ReleaseSettings
from qa.services.releases import freeze_release
project = Project.objects.get(slug="some")
ReleaseSettings.objects.create(project=project, held_out_percent=30)
print(freeze_release(project=project, version="1.0.0", notes="", actor=None).digest)
"""
FILES = ("haicbench.json", "haicbench.jsonl", "private/held_out.jsonl")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("digest"), captions=0)
    author, reviewer = map(int, server.shell(SEED).split())
    add_approved_clips(server.owner_url, slug="some", clips=300, author=author, reviewer=reviewer)
    server.shell(FREEZE)
    yield server
    server.stop()


def manage(server: Server, *arguments: str, seed: int = 0, database: str = "") -> str:
    env = {**server.env, "PYTHONHASHSEED": str(seed)}
    if database:
        env["DATABASE_URL"] = database
    command = [sys.executable, "manage.py", *arguments]
    run = subprocess.run(command, cwd=HOME, env=env, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    return run.stdout


def written(server: Server, out: Path, *, project: str = "some", seed: int = 0, database: str = "") -> dict[str, str]:
    """The sha256 of each file that holds the release's words."""
    wanted = ("--project", project, "--release", "1.0.0", "--layout", "haicbench", "--out", str(out))
    manage(server, "export", *wanted, seed=seed, database=database)
    return {name: hashlib.sha256((out / name).read_bytes()).hexdigest() for name in FILES}


@pytest.fixture(scope="module")
def first(server: Server, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    out = tmp_path_factory.mktemp("first") / "out"
    return out, written(server, out, seed=1)


def test_under_another_hash_seed_d10(server: Server, first: tuple[Path, dict[str, str]], tmp_path: Path) -> None:
    assert written(server, tmp_path / "out", seed=2) == first[1]


def test_after_the_tables_were_written_anew(server: Server, first: tuple[Path, dict[str, str]], tmp_path: Path) -> None:
    with psycopg.connect(server.owner_url, autocommit=True) as database:
        database.execute("VACUUM FULL")
    assert written(server, tmp_path / "out") == first[1]


def test_out_of_a_copy_that_was_read_back(server: Server, first: tuple[Path, dict[str, str]], tmp_path: Path) -> None:
    said = manage(server, "import_release", str(first[0]), "--project", "copy")
    again = written(server, tmp_path / "out", project="copy", seed=3)
    assert again == first[1]
    assert said.splitlines()[-1].removeprefix("digest ") in (tmp_path / "out/manifest.json").read_text()


def test_out_of_a_restored_dump(server: Server, first: tuple[Path, dict[str, str]], tmp_path: Path) -> None:
    tools, dump = postgres_home() / "bin", tmp_path / "dump"
    source = server.postgres.url("postgres", "haic")
    target = server.postgres.url("postgres", "restored")
    with psycopg.connect(source, autocommit=True) as database:
        database.execute("CREATE DATABASE restored OWNER haic_owner")
    for command in (
        [str(tools / "pg_dump"), "--format=custom", f"--file={dump}", source],
        [str(tools / "pg_restore"), "--exit-on-error", f"--dbname={target}", str(dump)],
    ):
        run = subprocess.run(command, capture_output=True, text=True, check=False)
        assert run.returncode == 0, run.stderr
    restored = server.postgres.url("haic_app", "restored")
    assert written(server, tmp_path / "out", database=restored) == first[1]
