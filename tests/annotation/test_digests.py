"""What digests cover never changes: values that were computed when each was first written, out of rows."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from annotation.models import Caption, CaptionReview, CaptionRevision, Clip, Draft, Event, Job
from qa.models import BlindAnswer, QAItem, QARevision, QASubmission

WHEN = datetime(2026, 5, 4, 3, 2, 1, 7, tzinfo=UTC)
WHO = "p-0123456789"
CLIP, JOB = Clip(uid=UUID(int=1)), Job(uid=UUID(int=2))
CAPTION, ITEM = Caption(uid=UUID(int=3), clip=CLIP), QAItem(uid=UUID(int=4), clip=CLIP)


def draft(**more: object) -> Draft:
    payload = {"caption": "é", "people": []}
    return Draft(uid=UUID(int=5), clip=CLIP, kind="caption", model="m", payload=payload, created_at=WHEN, **more)


def revision() -> CaptionRevision:
    return CaptionRevision(
        caption=CAPTION, number=1, parent=None, kind="edit", draft=None, created_at=WHEN, text="He waves.", people=[]
    )


def second_revision() -> QARevision:
    started_from = draft(job=None)
    started_from.digest = started_from.computed_digest()
    return QARevision(
        item=ITEM,
        number=2,
        parent=QARevision(digest="a" * 64),
        kind="edit",
        draft=started_from,
        created_at=WHEN,
        content={"question": "q"},
    )


def submission() -> QASubmission:
    flags = [{"rule": "x"}]
    return QASubmission(item=ITEM, flags=flags, checks_version="3", watched_percent=80, active_ms=5, created_at=WHEN)


def undo() -> CaptionReview:
    undone = CaptionReview(digest="d" * 64)
    return CaptionReview(caption=CAPTION, verdict="undo", reason="", created_at=WHEN, undoes=undone)


@pytest.mark.parametrize(
    ("computed", "digest"),
    [
        (draft(job=None).computed_digest(), "ee50b9c23828cec0b5449a4d039559a4fe4901c9ae276d17e1c16e8e49c6e5cc"),
        (
            draft(job=JOB, place=1, provenance={"call": "c"}).computed_digest(),
            "26b2160472bf5c39613d02f8d1eebbe636dac8afdcea3c0b302f0d6a3b3e2746",
        ),
        (
            revision().computed_digest(object_id=CAPTION.object_id, pseudonym=WHO),
            "18c57e4d92aadda26d9a16cbced2bc56390356a00bee6b897cc149d2661fe2ad",
        ),
        (
            second_revision().computed_digest(object_id=ITEM.object_id, pseudonym=WHO),
            "b2f34c7b37ee3fc1f487f1aa8365ab924649e75d03f4aa860f32af609e46bd1c",
        ),
        (
            submission().computed_digest(object_id=ITEM.object_id, pseudonym=WHO, revision="b" * 64),
            "bcbeb5a0a40cc809af3f548813423c26344ab2b2760007ee75faaa6c3b9d6656",
        ),
        (
            CaptionReview(caption=CAPTION, verdict="approve", reason="", created_at=WHEN).computed_digest(
                object_id=CAPTION.object_id, pseudonym=WHO, judged="b" * 64, final="c" * 64
            ),
            "63c8943ff9a90bbd5334ad0b2ae86bd4795d0a7208ba63aa1a90583dbddc32f1",
        ),
        (
            undo().computed_digest(object_id=CAPTION.object_id, pseudonym=WHO, judged="b" * 64, final=None),
            "f68655bb14dde381de041ac599d62ae8ecd8939921fa80d99dc1f05ef7c2edff",
        ),
        (
            Event(
                object_type="clip",
                object_id=CLIP.object_id,
                verb="import",
                from_state="",
                to_state="active",
                created_at=WHEN,
            ).computed_digest(pseudonym=None),
            "0bae21c1ad5d7f64292aca5cdf47f591aa48d0dfa847d91de727d8a7a3eb8088",
        ),
        (
            BlindAnswer(
                item=ITEM,
                revision=QARevision(digest="e" * 64),
                choice="o1",
                had_opened_caption=False,
                created_at=WHEN,
            ).computed_digest(pseudonym=WHO),
            "26be39f5cbaaf5945ee0cd457cf2f9ad2ec0633311bfbaa6f707b997839ce7b4",
        ),
    ],
    ids=[
        "draft",
        "draft of a job",
        "revision",
        "second revision",
        "submission",
        "review",
        "undo",
        "event",
        "blind answer",
    ],
)
def test_a_digest_is_what_it_always_was(computed: str, digest: str) -> None:
    assert computed == digest
