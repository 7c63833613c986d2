"""Writing a release: a layout's files, and beside them what every export has."""

import hashlib
from pathlib import Path
from typing import Any

from annotation.models import Clip
from qa.categories import Category
from qa.history.records import FILE_NAME
from qa.history.writing import history_lines
from qa.models import ReleaseItem
from qa.releases.changelog import changelog_lines
from qa.releases.citation import citation_cff
from qa.releases.content import seconds_utc
from qa.releases.files import MARK, copy_or_link
from qa.releases.frozen import FrozenRelease
from qa.releases.layouts import Layout
from qa.releases.layouts._shape import json_line, pretty_json, write_lines
from qa.releases.layouts.haicbench import SCHEMA_VERSION, clip_json, withdrawn_json

CHUNK = 500
PRIVATE = "private"
HELD_OUT = f"{PRIVATE}/held_out.jsonl"
_WARNING = "Do not publish this folder: it holds the captions and keys that the rest of the export keeps back.\n"


def write_export(source: FrozenRelease, layout: Layout, folder: Path, *, with_history: bool = False) -> None:
    """Everything of an export, into an empty folder. The manifest comes last: it names all other files.

    with_history: also what led to it, with every revision; where clips are held out it tells them and is private.
    Needs a transaction whose snapshot is the export's.
    """
    release = source.release
    layout.write(source, folder)
    missing = _copy_videos(source, folder) if layout.HAS_VIDEOS else []
    with (folder / "CHANGELOG.md").open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(f"{line}\n" for line in changelog_lines(release))
    (folder / "CITATION.cff").write_text(citation_cff(release), encoding="utf-8", newline="\n")
    if release.counts.get("held_out"):
        _write_held_out(source, folder)
    if with_history:
        where = folder / PRIVATE if release.counts.get("held_out") else folder
        clips = Clip.objects.filter(pk__in=release.items.values("clip"))
        write_lines(where / FILE_NAME, history_lines(release.project, clips, release=release.version))
    (folder / MARK).write_bytes(pretty_json(_manifest(source, layout, folder, missing)) + b"\n")


def _write_held_out(source: FrozenRelease, folder: Path) -> None:
    (folder / PRIVATE).mkdir()
    (folder / PRIVATE / "README.txt").write_text(_WARNING, encoding="utf-8", newline="\n")
    write_lines(folder / HELD_OUT, (json_line(clip_json(content)) for content in source.held_out()))


def _copy_videos(source: FrozenRelease, folder: Path) -> list[str]:
    """The ids of clips whose video may not be redistributed."""
    videos = folder / "videos"
    videos.mkdir()
    missing = []
    items = ReleaseItem.objects.filter(release=source.release).order_by("pk")
    columns = ("clip_id_text", "clip__video", "clip__sha256", "clip__may_redistribute")
    for clip_id, video, sha256, may_redistribute in items.values_list(*columns).iterator(chunk_size=CHUNK):
        if clip_id in source.withdrawn:
            continue
        if may_redistribute:
            copy_or_link(str(video), videos / f"{clip_id}.mp4", sha256=sha256)
        else:
            missing.append(clip_id)
    return missing


def _manifest(source: FrozenRelease, layout: Layout, folder: Path, missing: list[str]) -> dict[str, Any]:
    release = source.release
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    counts = release.counts
    return {
        "name": release.project.name,
        "version": release.version,
        "kind": release.kind,
        "layout": layout.NAME,
        "schema_version": SCHEMA_VERSION,
        "frozen_at": seconds_utc(release.frozen_at),
        "digest": release.digest,
        "items_digest": release.items_digest,
        "notes": release.notes,
        "salt": release.salt,
        "filters": {name: release.filters.get(name, []) for name in ("categories", "splits")},
        "held_out_percent": release.held_out_percent,
        "counts": {
            "clips": counts["clips"],
            "questions": counts["questions"],
            "by_category": {name: counts["by_category"][name] for name in Category.values},
            "held_out": counts.get("held_out", 0),
            **{name: counts[name] for name in ("drafted", "excluded") if name in counts},
        },
        "key_positions": release.key_positions,
        "overrides": [{name: one[name] for name in ("id", "rule", "reason")} for one in release.overrides],
        "audit": release.audit,
        "withdrawn": withdrawn_json(source),
        "not_redistributed": missing,
        "files": [
            {"path": path.relative_to(folder).as_posix(), "bytes": path.stat().st_size, "sha256": _sha256(path)}
            for path in files
        ],
    }


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
