"""`datasets.load_dataset` on our export, in a virtual environment of its own that the package index fills.

HARNESS_DATASETS may name the Python of one that has the library already.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from annotation.models import Project, User
from qa.models import Release, ReleaseSettings
from qa.releases.layouts.hugging_face.parquet import SCHEMAS
from qa.services.releases import freeze_release
from tests.qa.releases.documented import documented
from tests.qa.releases.layouts.scene import HOSTILE, marked, release_of, written
from tests.qa.scene import finish_clip

pytestmark = pytest.mark.harness

LOAD = """
import json, sys
from datasets import get_dataset_config_names, load_dataset

folder, cache = sys.argv[1:]
told = {"configs": sorted(get_dataset_config_names(folder)), "default": list(load_dataset(folder, cache_dir=cache))}
for config in told["configs"]:
    loaded = load_dataset(folder, config, cache_dir=cache)
    told[config] = {
        split: {"features": table.features.to_dict(), "rows": table.to_list()} for split, table in loaded.items()
    }
print(json.dumps(told))
"""


@pytest.fixture(scope="module")
def python_with_datasets(tmp_path_factory: pytest.TempPathFactory) -> str:
    if given := os.environ.get("HARNESS_DATASETS"):
        return given
    folder = tmp_path_factory.mktemp("harness") / "venv"
    subprocess.run([sys.executable, "-m", "venv", folder], check=True, timeout=120)
    subprocess.run([folder / "bin/python", "-m", "pip", "install", "-q", "datasets"], check=True, timeout=900)
    return str(folder / "bin/python")


def loaded(python: str, folder: Path, cache: Path) -> dict[str, Any]:
    done = subprocess.run(
        [python, "-c", LOAD, str(folder), str(cache)],
        env={**os.environ, "HF_HUB_OFFLINE": "1", "HF_HOME": str(cache / "home")},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    value: dict[str, Any] = json.loads(done.stdout)
    return value


@pytest.fixture
def release(project: Project, ana: User, rui: User, adam: User) -> Release:
    """Clip a is public, c (16 of 100 in this project) is held out."""
    ReleaseSettings.objects.create(project=project, held_out_percent=20)
    for clip_id in ("a", "c"):
        finish_clip(project, author=ana, reviewer=rui, clip_id=clip_id, license="CC BY 4.0")
    return freeze_release(project=project, version="1.0.0", notes="", actor=adam)


def test_every_configuration_loads_with_the_documented_features(
    release: Release, python_with_datasets: str, tmp_path: Path
) -> None:
    told = loaded(python_with_datasets, written(release, "hugging_face", tmp_path), tmp_path / "cache")
    assert told["configs"] == sorted(SCHEMAS)
    assert told["default"] == ["test", "held_out"]
    for config in SCHEMAS:
        for split in ("test", "held_out"):
            features = told[config][split]["features"]
            assert list(features) == documented(f"Features of {config}")
            assert [row["split"] for row in told[config][split]["rows"]] == [split]
    features = told["qa"]["held_out"]["features"]
    assert features["answer_index"]["dtype"] == "int64"
    assert (features["options"]["_type"], features["options"]["feature"]["dtype"]) == ("List", "string")
    assert features["evidence"]["feature"]["start_s"]["dtype"] == "float64"
    (sealed,) = told["qa"]["held_out"]["rows"]
    assert (sealed["answer"], sealed["answer_index"], sealed["caption"]) == (None, None, None)
    (public,) = told["qa"]["test"]["rows"]
    assert public["options"][public["answer_index"]] == public["answer_text"] == "He spreads both arms"


def test_hostile_texts_load_as_they_were_s26(
    project: Project, ana: User, rui: User, python_with_datasets: str, tmp_path: Path
) -> None:
    release = release_of(project, HOSTILE, author=ana, reviewer=rui)
    told = loaded(python_with_datasets, written(release, "hugging_face", tmp_path), tmp_path / "cache")
    rows = told["captions"]["test"]["rows"]
    assert {row["video_id"]: row["caption_marked"] for row in rows} == {
        clip_id: marked(text) for clip_id, text in HOSTILE.items()
    }
    assert {row["video_id"]: row["question"] for row in told["qa"]["test"]["rows"]} == HOSTILE


def test_a_release_without_questions_has_no_configuration_of_them(
    project: Project, ana: User, rui: User, adam: User, python_with_datasets: str, tmp_path: Path
) -> None:
    """The library refuses a split without rows."""
    finish_clip(project, author=ana, reviewer=rui, clip_id="a")
    release = freeze_release(project=project, version="1.0.0", notes="", actor=adam, categories=["count"])
    told = loaded(python_with_datasets, written(release, "hugging_face", tmp_path), tmp_path / "cache")
    assert (told["configs"], told["default"]) == (["captions"], ["test"])
    assert [row["video_id"] for row in told["captions"]["test"]["rows"]] == ["a"]
