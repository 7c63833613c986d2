"""The files under tests/qa/evaluation/recorded are what both harnesses write today."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from annotation.models import Project, User
from qa.models import Release
from qa.services.releases import export_release
from tests.harness.conftest import VIDEO
from tests.qa.evaluation import recorded
from tests.qa.evaluation.scene import recorded_release

RECORDED = Path(recorded.__file__).resolve().parent
TASKS = ("haicbench", "haicbench_shuffled_1", "haicbench_held_out")
pytestmark = pytest.mark.harness


@pytest.fixture
def release(project: Project, ana: User, rui: User) -> Release:
    return recorded_release(project, author=ana, reviewer=rui, video=VIDEO.read_bytes())


def run(command: list[str], env: dict[str, str], folder: Path) -> None:
    done = subprocess.run(command, env=env, cwd=folder, capture_output=True, text=True, timeout=900, check=False)
    assert done.returncode == 0, done.stderr[-3000:]


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().split("\n") if line]


def test_lmms_eval_writes_what_was_recorded(
    release: Release, harness_python: Path, offline: dict[str, str], tmp_path: Path
) -> None:
    export_release(release, layout="lmms_eval", out=tmp_path / "export")
    model = ["--model", "dummy", "--model_args", "response=A man waves so the answer is C"]
    tasks = ["--include_path", str(tmp_path / "export"), "--tasks", ",".join(TASKS)]
    out = ["--output_path", str(tmp_path / "out"), "--log_samples"]
    run([str(harness_python), "-m", "lmms_eval", *model, *tasks, *out], offline, tmp_path)
    for task in TASKS:
        (found,) = (tmp_path / "out").rglob(f"*_samples_{task}.jsonl")
        assert lines(found) == lines(RECORDED / f"lmms_eval_samples_{task}.jsonl")


@pytest.mark.parametrize("form", ["tsv", "json"])
def test_vlmevalkit_writes_what_was_recorded(
    release: Release, harness_python: Path, offline: dict[str, str], tmp_path: Path, form: str
) -> None:
    export_release(release, layout="vlmevalkit", out=tmp_path / "export")
    (tmp_path / "out").mkdir()
    script = str(RECORDED / "vlmevalkit_record.py")
    arguments = [str(tmp_path / "export/vlmevalkit"), str(tmp_path / "out")]
    run([str(harness_python), script, *arguments], {**offline, "PRED_FORMAT": form}, tmp_path)
    name = f"dummy_HAICBench.{form}"
    assert (tmp_path / "out" / name).read_bytes() == (RECORDED / f"vlmevalkit_{name}").read_bytes()
