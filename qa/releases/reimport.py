"""Taking a release in again: its clips, captions, questions and judgements, in a project that has no clips yet."""

from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from django.db import transaction

from annotation.accumulation.probe import Refused
from annotation.accumulation.transcode import prepare
from annotation.canonical import canonical_json, microseconds
from annotation.errors import BadInput
from annotation.file_locks import storing_files
from annotation.models import Clip, Membership, Project
from annotation.models.projects import new_pseudonym
from annotation.services.clips import store_files, take_back
from annotation.states import ClipStatus
from annotation.stored_files import working_folder
from qa.history.reading import Line
from qa.history.records import FILE_NAME
from qa.history.restoring import restore_history
from qa.history.shapes import PSEUDONYM
from qa.history.to_rows import Files, Rows
from qa.models import Release
from qa.releases.freeze import copy_items, next_release_key
from qa.releases.frozen import ERASED, Content
from qa.releases.package import Package
from qa.releases.rebuilding import Rebuilding

CHUNK = 200


class Videos:
    """The files of the package's clips, checked and stored before any row: decoding takes long."""

    def __init__(self) -> None:
        self.names: dict[str, Files] = {}
        self.frames: dict[str, int] = {}

    def add(self, clip_id: str, video: Path, *, sha256: str, stored: list[str]) -> None:
        """Raises BadInput for a video that is not the clip's or would not be served as it is."""
        with working_folder() as folder:
            into = folder / "prepared"
            into.mkdir()
            try:
                prepared = prepare(video, into=into)
            except Refused as refusal:
                raise BadInput({"folder": f"videos/{clip_id}.mp4: {refusal}"}) from refusal
            if prepared.sha256 != sha256:
                raise BadInput({"folder": f"videos/{clip_id}.mp4 is not the video that was released"})
            files = store_files(video, video.name, prepared)
            stored += files.stored
            self.names[clip_id] = Files(**files.names)  # type: ignore[typeddict-item]
            self.frames[clip_id] = prepared.probe.frames

    def files_of(self, facts: dict[str, Any]) -> Files:
        """Empty names for a clip whose video did not come along."""
        return self.names.get(facts["clip_id"], Files(original="", video="", poster=""))


class Names:
    """Pseudonyms of the release -> those here: the same where they are free, else new ones."""

    def __init__(self) -> None:
        self._given: dict[str, str] = {}

    def __call__(self, name: str) -> str:
        if name not in self._given:
            is_ours = PSEUDONYM.fits(name) and not Membership.objects.filter(pseudonym=name).exists()
            self._given[name] = name if is_ours else new_pseudonym()
        return self._given[name]


@storing_files()
def read_release_in(project: Project, folder: Path, *, with_history: bool) -> Release:
    """All or nothing. with_history: restore `history.jsonl` if it is in the folder; else rebuild from the release.

    Raises BadInput for what was changed or is missing, and for a project that has clips.
    """
    package = Package(folder)
    package.check()
    history = package.history if with_history else None
    stored: list[str] = []
    try:
        videos = _stored_videos(package, stored)
        with transaction.atomic():
            # Lock first: two must not fill the same project.
            project = Project.objects.select_for_update().get(pk=project.pk)
            _require_empty(project)
            if history is None:
                _rebuild(project, package, videos)
            else:
                restore_history(project, history, files=videos.files_of)
            return _recreate(project, package)
    except BaseException:
        take_back(stored)
        raise


def _require_empty(project: Project) -> None:
    clip = Clip.objects.filter(project=project).order_by("pk").first()
    if clip is not None or project.releases.exists():
        raise BadInput({"project": f"“{project.slug}” is not empty: it has {clip or 'a release'}"})


def _stored_videos(package: Package, stored: list[str]) -> Videos:
    videos = Videos()
    for clip_id, content, _ in package.items():
        video = package.video_of(clip_id)
        if video is not None and content != ERASED:
            videos.add(clip_id, video, sha256=content["sha256"], stored=stored)
    return videos


def _rebuild(project: Project, package: Package, videos: Videos) -> None:
    at = _moment(package)
    version = package.manifest["version"]
    rebuilding = Rebuilding(
        at=microseconds(at), reason=f"imported with release {version}", salt=package.manifest["salt"], name_of=Names()
    )
    rows = Rows(project, videos.files_of)
    for clip_id, content, _ in package.items():
        if rows.clips == CHUNK:
            rows.write()
        if content == ERASED:
            lines = rebuilding.erased(clip_id)
        else:
            lines = rebuilding.lines(
                content, frames=videos.frames.get(clip_id) or _frames(content), state=_state(package, clip_id, videos)
            )
        for value in lines:
            rows.add(Line(0, value))
    rows.write()


def _state(package: Package, clip_id: str, videos: Videos) -> ClipStatus:
    """A clip without its video can be worked on by nobody."""
    if clip_id in package.withdrawn:
        return ClipStatus.WITHDRAWN
    return ClipStatus.ACTIVE if clip_id in videos.names else ClipStatus.EXCLUDED


def _frames(content: Content) -> int:
    frames: float = content["duration_ms"] * float(content["fps"]) / 1000
    return round(frames)


def _moment(package: Package) -> datetime:
    return datetime.fromisoformat(package.manifest["frozen_at"])


def _recreate(project: Project, package: Package) -> Release:
    """The release as it was, with its time."""
    told, at = package.manifest, _moment(package)
    clips = dict(Clip.objects.filter(project=project).values_list("clip_id", "pk"))
    key = next_release_key()
    items = package.items()
    while chunk := list(islice(items, CHUNK)):
        missing = [clip_id for clip_id, _, _ in chunk if clip_id not in clips]
        if missing:
            raise BadInput({"folder": f"{FILE_NAME} lacks the released clip {missing[0]}"})
        copy_items(key, [(clips[one], one, canonical_json(content), digest) for one, content, digest in chunk])
    erased = [clip_id for clip_id, one in package.withdrawn.items() if one["erased"]]
    Clip.objects.filter(project=project, state=ClipStatus.WITHDRAWN).update(withdrawn_at=at)
    Clip.objects.filter(project=project, clip_id__in=erased).update(erased_at=at)
    Project.objects.filter(pk=project.pk).update(release_salt=told["salt"])
    same = ("version", "kind", "notes", "salt", "filters", "held_out_percent", "counts", "key_positions", "overrides")
    release = Release(pk=key, project=project, frozen_at=at, **{name: told[name] for name in same})
    release.audit, release.digest, release.items_digest = told["audit"], told["digest"], told["items_digest"]
    release.save(force_insert=True)
    return release
