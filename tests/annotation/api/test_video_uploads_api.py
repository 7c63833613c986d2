"""The API of batches that come in chunks: announced once, sent on from where it is, refused in one shape."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from annotation.models import Project, User, VideoBatch, VideoUpload
from annotation.services.video_uploads import CHUNK_BYTES
from tests.factories import VideoUploadFactory

BATCHES = "/api/v1/projects/demo/video-batches"
FILES = [{"name": "a.mp4", "size": 16, "modified_ms": 1}]
ClientOf = Callable[[User], Client]


def announce(client: Client, body: Any, key: str = "one") -> Any:
    headers = {"Idempotency-Key": key}
    return client.post(BATCHES, json.dumps(body), content_type="application/json", headers=headers)


def put(client: Client, upload: VideoUpload, content: bytes, query: str = "?start=0", end: str = "") -> Any:
    where = f"/api/v1/projects/demo/video-uploads/{upload.uid}{end}{query}"
    return client.put(where, content, content_type="application/octet-stream")


@pytest.fixture
def upload(project: Project) -> VideoUpload:
    return VideoUploadFactory.create(batch__project=project, size=16)


def test_an_announcement_says_what_to_send_and_where_and_is_made_once(adam: User, client_of: ClientOf) -> None:
    client = client_of(adam)
    body = {
        "files": FILES,
        "name": "Street",
        "manifest": "raw.jsonl",
        "text": '{"video_id": "a", "video": "a.mp4"}\n[]',
    }
    answer = announce(client, body)
    batch, upload = VideoBatch.objects.get(), VideoUpload.objects.get()
    assert answer.json() == {
        "batch": batch.pk,
        "page": f"/projects/demo/accumulation/batches/{batch.pk}/",
        "chunk_bytes": CHUNK_BYTES,
        "uploads": [
            {
                "uid": str(upload.uid),
                "video_id": "a",
                "name": "a.mp4",
                "size": 16,
                "modified_ms": 1,
                "subtitles": "",
                "received": 0,
                "status": "receiving",
                "said": "On its way",
                "reason": "",
            }
        ],
        "existing": [],
        "refused": [{"line": 2, "reason": "a line must be one JSON object"}],
        "unused": [],
    }
    assert announce(client, body).json() == answer.json()
    assert VideoBatch.objects.count() == 1
    assert client.get(answer.json()["page"]).status_code == 200


def test_where_nothing_is_to_come_there_is_no_batch(adam: User, client_of: ClientOf) -> None:
    answer = announce(client_of(adam), {"files": FILES, "manifest": "raw.jsonl", "text": "[]"}).json()
    assert (answer["batch"], answer["page"], len(answer["refused"])) == (None, "", 1)
    assert VideoBatch.objects.count() == 0


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "files"),
        ({"files": "a.mp4"}, "files"),
        ({"files": [{"name": "a.mp4", "size": 1}]}, "files"),
        ({"files": [{**FILES[0], "path": "/etc"}]}, "files"),
        ({"files": [{**FILES[0], "name": 1}]}, "files"),
        ({"files": FILES, "text": 1}, "text"),
        ({"files": FILES, "manifest": []}, "manifest"),
        ({"files": FILES, "defaults": {"video_id": "x"}}, "defaults"),
        ({"files": FILES, "defaults": []}, "defaults"),
        ({"files": FILES, "owner": "ana"}, "owner"),
    ],
)
def test_a_body_that_makes_no_sense_is_refused_by_field(
    adam: User, client_of: ClientOf, body: dict[str, Any], field: str
) -> None:
    answer = announce(client_of(adam), body)
    assert (answer.status_code, list(answer.json()["error"]["detail"]["fields"])) == (400, [field])
    assert VideoBatch.objects.count() == 0


def test_chunks_are_counted_and_who_is_elsewhere_is_told_where_to_go_on(
    adam: User, client_of: ClientOf, upload: VideoUpload
) -> None:
    client = client_of(adam)
    answer = put(client, upload, b"0123456")
    assert (answer.status_code, answer.json()["received"], answer.json()["status"]) == (200, 7, "receiving")
    again = put(client, upload, b"0123456")
    assert (again.status_code, again.json()["error"]["code"]) == (409, "chunk_out_of_place")
    assert again.json()["error"]["detail"] == {"received": 7}
    assert put(client, upload, b"789abcdef", "?start=7").json()["status"] == "queued"
    listed = client.get(f"{BATCHES}/{upload.batch.pk}/uploads").json()["uploads"]
    assert [(one["uid"], one["received"], one["said"]) for one in listed] == [
        (str(upload.uid), 16, "Waits for a worker")
    ]


@pytest.mark.parametrize("query", ["", "?start=", "?start=-1", "?start=x", "?start=1e3", f"?start={'9' * 16}"])
def test_a_chunk_that_does_not_say_where_it_begins_is_refused(
    adam: User, client_of: ClientOf, upload: VideoUpload, query: str
) -> None:
    answer = put(client_of(adam), upload, b"x", query)
    assert (answer.status_code, list(answer.json()["error"]["detail"]["fields"])) == (400, ["start"])


def test_a_body_that_is_longer_than_a_chunk_is_refused_unread(
    adam: User, client_of: ClientOf, upload: VideoUpload
) -> None:
    answer = put(client_of(adam), upload, bytes(CHUNK_BYTES + 1))
    assert (answer.status_code, "more than 8,388,608 bytes" in answer.json()["error"]["message"]) == (400, True)


def test_a_body_of_another_kind_is_refused(adam: User, client_of: ClientOf, upload: VideoUpload) -> None:
    where = f"/api/v1/projects/demo/video-uploads/{upload.uid}?start=0"
    answer = client_of(adam).put(where, "{}", content_type="application/json")
    assert (answer.status_code, VideoUpload.objects.get().received) == (415, 0)


def test_subtitles_and_giving_up(adam: User, client_of: ClientOf, upload: VideoUpload) -> None:
    VideoUpload.objects.update(subtitles_name="a.vtt")
    client = client_of(adam)
    wrong = put(client, upload, b"no subtitles", "", "/subtitles")
    assert (wrong.status_code, "a.vtt" in wrong.json()["error"]["message"]) == (400, True)
    fine = put(client, upload, b"WEBVTT\n\n00:00.000 --> 00:01.000\nJump!\n", "", "/subtitles")
    assert (fine.status_code, fine.json()["subtitles"]) == (200, "")
    gone = client.delete(f"/api/v1/projects/demo/video-uploads/{upload.uid}")
    assert (gone.status_code, gone.json()["status"], gone.json()["reason"]) == (
        200,
        "given_up",
        "Given up by Adam Berg.",
    )
    assert put(client, upload, b"x").status_code == 409


def test_only_who_may_add_clips_sends_and_another_projects_upload_is_not_there_s04(
    ana: User, otto: User, client_of: ClientOf, upload: VideoUpload
) -> None:
    for user, status in ((ana, 403), (otto, 404)):
        client = client_of(user)
        assert announce(client, {"files": FILES}).status_code == status
        assert put(client, upload, b"x").status_code == status
        assert client.get(f"{BATCHES}/{upload.batch.pk}/uploads").status_code == status
        assert client.delete(f"/api/v1/projects/demo/video-uploads/{upload.uid}").status_code == status
    assert VideoUpload.objects.get().status == "receiving"
