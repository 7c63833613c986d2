"""What is counted of captions and questions: those of a release as they were frozen, or what is approved now.

A tally is additive, so that a project is counted part by part, and only parts in which something changed are counted
again. Nothing in it says which clip anything belongs to.
"""

from collections import Counter, defaultdict
from typing import Any

import orjson
from django.db.models import Count, F, Func, IntegerField, QuerySet, Sum, TextField
from django.db.models.functions import Cast

from annotation.caption_format import MARK, sentences, without_marks
from annotation.models import Caption, Project, Verdict
from annotation.states import ClipStatus, State
from qa.content import content_from_draft, words_of
from qa.evaluation.stop_words import telling_words
from qa.models import QAItem, QAReview
from qa.releases.content import word_edit_distance
from qa.releases.frozen import Content, FrozenRelease

PART = 2000
"""Clips whose row ids share this quotient are counted together."""
TENTH_MS = 100
MARKS_STEP = 0.5
"""Width of the bins of time marks for each ten seconds."""
_MARKS_WINDOW_MS = 10_000

AS_DRAFTED, EDITED, FIXED, RETURNED, WRITTEN, DROPPED = (
    "as_drafted",
    "edited",
    "fixed",
    "returned",
    "written",
    "dropped",
)
"""What became of a question; the first that holds of dropped, returned, fixed, written, as drafted, edited."""

Tally = dict[str, Counter[str]]
"""Of each name how often a value was seen; values of several parts are joined by `joined`."""
NAMES = (
    *("caption_words", "durations", "people", "marks", "words"),
    *("words_changed", "sentences", "sentences_kept", "categories", "outcomes"),
)


def new_tally() -> Tally:
    return {name: Counter() for name in NAMES}


def add_up(tallies: list[dict[str, dict[str, int]]]) -> Tally:
    total = new_tally()
    for tally in tallies:
        for name, counts in tally.items():
            total[name].update(counts)
    return total


def joined(*parts: object) -> str:
    """The last may hold anything, the others no tab."""
    return "\t".join(map(str, parts))


# A project


def signatures(project: Project) -> dict[int, list[str]]:
    """Part -> what changes whenever anything in it does that is counted. 3 queries."""
    found: dict[int, list[str]] = defaultdict(list)
    facts = {"n": Count("pk"), "words": Sum("approved_revision_id"), "drafts": Sum("draft_id")}
    questions = QAItem.objects.filter(clip__project=project, clip__state=ClipStatus.ACTIVE)
    questions = questions.filter(state__in=(State.APPROVED, State.DROPPED))
    states = {"n": Count("state", distinct=True), "judged": Sum("caption_revision_id")}
    reviews = QAReview.objects.filter(item__clip__project=project)
    for kind, rows in (
        ("captions", _by_part(_captions(project), "clip_id", facts)),
        ("questions", _by_part(questions, "clip_id", facts | states | {"all": Count("pk")})),
        ("reviews", _by_part(reviews, "item__clip_id", {"n": Count("pk"), "ids": Sum("pk")})),
    ):
        for part, *values in rows:
            found[part].append(f"{kind}: {' '.join(map(str, values))}")
    return dict(found)


def _by_part(rows: QuerySet[Any], clip: str, facts: dict[str, Any]) -> QuerySet[Any, Any]:
    part = Func(F(clip), PART, function="div", output_field=IntegerField())
    grouped: QuerySet[Any, Any] = rows.order_by().annotate(part=part).values_list("part").annotate(**facts)
    return grouped


def tally_of_part(project: Project, part: int) -> Tally:
    """4 queries."""
    tally = new_tally()
    here: dict[str, int] = {"clip_id__gte": part * PART, "clip_id__lt": (part + 1) * PART}
    rows = (
        _captions(project)
        .filter(**here)
        .values_list(
            "approved_revision__text",
            Cast("approved_revision__people", TextField()),
            "clip__duration_ms",
            Cast("draft__payload", TextField()),
            "draft__model",
            "draft__prompt_version",
        )
    )
    for text, people, duration_ms, draft, model, version in rows.iterator(chunk_size=500):
        _add_caption(tally, text, people=len(orjson.loads(people)), duration_ms=duration_ms)
        if draft:
            _add_edits(tally, orjson.loads(draft)["caption"], text, prompt=joined(version, model))
    _add_questions(tally, QAItem.objects.filter(clip__project=project, clip__state=ClipStatus.ACTIVE, **here))
    return tally


