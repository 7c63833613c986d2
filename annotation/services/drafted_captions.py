"""The kind `caption`: what the model is shown of a clip, and how its reply becomes a draft in the standard format."""

from collections.abc import Iterator
from typing import Any

from django.conf import settings

from annotation.canonical import canonical_json, digest_of
from annotation.drafting.client import ModelRequest
from annotation.drafting.kinds import Outdated, Target
from annotation.models import Call, Caption, Clip, DraftingSettings, Job, Project, Prompt
from annotation.services.drafts import store_draft
from annotation.services.frames import frames_of
from annotation.services.prompts import chosen
from annotation.states import ClipStatus, State
from annotation.structured_caption import (
    CAPTION_SCHEMA,
    StructuredCaption,
    people_registry,
    render,
    structure_from_reply,
)

MAX_TOKENS = 4096


def settings_of(project: Project) -> DraftingSettings:
    """The project's own, or the defaults, unsaved."""
    return DraftingSettings.objects.filter(project=project).first() or DraftingSettings(project=project)


def model_of(own: DraftingSettings) -> str:
    return own.model or settings.DRAFTING_MODEL


def context_of(clip: Clip, own: DraftingSettings) -> dict[str, Any]:
    """What others said of the clip, where the project says that the model may read it. Nothing about people."""
    if not own.sends_context:
        return {}
    said = {
        "file_name": clip.original_name,
        "source": clip.source,
        "description": clip.description,
        "subtitles": clip.subtitles,
        "metadata": clip.metadata,
    }
    return {name: value for name, value in said.items() if value}


def input_digest(clip: Clip, own: DraftingSettings, **more: Any) -> str:
    """Of all that the model is shown beside the prompt."""
    shown = {"v": 1, "video": clip.sha256, "frames": own.frames, "long_side": own.long_side, **more}
    return digest_of({**shown, "context": context_of(clip, own)})


def provenance_of(call: Call) -> dict[str, Any]:
    """Where a draft comes from, out of its call. Costs 1 query for the outcome."""
    outcome = call.outcome
    return {
        "call": str(call.uid),
        "attempt": call.attempt,
        "frames_ms": [frame["ms"] for frame in call.request["frames"]],
        "sent": call.request["sent"],
        "stop_reason": outcome.stop_reason,
        "tokens": {
            "input": outcome.input_tokens,
            "output": outcome.output_tokens,
            "cache_write": outcome.cache_write_tokens,
            "cache_read": outcome.cache_read_tokens,
        },
        "cost_micro_usd": outcome.cost_micro_usd,
    }


class CaptionKind:
    """Captions of clips that wait for one."""

    prompt_names: tuple[str, ...] = ("caption",)

    def targets(self, project: Project, own: DraftingSettings, *, is_new: bool = False) -> Iterator[Target]:
        prompt = chosen(project, "caption")
        waiting = Clip.objects.filter(project=project, state=ClipStatus.ACTIVE, caption__state=State.WAITING)
        if is_new:
            waiting = waiting.exclude(jobs__kind="caption")
        for clip in waiting.filter(is_control=False).order_by("clip_id").iterator(chunk_size=500):
            yield self.target(clip, own, prompt)

    def target(self, clip: Clip, own: DraftingSettings, prompt: Prompt) -> Target:
        return Target(clip, "caption", prompt, input_digest(clip, own))

    def request(self, job: Job) -> ModelRequest:
        clip, own = job.clip, settings_of(job.clip.project)
        if job.input_digest != input_digest(clip, own):
            raise Outdated("The clip's context, or which frames the model sees, was changed after this job was made.")
        is_wanted = job.sample > 0 or Caption.objects.filter(clip=clip, state=State.WAITING).exists()
        if not is_wanted and job.kind == "caption":
            raise Outdated("Somebody wrote the caption meanwhile.")
        return ModelRequest(
            model=job.model,
            instructions=job.prompt.text,
            data=data_block(clip, own),
            schema=CAPTION_SCHEMA,
            max_tokens=MAX_TOKENS,
            frames=tuple(frames_of(clip, count=own.frames, long_side=own.long_side)),
            sent={"context": own.sends_context},
        )

    def read(self, job: Job, call: Call, value: Any) -> StructuredCaption:
        return self._structure(job, value)

    def store(self, job: Job, call: Call, read: StructuredCaption) -> None:
        payload = {"caption": render(read), "people": people_registry(read)}
        store_draft(
            clip=job.clip, kind="caption", model=job.model, payload=payload, job=job, provenance=provenance_of(call)
        )

    def preview(self, job: Job, value: Any) -> str:
        return render(self._structure(job, value))

    def _structure(self, job: Job, value: Any) -> StructuredCaption:
        return structure_from_reply(value, duration_ms=job.clip.duration_ms)


def data_block(clip: Clip, own: DraftingSettings, **more: Any) -> str:
    """The only place for words that we did not write: one JSON object, so that no text can leave its string."""
    block: dict[str, Any] = {"duration_s": f"{clip.duration_ms / 1000:.1f}", **more}
    context = context_of(clip, own)
    if context:
        block["context"] = context
    return canonical_json(block).decode()
