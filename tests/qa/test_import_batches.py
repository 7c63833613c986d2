"""Rows of many clips at once: the same as one after the other; what one clip's rows break, the others do not feel."""

import json
import shutil
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import OperationalError

from annotation.accumulation.probe import Probe
from annotation.accumulation.transcode import Prepared, prepare
from annotation.append_only import append_only_tables
from annotation.copied_rows import copy_rows
from annotation.models import Caption, Clip, Draft, DraftingSettings, Event, Project, Role, User
from annotation.services.clips import ClipFacts, DraftedCaption, NewClip, add_rows
from annotation.services.drafts import store_draft
from annotation.states import State
from qa.models import QAItem, QASet
from qa.services import clip_batches, imports
from qa.services.clip_batches import Batch, LineOutcome, Ready, write_rows
from qa.services.history import verify_project
from qa.services.imports import import_manifest
from qa.services.manifest import DraftedQuestion
from tests.factories import PEOPLE, QUESTION, MembershipFactory, ProjectFactory, add_drafted_item

SAMPLE = settings.BASE_DIR / "samples/clips/lab-balance-one-man.mp4"
PROBE = Probe("mp4", "h264", "yuv420p", 640, 360, 0, Fraction(30000, 1001), 300, 10_010, True, "aac", False, 1000)
PREPARED = Prepared(Path("v"), Path("p"), PROBE, "1" * 64, "0" * 64, "copied")
NAMES = {"original": "originals/0.mp4", "video": "videos/1.mp4", "poster": "posters/1.jpg"}
CAPTION = DraftedCaption("m", {"caption": "A man.\t\\N \\. “=1+1” 你好\r\nHe \\x waits.", "people": PEOPLE})
FACTS = ClipFacts(
    source="lab",
    source_id="=1+1",
    source_url="https://example.org/?a=1&b=\\t",
    source_start_ms=0,
    source_end_ms=2500,
    license="CC\tBY",
    may_redistribute=False,
    description="two\r\nlines\\n, “quoted”, \x01, 👨‍👩‍👧, \u202eabc\u202c, \\N",
    metadata={"camera": {"lens": [1, 2.5, None, True, "\\u0041 \\N"]}, "": ""},
    subtitles="WEBVTT\n\n00:00.000 --> 00:01.000\nHello\n",
)


def asked(*categories: str) -> list[DraftedQuestion]:
    return [
        DraftedQuestion(category, {**QUESTION, "question": f"{category} {n}?"}) for n, category in enumerate(categories)
    ]


def ready(number: int, clip_id: str, *categories: str, **changes: Any) -> Ready:
    clip = NewClip(clip_id, "holiday.mp4", PREPARED, NAMES, FACTS, CAPTION)
    return Ready(number, replace(clip, **changes), model="m", questions=asked(*categories))


LINES = [
    ready(1, "a", "count", "attribute", "count"),
    ready(2, "b", caption=None, facts=ClipFacts()),
    ready(3, "c", "interaction", caption=None),
    ready(4, "d", original_name="x" * 300),
]


def written_singly(lines: list[Ready], *, project: Project, actor: User | None) -> None:
    """As the browser, the model's replies and the cutting of scenes write them."""
    for line in lines:
        (clip,) = add_rows([replace(line.clip, caption=None)], project=project, actor=actor)
        if line.clip.caption is not None:
            store_draft(clip=clip, kind="caption", model=line.clip.caption.model, payload=line.clip.caption.payload)
        for question in line.questions:
            add_drafted_item(clip=clip, category=question.category, model=line.model, payload=question.payload)


OWN = {"id", "uid", "created_at", "digest", "project_id", "clip_id", "draft_id", "object_id"}
"""What two clips never have in common."""


def said_of(row: Any, **more: Any) -> dict[str, Any]:
    fields = {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}
    return {name: str(value) for name, value in fields.items() if name not in OWN} | more


def all_of(project: Project) -> list[Any]:
    """All that is stored of a project's clips, without what only one of two can have."""
    found: list[Any] = []
    for clip in Clip.objects.filter(project=project).order_by("clip_id"):
        caption = clip.caption
        found.append(said_of(clip, clip_id=clip.clip_id, fields=(clip.metadata, clip.fps)))
        found.append(said_of(caption, draft=caption.draft.payload if caption.draft else None))
        found += [said_of(draft, payload=draft.payload) for draft in Draft.objects.filter(clip=clip).order_by("pk")]
        for item in QAItem.objects.filter(clip=clip).order_by("pk"):
            found.append(said_of(item, payload=item.draft.payload if item.draft else None))
        found.append(said_of(QASet.objects.get(clip=clip)))
        subjects: list[Any] = [clip, caption, *QAItem.objects.filter(clip=clip).order_by("pk")]
        for subject in subjects:
            events = Event.objects.filter(object_type=subject.OBJECT_TYPE, object_id=subject.object_id)
            found += [said_of(event, kind=event.object_type) for event in events.order_by("pk")]
    return found