def _captions(project: Project) -> QuerySet[Caption]:
    return Caption.objects.filter(clip__project=project, clip__state=ClipStatus.ACTIVE, state=State.APPROVED)


def _add_caption(tally: Tally, marked: str, *, people: int, duration_ms: int) -> None:
    text = without_marks(marked)
    tally["caption_words"][str(len(text.split()))] += 1
    tally["durations"][str(duration_ms // TENTH_MS)] += 1
    tally["people"][str(people)] += 1
    marks = len(MARK.findall(marked))
    tally["marks"][str(int(marks * _MARKS_WINDOW_MS / MARKS_STEP) // duration_ms if duration_ms else 0)] += 1
    tally["words"].update(telling_words(text))


def _add_edits(tally: Tally, draft: str, text: str, *, prompt: str) -> None:
    distance = word_edit_distance(without_marks(draft), without_marks(text))
    tally["words_changed"][joined(distance, prompt)] += 1
    before, after = (Counter(sentence.text for sentence in sentences(one)) for one in (draft, text))
    tally["sentences"][prompt] += before.total()
    tally["sentences_kept"][prompt] += (before & after).total()


def _add_questions(tally: Tally, items: QuerySet[QAItem]) -> None:
    """Approved ones as a release would take them, and those that were dropped."""
    for category, n in items.filter(state=State.DROPPED).order_by().values_list("category").annotate(n=Count("pk")):
        tally["outcomes"][joined(category, DROPPED)] += n
    approved = items.filter(
        state=State.APPROVED,
        clip__caption__state=State.APPROVED,
        caption_revision=F("clip__caption__approved_revision"),
    )
    judged: dict[int, set[str]] = defaultdict(set)
    reviews = QAReview.objects.filter(item__in=approved.values("pk"), undone_by=None)
    for item, verdict in reviews.order_by().values_list("item", "verdict"):
        judged[item].add(verdict)
    rows = approved.values_list(
        "pk", "category", Cast("approved_revision__content", TextField()), Cast("draft__payload", TextField())
    )
    for item, category, content, draft in rows.iterator(chunk_size=500):
        tally["categories"][category] += 1
        outcome = _outcome(judged[item], _changed(content, draft))
        tally["outcomes"][joined(category, outcome)] += 1


def _changed(content: str, draft: str | None) -> bool | None:
    """Whether a question's words are not its draft's; None without a draft."""
    if draft is None:
        return None
    before, after = words_of(content_from_draft(orjson.loads(draft))), words_of(orjson.loads(content))
    return before.split() != after.split()


def _outcome(verdicts: set[str], changed: bool | None) -> str:
    if Verdict.RETURN in verdicts:
        return RETURNED
    if Verdict.FIX in verdicts:
        return FIXED
    if changed is None:
        return WRITTEN
    return EDITED if changed else AS_DRAFTED


# A release


def tally_of_release(source: FrozenRelease) -> Tally:
    """Also of what is held out; not of clips that were withdrawn since. 1 query, and 1 for the withdrawn."""
    tally = new_tally()
    for content in source.whole():
        _add_caption(
            tally, content["caption_marked"], people=len(content["people"]), duration_ms=content["duration_ms"]
        )
        _add_frozen_edits(tally, content)
        for question in content["qa"]:
            _add_frozen_question(tally, question)
    return tally


def _add_frozen_edits(tally: Tally, content: Content) -> None:
    """Not of training data that is taken as it was drafted: nobody judged how much of it should change."""
    work = content["provenance"]
    if work["word_edit_distance"] is not None and content.get("status") != State.DRAFTED:
        prompt = joined(work["prompt_version"] or "", work["draft_model"])
        tally["words_changed"][joined(work["word_edit_distance"], prompt)] += 1


def _add_frozen_question(tally: Tally, question: Content) -> None:
    work = question["provenance"]
    verdicts = {verdict for verdict, n in work["verdicts"].items() if n}
    distance = work["word_edit_distance"]
    outcome = _outcome(verdicts, None if distance is None else distance > 0)
    tally["categories"][question["category"]] += 1
    tally["outcomes"][joined(question["category"], outcome)] += 1
