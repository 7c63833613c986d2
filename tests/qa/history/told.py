"""A project in which much has happened, and its history as a file."""

import hashlib
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import orjson
from django.apps import apps
from django.db import connection
from django.db.models import Model

from annotation.canonical import canonical_json, digest_of
from annotation.digests import event_digest
from annotation.models import Caption, Clip, Job, JobStatus, Project, Prompt, User
from annotation.prompt_files import version_of
from annotation.services import captions, clip_flags, reviews
from annotation.services.comments import add_note, answer_note, beside_caption, mark_note
from annotation.snapshots import one_snapshot
from annotation.workflow import database_now
from qa.history.restoring import restore_history
from qa.history.writing import history_lines
from qa.models import QAItem
from qa.services import blind, disputes, items
from qa.services import reviews as question_reviews
from qa.services.comments import beside_question
from qa.services.history import verify_project
from tests.factories import PEOPLE, QUESTION, TEXT, ClipFactory, DraftedCaptionFactory, add_drafted_item
from tests.qa.scene import finish_clip
from tests.qa.scenes import answer, content_of, fresh, off_all_desks, saved_item, submit_all

HOSTILE = "A \"man\"\t'bows',\r\nthen =1+1 --> \\u0000 \u202eטקסט 你好 👩\u200d👩\u200d👧 \u2028 é."
PROMPT_TEXT = f"Write one question. {HOSTILE}"

Line = dict[str, Any]


def tell_much(project: Project, *, ana: User, rui: User, oda: User, adam: User) -> None:
    """Three clips: a is finished, with notes; in b much went to and fro; c is excluded."""
    finished = finish_clip(project, author=ana, reviewer=rui, clip_id="a", source="a film", metadata={"large": 1e300})
    for beside in (beside_caption(finished.caption), beside_question(finished.item)):
        first = add_note(beside=beside, author=ana, text=HOSTILE, at_ms=300, sentence="He spreads both arms.")
        answer_note(beside=beside, author=rui, note_id=first.pk, text="The left one.")
        mark_note(beside=beside, user=oda, note_id=first.pk, is_done=True)
        add_note(beside=beside, author=oda, text="Fine.")
    clip = ClipFactory.create(project=project, clip_id="b", description=HOSTILE)
    _judge_caption(DraftedCaptionFactory(project=project, clip=clip), ana=ana, rui=rui, oda=oda)
    _judge_questions(clip, ana=ana, rui=rui, oda=oda, adam=adam)
    excluded = ClipFactory.create(project=project, clip_id="c")
    clip_flags.flag_clip(clip=excluded, user=ana, reason="static")
    clip_flags.decide(clip=excluded, user=adam, decision="exclude", note=HOSTILE)


def _judge_caption(caption: Caption, *, ana: User, rui: User, oda: User) -> None:
    """Returned; fixed, which is taken back; approved by somebody else; reopened; approved once more."""
    notes = {"critiques": [{"error": "wording", "draft": "He jumps.", "final": "He leaps."}], "watched": [[0, 2000]]}

    def hand_in(text: str) -> None:
        etag = captions.words_for(Caption.objects.for_review_page().get(pk=caption.pk), ana).etag
        captions.submit(caption=caption, user=ana, etag=etag, text=text, people=PEOPLE, notes=notes)

    hand_in(TEXT)
    reviews.return_to_author(caption=caption, reviewer=rui, seen_number=1, reason=HOSTILE, code="other")
    hand_in(f"{TEXT} {HOSTILE}")
    reviews.fix_and_approve(caption=caption, reviewer=rui, seen_number=2, text=f"{TEXT} Fixed.", people=PEOPLE)
    reviews.undo(caption=caption, reviewer=rui)
    reviews.approve(caption=caption, reviewer=oda, seen_number=4)
    captions.reopen(caption=caption, user=oda, reason="look again", seen_number=4)
    hand_in(f"{TEXT} Once more.")
    reviews.approve(caption=caption, reviewer=rui, seen_number=5)


