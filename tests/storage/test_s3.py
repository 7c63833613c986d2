"""The main job with videos in S3: import, upload, play, export, and what happens while the store is away."""

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoCaptureOnCommitCallbacks

from annotation.errors import StoreAway
from annotation.models import Clip, Outbox, Project, SourceVideo, Upload, User, VideoUpload
from annotation.services.uploads import take_upload
from annotation.services.video_arrivals import take_in_upload
from annotation.services.video_uploads import ChosenFile, begin_uploads, give_up, receive_chunk
from annotation.services.withdrawn_files import sweep_withdrawn_files
from qa.models import Export
from qa.services.exports import forget_exports, sweep_exports, want_export, work_on_export
from qa.services.releases import freeze_release
from qa.services.withdrawal import withdraw_clip
from tests.qa.scene import finish_clip
from tests.stack import HOME
from tests.storage.conftest import Bucket

SAMPLE = HOME / "samples/clips/lab-balance-one-man.mp4"
MANIFEST_LINE = {"clip_id": "lab", "video": SAMPLE.name, "license": "CC0"}


@pytest.fixture
def lab(bucket: Bucket, project: Project, tmp_path: Path) -> Clip:
    """A sample clip, imported into S3."""
    folder = tmp_path / "batch"
    folder.mkdir()
    shutil.copy(SAMPLE, folder)
    (folder / "manifest.jsonl").write_text(json.dumps(MANIFEST_LINE))
    call_command("import_clips", str(folder / "manifest.jsonl"), project="demo")
    return Clip.objects.get(clip_id="lab")


@pytest.fixture
def client(ana: User, client_of: Callable[[User], Client]) -> Client:
    return client_of(ana)


def files_of(clip: Clip) -> list[str]:
    return sorted(str(file.name) for file in (clip.original, clip.video, clip.poster))


def body(answer: Any) -> bytes:
    return b"".join(answer.streaming_content)


def upload(client: Client, **more: Any) -> Any:
    file = SimpleUploadedFile("evil.html", SAMPLE.read_bytes(), content_type="text/html")
    return client.post(reverse("clip_upload", args=["demo"]), {"clip_id": "up", "license": "CC0", "file": file, **more})


def test_imported_files_stand_in_the_bucket_and_nowhere_else(lab: Clip, bucket: Bucket, settings: Any) -> None:
    assert bucket.names() == files_of(lab)
    assert hashlib.sha256(bucket.read(str(lab.video.name))).hexdigest() == lab.sha256
    assert bucket.read(str(lab.original.name)) == SAMPLE.read_bytes()
    assert [path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()] == []
    assert list((settings.DATA_DIR / "work").iterdir()) == []


def test_nothing_in_the_bucket_is_public_or_has_a_type_of_its_own_s23(lab: Clip, bucket: Bucket) -> None:
    for name in bucket.names():
        grants = bucket.client.get_object_acl(Bucket=bucket.name, Key=name)["Grants"]
        assert [grant for grant in grants if "URI" in grant["Grantee"]] == []
        assert bucket.client.head_object(Bucket=bucket.name, Key=name)["ContentType"] == "application/octet-stream"


def test_a_range_fetches_the_range_and_not_the_file(lab: Clip, bucket: Bucket, client: Client) -> None:
    video = SAMPLE.read_bytes()
    assert bucket.read(str(lab.video.name)) == video and len(video) > 80_000
    before = bucket.way.bytes_back
    answer = client.get(reverse("clip_video", args=["demo", "lab"]), headers={"Range": "bytes=50000-50999"})
    assert (answer.status_code, body(answer)) == (206, video[50000:51000])
    assert answer["Content-Range"] == f"bytes 50000-50999/{len(video)}"
    assert 1000 <= bucket.way.bytes_back - before < 4000  # the range, and the headers of two answers
    whole = client.get(reverse("clip_video", args=["demo", "lab"]))
    assert (whole.status_code, body(whole), whole["Content-Type"]) == (200, video, "video/mp4")
    last = client.get(reverse("clip_video", args=["demo", "lab"]), headers={"Range": "bytes=-7"})
    assert body(last) == video[-7:]
    poster = client.get(reverse("clip_poster", args=["demo", "lab"]))
    assert body(poster) == bucket.read(str(lab.poster.name))


