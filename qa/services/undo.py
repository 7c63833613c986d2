"""The verdict that somebody can still take back: offered on the pages that follow it."""

from dataclasses import dataclass
from datetime import timedelta

from annotation.models import Caption, CaptionReview, Clip, Project, User, Verdict
from annotation.services.judging import UNDO_SECONDS, undoable
from annotation.states import State
from annotation.workflow import database_now
from qa.models import QAItem, QAReview

_DONE = {Verdict.APPROVE: "approved", Verdict.FIX: "fixed and approved", Verdict.RETURN: "returned"}


@dataclass(frozen=True)
class Undo:
    """question_id: "" for a caption. seconds: how long it can be taken back."""

    clip_id: str
    question_id: str
    words: str
    seconds: int


def last_verdict(user: User, project: Project) -> Undo | None:
    """The newest of the last seconds, if it still can be taken back. 3 queries, more only just after a verdict."""
    now = database_now()
    since = now - timedelta(seconds=UNDO_SECONDS)
    standing = Clip.objects.standing().filter(project=project)
    of_captions = CaptionReview.objects.filter(reviewer=user, created_at__gte=since, caption__clip__in=standing)
    of_questions = QAReview.objects.filter(reviewer=user, created_at__gte=since, item__clip__in=standing)
    caption_review = of_captions.select_related("caption__clip__project").order_by("pk").last()
    qa_review = of_questions.select_related("item__clip__project").order_by("pk").last()
    subject: Caption | QAItem
    if qa_review and (caption_review is None or caption_review.created_at < qa_review.created_at):
        subject, question_id = qa_review.item, qa_review.item.question_id
    elif caption_review:
        subject, question_id = caption_review.caption, ""
    else:
        return None
    found = undoable(subject, user)
    if found is None:
        return None
    name = question_id or f"The caption of {subject.clip.clip_id}"
    left = UNDO_SECONDS - int((now - found.created_at).total_seconds())
    return Undo(subject.clip.clip_id, question_id, f"{name} {_words_of(subject, found.verdict)}.", left)


def _words_of(subject: Caption | QAItem, verdict: str) -> str:
    if subject.state == State.IN_REVIEW:
        return f"is {_DONE[Verdict(verdict)]} by you; somebody else judges it too"
    if subject.state == State.DISPUTED:
        return "is in dispute: a third person settles it"
    return f"is {_DONE[Verdict(verdict)]}"