def _judge_questions(clip: Clip, *, ana: User, rui: User, oda: User, adam: User) -> None:
    """One is returned; two missed another one's key, which is settled; one is dropped; two are a job's drafts."""
    asked, missed = saved_item(clip, ana), saved_item(clip, ana, category="interaction")
    dropped = saved_item(clip, ana, category="attribute")
    items.drop(item=fresh(dropped), user=ana, etag='"1-0"', reason=HOSTILE)
    off_all_desks(clip)
    submit_all(clip, ana)
    _answer(clip, rui, missed)
    question_reviews.return_to_author(item=fresh(asked), reviewer=rui, seen_number=1, reason="Ask better.")
    off_all_desks(clip)
    _answer(clip, oda, missed)
    disputes.settle(
        item=fresh(missed),
        adjudicator=adam,
        seen_number=1,
        outcome="fix",
        code="key_wrong",
        reason="It is B.",
        content=content_of(missed, ana, key="o2"),
    )
    job = drafting_job(clip)
    for place in (0, 1):
        add_drafted_item(
            clip=clip, category="count", model="model x", payload=QUESTION, job=job, place=place, provenance={"call": 1}
        )


def _answer(clip: Clip, user: User, missed: QAItem) -> None:
    while waiting := blind.unanswered(clip, user):
        answer(waiting[0], user, "o2" if waiting[0].pk == missed.pk else "o1")


def drafting_job(clip: Clip) -> Job:
    """Of a prompt of the project's own."""
    prompt = Prompt.objects.create(
        name="count", project=clip.project, version=version_of(PROMPT_TEXT), title="Ours", text=PROMPT_TEXT
    )
    return Job.objects.create(
        clip=clip,
        kind="qa:count",
        prompt=prompt,
        model="model x",
        input_digest="e" * 64,
        status=JobStatus.DONE,
        next_attempt_at=database_now(),
    )


def written(project: Project, **more: Any) -> bytes:
    """The project's whole history."""
    with one_snapshot():
        return b"".join(history_lines(project, Clip.objects.filter(project=project), **more))


def wipe(*keep: type[Model]) -> None:
    """Empty every table of the two apps but those of users and projects, past the triggers, as a superuser can."""
    ours = (model for app in ("annotation", "qa") for model in apps.get_app_config(app).get_models())
    kept = {User._meta.db_table, Project._meta.db_table, *(model._meta.db_table for model in keep)}
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # nothing is pending that the next lines would wait for
        cursor.execute("SET session_replication_role = replica")
        for table in sorted({model._meta.db_table for model in ours} - kept):
            cursor.execute(f"DELETE FROM {table}")
        cursor.execute("SET session_replication_role = DEFAULT")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def round_trip(project: Project) -> None:
    """The project's history is written, proved, and taken in again in the place of the rows it was made of."""
    raw, counts = written(project), verify_project(project).counts
    with TemporaryDirectory() as folder:
        path = history_file(Path(folder), raw)
        wipe()
        restore_history(project, path)
    assert written(project) == raw
    assert verify_project(project).counts == counts


def history_file(folder: Path, raw: bytes) -> Path:
    path = folder / "history.jsonl"
    path.write_bytes(raw)
    return path


def lines_of(raw: bytes) -> list[Line]:
    return [orjson.loads(line) for line in raw.splitlines()]


def forged(lines: list[Line], *, also_lines: bool = True) -> bytes:
    """As somebody would write the lines who can compute digests: the tail's anew, and those of the lines."""
    raw = b""
    for line in lines[:-1]:
        rest = {key: value for key, value in line.items() if key != "digest"}
        raw += canonical_json(rest | {"digest": digest_of(rest) if also_lines else line["digest"]}) + b"\n"
    tail = lines[-1] | {"digest": hashlib.sha256(raw).hexdigest()}
    return raw + canonical_json(tail) + b"\n"


def sign_event(line: Line, **said: Any) -> None:
    """One event more, after the others."""
    last = {key: value for key, value in line["events"][-1].items() if key not in ("digest", "erased")}
    fields = {**last, "from_state": last["to_state"], "reason": "", "revision": "", **said}
    digest = event_digest(object_type=line["kind"], object_id=line["object"], **fields)
    line["events"].append(fields | {"digest": digest})


def as_bytes(lines: list[Line]) -> bytes:
    return b"".join(canonical_json(line) + b"\n" for line in lines)


def line_of(lines: list[Line], name: str) -> Line:
    return next(line for line in lines if name in (line.get("clip_id"), line.get("question_id")))


def caption_of(lines: list[Line], clip_id: str) -> Line:
    return lines[lines.index(line_of(lines, clip_id)) + 1]