def test_rows_written_together_are_those_written_one_by_one(project: Project, adam: User) -> None:
    singly = ProjectFactory.create(slug="singly")
    MembershipFactory.create(project=singly, user=adam, role=Role.ADMIN)
    write_rows(LINES, project=project, actor=adam)
    written_singly(LINES, project=singly, actor=adam)
    together = all_of(project)
    assert together == all_of(singly)
    assert len(together) > 30  # four clips: clips, captions, sets, five drafts, four questions and their events
    assert verify_project(project).counts == verify_project(singly).counts


def test_every_row_has_the_time_that_its_digest_covers_and_its_own_id(project: Project) -> None:
    write_rows(LINES, project=project, actor=None)
    clip = Clip.objects.get(clip_id="a")
    assert (clip.metadata, clip.description, clip.subtitles) == (FACTS.metadata, FACTS.description, FACTS.subtitles)
    assert str(clip.fps) == "29.970"
    assert len(set(Clip.objects.values_list("uid", flat=True))) == len(LINES)
    events = Event.objects.filter(object_type="caption").order_by("pk").values_list("verb", "from_state", "to_state")
    assert list(events)[:2] == [("import", "", "waiting"), ("draft", "waiting", "drafted")]
    assert [item.question_id for item in QAItem.objects.filter(clip=clip).order_by("pk")] == [
        *("a-count-1", "a-attribute-1", "a-count-2"),
    ]
    sets = QASet.objects.order_by("clip__clip_id").values_list("items", "open_items")
    assert list(sets) == [(3, 3), (0, 0), (1, 1), (0, 0)]


def test_the_control_share_is_fixed_for_each_clip_by_its_name(project: Project) -> None:
    DraftingSettings.objects.create(project=project, control_percent=47)
    names = ("clip-a", "clip-b", "clip-c", "clip-d")  # 65, 57, 11 and 34 of a hundred, by the digests of their names
    write_rows([ready(n, name) for n, name in enumerate(names)], project=project, actor=None)
    assert list(Clip.objects.order_by("clip_id").values_list("is_control", flat=True)) == [False, False, True, True]


def test_the_role_that_serves_people_may_write_them_and_not_change_them(project: Project, as_app_role: None) -> None:
    write_rows(LINES, project=project, actor=None)
    assert Clip.objects.count() == len(LINES)
    assert {"annotation_draft", "annotation_event"} <= append_only_tables()


def test_a_batch_takes_as_many_statements_as_one_clip(project: Project, django_assert_max_num_queries: Any) -> None:
    with django_assert_max_num_queries(30) as few:
        write_rows([ready(1, "one", "count")], project=project, actor=None)
    with django_assert_max_num_queries(30) as many:
        write_rows([ready(n, f"c{n}", "count") for n in range(40)], project=project, actor=None)
    assert len(few) == len(many) > 5


def test_a_line_that_the_database_refuses_spoils_no_other(project: Project) -> None:
    for name in NAMES.values():
        default_storage.save(name, ContentFile(b"bytes"))
    batch = Batch(project, None)
    wide = replace(PREPARED, probe=replace(PROBE, width=2**40))  # no integer of the table
    for line in (LINES[0], LineOutcome(2, "refused", reason="as it was"), ready(3, "wide", prepared=wide), LINES[3]):
        batch.add(line)
    outcomes = batch.write()
    assert [(one.number, one.result) for one in outcomes] == [(1, "new"), (2, "refused"), (3, "refused"), (4, "new")]
    assert outcomes[2].reason.startswith("the database does not take it: ")
    assert list(Clip.objects.values_list("clip_id", flat=True)) == ["a", "d"]
    assert (Caption.objects.count(), QAItem.objects.count(), QASet.objects.count()) == (2, 3, 2)
    verify_project(project)
    assert batch.write() == []


def test_a_clip_that_another_import_brought_meanwhile_is_there_already_and_keeps_its_files(project: Project) -> None:
    for name in NAMES.values():
        default_storage.save(name, ContentFile(b"bytes"))
    add_rows([LINES[0].clip], project=project, actor=None)
    batch = Batch(project, None)
    batch.add(replace(LINES[0], stored=tuple(NAMES.values())))
    batch.add(replace(ready(2, "new", "count"), stored=()))
    assert [one.result for one in batch.write()] == ["existing", "new"]
    assert all(default_storage.exists(name) for name in NAMES.values())
    verify_project(project)


