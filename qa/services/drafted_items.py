"""The kind `qa:<category>`: several questions of one category, asked for from an approved caption.

What breaks a blocking rule goes back once, with the rules that it breaks; what still breaks one then is no draft. Where
a project has its drafts probed, what leaks is asked for once more, by a job of its own.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet

from annotation.caption_format import format_mark
from annotation.drafting import client
from annotation.drafting.client import Exchange, ModelRequest
from annotation.drafting.kinds import BreaksRules, Malformed, Outdated, Target, subject_of
from annotation.models import Call, Caption, CaptionRevision, Clip, Draft, DraftingSettings, Job, Project, Prompt
from annotation.services.drafted_captions import data_block, input_digest, provenance_of, settings_of
from annotation.services.drafts import store_draft
from annotation.services.frames import frames_of
from annotation.services.prompts import chosen
from annotation.states import ClipStatus, State
from qa.categories import Category
from qa.checks import Flag, item_flags
from qa.drafted_questions import QUESTIONS_SCHEMA, questions_from_reply
from qa.models import DraftProbe, QAItem
from qa.services import probes
from qa.services.probes_shown import leak_words

MAX_TOKENS = 4096
REPAIR, REDRAFT = "repair", "redraft"

Question = dict[str, Any]


@dataclass(frozen=True)
class ReadQuestions:
    """Questions that may become drafts, and how many could not be repaired."""

    good: list[Question]
    given_up: int = 0


class QuestionKind:
    """Questions of clips with an approved caption that have none of the category yet."""

    prompt_names: tuple[str, ...] = tuple(Category.values)

    def targets(self, project: Project, own: DraftingSettings, *, is_new: bool = False) -> Iterator[Target]:
        prompts = {category: chosen(project, category) for category in Category.values}
        approved = Clip.objects.filter(project=project, state=ClipStatus.ACTIVE, caption__state=State.APPROVED)
        if is_new:
            asked = Job.objects.filter(kind__startswith="qa:").only("clip", "kind")
            approved = approved.filter(_has_room()).prefetch_related(Prefetch("jobs", asked))
        held = Draft.objects.filter(probe__outcome=DraftProbe.Outcome.HELD)
        approved = approved.prefetch_related(
            Prefetch("qa_items", _standing(), to_attr="standing"), Prefetch("drafts", held, to_attr="held")
        )
        approved = approved.order_by("clip_id").select_related("caption__approved_revision")
        for clip in approved.iterator(chunk_size=500):
            caption = clip.caption.approved_revision
            taken = {item.category for item in clip.standing} | {subject_of(draft.kind) for draft in clip.held}
            if is_new:
                taken |= {subject_of(job.kind) for job in clip.jobs.all()}
            for category, prompt in prompts.items():
                if caption is not None and category not in taken:
                    yield _target(clip, own, prompt, caption)

    def target(self, clip: Clip, own: DraftingSettings, prompt: Prompt) -> Target:
        return _target(clip, own, prompt, _approved(clip))

    def request(self, job: Job) -> ModelRequest:
        clip, own = job.clip, settings_of(job.clip.project)
        caption = _approved(clip)
        if job.input_digest != self.target(clip, own, job.prompt).input_digest:
            raise Outdated("The caption, or what the model is shown, was changed after this job was made.")
        more: dict[str, Any] = {
            "category": subject_of(job.kind),
            "wanted": own.questions_per_category,
            "caption": caption.text,
            "already_asked": [question["question"] for question in _asked(clip)],
        }
        instructions = job.prompt.text
        if job.repair_of is not None:
            broken = _broken(job, _earlier(job))
            more |= {
                "wanted": len(broken),
                "questions": [_with_problems(question, flags) for question, flags in broken],
            }
            instructions = chosen(clip.project, REPAIR).text
        elif replaced := probes.replaced_by(job):
            more |= {"wanted": len(replaced), "leaking": [_leaking(probe) for probe in replaced]}
            instructions += "\n\n" + chosen(clip.project, REDRAFT).text
        frames = frames_of(clip, count=own.frames, long_side=own.long_side) if own.questions_see_frames else []
        return ModelRequest(
            model=job.model,
            instructions=instructions,
            data=data_block(clip, own, **more),
            schema=QUESTIONS_SCHEMA,
            max_tokens=MAX_TOKENS,
            frames=tuple(frames),
            sent={"context": own.sends_context},
        )

    def read(self, job: Job, call: Call, value: Any) -> ReadQuestions:
        questions = _questions(job, value, wanted=_wanted_in(call))
        if job.repair_of is not None:
            return self._repaired(job, questions)
        broken = _broken(job, questions)
        if broken:
            raise BreaksRules(_words_of(broken))
        return ReadQuestions(questions)

    def _repaired(self, job: Job, mended: list[Question]) -> ReadQuestions:
        """What was good before, and what is good now: each in the place of a broken one, with the same key."""
        earlier = _earlier(job)
        before = _broken(job, earlier)
        if len(mended) != len(before):
            raise Malformed(f"The repair gave {len(mended)} questions for {len(before)}.")
        pairs = zip(mended, before, strict=True)
        good = [
            question
            for question, (broken, _) in pairs
            if question["answer_index"] == broken["answer_index"] and not _flags(job, question)
        ]
        kept = [question for question in earlier if not _flags(job, question)]
        if not kept and not good:
            still = _words_of(_broken(job, mended)) or "another option became the key"
            raise BreaksRules(f"After the repair: {still}")
        return ReadQuestions(kept + good, given_up=len(before) - len(good))

    def store(self, job: Job, call: Call, read: ReadQuestions) -> None:
        provenance = provenance_of(call)
        if job.repair_of is not None:
            provenance |= {"repairs": str(job.repair_of.uid), "repair_prompt": chosen(job.clip.project, REPAIR).version}
        if job.replaces.exists():
            provenance["redraft_prompt"] = chosen(job.clip.project, REDRAFT).version
        if read.given_up:
            job.detail = f"{read.given_up} of its questions could not be repaired and was left out."
        # Before anything locks the clip: the sweep locks what it gives up first, then its clip.
        probes.settle_replaced(job, written=len(read.good))
        drafts = [
            store_draft(
                clip=job.clip,
                kind=job.kind,
                model=job.model,
                payload=question,
                job=job,
                place=place,
                provenance=provenance,
            )
            for place, question in enumerate(read.good)
        ]
        probes.take_in(drafts, caption=_approved(job.clip))

    def preview(self, job: Job, value: Any) -> str:
        wanted = settings_of(job.clip.project).questions_per_category
        questions = _questions(job, value, wanted=wanted)
        caption = _approved(job.clip).text
        return (
            "\n\n".join(_told(job, question, caption=caption) for question in questions)
            or "No question: the caption supports none."
        )


def _questions(job: Job, value: Any, *, wanted: int) -> list[Question]:
    """As the form wants them. Raises BadInput."""
    return questions_from_reply(value, caption_text=_approved(job.clip).text, wanted=wanted)


def _wanted_in(call: Call) -> int:
    """How many questions this call asked for: the project's wish may be another one by now."""
    return int(json.loads(call.request["data"])["wanted"])


