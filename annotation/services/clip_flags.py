"""Clips in doubt: somebody says that one cannot be used, an administrator decides.

Nobody is handed the work on such a clip meanwhile.
"""

from django.db.models.functions import Now

from annotation.access import require
from annotation.errors import BadInput, MoveNotAllowed
from annotation.models import Caption, Clip, ClipFlag, User
from annotation.models.work import LeaseEnd
from annotation.services import leases
from annotation.states import ClipStatus
from annotation.text import checked_text
from annotation.transactions import in_transaction
from annotation.workflow import move


@in_transaction
def flag_clip(*, clip: Clip, user: User, reason: object, note: object = "") -> ClipFlag:
    """Say that the clip cannot be used. Saying it twice is once. Raises RightMissing, BadInput, MoveNotAllowed."""
    require(user, "edit", project=clip.project)
    if not isinstance(reason, str) or reason not in ClipFlag.Reason.values:
        raise BadInput({"reason": "is none of the reasons"})
    said = {"reason": reason, "note": checked_text(note, field="note", most=500)}
    clip = _locked(clip)
    if clip.state != ClipStatus.ACTIVE:
        raise MoveNotAllowed("This clip is excluded already.", state=clip.state)
    flag, _ = ClipFlag.objects.get_or_create(clip=clip, raised_by=user, decision="", defaults=said)
    hold(clip, is_held=True)
    leases.give_up_clip(clip, user, LeaseEnd.FLAGGED)
    return flag


@in_transaction
def decide(*, clip: Clip, user: User, decision: str, note: object = "") -> int:
    """Settle all that was said against the clip; how many flags that were.

    decision: keep | exclude. Raises RightMissing, BadInput, MoveNotAllowed if nothing waits for a decision.
    """
    require(user, "configure", project=clip.project)
    if decision not in ClipFlag.Decision.values:
        raise BadInput({"decision": "must be keep or exclude"})
    said = checked_text(note, field="note", most=500)
    clip = _locked(clip)
    waiting = ClipFlag.objects.filter(clip=clip, decision="")
    reasons = [ClipFlag.Reason(reason).label for reason in waiting.values_list("reason", flat=True)]
    if not reasons:
        raise MoveNotAllowed("Nothing about this clip waits for a decision.")
    waiting.update(decision=decision, decided_by=user, decided_at=Now(), decision_note=said)
    if decision == ClipFlag.Decision.EXCLUDE:
        move(clip, "exclude", actor=user, reason=said or "; ".join(dict.fromkeys(reasons)))
    hold(clip, is_held=decision == ClipFlag.Decision.EXCLUDE)
    return len(reasons)


@in_transaction
def restore(*, clip: Clip, user: User, reason: object = "") -> None:
    """An excluded clip is used again. Raises RightMissing, BadInput, MoveNotAllowed."""
    require(user, "configure", project=clip.project)
    said = checked_text(reason, field="reason", most=500)
    clip = _locked(clip)
    move(clip, "restore", actor=user, reason=said)
    hold(clip, is_held=False)


def open_flags(clip: Clip) -> list[ClipFlag]:
    """What was said against the clip and is not decided. 1 query."""
    return list(ClipFlag.objects.filter(clip=clip, decision="").select_related("raised_by"))


def _locked(clip: Clip) -> Clip:
    """And its caption."""
    clip = Clip.objects.select_for_update(of=("self",), no_key=True).select_related("project").get(pk=clip.pk)
    Caption.objects.select_for_update().get(clip=clip)
    return clip


def hold(clip: Clip, *, is_held: bool) -> None:
    """Nobody is handed the work on a clip that is held. The caller holds the lock of its caption."""
    Caption.objects.filter(clip=clip).update(is_held=is_held)