def test_an_id_that_another_import_took_for_other_bytes_is_refused_and_its_files_taken_back(project: Project) -> None:
    add_rows(
        [replace(LINES[0].clip, prepared=replace(PREPARED, original_sha256="9" * 64))], project=project, actor=None
    )
    mine = {field: f"mine/{name}" for field, name in NAMES.items()}
    for name in mine.values():
        default_storage.save(name, ContentFile(b"bytes"))
    batch = Batch(project, None)
    batch.add(replace(ready(1, "a", names=mine), stored=tuple(mine.values())))
    (outcome,) = batch.write()
    assert (outcome.result, outcome.reason) == (
        "refused",
        "clip_id: “a” exists with other bytes; a clip's bytes never change",
    )
    assert not any(default_storage.exists(name) for name in mine.values())


def manifest_of(folder: Path, *lines: dict[str, Any]) -> Path:
    folder.mkdir(exist_ok=True)
    shutil.copy(SAMPLE, folder / "one.mp4")
    path = folder / "manifest.jsonl"
    path.write_text("".join(json.dumps({"video": "one.mp4", **line}) + "\n" for line in lines))
    return path


def stored_files() -> list[str]:
    folders = default_storage.listdir("")[0] if default_storage.exists("") else []
    return [f"{folder}/{name}" for folder in folders for name in default_storage.listdir(folder)[1]]


def test_an_id_that_stands_twice_in_a_batch_is_new_once(project: Project, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(clip_batches, "BATCH_SECONDS", 3600)
    lines = manifest_of(tmp_path / "m", {"clip_id": "one"}, {"clip_id": "one"}, {"clip_id": "two"})
    outcomes = list(import_manifest(manifest=lines, project=project, actor=None))
    assert [one.result for one in outcomes] == ["new", "existing", "new"]
    assert len(stored_files()) == 3


def test_where_a_video_takes_long_no_clip_waits_for_the_next(
    project: Project, tmp_path: Path, monkeypatch: Any
) -> None:
    lines = manifest_of(tmp_path / "m", {"clip_id": "one"}, {"clip_id": "two"})
    monkeypatch.setattr(clip_batches, "BATCH_SECONDS", 0)
    taking = import_manifest(manifest=lines, project=project, actor=None)
    assert next(taking).clip_id == "one"
    assert [clip.clip_id for clip in Clip.objects.all()] == ["one"]
    taking.close()  # type: ignore[attr-defined]


def test_what_stops_an_import_leaves_the_lines_before_whole_d07(
    project: Project, tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.setattr(clip_batches, "BATCH_SECONDS", 3600)

    def prepare_one(*arguments: Any, **options: Any) -> Any:
        if stored_files():
            raise OSError("the disk is full")
        return prepare(*arguments, **options)

    monkeypatch.setattr(imports, "prepare", prepare_one)
    lines = manifest_of(tmp_path / "m", {"clip_id": "one"}, {"clip_id": "two"})
    with pytest.raises(OSError, match="disk is full"):
        list(import_manifest(manifest=lines, project=project, actor=None))
    assert [clip.clip_id for clip in Clip.objects.all()] == ["one"]
    assert len(stored_files()) == 3


def test_an_import_that_is_given_up_takes_back_the_files_of_what_was_not_written(
    project: Project, tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.setattr(clip_batches, "BATCH_SECONDS", 3600)
    seen: list[int] = []

    def interrupt(*arguments: Any, **options: Any) -> None:
        seen.append(len(stored_files()))
        raise KeyboardInterrupt

    monkeypatch.setattr(clip_batches, "write_rows", interrupt)
    with pytest.raises(KeyboardInterrupt):
        list(import_manifest(manifest=manifest_of(tmp_path / "m", {"clip_id": "one"}), project=project, actor=None))
    assert (seen, stored_files(), Clip.objects.count()) == ([3], [], 0)


def test_rows_that_cannot_be_written_now_leave_no_files(project: Project, tmp_path: Path, monkeypatch: Any) -> None:
    def away(*arguments: Any, **options: Any) -> None:
        raise OperationalError("the database is away")

    monkeypatch.setattr(clip_batches, "write_rows", away)
    with pytest.raises(OperationalError):
        list(import_manifest(manifest=manifest_of(tmp_path / "m", {"clip_id": "one"}), project=project, actor=None))
    assert (stored_files(), Clip.objects.count()) == ([], 0)


def test_rows_of_nothing_are_nothing(project: Project, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        copy_rows([])


def test_copied_rows_are_stored_objects(project: Project) -> None:
    (clip,) = add_rows([LINES[0].clip], project=project, actor=None)
    assert clip.pk == Clip.objects.get().pk
    assert clip.caption.state == State.DRAFTED
    clip.description = "changed"
    clip.save(update_fields=["description"])
    assert Clip.objects.get().description == "changed"
