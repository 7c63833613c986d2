"""import_clips --dry-run: what would happen to each line, and not a byte or a row of it."""

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection

from annotation.models import Clip, Project, User
from qa.services import imports

SAMPLE = settings.BASE_DIR / "samples/clips/lab-balance-one-man.mp4"
OTHER = settings.BASE_DIR / "samples/clips/lab-balance-three-people.mp4"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "batch"
    folder.mkdir()
    shutil.copy(SAMPLE, folder / "one.mp4")
    shutil.copy(OTHER, folder / "other.mp4")
    (folder / "cut.mp4").write_bytes(SAMPLE.read_bytes()[:60_000])
    return folder


def run(manifest: Path, capsys: pytest.CaptureFixture[str], **options: Any) -> tuple[list[str], int]:
    code = 0
    try:
        call_command("import_clips", str(manifest), project="demo", **options)
    except SystemExit as stop:
        code = int(stop.code or 0)
    return capsys.readouterr().out.splitlines(), code


def rows() -> dict[str, str]:
    """A digest of every table, and where each counter of keys stands."""
    found = {}
    with connection.cursor() as cursor:
        for model in apps.get_models(include_auto_created=True):
            if model._meta.proxy or not model._meta.managed:
                continue
            table = connection.ops.quote_name(model._meta.db_table)
            cursor.execute(f"SELECT coalesce(md5(string_agg(t::text, '|' ORDER BY t::text)), '') FROM {table} AS t")
            found[table] = cursor.fetchone()[0]
        cursor.execute("SELECT schemaname || sequencename, last_value::text FROM pg_sequences")
        found |= dict(cursor.fetchall())
    return found


def files() -> dict[str, str]:
    """Path -> digest, of the store and of the data folder; folders as well."""
    found = {}
    for root in (Path(settings.MEDIA_ROOT), Path(settings.DATA_DIR)):
        for path in sorted(root.rglob("*")):
            found[str(path)] = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "folder"
    return found


def as_jsonl(folder: Path, lines: list[dict[str, str]]) -> Path:
    path = folder / "m.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def as_csv(folder: Path, lines: list[dict[str, str]]) -> Path:
    path = folder / "m.csv"
    path.write_text("clip_id,video,camera\n" + "".join(f"{line['clip_id']},{line['video']},\n" for line in lines))
    return path


def line(clip_id: str, video: str) -> dict[str, str]:
    return {"clip_id": clip_id, "video": video}


LINES = [
    line("there", "one.mp4"),
    line("there", "other.mp4"),
    line("new", "one.mp4"),
    line("new", "one.mp4"),
    line("new", "other.mp4"),
    line("cut", "cut.mp4"),
    line("none", "none.mp4"),
]
EXPECTED = [
    "{0}: existing: there",
    "{1}: refused: clip_id: “there” exists with other bytes; a clip's bytes never change",
    "{2}: new: new",
    "{3}: existing: new",
    "{4}: refused: clip_id: “new” exists with other bytes; a clip's bytes never change",
    "{5}: refused: video: ",
    "{6}: refused: video: there is no file “none.mp4”",
]


@pytest.mark.parametrize(("write", "first"), [(as_jsonl, 1), (as_csv, 2)])
def test_it_says_what_happens_to_each_line_and_the_import_then_does_just_that(
    project: Project, folder: Path, capsys: pytest.CaptureFixture[str], write: Any, first: int
) -> None:
    assert run(as_jsonl(folder, [line("there", "one.mp4")]), capsys)[1] == 0
    manifest = write(folder, LINES)
    before, stored = rows(), files()
    said, code = run(manifest, capsys, dry_run=True)
    assert (rows(), files()) == (before, stored)
    assert len(before) > 50
    assert len(stored) > 5
    assert (said[-1], code) == ("would be 1 new, 2 existing, 4 refused", 1)
    told = [one for one in said[:-1] if "warning" not in one]
    expected = [one.format(*(f"line {number}" for number in range(first, first + 7))) for one in EXPECTED]
    assert len(told) == len(expected)
    assert all(one.startswith(start) for one, start in zip(told, expected, strict=True)), told

    done, code = run(manifest, capsys)
    assert (done[-1], code) == ("1 new, 2 existing, 4 refused", 1)
    assert [one for one in done if "refused: " in one] == [one for one in told if "refused: " in one]
    assert sorted(Clip.objects.values_list("clip_id", flat=True)) == ["new", "there"]


def test_without_a_refusal_it_ends_well_and_names_the_columns_that_are_kept(
    project: Project, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said, code = run(as_csv(folder, [line("new", "one.mp4")]), capsys, dry_run=True)
    assert (said, code) == (
        [
            "line 1: warning: unknown column “camera” is kept in the clips' metadata",
            "line 2: new: new",
            "would be 1 new, 0 existing, 0 refused",
        ],
        0,
    )
    assert not Clip.objects.exists()


def test_no_video_is_converted_and_no_folder_made_for_it(
    project: Project, folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: Any
) -> None:
    def never(*arguments: Any, **options: Any) -> None:
        raise AssertionError("nothing is to be made")

    for name in ("prepare", "working_folder", "store_files"):
        monkeypatch.setattr(imports, name, never)
    assert run(as_jsonl(folder, [line("new", "one.mp4")]), capsys, dry_run=True)[1] == 0
    with pytest.raises(AssertionError, match="nothing is to be made"):
        run(as_jsonl(folder, [line("new", "one.mp4")]), capsys)


def test_who_may_not_import_is_told_nothing_of_the_project(
    project: Project, ana: User, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(CommandError, match="role of admin"):
        run(as_jsonl(folder, LINES), capsys, dry_run=True, actor="ana")
    assert capsys.readouterr().out == ""
