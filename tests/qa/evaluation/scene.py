"""A frozen release whose ids, words and orders of options are always the same, held-out and hostile ones among them.

The files in `recorded/` were made on its export: what is changed here makes them another release's.
"""

from typing import Any

from django.core.files.base import ContentFile

from annotation.models import Project, User
from qa.categories import Category
from qa.models import Release, ReleaseSettings
from qa.services import reviews
from qa.services.releases import freeze_release
from tests.factories import ApprovedCaptionFactory, ClipFactory
from tests.qa.scenes import answer, fresh, off_all_desks, saved_item, submit_all

Drafted = tuple[str, dict[str, Any]]


def drafted(category: str, question: str, options: list[str], key: int) -> Drafted:
    return category, {"question": question, "options": options, "answer_index": key}


WAVES = ["He waves", "A man waves", "He sits down", "She jumps"]
QUESTIONS: dict[str, list[Drafted]] = {
    "2024-01-31": [
        drafted(Category.ACTION_DETAILS, "What does he do?", WAVES, 0),
        drafted(Category.COUNT, "How often does he wave?", ["Once", "Twice", "Three times", "Four times"], 3),
    ],
    "2024-02-29": [
        drafted(Category.INTERACTION, "=1+1 says 你好\t“no”", ["He nods", "<b>He</b> bows", "He's out", "A; B"], 1),
        drafted(Category.COUNT, "How many?", ["None", "NA", "007", "1e3"], 2),
    ],
    "2024-03-01": [
        drafted(Category.ACTION_SEQUENCE, "What comes first?", ["A jump", "A bow", "A wave", "A nod"], 1),
        drafted(Category.ATTRIBUTE, "What does he wear?", ["A red hat", "A red scarf", "A hat", "None of it"], 2),
    ],
    "c": [drafted(Category.COUNT, "How many people jump?", ["None", "1", "2", "3"], 0)],
}
"""clip_id -> its questions. In the project demo 2024-01-31 is drawn as 7 of 100, so held out; the others are not."""


def recorded_release(project: Project, *, author: User, reviewer: User, video: bytes = b"") -> Release:
    """video: the file of every clip; without it a few bytes that nothing plays."""
    ReleaseSettings.objects.create(project=project, held_out_percent=10)
    project.release_salt = "salt"
    project.save(update_fields=["release_salt"])
    files = {"video": ContentFile(video, name="video.mp4")} if video else {}
    for clip_id, questions in QUESTIONS.items():
        clip = ClipFactory.create(project=project, clip_id=clip_id, license="CC BY 4.0", **files)
        ApprovedCaptionFactory(project=project, author=author, reviewer=reviewer, clip=clip)
        items = [saved_item(clip, author, category=category, payload=payload) for category, payload in questions]
        submit_all(clip, author)
        off_all_desks(clip)
        for item in items:
            answer(fresh(item), reviewer, fresh(item).head.content["key"])
        for item in items:
            reviews.approve(item=fresh(item), reviewer=reviewer, seen_number=1)
    return freeze_release(project=project, version="1.0.0", notes="", actor=None)
