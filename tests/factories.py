"""Rows for tests. Words and judgements are made by the services, so that chains, states and events are real."""

from decimal import Decimal
from functools import cache
from typing import Any

import factory
from django.contrib.auth.hashers import make_password
from django.core.files.base import ContentFile

from annotation.accumulation.screening import REASONS
from annotation.models import (
    Caption,
    Clip,
    Job,
    Membership,
    Project,
    Role,
    Scene,
    SourceVideo,
    User,
    VideoBatch,
    VideoUpload,
)
from annotation.services.captions import submit, words_for
from annotation.services.drafts import store_draft
from annotation.services.reviews import approve
from annotation.states import Screened, State
from annotation.workflow import move
from qa.models import QAItem
from qa.services.drafts import item_of_draft

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
    password = factory.Transformer("correct horse battery", transform=cache(make_password))
    """Hashed once for all: it takes a third of a second, and a test needs three people."""


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
    def caption_row(clip: Clip, create: bool, extracted: Any, **kwargs: Any) -> None:
        move(clip, "import", actor=None, created=True)
        caption = Caption.objects.create(clip=clip, project=clip.project, state=State.WAITING)
        move(caption, "import", actor=None, to=State.WAITING, created=True)


class VideoBatchFactory(factory.django.DjangoModelFactory[VideoBatch]):
    class Meta:
        model = VideoBatch

    project = factory.SubFactory(ProjectFactory)
    name = factory.Sequence(lambda n: f"batch {n}")


class SourceVideoFactory(factory.django.DjangoModelFactory[SourceVideo]):
    """A raw video of 20 s that is measured and kept; its file has a few bytes."""

    class Meta:
        model = SourceVideo

    batch = factory.SubFactory(VideoBatchFactory)
    project = factory.SelfAttribute("batch.project")
    video_id = factory.Sequence(lambda n: f"video-{n}")
    file = factory.LazyFunction(lambda: ContentFile(b"raw bytes", name="raw.mp4"))
    sha256 = "2" * 64
    original_name = "raw.mp4"
    size = 9
    license = "CC BY 4.0"
    description = "A man walks through a hall."
    verbs = ["walk"]
    status = SourceVideo.Status.MEASURED
    state = Screened.KEPT
    width = 640
    height = 360
    fps = 25.0
    duration_ms = 20_000


class VideoUploadFactory(factory.django.DjangoModelFactory[VideoUpload]):
    """A raw video of 9 bytes of which none has come yet."""

    class Meta:
        model = VideoUpload

    batch = factory.SubFactory(VideoBatchFactory)
    project = factory.SelfAttribute("batch.project")
    uploaded_by = factory.SubFactory(UserFactory)
    wanted_video_id = factory.Sequence(lambda n: f"coming-{n}")
    name = factory.Sequence(lambda n: f"coming-{n}.mp4")
    size = 9
    modified_ms = 1_700_000_000_000
    facts = factory.LazyFunction(lambda: {"may_redistribute": True})


class SceneFactory(factory.django.DjangoModelFactory[Scene]):
    """A scene of 4 s, of which 10 frames were looked at: one person in all, two in 6, who moves. It is kept."""

    class Meta:
        model = Scene

    video = factory.SubFactory(SourceVideoFactory)
    batch = factory.SelfAttribute("video.batch")
    project = factory.SelfAttribute("video.project")
    number = factory.Sequence(lambda n: n + 1)
    start_frame = 0
    end_frame = 100
    start_ms = 0
    length_ms = 4000
    end_ms = factory.LazyAttribute(lambda scene: scene.start_ms + scene.length_ms)
    samples = 10
    people_frames = factory.LazyFunction(lambda: [10, 6, 0, 0, 0, 0, 0, 0, 0, 0])
    area = 0.061
    motion = 0.281
    pairs = 9
    bars = factory.LazyFunction(lambda: [0, 0, 0, 0])
    hashes = factory.LazyFunction(lambda: ["a3f0c1d2e4b59687"])
    thumbnail = factory.LazyFunction(lambda: ContentFile(b"thumbnail bytes", name="thumbnail.jpg"))
    state = Screened.KEPT


def DroppedSceneFactory(*, reason: str, **values: Any) -> Scene:
    """A scene that a threshold dropped for this reason; what it measures is said by `values`."""
    dropped: dict[str, Any] = {"state": Screened.DROPPED, "stage": REASONS[reason][0].value, "reason": reason}
    return SceneFactory.create(**{**dropped, **values})


def DraftedCaptionFactory(*, project: Project, text: str = TEXT, clip: Clip | None = None) -> Caption:
    """A caption that a model drafted and nobody has touched."""
    clip = clip or ClipFactory.create(project=project)
    store_draft(clip=clip, kind="caption", model="test model", payload={"caption": text, "people": PEOPLE})
    return Caption.objects.for_review_page().get(clip=clip)


def SubmittedCaptionFactory(*, project: Project, author: User, text: str = TEXT, clip: Clip | None = None) -> Caption:
    """The author accepted (or changed, with `text`) the draft and handed it in."""
    caption = DraftedCaptionFactory(project=project, clip=clip)
    submit(caption=caption, user=author, etag=words_for(caption, author).etag, text=text, people=PEOPLE)
    return Caption.objects.for_review_page().get(pk=caption.pk)


def ApprovedCaptionFactory(
    *, project: Project, author: User, reviewer: User, text: str = TEXT, clip: Clip | None = None
) -> Caption:
    """Handed in by the author and approved by the reviewer."""
    caption = SubmittedCaptionFactory(project=project, author=author, text=text, clip=clip)
    approve(caption=caption, reviewer=reviewer, seen_number=caption.head_number)
    return Caption.objects.for_review_page().get(pk=caption.pk)


def add_drafted_item(
    *, clip: Clip, category: str, model: str, payload: dict[str, Any], job: Job | None = None, **more: Any
) -> QAItem:
    """Keep a drafted question, and make the item that shows it. more: place and provenance."""
    return item_of_draft(store_draft(clip=clip, kind=f"qa:{category}", model=model, payload=payload, job=job, **more))


def DraftedQAItemFactory(
    *, clip: Clip, category: str = "action_sequence", payload: dict[str, Any] | None = None
) -> QAItem:
    """A question that a model drafted on the clip."""
    return add_drafted_item(clip=clip, category=category, model="test model", payload=payload or QUESTION)
