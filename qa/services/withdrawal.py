"""Withdrawing a clip: somebody in it objected, so it goes, for good.

Its files are removed from the store, nobody is shown it or given work on it, nothing of it goes to the model, and
releases list it as withdrawn and are exported again. `erase` empties its words too, wherever they stand; rows and their
digests stay, so that `verify_history` still follows every chain and says how much is erased. Nothing of this can be
undone.

The rows change in one transaction; the files are removed once it is committed, and what then still stands in the store
by the relay's sweep, or when the same is asked again.
"""

from dataclasses import dataclass
from functools import partial

from django.db import connection, transaction

from annotation.access import require
from annotation.models import Caption, Clip, Scene, User
from annotation.services import withdrawal
from annotation.services.withdrawn_files import remove_files, shared_with, with_files
from annotation.states import ClipStatus
from annotation.text import checked_text
from annotation.transactions import in_transaction
from annotation.workflow import move
from qa.models import LeakFlag, QAComment, QAItem, QASkip, QAWorkingCopy, ReleaseItem
from qa.services.exports import forget_exports
from qa.services.statistics import forget_statistics

LONGEST_REASON = 500


@dataclass(frozen=True)
class Consequences:
    """What a withdrawal takes, and what it cannot take.

    releases: versions that hold the clip. others: how many other clips have the same bytes, so that these stay.
    raw_video: the id of the video it was cut of, if that stays because other scenes of it are used; else "".
    """

    questions: int
    releases: list[str]
    others: int
    raw_video: str


@dataclass(frozen=True)
class Withdrawn:
    """is_erased: its words are too. has_files: something is still in the store, and is tried again."""

    clip: Clip
    consequences: Consequences
    is_erased: bool
    has_files: bool


def consequences_of(clip: Clip) -> Consequences:
    """Before or after it. 5 queries at most."""
    releases = ReleaseItem.objects.filter(clip=clip).order_by("release__frozen_at")
    scene = Scene.objects.filter(clip=clip).select_related("video").first()
    stays = scene is not None and withdrawal.needs_raw_video(scene.video, without=clip)
    return Consequences(
        questions=QAItem.objects.filter(clip=clip).count(),
        releases=list(releases.values_list("release__version", flat=True)),
        others=shared_with(clip).count(),
        raw_video=scene.video.video_id if scene is not None and stays else "",
    )


def withdraw_clip(*, clip: Clip, actor: User | None, reason: object, erase: bool = False) -> Withdrawn:
    """Withdraw the clip, or go on with a withdrawal: erase its words afterwards, remove what is left of its files.

    actor None is the installation. Raises RightMissing, BadInput.
    """
    if actor is not None:
        require(actor, "release", project=clip.project)
    said = checked_text(reason, field="reason", most=LONGEST_REASON, blank=False)
    clip = _withdraw(clip, actor=actor, reason=said, erase=erase)
    is_left = with_files().filter(pk=clip.pk).exists()
    return Withdrawn(clip, consequences_of(clip), clip.erased_at is not None, is_left)


@in_transaction
def _withdraw(clip: Clip, *, actor: User | None, reason: str, erase: bool) -> Clip:
    # In the order in which everybody else takes these locks: whoever writes to the clip is waited for.
    videos = withdrawal.lock_raw_videos(clip)
    Caption.objects.select_for_update().get(clip=clip)
    list(QAItem.objects.select_for_update().filter(clip=clip).order_by("pk").values_list("pk"))
    withdrawal.lock_jobs(clip)
    clip = Clip.objects.select_for_update(of=("self",)).select_related("project").get(pk=clip.pk)
    is_changed = clip.state != ClipStatus.WITHDRAWN or (erase and clip.erased_at is None)
    if clip.state != ClipStatus.WITHDRAWN:
        withdrawal.take_out(clip, actor=actor, reason=reason)
    for video in videos:
        if not withdrawal.needs_raw_video(video, without=clip):
            withdrawal.withdraw_raw_video(video)
    if erase and clip.erased_at is None:
        event = move(clip, "erase", actor=actor, reason=reason)
        clip.erased_at = event.created_at
        clip.save(update_fields=["erased_at"])
    # Also what was erased before: the raw video may be free to go only now.
    for erased in _erased_with(clip):
        _erase_words(erased)
    if is_changed and ReleaseItem.objects.filter(clip=clip).exists():
        forget_exports(clip.project)
    if is_changed:
        forget_statistics(clip)
    transaction.on_commit(partial(remove_files, clip), robust=True)
    return clip


def _erased_with(clip: Clip) -> list[Clip]:
    """The clip itself, and others that were cut of the same video, as far as they are erased."""
    siblings = Scene.objects.filter(video__in=Scene.objects.filter(clip=clip).values("video")).values("clip")
    same = Clip.objects.withdrawn().filter(pk__in=siblings) | Clip.objects.withdrawn().filter(pk=clip.pk)
    return list(same.filter(erased_at__isnull=False).order_by("pk"))


def _erase_words(clip: Clip) -> None:
    """Twice is as once. The caller holds the clip's lock."""
    withdrawal.erase_words(clip)
    with connection.cursor() as cursor:
        cursor.execute("SELECT public.qa_erase_clip(%s), public.qa_erase_measured(%s)", [clip.pk, clip.pk])
    items = QAItem.objects.filter(clip=clip)
    QAWorkingCopy.objects.filter(item__in=items).delete()
    QAComment.objects.filter(item__in=items).update(text="", sentence="")
    QASkip.objects.filter(qa_set__clip=clip).update(note="")
    LeakFlag.objects.filter(item__in=items).update(reason="")
