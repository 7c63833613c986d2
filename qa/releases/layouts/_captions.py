"""What layouts of captions have in common."""

from collections.abc import Iterator

from annotation.states import State
from qa.releases.frozen import Content, FrozenRelease

REQUEST = (
    "Describe the people in this video by what tells them apart, then say in order of time what each of them does, "
    "with the body parts, directions and people that an action involves."
)
"""What a model is asked where a layout pairs a caption with a request."""


def captioned(source: FrozenRelease) -> Iterator[Content]:
    """The clips that can be played and whose captions are published."""
    return (content for content in source.playable() if content["caption"] is not None)


def status_of(content: Content) -> str:
    """`approved`, or `drafted` in training data."""
    return str(content.get("status", State.APPROVED.value))
