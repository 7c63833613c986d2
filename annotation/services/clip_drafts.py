"""The drafts of one clip's caption, for whoever writes it: all that came, and asking for another beside them."""

from dataclasses import dataclass
from enum import StrEnum

from django.conf import settings

from annotation.errors import MoveNotAllowed
from annotation.models import Caption, Clip, Draft, Job, JobStatus, User
from annotation.services.drafting import regenerate
from annotation.states import EDITABLE, ClipStatus

MOST_SHOWN = 50


class Coming(StrEnum):
    """What is known of the newest draft that was asked for."""

    NOTHING = ""
    ON_ITS_WAY = "on_its_way"
    WAITING = "waiting"
    FAILED = "failed"


@dataclass(frozen=True)
class ClipDrafts:
    """drafts: the newest first. why: what hinders the one that waits or failed, for those who can do something.

    may_ask: another one can be asked for now. lacks_key: it could be, if there were a key.
    """

    drafts: list[Draft]
    coming: Coming
    why: str
    may_ask: bool
    lacks_key: bool


def drafts_of(caption: Caption) -> ClipDrafts:
    """2 queries. Who may write the caption may see all of it but `why` and what a draft cost."""
    drafts = Draft.objects.filter(clip=caption.clip, kind="caption").select_related("job__prompt").order_by("-pk")
    coming, why = _coming(caption.clip)
    is_out = coming in (Coming.ON_ITS_WAY, Coming.WAITING)
    could_ask = _may_have_more(caption) and not is_out
    has_key = bool(settings.ANTHROPIC_API_KEY)
    return ClipDrafts(
        list(drafts[:MOST_SHOWN]), coming, why, may_ask=could_ask and has_key, lacks_key=could_ask and not has_key
    )


def ask_for_another(*, caption: Caption, user: User) -> Job:
    """Another draft; the words stay as they are. Raises RightMissing, MoveNotAllowed, BadInput."""
    if caption.state not in EDITABLE:
        raise MoveNotAllowed(f"This caption is {caption.get_state_display().lower()}.", state=caption.state)
    return regenerate(clip=caption.clip, user=user)


def _may_have_more(caption: Caption) -> bool:
    clip = caption.clip
    return caption.state in EDITABLE and clip.state == ClipStatus.ACTIVE and not clip.is_control


def _coming(clip: Clip) -> tuple[Coming, str]:
    """1 query."""
    job = Job.objects.filter(clip=clip, kind="caption").order_by("-pk").first()
    if job is None or job.status in (JobStatus.DONE, JobStatus.CANCELLED):
        return Coming.NOTHING, ""
    why = job.detail or job.reason
    if job.status in (JobStatus.FAILED, JobStatus.UNKNOWN):
        return Coming.FAILED, why
    if job.status == JobStatus.PAUSED or not settings.ANTHROPIC_API_KEY:
        return Coming.WAITING, why or "There is no key for the model."
    return Coming.ON_ITS_WAY, ""
