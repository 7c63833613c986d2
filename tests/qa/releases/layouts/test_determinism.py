"""The same release is the same bytes in every layout, in processes that hash otherwise."""

import hashlib
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from annotation.models import Project, User
from qa.releases.layouts import layout_names
from tests.qa.releases.layouts.scene import HOSTILE, release_of
from tests.stack import HOME, committed_database


def digests(folder: Path) -> dict[str, str]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.mark.django_db(transaction=True)
def test_two_processes_with_other_hash_seeds_write_the_same_bytes(
    project: Project, ana: User, rui: User, tmp_path: Path, settings: Any
) -> None:
    texts = {name: HOSTILE[name] for name in ("chinese", "newlines", "quoted-formula", "script")}
    settings.MEDIA_ROOT = tmp_path / "data/media"  # where the other processes look for the videos
    release_of(project, texts, author=ana, reviewer=rui)
    found = []
    for seed in ("1", "2"):
        out = tmp_path / seed
        done = subprocess.run(
            [
                *(sys.executable, "manage.py", "export", "--project", "demo"),
                *("--release", "1.0.0", "--layout", "all", "--out", str(out)),
            ],
            cwd=HOME,
            env={**committed_database(), "PYTHONHASHSEED": seed, "HAIC_DATA": str(tmp_path / "data")},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        found.append(digests(out))
    assert found[0] == found[1]
    assert {path.partition("/")[0] for path in found[0]} == set(layout_names())
    assert len(found[0]) > 5 * len(layout_names())
