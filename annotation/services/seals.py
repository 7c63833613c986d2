"""While somebody answers a clip's questions blind, no words of its caption are sent to them.

Questions stand on captions, never the other way: who knows about blind answers says so here.
"""

from collections.abc import Callable

from annotation.errors import Sealed
from annotation.models import Caption, Clip, User

_CLIPS: list[Callable[[list[Clip], User], set[int]]] = []
_CHECKS: list[Callable[[Caption, User], bool]] = []


def register_seal(is_sealed: Callable[[Caption, User], bool]) -> None:
    """Called once, by the app that knows of a reason."""
    _CHECKS.append(is_sealed)


def register_sealed_clips(find: Callable[[list[Clip], User], set[int]]) -> None:
    """Called once, by the app that knows of which clips nothing may be told to a person yet."""
    _CLIPS.append(find)


def sealed_clips(clips: list[Clip], user: User) -> set[int]:
    """Row ids of those whose questions wait for this person's blind answer. The queries of who says so."""
    return set().union(*(find(clips, user) for find in _CLIPS))


def require_unsealed(caption: Caption, user: User) -> None:
    """Raises Sealed."""
    if any(is_sealed(caption, user) for is_sealed in _CHECKS):
        raise Sealed(
            f"You are answering the questions of {caption.clip.clip_id} blind."
            " Its caption is sealed until you have answered the last one."
        )
