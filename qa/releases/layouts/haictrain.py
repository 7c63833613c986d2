"""The layout `haictrain`: clip–caption pairs, and the same as conversations for fine-tuning (LLaVA-Video).

A trainer reads `<image>` in a conversation as the place of the video: in a caption it gets a space, `< image>`.
"""

import re
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from qa.releases.frozen import Content, FrozenRelease
from qa.releases.layouts._captions import REQUEST, captioned, status_of
from qa.releases.layouts._shape import ANY_KIND, json_line, seconds, video_path

NAME = "haictrain"
TITLE = "Clip–caption pairs and LLaVA-Video conversations"
HAS_VIDEOS = True
KINDS = ANY_KIND

_PLACES = re.compile(r"<(?=(?:image|video)>)", re.IGNORECASE)


def write(source: FrozenRelease, folder: Path) -> None:
    """All three files in one reading."""
    name = source.release.project.slug
    with ExitStack() as stack:
        pairs, lines, whole = (
            stack.enter_context((folder / file).open("wb"))
            for file in ("pairs.jsonl", "conversations.jsonl", "conversations.json")
        )
        separator = b"[\n"
        for content in captioned(source):
            pairs.write(json_line(pair(content)))
            line = json_line(conversation(content, data_source=name))
            lines.write(line)
            whole.write(separator + line.rstrip(b"\n"))
            separator = b",\n"
        whole.write(b"\n]\n" if separator.startswith(b",") else b"[]\n")


def pair(content: Content) -> dict[str, Any]:
    return {
        "clip_id": content["clip_id"],
        "video": video_path(content),
        "caption": content["caption"],
        "caption_marked": content["caption_marked"],
        "duration": seconds(content["duration_ms"]),
        "split": content["split"],
        "status": status_of(content),
        "source_id": content["source_id"],
        "source_url": content["source_url"],
        "license": content["license"],
        "redistribute": content["may_redistribute"],
    }


def conversation(content: Content, *, data_source: str) -> dict[str, Any]:
    return {
        "id": content["clip_id"],
        "video": video_path(content),
        "conversations": [
            {"from": "human", "value": f"<image>\n{REQUEST}"},
            {"from": "gpt", "value": _PLACES.sub("< ", content["caption"])},
        ],
        "data_source": data_source,
        "status": status_of(content),
    }
