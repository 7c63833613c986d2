"""Raw videos that come in chunks: kept as they come, put together once, and nothing left over."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import OperationalError
from django.db.models import F

from annotation.errors import BadInput, ChunkOutOfPlace, MoveNotAllowed, NoRoom, RightMissing, StoreAway
from annotation.models import Outbox, Project, SourceVideo, User, VideoBatch, VideoChunk, VideoUpload
from annotation.outbox import enqueue
from annotation.services import video_arrivals, video_batches, video_uploads
from annotation.services.video_arrivals import KEPT, MOST_ATTEMPTS, sweep_video_uploads, take_in_upload
from annotation.services.video_uploads import TAKE_IN, Begun, ChosenFile, give_up, receive_chunk, receive_subtitles
from qa.services.file_check import problems_of_files
from tests.factories import SourceVideoFactory, VideoBatchFactory

VTT = b"WEBVTT\n\n00:00.000 --> 00:01.000\nJump!\n"
WHOLE = b"0123456789abcdef"


@dataclass
class Sender:
    project: Project
    user: User

    def begin(self, *files: tuple[str, int], lines: list[dict[str, Any]] | None = None, **more: Any) -> Begun:
        chosen = [ChosenFile(name, size, 1_700_000_000_000) for name, size in files]
        if lines is not None:
            text = "\n".join(json.dumps(line) for line in lines)
            more = {"manifest": "raw.jsonl", "text": text, **more}
        told = {"name": "", "defaults": {}, **more}
        return video_uploads.begin_uploads(project=self.project, user=self.user, files=chosen, **told)

    def send(self, upload: VideoUpload, start: int, content: bytes) -> VideoUpload:
        return receive_chunk(upload=upload, user=self.user, start=start, content=content)

    def whole(self, name: str = "a.mp4", content: bytes = WHOLE) -> VideoUpload:
        upload = self.begin((name, len(content))).uploads[0]
        half = len(content) // 2
        return self.send(self.send(upload, 0, content[:half]), half, content[half:])


@pytest.fixture
def sender(project: Project, adam: User) -> Sender:
    return Sender(project, adam)


def stored() -> list[str]:
    """Of uploads on their way."""
    try:
        folders = default_storage.listdir("incoming")[0]
    except FileNotFoundError:
        return []
    return [f"{folder}/{name}" for folder in folders for name in default_storage.listdir(f"incoming/{folder}")[1]]


def reasons(begun: Begun) -> list[tuple[int, str]]:
    return [(line.number, line.reason) for line in begun.refused]


def test_a_manifest_says_what_is_to_come_and_the_page_what_holds_for_all(sender: Sender) -> None:
    begun = sender.begin(
        ("raw.jsonl", 99),
        ("a.mp4", 10),
        ("b.MOV", 20),
        ("a.vtt", 30),
        ("notes.txt", 1),
        lines=[
            {"video_id": "a", "video": "clips/a.mp4", "description": "A man jumps.", "subtitles": "a.vtt"},
            {"video_id": "b", "video": "b.MOV", "license": "CC0", "redistribute": True, "take": 3},
        ],
        defaults={"license": "CC BY 4.0", "source": "street", "redistribute": False},
        name="Street",
    )
    assert begun.batch is not None
    assert (begun.batch.name, begun.unused, begun.refused, begun.existing) == ("Street", ["notes.txt"], [], [])
    first, second = begun.uploads
    assert (first.wanted_video_id, first.name, first.size, first.subtitles_name) == ("a", "a.mp4", 10, "a.vtt")
    assert (first.facts["license"], first.facts["may_redistribute"], first.facts["description"]) == (
        *("CC BY 4.0", False),
        "A man jumps.",
    )
    assert (second.facts["license"], second.facts["may_redistribute"], second.facts["metadata"]) == (
        *("CC0", True),
        {"take": 3},
    )


def test_without_a_manifest_each_video_is_one_named_after_its_file(sender: Sender) -> None:
    begun = sender.begin(("Holiday clips/Jump (2).MOV", 10), ("Holiday clips/notes.txt", 1))
    assert [one.wanted_video_id for one in begun.uploads] == ["holiday-clips-jump-2"]
    assert begun.unused == ["Holiday clips/notes.txt"]
    with pytest.raises(BadInput, match="there is no video among these files"):
        sender.begin(("notes.txt", 1))


def test_a_csv_manifest_in_a_chosen_folder_finds_its_videos_by_their_paths(sender: Sender) -> None:
    text = "\ufeffvideo_id,video,description\na,clips/a.mp4,A man jumps.\nb,../b.mp4,\n"
    begun = sender.begin(("set/raw.csv", 1), ("set/clips/a.mp4", 5), ("b.mp4", 6), manifest="set/raw.csv", text=text)
    assert [(one.wanted_video_id, one.name) for one in begun.uploads] == [("a", "set/clips/a.mp4"), ("b", "b.mp4")]


def test_lines_that_cannot_come_are_refused_by_number_and_the_others_come(sender: Sender) -> None:
    SourceVideoFactory.create(batch=VideoBatchFactory.create(project=sender.project), video_id="there", size=9)
    SourceVideoFactory.create(batch=VideoBatchFactory.create(project=sender.project), video_id="other", size=9)
    sender.begin(("way.mp4", 4), name="Earlier")
    lines = [
        {"video_id": "a", "video": "a.mp4"},
        {"video_id": "a", "video": "b.mp4"},
        {"video_id": "absent", "video": "absent.mp4"},
        {"video_id": "way", "video": "b.mp4"},
        {"video_id": "there", "video": "b.mp4"},
        {"video_id": "other", "video": "a.mp4"},
        {"video_id": "empty", "video": "empty.mp4"},
        {"video_id": "Bad id", "video": "a.mp4"},
        {"video_id": "huge", "video": "huge.mp4"},
    ]
    begun = sender.begin(
        ("a.mp4", 5), ("b.mp4", 9), ("empty.mp4", 0), ("huge.mp4", 20 * 1024**3 + 1), ("way.mp4", 4), lines=lines
    )
    assert [one.wanted_video_id for one in begun.uploads] == ["a"]
    assert begun.existing == ["there"]
    told = dict(reasons(begun))
    assert list(told) == [2, 3, 4, 6, 7, 8, 9]
    assert told[2] == "video_id: line 1 has “a” as well"
    assert told[3] == "video: there is no file “absent.mp4” among those that were chosen"
    assert told[4] == "video_id: “way” is on its way already, in the batch “Earlier”: go on there"
    assert "exists with other bytes" in told[6]
    assert told[7] == "video: “empty.mp4” is empty"
    assert "small letters" in told[8]
    assert "at most 21,474,836,480 are accepted" in told[9]


@pytest.mark.parametrize(
    ("files", "more", "words"),
    [
        ([], {}, "files: choose at least one"),
        ([("a.mp4", 1), ("a.mp4", 1)], {}, "two have the same name"),
        ([("a.mp4", True)], {}, "no size"),
        ([("a.mp4", -1)], {}, "no size"),
        ([("a\x00.mp4", 1)], {}, "NUL"),
        ([("a.mp4", 1)], {"name": "x" * 201}, "name: has 201"),
        ([("a.mp4", 1)], {"name": 5}, "name: must be text"),
        ([("a.mp4", 1)], {"defaults": {"license": 7}}, "license: must be text"),
        ([("a.mp4", 1)], {"defaults": {"redistribute": "yes"}}, "redistribute: must be true or false"),
        ([("a.mp4", 1)], {"text": "{}"}, "manifest: has no name"),
        ([("a.mp4", 1)], {"manifest": "raw.csv", "text": '"'}, "raw.csv is no CSV file"),
        ([(f"{n}.mp4", 1) for n in range(1001)], {}, "1,001 videos; at most 1,000"),
        ([(f"{n}.txt", 1) for n in range(5001)], {}, "5,001 were chosen"),
    ],
)
def test_an_announcement_that_makes_no_sense_is_refused_by_name_and_makes_nothing(
    sender: Sender, files: list[tuple[str, int]], more: dict[str, Any], words: str
) -> None:
    with pytest.raises(BadInput, match=words):
        sender.begin(*files, **more)
    assert (VideoBatch.objects.count(), VideoUpload.objects.count()) == (0, 0)


def test_nothing_begins_without_the_right_or_without_room_f22(sender: Sender, ana: User, settings: Any) -> None:
    with pytest.raises(RightMissing):
        Sender(sender.project, ana).begin(("a.mp4", 1))
    settings.DISK_LOW_WATER_BYTES = 2**60
    with pytest.raises(NoRoom, match="nearly full"):
        sender.begin(("a.mp4", 1))
    assert VideoBatch.objects.count() == 0


def test_chunks_come_one_after_the_other_and_the_last_asks_a_worker(sender: Sender) -> None:
    upload = sender.begin(("a.mp4", 16)).uploads[0]
    upload = sender.send(upload, 0, WHOLE[:7])
    assert (upload.received, upload.status, Outbox.objects.filter(task=TAKE_IN).count()) == (7, "receiving", 0)
    upload = sender.send(upload, 7, WHOLE[7:])
    assert (upload.received, upload.status) == (16, "queued")
    assert list(Outbox.objects.filter(task=TAKE_IN).values_list("args", "queue")) == [([upload.pk], "video")]
    assert len(stored()) == 2


def test_a_chunk_that_comes_again_or_too_early_changes_nothing_and_is_told_where_to_go_on(sender: Sender) -> None:
    stale = sender.begin(("a.mp4", 16)).uploads[0]
    now = sender.send(VideoUpload.objects.get(), 0, WHOLE[:7])
    for known, start in ((now, 0), (now, 9), (stale, 0)):
        with pytest.raises(ChunkOutOfPlace) as refusal:
            sender.send(known, start, WHOLE[:7])
        assert refusal.value.detail == {"received": 7}
    assert (VideoUpload.objects.get().received, len(stored())) == (7, 1)


@pytest.mark.parametrize("content", [b"", bytes(17), bytes(video_uploads.CHUNK_BYTES + 1)])
def test_a_chunk_of_no_length_or_beyond_the_end_is_refused(sender: Sender, content: bytes) -> None:
    upload = sender.begin(("a.mp4", 16)).uploads[0]
    with pytest.raises(BadInput):
        sender.send(upload, 0, content)
    assert stored() == []


def test_a_chunk_whose_row_fails_leaves_no_file(sender: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    upload = sender.begin(("a.mp4", 16)).uploads[0]

    def broken(*args: Any, **more: Any) -> None:
        raise RuntimeError("the database broke")

    monkeypatch.setattr(VideoChunk.objects, "create", broken)
    with pytest.raises(RuntimeError):
        sender.send(upload, 0, WHOLE)
    assert (stored(), VideoUpload.objects.get().received) == ([], 0)


def test_what_came_whole_becomes_a_raw_video_with_all_that_was_said_and_no_chunk_stays(sender: Sender) -> None:
    begun = sender.begin(
        ("set/a.mp4", 16),
        ("set/a.vtt", 30),
        lines=[{"video_id": "a", "video": "set/a.mp4", "description": "He jumps.", "subtitles": "set/a.vtt", "x": 1}],
    )
    upload = sender.send(begun.uploads[0], 0, WHOLE)
    assert upload.status == "receiving"
    upload = receive_subtitles(upload=upload, user=sender.user, raw=VTT)
    assert upload.status == "queued"
    take_in_upload(upload.pk)
    upload.refresh_from_db()
    video = SourceVideo.objects.get()
    assert (upload.status, upload.video, upload.chunks.count(), stored()) == ("done", video, 0, [])
    assert (video.video_id, video.original_name, video.size, video.description) == ("a", "a.mp4", 16, "He jumps.")
    assert "Jump!" in video.subtitles
    assert (video.metadata, video.batch) == ({"x": 1}, begun.batch)
    assert default_storage.open(str(video.file.name)).read() == WHOLE
    assert Outbox.objects.filter(task=video_batches.MEASURE, args=[video.pk]).count() == 1
    assert list(problems_of_files()) == []


def test_a_task_that_comes_twice_makes_one_video(sender: Sender) -> None:
    upload = sender.whole()
    take_in_upload(upload.pk)
    take_in_upload(upload.pk)
    VideoUpload.objects.update(status="queued")
    VideoChunk.objects.create(
        upload=upload, start=0, size=16, file=default_storage.save("incoming/x", ContentFile(WHOLE))
    )
    take_in_upload(upload.pk)
    assert (SourceVideo.objects.count(), VideoUpload.objects.get().status) == (1, "done")


def test_an_id_that_was_taken_meanwhile_by_other_bytes_is_refused_and_leaves_nothing(sender: Sender) -> None:
    upload = sender.whole()
    SourceVideoFactory.create(batch=upload.batch, video_id="a")
    take_in_upload(upload.pk)
    upload.refresh_from_db()
    assert (upload.status, "exists with other bytes" in upload.reason, stored()) == ("refused", True, [])


def test_a_chunk_that_is_gone_refuses_the_upload_in_the_end_d15(sender: Sender) -> None:
    upload = sender.whole()
    default_storage.delete(upload.chunks.all()[0].file)
    assert [line for line in problems_of_files() if "its chunk" in line]
    take_in_upload(upload.pk)
    upload.refresh_from_db()
    assert (upload.status, upload.attempt) == ("queued", 1)
    VideoUpload.objects.update(attempt=MOST_ATTEMPTS - 1)
    take_in_upload(upload.pk)
    upload.refresh_from_db()
    assert (upload.status, "is not in the store any more" in upload.reason, stored()) == ("refused", True, [])


@pytest.mark.parametrize("trouble", [StoreAway(), NoRoom("full")])
def test_trouble_that_is_not_the_videos_fault_waits_and_does_not_count(
    sender: Sender, monkeypatch: pytest.MonkeyPatch, trouble: Exception
) -> None:
    upload = sender.whole()

    def away(*args: Any, **more: Any) -> str:
        raise trouble

    monkeypatch.setattr(video_arrivals, "join_to", away)
    take_in_upload(upload.pk)
    upload.refresh_from_db()
    assert (upload.status, upload.attempt, upload.lease_until is not None) == ("queued", 0, True)
    monkeypatch.undo()
    take_in_upload(upload.pk)
    assert SourceVideo.objects.count() == 1


def test_the_sweep_brings_back_lost_work_and_gives_up_after_five(sender: Sender) -> None:
    upload = sender.whole()
    Outbox.objects.all().delete()
    long_ago = timedelta(hours=1)
    VideoUpload.objects.update(status="working", attempt=1, lease_until=F("created_at") - long_ago)
    sweep_video_uploads()
    sweep_video_uploads()
    assert list(Outbox.objects.values_list("task", "args")) == [(TAKE_IN, [upload.pk])]
    VideoUpload.objects.update(status="working", attempt=MOST_ATTEMPTS, lease_until=F("created_at") - long_ago)
    sweep_video_uploads()
    upload.refresh_from_db()
    assert (upload.status, "five times" in upload.reason, stored()) == ("refused", True, [])


def test_the_sweep_gives_up_what_nobody_went_on_with(sender: Sender) -> None:
    for name in ("a.mp4", "b.mp4"):
        upload = sender.begin((name, 16), (f"later-{name}", 16)).uploads[0]
        sender.send(upload, 0, WHOLE[:4])
    long_ago = F("heard_at") - KEPT - timedelta(minutes=1)
    VideoUpload.objects.exclude(name="b.mp4").update(heard_at=long_ago)
    sweep_video_uploads()
    assert dict(VideoUpload.objects.values_list("name", "status")) == {
        "a.mp4": "given_up",
        "later-a.mp4": "given_up",
        "b.mp4": "receiving",
        "later-b.mp4": "receiving",  # its turn has not come: others of its batch are on their way
    }
    assert len(stored()) == 1
    assert sender.begin(("a.mp4", 16)).uploads[0].received == 0


def test_what_is_given_up_is_removed_and_takes_no_more(sender: Sender) -> None:
    upload = sender.send(sender.begin(("a.mp4", 16)).uploads[0], 0, WHOLE[:4])
    given = give_up(upload=upload, user=sender.user)
    assert (given.status, given.reason, stored()) == ("given_up", "Given up by Adam Berg.", [])
    assert give_up(upload=upload, user=sender.user).status == "given_up"
    calls: list[Callable[[], object]] = [
        lambda: sender.send(given, 4, b"x"),
        lambda: sender.send(upload, 4, b"x"),
        lambda: receive_subtitles(upload=given_with_subtitles(sender), user=sender.user, raw=VTT),
    ]
    for call in calls:
        with pytest.raises(MoveNotAllowed):
            call()


def given_with_subtitles(sender: Sender) -> VideoUpload:
    lines = [{"video_id": "s", "video": "s.mp4", "subtitles": "s.vtt"}]
    upload = sender.begin(("s.mp4", 16), ("s.vtt", 9), lines=lines).uploads[0]
    return give_up(upload=upload, user=sender.user)


def test_what_waits_for_a_worker_can_be_given_up_and_what_one_has_in_hand_cannot(sender: Sender) -> None:
    upload = sender.whole()
    VideoUpload.objects.update(status="working")
    with pytest.raises(MoveNotAllowed, match="being put together"):
        give_up(upload=upload, user=sender.user)
    VideoUpload.objects.update(status="queued")
    assert (give_up(upload=upload, user=sender.user).status, stored()) == ("given_up", [])
    take_in_upload(upload.pk)
    assert not SourceVideo.objects.exists()


def test_the_sweep_leaves_alone_what_a_worker_finished_meanwhile(
    sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = sender.whole("a.mp4"), sender.whole("b.mp4")
    VideoUpload.objects.update(lease_until=F("created_at") - timedelta(minutes=1))
    Outbox.objects.all().delete()
    real = enqueue

    def finish_the_other(task: str, *, args: list[int | str], queue: str) -> None:
        VideoUpload.objects.filter(pk=second.pk).update(status="done")
        real(task, args=args, queue=queue)

    monkeypatch.setattr(video_arrivals, "enqueue", finish_the_other)
    sweep_video_uploads()
    assert list(Outbox.objects.values_list("args", flat=True)) == [[first.pk]]
    assert VideoUpload.objects.get(pk=second.pk).status == "done"


def test_chunks_that_could_not_be_removed_are_removed_by_the_sweep(
    sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = sender.send(sender.begin(("a.mp4", 16)).uploads[0], 0, WHOLE[:4])
    monkeypatch.setattr(video_uploads, "remove_folder", lambda _: False)
    give_up(upload=upload, user=sender.user)
    assert (len(stored()), VideoChunk.objects.count()) == (1, 1)
    assert list(problems_of_files()) == []
    monkeypatch.undo()
    sweep_video_uploads()
    assert (stored(), VideoChunk.objects.count()) == ([], 0)


def test_a_chunk_whose_commit_was_not_answered_is_not_taken_back(
    sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = sender.begin(("a.mp4", 16)).uploads[0]
    real = video_uploads._note_chunk

    def unanswered(*args: Any) -> VideoUpload:
        real(*args)
        raise OperationalError("the connection was lost")

    monkeypatch.setattr(video_uploads, "_note_chunk", unanswered)
    with pytest.raises(OperationalError):
        sender.send(upload, 0, WHOLE[:4])
    assert (len(stored()), VideoUpload.objects.get().received) == (1, 4)


def test_room_is_counted_for_all_that_is_still_to_come_f22(sender: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    monkeypatch.setattr(video_uploads, "check_room", asked.append)
    sender.begin(("a.mp4", 100))
    sender.begin(("b.mp4", 10), ("c.mp4", 30))
    assert asked == [100 + 2 * 100, 100 + 40 + 2 * 30]


def test_many_short_chunks_are_refused(sender: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(video_uploads, "MOST_SHORT", 2)
    upload = sender.begin(("a.mp4", 16)).uploads[0]
    for start in range(2):
        upload = sender.send(upload, start, WHOLE[start : start + 1])
    with pytest.raises(BadInput, match="too many chunks"):
        sender.send(upload, 2, WHOLE[2:3])
    assert sender.send(upload, 2, WHOLE[2:]).status == "queued"


def test_files_of_one_name_in_other_folders_are_not_guessed(sender: Sender) -> None:
    lines = [
        {"video_id": "x", "video": "day1/a.mp4"},
        {"video_id": "y", "video": "day2/a.mp4"},
        {"video_id": "z", "video": "day2/b.mp4"},
    ]
    begun = sender.begin(("a.mp4", 16), ("b.mp4", 16), lines=lines)
    assert [one.wanted_video_id for one in begun.uploads] == ["z"]
    assert [number for number, reason in reasons(begun) if "choose the folder" in reason] == [1, 2]


def test_subtitles_are_read_when_they_come_and_refused_with_their_line(sender: Sender) -> None:
    lines = [{"video_id": "a", "video": "a.mp4", "subtitles": "a.srt"}, {"video_id": "b", "video": "b.mp4"}]
    begun = sender.begin(("a.mp4", 16), ("b.mp4", 16), ("a.srt", 9), lines=lines)
    first, second = begun.uploads
    with pytest.raises(BadInput, match=r"a\.srt"):
        receive_subtitles(upload=first, user=sender.user, raw=b"1\nno time\n")
    with pytest.raises(BadInput, match="names none"):
        receive_subtitles(upload=second, user=sender.user, raw=VTT)
