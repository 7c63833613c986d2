"""Rows for tests. Words and judgements are made by the services, so that chains, states and events are real."""

from decimal import Decimal
from typing import Any

import factory
from django.core.files.base import ContentFile

from annotation.models import Caption, Clip, Draft, Membership, Project, Role, User
from annotation.services.captions import submit, words_for
from annotation.services.drafts import store_draft
from annotation.services.reviews import approve
from annotation.states import State
from annotation.workflow import move
from qa.models import QAItem
from qa.services.imports import add_drafted_item

PEOPLE = [{"key": "P1", "description": "bald man in a brown T-shirt"}]
TEXT = "There is one person in the video, a bald man. [00:00.3] He spreads both arms. [00:01.0] He jumps."
QUESTION = {
    "question": "What does the bald man do just before he jumps?",
    "options": ["He spreads both arms", "He sits down", "He waves", "He turns round"],
    "answer_index": 0,
}


class UserFactory(factory.django.DjangoModelFactory[User]):
    class Meta:
        model = User

    username = factory.Sequence(lambda n: f"user{n}")
    password = factory.django.Password("correct horse battery")


class ProjectFactory(factory.django.DjangoModelFactory[Project]):
    class Meta:
        model = Project

    slug = factory.Sequence(lambda n: f"project-{n}")
    name = factory.LazyAttribute(lambda project: project.slug.title())


class MembershipFactory(factory.django.DjangoModelFactory[Membership]):
    class Meta:
        model = Membership

    project = factory.SubFactory(ProjectFactory)
    user = factory.SubFactory(UserFactory)
    role = Role.ANNOTATOR


class ClipFactory(factory.django.DjangoModelFactory[Clip]):
    """A clip with files of a few bytes: enough for everything but playing it. Its caption waits for a draft."""

    class Meta:
        model = Clip
        skip_postgeneration_save = True

    project = factory.SubFactory(ProjectFactory)
    clip_id = factory.Sequence(lambda n: f"clip-{n}")
    original = factory.LazyFunction(lambda: ContentFile(b"original bytes", name="original.mp4"))
    original_sha256 = "0" * 64
    original_name = "holiday.mp4"
    video = factory.LazyFunction(lambda: ContentFile(bytes(range(256)) * 8, name="video.mp4"))
    sha256 = "1" * 64
    poster = factory.LazyFunction(lambda: ContentFile(b"poster bytes", name="poster.jpg"))
    duration_ms = 2000
    width = 320
    height = 240
    fps = Decimal("25.000")
    frames = 50
    has_audio = False

    @factory.post_generation
    def caption_row(clip: Clip, create: bool, extracted: Any, **kwargs: Any) -> None:  # type: ignore[misc]
        move(clip, "import", actor=None, created=True)
        caption = Caption.objects.create(clip=clip, state=State.WAITING)
        move(caption, "import", actor=None, to=State.WAITING, created=True)


class DraftedCaptionFactory:
    """A caption that a model drafted and nobody has touched."""

    def __new__(cls, *, project: Project, text: str = TEXT, clip: Clip | None = None) -> Caption:  # type: ignore[misc]
        clip = clip or ClipFactory(project=project)
        store_draft(clip=clip, kind="caption", model="test model", payload={"caption": text, "people": PEOPLE})
        return Caption.objects.for_review_page().get(clip=clip)


class SubmittedCaptionFactory:
    """The author accepted (or changed, with `text`) the draft and handed it in."""

    def __new__(  # type: ignore[misc]
        cls, *, project: Project, author: User, text: str = TEXT, clip: Clip | None = None
    ) -> Caption:
        caption = DraftedCaptionFactory(project=project, clip=clip)
        etag = words_for(caption, author).etag
        submit(caption=caption, user=author, etag=etag, text=text, people=PEOPLE)
        return Caption.objects.for_review_page().get(pk=caption.pk)


class ApprovedCaptionFactory:
    """Handed in by the author and approved by the reviewer."""

    def __new__(  # type: ignore[misc]
        cls, *, project: Project, author: User, reviewer: User, text: str = TEXT, clip: Clip | None = None
    ) -> Caption:
        caption = SubmittedCaptionFactory(project=project, author=author, text=text, clip=clip)
        approve(caption=caption, reviewer=reviewer, seen_number=caption.head_number)
        return Caption.objects.for_review_page().get(pk=caption.pk)


class DraftedQAItemFactory:
    """A question that a model drafted on the clip."""

    def __new__(  # type: ignore[misc]
        cls, *, clip: Clip, category: str = "action_sequence", payload: dict[str, Any] | None = None
    ) -> QAItem:
        return add_drafted_item(clip=clip, category=category, model="test model", payload=payload or QUESTION)


__all__ = [
    "ApprovedCaptionFactory",
    "ClipFactory",
    "Draft",
    "DraftedCaptionFactory",
    "DraftedQAItemFactory",
    "MembershipFactory",
    "ProjectFactory",
    "SubmittedCaptionFactory",
    "UserFactory",
]
