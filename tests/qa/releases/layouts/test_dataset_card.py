"""The dataset card and the checksums beside it: what they say is true of the release, whatever its texts hold."""

import hashlib
import re
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from markdown_it import MarkdownIt

from annotation.models import Project, User
from qa.categories import Category
from qa.models import Release, ReleaseSettings
from qa.releases.layouts.hugging_face.card import dataset_card
from qa.releases.layouts.hugging_face.parquet import CAPTIONS, QA
from qa.releases.reading import approved_captions
from qa.services.releases import freeze_release
from tests.qa.releases.documented import documented
from tests.qa.releases.layouts.scene import frozen, written
from tests.qa.scene import finish_clip

VIDEO = bytes(range(256)) * 8
"""What a clip of the factory shows."""


@pytest.fixture
def release(project: Project, ana: User, rui: User, adam: User) -> Release:
    """Clip a is public, c (16 of 100 in this project) is held out."""
    ReleaseSettings.objects.create(project=project, held_out_percent=20, authors="Duarte, Ana", doi="10.1234/haic")
    for clip_id in ("a", "c"):
        digest = hashlib.sha256(VIDEO).hexdigest()
        finish_clip(project, author=ana, reviewer=rui, clip_id=clip_id, license="CC BY 4.0", sha256=digest)
    return freeze_release(project=project, version="1.0.0", notes="The first.", actor=adam)


def header(card: str) -> dict[str, Any]:
    opening, text, _ = re.split(r"^---$", card, maxsplit=2, flags=re.MULTILINE)
    assert opening == ""
    value: dict[str, Any] = yaml.safe_load(text)
    return value


def test_the_header_names_configurations_splits_and_features(release: Release) -> None:
    said = header(dataset_card(release))
    assert (said["pretty_name"], said["license"], said["size_categories"]) == ("Demo project", "cc-by-4.0", ["n<1K"])
    assert said["configs"] == [
        {
            "config_name": config,
            **({"default": True} if config == "qa" else {}),
            "data_files": [
                {"split": split, "path": f"{config}/{split}-00000-of-00001.parquet"} for split in ("test", "held_out")
            ],
        }
        for config in ("qa", "captions")
    ]
    features = {one["config_name"]: one["features"] for one in said["dataset_info"]}
    for config, schema in (("qa", QA), ("captions", CAPTIONS)):
        assert [one["name"] for one in features[config]] == documented(f"Features of {config}") == schema.names
    by_name = {one["name"]: one for one in features["qa"]}
    assert by_name["answer_index"] == {"name": "answer_index", "dtype": "int64"}
    assert by_name["options"] == {"name": "options", "list": "string"}
    assert by_name["evidence"]["list"] == [{"name": "start_s", "dtype": "float64"}, {"name": "text", "dtype": "string"}]


def test_the_body_says_what_is_in_the_release(release: Release) -> None:
    card = dataset_card(release)
    for line in (
        "# Demo project, version 1.0.0",
        "The first.",
        f"- 2 clips, 2 questions, frozen on {release.frozen_at:%Y-%m-%d}",
        f"- digest of the release: `{release.digest}`",
        "- CC BY 4.0: 2 clips",
        "- 2 captions were drafted by test model",
        "@misc{demo-1.0.0,",
        "  author = {Duarte, Ana},",
        "  doi = {10.1234/haic},",
    ):
        assert line in card.splitlines(), line
    assert "1 of the clips held out" in card
    assert "Left and right of bodies are the person's own" in card
    assert "[CHANGELOG.md](CHANGELOG.md)" in card
    assert "## Audit" not in card and "withdrawn since" not in card and "status` is `drafted`" not in card
    html = MarkdownIt("commonmark").enable("table").render(card.partition("\n---\n")[2])
    cells = re.findall(r"<tr>\n<td>(.*?)</td>\n<td><code>(.*?)</code></td>\n<td[^>]*>(\d+)</td>", html)
    assert cells == [(one.label, one.value, "2" if one.value == "action_sequence" else "0") for one in Category]


def test_training_data_shows_its_audit_and_what_nobody_saw(project: Project, ana: User, rui: User) -> None:
    for clip_id in ("a", "b"):
        finish_clip(project, author=ana, reviewer=rui, clip_id=clip_id, license=f"licence {clip_id}")
    facts = (
        replace(one, status="drafted") if one.clip.clip_id == "b" else one
        for one in approved_captions(project, categories=Category.values)
    )
    audit = {"seed": "s1", "asked": 100, "right": 93, "errors": {"side": 5, "count": 2}, "interval": [86.3, 96.6]}
    release = frozen(project, facts, kind="train", audit=audit)
    card = dataset_card(release)
    assert "100 captions, drawn at random with seed `s1`" in card
    assert "93 were right, which is between 86.3 % and 96.6 % of all" in card
    assert "Errors by kind: count 2, side 5." in card
    assert "1 captions are as a model drafted them" in card
    said = header(card)
    assert said["license"] == "other"
    assert [one["data_files"][0]["split"] for one in said["configs"]] == ["train", "train"]


def test_a_hostile_name_stays_a_name(project: Project, ana: User, rui: User) -> None:
    """It neither ends the header nor makes markup of the body."""
    project.name = 'A"\n---\nlicense: mit <script>x</script> [a](b)'
    project.save(update_fields=["name"])
    finish_clip(project, author=ana, reviewer=rui, license="<b>|</b>\n# Heading")
    card = dataset_card(frozen(project))
    said = header(card)
    assert (said["pretty_name"], said["license"]) == (project.name, "other")
    body = card.partition("\n---\n\n")[2].partition("## Citation")[0]
    assert r"\<script\>x\</script\> \[a\](b), version 1.0.0" in body
    assert r"- \<b\>\|\</b\> \# Heading: 1 clips" in body


def test_the_checksums_are_of_tables_card_and_videos(release: Release, tmp_path: Path) -> None:
    folder = written(release, "hugging_face", tmp_path)
    done = subprocess.run(
        ["sha256sum", "-c", "--strict", "checksums.sha256"], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert sorted(line.partition(":")[0] for line in done.stdout.splitlines()) == [
        "README.md",
        "captions/held_out-00000-of-00001.parquet",
        "captions/test-00000-of-00001.parquet",
        "qa/held_out-00000-of-00001.parquet",
        "qa/test-00000-of-00001.parquet",
        "videos/a.mp4",
        "videos/c.mp4",
    ]
    assert (folder / "README.md").read_text() == dataset_card(release)
