"""Notes in a release: frozen in threads where there are some; without them every digest is what it was."""

import json
from datetime import UTC
from pathlib import Path

from annotation.models import Caption, CaptionComment, Project, User
from annotation.services.comments import add_note, answer_note, beside_caption, mark_note
from qa.models import QAComment, QAItem, Release
from qa.services.comments import beside_question
from qa.services.history import verify_project
from qa.services.releases import export_release, freeze_release
from tests.qa.scene import finish_clip


def bytes_of(release: Release, out: Path) -> bytes:
    export_release(release, layout="haicbench", out=out)
    return (out / "haicbench.json").read_bytes()


def times(note: CaptionComment | QAComment) -> str:
    return note.created_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def test_threads_are_frozen_with_pseudonyms_and_exported(
    project: Project, ana: User, rui: User, adam: User, tmp_path: Path
) -> None:
    scene = finish_clip(project, author=ana, reviewer=rui)
    caption, item = Caption.objects.get(pk=scene.caption.pk), QAItem.objects.get(pk=scene.item.pk)
    beside = beside_caption(caption)
    first = add_note(beside=beside, author=ana, text="Which arm?", at_ms=300, sentence="He spreads both arms.")
    answer_note(beside=beside, author=rui, note_id=first.pk, text="Both.")
    mark_note(beside=beside, user=ana, note_id=first.pk, is_done=True)
    add_note(beside=beside_question(item), author=rui, text="A good one.")
    release = freeze_release(project=project, version="1.0.0", notes="", actor=adam)
    pseudonym = {one.user.username: one.pseudonym for one in project.memberships.all()}
    asked, said = CaptionComment.objects.order_by("pk")
    (on_question,) = QAComment.objects.all()
    content = release.items.get().content
    assert content["comments"] == [
        {
            "author": pseudonym["ana"],
            "created_at": times(asked),
            "text": "Which arm?",
            "at_ms": 300,
            "sentence": "He spreads both arms.",
            "done": True,
            "replies": [{"author": pseudonym["rui"], "created_at": times(said), "text": "Both."}],
        }
    ]
    exported = json.loads(bytes_of(release, tmp_path / "out"))["clips"][0]
    assert exported["comments"][0]["at_s"] == 0.3
    assert exported["qa"][0]["comments"] == [
        {
            "author": pseudonym["rui"],
            "created_at": times(on_question),
            "text": "A good one.",
            "at_s": None,
            "sentence": "",
            "done": False,
            "replies": [],
        }
    ]
    assert "Rui Tavares" not in json.dumps(exported)
    verify_project(project)


def test_notes_change_no_release_that_is_frozen_and_none_without_them(
    project: Project, ana: User, rui: User, adam: User, tmp_path: Path
) -> None:
    scene = finish_clip(project, author=ana, reviewer=rui)
    before = freeze_release(project=project, version="1.0.0", notes="", actor=adam)
    content = before.items.get().content
    assert "comments" not in content
    assert "comments" not in content["qa"][0]
    written = bytes_of(before, tmp_path / "before")
    add_note(beside=beside_caption(scene.caption), author=ana, text="Later.")
    assert bytes_of(before, tmp_path / "again") == written
    verify_project(project)
    after = freeze_release(project=project, version="2.0.0", notes="", actor=adam)
    assert after.digest != before.digest
    CaptionComment.objects.all().delete()
    assert freeze_release(project=project, version="3.0.0", notes="", actor=adam).digest == before.digest
