"""What a kind of job is: what waits for it, what it asks the model, and what it makes of the reply.

Apps register theirs when they start. `try:` before a kind's name asks and reads the same and stores nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from annotation.drafting.client import ModelRequest
from annotation.errors import DomainError
from annotation.models import Call, Clip, DraftingSettings, Job, Project, Prompt

TRY = "try:"


class Outdated(DomainError):
    """What the job was made from is not there any more, or is another text now: nothing is asked."""

    code = "outdated"


class Malformed(DomainError):
    """The reply is JSON, but not what was asked for."""

    code = "malformed"


class BreaksRules(DomainError):
    """The reply is what was asked for, but breaks a rule that blocks."""

    code = "breaks_rules"


@dataclass(frozen=True)
class Target:
    """Something that waits for a draft. input_digest: of all that the model is shown beside the prompt."""

    clip: Clip
    kind: str
    prompt: Prompt
    input_digest: str


class Kind(Protocol):
    prompt_names: tuple[str, ...]
    """The prompts that it asks with, in the order of pages."""

    def targets(self, project: Project, own: DraftingSettings, *, is_new: bool = False) -> Iterator[Target]:
        """All that waits, in the order of clip ids; the control share is left out.

        is_new: only what was never asked for, with whichever prompt, model or input.
        """

    def target(self, clip: Clip, own: DraftingSettings, prompt: Prompt) -> Target:
        """One clip with this prompt, whether it waits or not. Raises Outdated if nothing can be asked about it yet."""

    def request(self, job: Job) -> ModelRequest:
        """What to send; for a job with `repair_of`, what asks for the repair. Raises Outdated, StoreAway, NoRoom."""

    def read(self, job: Job, call: Call, value: Any) -> Any:
        """What the reply (decoded JSON) gives. Raises BadInput or Malformed; BreaksRules, which is repaired once."""

    def store(self, job: Job, call: Call, read: Any) -> None:
        """Keep it, in the transaction that ends the job."""

    def preview(self, job: Job, value: Any) -> str:
        """A reply (decoded JSON) for people to read; nothing is kept. Raises BadInput, Malformed, Outdated."""


_kinds: dict[str, Kind] = {}


def register(name: str, kind: Kind) -> None:
    """name: a job's kind up to its first colon. Called in AppConfig.ready."""
    _kinds[name] = kind


def kind_named(name: str) -> Kind:
    """name: `caption`, `qa:count`, `try:caption` …"""
    return _kinds[name.removeprefix(TRY).partition(":")[0]]


def registered() -> list[Kind]:
    """Captions first, then what is asked about them."""
    return [_kinds[name] for name in sorted(_kinds, key=lambda name: (name != "caption", name))]


def kind_of_prompt(prompt_name: str) -> Kind | None:
    """Who asks with this prompt; None for one that only goes with others, as the repair of replies does."""
    return next((kind for kind in registered() if prompt_name in kind.prompt_names), None)


def subject_of(kind: str) -> str:
    """The last part of a job's kind, which is also its prompt's name: `caption`, `count`."""
    return kind.rpartition(":")[2]
