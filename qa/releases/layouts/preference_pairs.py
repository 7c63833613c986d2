"""The layout `preference_pairs`: what a model drafted (rejected) against what people approved in its place (chosen).

The frozen rows hold no drafts. They are read from the revision that was approved, which is never changed; a revision
that is not there (words that were erased, a release that was imported without its history) gives no pair.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import orjson
from django.db.models import Q, TextField
from django.db.models.functions import Cast

from annotation.caption_format import without_marks
from annotation.models import CaptionReview, CaptionRevision, Verdict
from qa.models import Release
from qa.releases.frozen import Content, FrozenRelease
from qa.releases.layouts._captions import REQUEST, captioned
from qa.releases.layouts._shape import ANY_KIND, json_line, video_path, write_lines

NAME = "preference_pairs"
TITLE = "Preference pairs of captions"
HAS_VIDEOS = True
KINDS = ANY_KIND
CHUNK = 200


@dataclass
class _Written:
    """The approved revision of a clip's caption, and the draft it started from."""

    text: str
    draft: str
    model: str
    prompt_version: str
    critiques: list[dict[str, str]]
    returns: list[dict[str, str]] = field(default_factory=list)


def write(source: FrozenRelease, folder: Path) -> None:
    write_lines(folder / "pairs.jsonl", map(json_line, _pairs(source)))


def _pairs(source: FrozenRelease) -> Iterator[dict[str, Any]]:
    contents = captioned(source)
    while chunk := list(islice(contents, CHUNK)):
        written = _written(source.release, {one["clip_id"]: one["provenance"]["revisions"] for one in chunk})
        for content in chunk:
            found = written.get(content["clip_id"])
            if found and found.text == content["caption_marked"]:
                rejected = without_marks(found.draft)
                if rejected != content["caption"]:
                    yield _pair(content, found, rejected)


def _pair(content: Content, written: _Written, rejected: str) -> dict[str, Any]:
    return {
        "clip_id": content["clip_id"],
        "video": video_path(content),
        "prompt": REQUEST,
        "chosen": content["caption"],
        "rejected": rejected,
        "model": written.model,
        "prompt_version": written.prompt_version or None,
        "critiques": [{name: one[name] for name in ("error", "draft", "final")} for one in written.critiques],
        "returns": written.returns,
        "split": content["split"],
    }


def _written(release: Release, numbers: dict[str, int]) -> dict[str, _Written]:
    """By clip_id. numbers: of the revisions that were approved, by clip_id. 3 queries."""
    revisions = CaptionRevision.objects.filter(
        caption__clip__project=release.project_id, caption__clip__clip_id__in=list(numbers), draft__isnull=False
    )
    keys = [
        pk
        for pk, clip_id, number in revisions.order_by().values_list("pk", "caption__clip__clip_id", "number")
        if number == numbers[clip_id]
    ]
    rows = CaptionRevision.objects.filter(pk__in=keys).values_list(
        "caption_id",
        "caption__clip__clip_id",
        "text",
        Cast("draft__payload", TextField()),
        "draft__model",
        "draft__prompt_version",
        Cast("critiques", TextField()),
    )
    returns = _returns(release, keys)
    return {
        clip_id: _Written(
            text,
            orjson.loads(payload)["caption"],
            model,
            version,
            orjson.loads(critiques),
            returns[caption],
        )
        for caption, clip_id, text, payload, model, version, critiques in rows
    }


def _returns(release: Release, approved: list[int]) -> dict[int, list[dict[str, str]]]:
    """Why a caption went back before the release, by caption, oldest first; approved: keys of revisions.

    Judgements of the second in which it was frozen count: the release knows its time to the second.
    """
    end = release.frozen_at + timedelta(seconds=1)
    reviews = CaptionReview.objects.filter(
        caption__revisions__in=approved, verdict=Verdict.RETURN, created_at__lt=end
    ).exclude(Q(undone_by__created_at__lt=end))
    found: dict[int, list[dict[str, str]]] = defaultdict(list)
    for caption, code, reason in reviews.order_by("pk").values_list("caption_id", "reason_code", "reason"):
        found[caption].append({"code": code, "reason": reason})
    return found