def _earlier(job: Job) -> list[Question]:
    """The questions of the reply that is being repaired. Costs 1 query for its outcome."""
    assert job.repair_of is not None  # noqa: S101 - asked for by those who have looked
    return _questions(job, _value_of(job.repair_of), wanted=_wanted_in(job.repair_of))


def _target(clip: Clip, own: DraftingSettings, prompt: Prompt, caption: CaptionRevision) -> Target:
    shown = {"caption": caption.digest, "wanted": own.questions_per_category}
    digest = input_digest(clip, own, **shown, sees_frames=own.questions_see_frames)
    return Target(clip, f"qa:{prompt.name}", prompt, digest)


def _standing() -> QuerySet[QAItem]:
    return QAItem.objects.exclude(state=State.DROPPED)


def _has_room() -> Q:
    """Clips with a category that has no question and was never asked for."""
    room = Q()
    for category in Category.values:
        present = Exists(_standing().filter(clip=OuterRef("pk"), category=category))
        asked = Exists(Job.objects.filter(clip=OuterRef("pk"), kind=f"qa:{category}"))
        room |= ~present & ~asked
    return room


def _approved(clip: Clip) -> CaptionRevision:
    caption = Caption.objects.filter(clip=clip, state=State.APPROVED).select_related("approved_revision").first()
    if caption is None or caption.approved_revision is None:
        raise Outdated("The clip's caption is not approved.")
    return caption.approved_revision


def _asked(clip: Clip) -> list[dict[str, Any]]:
    """What the questions of the clip say now, in the order of their ids, then those that are held. 2 queries."""
    items = QAItem.objects.filter(clip=clip).exclude(state=State.DROPPED).select_related("head", "draft").order_by("pk")
    words = [item.head.content if item.head else item.draft.payload if item.draft else None for item in items]
    return [content for content in words if content] + [draft.payload for draft in probes.held_in(clip)]


def _leaking(probe: DraftProbe) -> dict[str, Any]:
    question = probe.draft.payload
    told = {name: question[name] for name in ("question", "options", "answer_index")}
    return {**told, "problems": leak_words(probe)}


def _value_of(call: Call) -> Any:
    """The reply of an earlier call of the job, which could be read then."""
    return client.read_message(Exchange(raw=bytes(call.outcome.raw))).value


def _told(job: Job, question: Question, *, caption: str) -> str:
    """A question with its options, the key marked, its evidence and all its flags, one line each."""
    lines = [question["question"]]
    for place, option in enumerate(question["options"]):
        lines.append(f"{'ABCD'[place]}  {option}{'  ← key' if place == question['answer_index'] else ''}")
    for part in question["evidence"]:
        mark = "" if part["start_ms"] is None else f"{format_mark(part['start_ms'])} "
        lines.append(f"Evidence: {mark}{part['text']}")
    flags = _all_flags(job, question, caption=caption)
    lines += [f"{'Blocks' if flag.blocks else 'Look'}: {flag.rule}: {flag.reason}" for flag in flags]
    return "\n".join(lines)


def _all_flags(job: Job, question: Question, *, caption: str | None = None) -> list[Flag]:
    return item_flags(
        category=subject_of(job.kind),
        question=question["question"],
        options=question["options"],
        key=question["answer_index"],
        caption=caption,
    )


def _flags(job: Job, question: Question) -> list[Flag]:
    """Those for which a draft goes back. What warns is for people."""
    return [flag for flag in _all_flags(job, question) if flag.blocks]


def _broken(job: Job, questions: list[Question]) -> list[tuple[Question, list[Flag]]]:
    judged = [(question, _flags(job, question)) for question in questions]
    return [(question, flags) for question, flags in judged if flags]


def _with_problems(question: Question, flags: list[Flag]) -> dict[str, Any]:
    evidence = [part["text"] for part in question["evidence"]]
    problems = [{"rule": flag.rule, "reason": flag.reason} for flag in flags]
    return {**question, "evidence": evidence, "broken_rules": problems}


def _words_of(broken: list[tuple[Question, list[Flag]]]) -> str:
    return "; ".join(f"{flag.rule}: {flag.reason}" for _, flags in broken for flag in flags)