def test_the_times_of_frames_are_read_from_the_bucket_once(
    lab: Clip, bucket: Bucket, client: Client, settings: Any
) -> None:
    address = reverse("clip_frame_times", args=["demo", "lab"])
    times = client.get(address).json()
    assert times["pts"] == [frame * times["timescale"] // 60 for frame in range(100)]
    assert list((settings.DATA_DIR / "work").iterdir()) == []
    before = bucket.way.bytes_back
    assert client.get(address).json() == times
    assert bucket.way.bytes_back == before


def test_a_presigned_link_is_short_signed_and_of_our_type_s24(
    lab: Clip, bucket: Bucket, client: Client, settings: Any, ana: User, project: Project
) -> None:
    settings.MEDIA_DELIVERY = "presigned"
    answer = client.get(reverse("clip_video", args=["demo", "lab"]))
    assert (answer.status_code, answer["Cache-Control"]) == (302, "no-store")
    link = urlsplit(answer["Location"])
    said = {name: values[0] for name, values in parse_qs(link.query).items()}
    assert (link.scheme, link.netloc) == ("https", "videos.example.org")
    assert (said["X-Amz-Algorithm"], said["X-Amz-Expires"]) == ("AWS4-HMAC-SHA256", "60")
    assert said["response-content-type"] == "video/mp4"
    assert said["response-content-disposition"] == 'inline; filename="lab.mp4"'
    fetched = requests.get(f"{bucket.way.url}{link.path}?{link.query}", headers={"Range": "bytes=0-99"}, timeout=5)
    assert (fetched.status_code, fetched.content) == (206, SAMPLE.read_bytes()[:100])
    assert fetched.headers["Content-Type"] == "video/mp4"
    project.memberships.filter(user=ana).update(is_active=False)
    assert client.get(reverse("clip_video", args=["demo", "lab"])).status_code == 404


def test_an_export_from_s3_equals_one_from_this_disk(
    lab: Clip, bucket: Bucket, project: Project, ana: User, rui: User, settings: Any, tmp_path: Path
) -> None:
    facts = {"sha256": hashlib.sha256(bytes(range(256)) * 8).hexdigest()}  # of the factory's video
    finish_clip(project, author=ana, reviewer=rui, clip_id="done", **facts)
    call_command("release", "--project", "demo", "--version", "1.0.0", "--notes", "first")
    call_command("export", project="demo", release="1.0.0", layout="haicbench", out=tmp_path / "from-s3")
    for name in bucket.names():
        (settings.MEDIA_ROOT / name).parent.mkdir(parents=True, exist_ok=True)
        (settings.MEDIA_ROOT / name).write_bytes(bucket.read(name))
    settings.MEDIA_STORAGE = "local"
    settings.STORAGES = {**settings.STORAGES, "default": {"BACKEND": "haic_annotate.media_files.WholeFiles"}}
    call_command("export", project="demo", release="1.0.0", layout="haicbench", out=tmp_path / "from-disk")
    found = [contents(tmp_path / name) for name in ("from-s3", "from-disk")]
    assert found[0] == found[1]
    assert found[0]["videos/done.mp4"] == bytes(range(256)) * 8


def test_an_export_as_a_job_goes_to_the_bucket_and_comes_by_a_link(
    bucket: Bucket, project: Project, ana: User, rui: User, adam: User, client: Client, settings: Any
) -> None:
    facts = {"sha256": hashlib.sha256(bytes(range(256)) * 8).hexdigest()}  # of the factory's video
    finish_clip(project, author=ana, reviewer=rui, clip_id="done", **facts)
    release = freeze_release(project=project, version="1.0.0", notes="", actor=adam)
    export = want_export(release=release, layout="haicbench", user=adam)
    work_on_export(export.pk)
    export.refresh_from_db()
    zipped = bucket.read(str(export.file.name))
    assert hashlib.sha256(zipped).hexdigest() == export.sha256
    where = reverse("export_file", args=["demo", "1.0.0", export.uid])
    assert body(client.get(where)) == zipped
    settings.MEDIA_DELIVERY = "presigned"
    link = client.get(where)
    asked = parse_qs(urlsplit(link["Location"]).query)
    assert (link.status_code, asked["response-content-type"]) == (302, ["application/zip"])
    assert asked["response-content-disposition"] == ['attachment; filename="demo-1.0.0-haicbench.zip"']
    bucket.way.stop()
    forget_exports(project)
    sweep_exports()
    assert str(export.file.name) in bucket.names()  # the store is away: its row waits
    assert Export.objects.filter(status=Export.Status.FORGOTTEN).count() == 1
    bucket.way.start()
    sweep_exports()
    assert str(export.file.name) not in bucket.names()
    assert not Export.objects.filter(status=Export.Status.FORGOTTEN).exists()


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_an_export_notices_other_bytes_in_the_store(
    bucket: Bucket, project: Project, ana: User, rui: User, tmp_path: Path
) -> None:
    finish_clip(project, author=ana, reviewer=rui, clip_id="done")  # its row's digest is not its video's
    call_command("release", "--project", "demo", "--version", "1.0.0", "--notes", "first")
    with pytest.raises(CommandError, match="other bytes than its row says"):
        call_command("export", project="demo", release="1.0.0", layout="haicbench", out=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_an_upload_becomes_a_clip(bucket: Bucket, adam: User, client_of: Callable[[User], Client]) -> None:
    assert upload(client_of(adam)).status_code == 302
    kept = Upload.objects.get()
    assert bucket.names() == [kept.file.name]
    take_upload(kept.pk)
    clip = Clip.objects.get(clip_id="up")
    assert bucket.names() == files_of(clip)


def test_while_the_store_is_away_videos_wait_and_pages_work(lab: Clip, bucket: Bucket, client: Client) -> None:
    bucket.way.stop()
    for name in ("clip_video", "clip_poster"):
        answer = client.get(reverse(name, args=["demo", "lab"]))
        assert (answer.status_code, answer["Retry-After"]) == (503, "2")
        assert b"store of the videos does not answer" in answer.content
    for page in (reverse("clips", args=["demo"]), reverse("caption_workspace", args=["demo", "lab"])):
        assert client.get(page).status_code == 200
    with pytest.raises(CommandError, match="store of the videos does not answer"):
        call_command("fsck")
    bucket.way.start()
    assert client.get(reverse("clip_video", args=["demo", "lab"])).status_code == 200


def test_an_upload_into_a_store_that_is_away_is_refused_with_its_words_kept(
    bucket: Bucket, adam: User, client_of: Callable[[User], Client], project: Project
) -> None:
    bucket.way.stop()
    answer = upload(client_of(adam), source="the lab's own")
    assert answer.status_code == 503
    assert "the lab&#x27;s own" in answer.content.decode()
    assert (Upload.objects.count(), Outbox.objects.count()) == (0, 0)


def test_an_upload_survives_a_store_that_is_away_for_its_worker(
    bucket: Bucket, adam: User, client_of: Callable[[User], Client], settings: Any
) -> None:
    upload(client_of(adam))
    kept = Upload.objects.get()
    bucket.way.stop()
    for _ in range(5):
        take_upload(kept.pk)
    kept.refresh_from_db()
    assert (kept.status, kept.attempts, kept.reason) == (Upload.Status.QUEUED, 0, "")
    assert list((settings.DATA_DIR / "work").iterdir()) == []
    bucket.way.start()
    take_upload(kept.pk)
    kept.refresh_from_db()
    assert kept.status == Upload.Status.DONE


def test_a_raw_video_comes_in_chunks_and_is_put_together_on_another_machine(
    bucket: Bucket, project: Project, adam: User, settings: Any
) -> None:
    files = [ChosenFile("a.mp4", 10, 1), ChosenFile("b.mp4", 4, 1)]
    begun = begin_uploads(project=project, user=adam, name="Raw", files=files, defaults={})
    first, second = begun.uploads
    first = receive_chunk(upload=first, user=adam, start=0, content=b"01234")
    bucket.way.stop()
    with pytest.raises(StoreAway):
        receive_chunk(upload=first, user=adam, start=5, content=b"56789")
    bucket.way.start()
    first = receive_chunk(upload=first, user=adam, start=5, content=b"56789")
    receive_chunk(upload=second, user=adam, start=0, content=b"ab")
    assert len(bucket.names()) == 3
    bucket.way.stop()
    take_in_upload(first.pk)
    bucket.way.start()
    assert (VideoUpload.objects.get(pk=first.pk).status, len(bucket.names())) == ("queued", 3)
    take_in_upload(first.pk)
    give_up(upload=second, user=adam)
    video = SourceVideo.objects.get()
    assert bucket.names() == [str(video.file.name)]
    assert bucket.read(str(video.file.name)) == b"0123456789"
    assert [path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()] == []


def test_an_import_into_a_store_that_is_away_says_so(bucket: Bucket, project: Project, tmp_path: Path) -> None:
    bucket.way.stop()
    shutil.copy(SAMPLE, tmp_path)
    (tmp_path / "manifest.jsonl").write_text(json.dumps(MANIFEST_LINE))
    with pytest.raises(CommandError, match="store of the videos does not answer"):
        call_command("import_clips", str(tmp_path / "manifest.jsonl"), project="demo")
    assert Clip.objects.count() == 0


def test_fsck_compares_rows_and_bucket(lab: Clip, bucket: Bucket, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("fsck", deep=True)
    assert capsys.readouterr().out == "files and rows agree\n"
    default_storage.delete(str(lab.poster.name))
    bucket.client.put_object(Bucket=bucket.name, Key=str(lab.video.name), Body=b"other bytes")
    with pytest.raises(CommandError, match="2 problems"):
        call_command("fsck", deep=True)
    said = capsys.readouterr().out
    assert f"its poster {lab.poster.name} is not there" in said
    assert f"its video {lab.video.name} has other bytes" in said
    bucket.client.delete_object(Bucket=bucket.name, Key=str(lab.video.name))


def test_a_video_that_is_gone_from_the_store_is_404(lab: Clip, bucket: Bucket, client: Client) -> None:
    bucket.client.delete_object(Bucket=bucket.name, Key=str(lab.video.name))
    for headers in ({}, {"Range": "bytes=0-9"}):
        assert client.get(reverse("clip_video", args=["demo", "lab"]), headers=headers).status_code == 404


def test_a_withdrawn_clip_leaves_the_bucket_as_soon_as_the_store_answers(
    lab: Clip,
    bucket: Bucket,
    adam: User,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    assert len(bucket.names()) == 3
    bucket.way.stop()
    with django_capture_on_commit_callbacks(execute=True):
        withdraw_clip(clip=lab, actor=adam, reason="a person in it objects")
    assert len(bucket.names()) == 3
    bucket.way.start()
    sweep_withdrawn_files()
    assert bucket.names() == []
    call_command("fsck")
