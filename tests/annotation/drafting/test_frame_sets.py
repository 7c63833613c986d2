"""Frames are sampled once and kept; fsck knows their files, and jobs that nobody brings back."""

from datetime import timedelta

from django.core.files.base import ContentFile

from annotation.drafting.jobs import lease
from annotation.models import Batch, Clip, FrameSet, Job, Project
from annotation.services.clips import sha256_of
from annotation.services.drafting import make_run
from annotation.services.frames import frames_of
from annotation.workflow import database_now
from haic_annotate.first_start import HOME
from qa.services.file_check import problems_of_files
from tests.annotation.drafting.conftest import drafting_jobs, waiting_clips, with_frames
from tests.factories import ClipFactory

SAMPLE = HOME / "samples/clips/lab-balance-one-man.mp4"


def sample_clip(project: Project) -> Clip:
    video = ContentFile(SAMPLE.read_bytes(), name="video.mp4")
    return ClipFactory.create(project=project, video=video, sha256=sha256_of(SAMPLE), clip_id="sample")


def test_frames_are_sampled_once_and_read_again(project: Project) -> None:
    clip = sample_clip(project)
    first = frames_of(clip, count=4, long_side=128)
    clip.video.delete(save=False)  # nobody needs it any more
    assert frames_of(clip, count=4, long_side=128) == first
    assert [frame.ms for frame in first] == sorted({frame.ms for frame in first})
    assert (len(first), FrameSet.objects.count()) == (4, 1)


def test_fsck_names_frames_that_are_not_there(project: Project) -> None:
    clip = with_frames(ClipFactory.create(project=project, clip_id="walk"))
    assert list(problems_of_files()) == []
    kept = clip.frame_sets.get()
    kept.file.storage.delete(str(kept.file.name))
    assert list(problems_of_files()) == [f"clip demo/walk: its frames {kept.file.name} are not there"]


def test_fsck_names_a_job_that_nobody_brought_back(project: Project) -> None:
    (job,) = drafting_jobs(project, 1)
    assert lease(job.pk) is not None
    assert list(problems_of_files()) == []
    Job.objects.update(lease_until=database_now() - timedelta(minutes=2))
    assert [problem.split("): ")[1] for problem in problems_of_files()] == ["its worker is past its deadline"]


def test_fsck_names_a_batch_that_nobody_brought_back(project: Project) -> None:
    waiting_clips(project, 1)
    run = make_run(project=project, user=None, kind="captions", is_batch=True)
    assert list(problems_of_files()) == []
    Batch.objects.update(lease_until=database_now() - timedelta(minutes=2))
    batch = Batch.objects.get()
    assert list(problems_of_files()) == [f"batch {batch.pk} (run {run.pk} of demo): its worker is past its deadline"]
    Batch.objects.update(status=Batch.Status.CLOSED)
    assert list(problems_of_files()) == []
