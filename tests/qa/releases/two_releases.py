"""Two releases between which a caption was changed, a question retired and another one added."""

from dataclasses import dataclass

from annotation.models import Clip, Project, User
from annotation.services import captions
from annotation.services import reviews as caption_reviews
from qa.models import QAItem, Release
from qa.services import items, reviews
from qa.services.releases import freeze_release
from tests.factories import PEOPLE, TEXT, ApprovedCaptionFactory, ClipFactory
from tests.qa.scene import finish_clip
from tests.qa.scenes import COUNT_QUESTION, answer_all, fresh, off_all_desks, submitted_item

LEAPS = TEXT.replace("He jumps.", "He leaps high.")


@dataclass
class Cast:
    project: Project
    ana: User
    rui: User
    oda: User
    adam: User


@dataclass
class TwoReleases:
    """changed: the clip with another caption; the questions stand on `asked`."""

    first: Release
    second: Release
    changed: Clip
    asked: Clip
    retired: QAItem
    added: QAItem


def first_release(cast: Cast) -> tuple[Release, Clip, QAItem]:
    """1.0.0: clip-changed with a caption, clip-asked with a question more, clip-same with both for good."""
    clip = ClipFactory.create(project=cast.project, clip_id="clip-changed")
    ApprovedCaptionFactory(project=cast.project, clip=clip, author=cast.ana, reviewer=cast.rui)
    finish_clip(cast.project, clip_id="clip-same", author=cast.ana, reviewer=cast.rui)
    asked = finish_clip(cast.project, clip_id="clip-asked", author=cast.ana, reviewer=cast.rui)
    release = freeze_release(project=cast.project, version="1.0.0", notes="The first.", actor=cast.adam)
    return release, clip, asked.item


def change_words(cast: Cast, clip: Clip, retired: QAItem) -> QAItem:
    """Change the clip's caption, drop the question, add one of Count to its clip; gives that."""
    caption = clip.caption
    captions.reopen(caption=caption, user=cast.oda, reason="he leaps", seen_number=1)
    captions.save(caption=caption, user=cast.ana, etag='"1-0"', text=LEAPS, people=PEOPLE)
    captions.submit(caption=caption, user=cast.ana, etag='"2-0"', text=LEAPS, people=PEOPLE)
    caption_reviews.approve(caption=caption, reviewer=cast.rui, seen_number=2)
    off_all_desks(retired.clip)
    items.reopen(item=fresh(retired), user=cast.oda, reason="too easy", seen_number=1)
    items.drop(item=fresh(retired), user=cast.ana, etag='"1-0"', reason="too easy")
    off_all_desks(retired.clip)
    added = submitted_item(retired.clip, cast.ana, category="count", payload=COUNT_QUESTION)
    off_all_desks(retired.clip)
    answer_all(retired.clip, cast.rui, "o2")
    reviews.approve(item=fresh(added), reviewer=cast.rui, seen_number=1)
    return added


def make_two(cast: Cast) -> TwoReleases:
    first, clip, retired = first_release(cast)
    added = change_words(cast, clip, retired)
    second = freeze_release(project=cast.project, version="1.1.0", notes="", actor=cast.adam)
    return TwoReleases(first, second, clip, retired.clip, retired, added)
