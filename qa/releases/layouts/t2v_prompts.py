"""The layout `t2v_prompts`: captions as prompts for models that make videos. What people look like comes first."""

from pathlib import Path
from typing import Any

from qa.releases.frozen import Content, FrozenRelease
from qa.releases.layouts._captions import captioned, status_of
from qa.releases.layouts._shape import ANY_KIND, json_line, seconds, write_lines

NAME = "t2v_prompts"
TITLE = "Text-to-video prompts"
HAS_VIDEOS = False
KINDS = ANY_KIND


def write(source: FrozenRelease, folder: Path) -> None:
    write_lines(folder / "prompts.jsonl", (json_line(prompt(content)) for content in captioned(source)))


def prompt(content: Content) -> dict[str, Any]:
    """The people's descriptions and then the marked sentences. A caption that lacks either is its own prompt."""
    attributes = [text for one in content["people"] if (text := one["description"].strip())]
    actions = [part["text"] for part in content["timeline"]]
    return {
        "clip_id": content["clip_id"],
        "prompt": " ".join([*map(_sentence, attributes), *actions]) if attributes and actions else content["caption"],
        "attributes": attributes,
        "actions": actions,
        "caption": content["caption"],
        "duration": seconds(content["duration_ms"]),
        "split": content["split"],
        "status": status_of(content),
    }


def _sentence(description: str) -> str:
    return description[0].upper() + description[1:] + ("" if description[-1] in ".!?…。" else ".")
