"""What people see of the probes of drafted questions: while they correct one, when they review it, and in all."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q

from annotation.intervals import Share
from annotation.models import Clip, Project
from qa.content import content_from_draft, words_of
from qa.evaluation.leak_lab import settings_of
from qa.evaluation.leak_measures import Tally, Told, Verdict, verdict_of
from qa.models import DraftProbe, ProbeTry, QAItem, Setting

SUMS = {
    "total": Count("pk"),
    "right": Count("pk", filter=Q(is_right=True)),
    "unparsed": Count("pk", filter=Q(letter="")),
}
"""Of the tries of a question in a setting."""
_OF_ITEM = ("probe__item", "setting", *SUMS)


def counts_of(project: Project) -> dict[str, int]:
    """Outcome -> how many drafted questions, those of withdrawn clips left out. 1 query."""
    probes = DraftProbe.objects.filter(draft__clip__in=Clip.objects.standing().filter(project=project))
    return dict(probes.order_by().values_list("outcome").annotate(Count("pk")))


def leak_words(probe: DraftProbe) -> list[str]:
    """What a flagged question's probes found, for whoever corrects it."""
    return [_WORDS[measure].format(**said) for measure, said in probe.evidence.items()]


def is_as_drafted(item: QAItem, content: dict[str, Any]) -> bool:
    """Whether question, options and key are those that were probed, in whichever order. item: with its draft."""
    if item.draft is None:
        return False
    drafted = content_from_draft(item.draft.payload)
    return (words_of(drafted), drafted["key"]) == (words_of(content), content["key"])


@dataclass(frozen=True)
class Probed:
    """What the probes of one question came to: right answers without the video, and from the caption alone."""

    blind: Share
    read: Share
    verdict: Verdict

    @property
    def said(self) -> str:
        return "Needs the video, and the caption holds it" if self.verdict == Verdict.SOUND else self.verdict.value


def probed(items: Iterable[QAItem]) -> dict[int, Probed]:
    """By item, of those that were probed and whose head is still as drafted. items: with head and draft. 2 queries."""
    same = {item.pk: item for item in items if item.head and is_as_drafted(item, item.head.content)}
    told = _told_by_item(list(same))
    if not told:
        return {}
    own = settings_of(next(iter(same.values())).clip.project)
    return {
        pk: Probed(one.right_in(Setting.BLIND), one.right_in(Setting.HUMAN_CAPTIONS), verdict_of(one, own))
        for pk, one in told.items()
    }


def _told_by_item(items: list[int]) -> dict[int, Told]:
    rows = ProbeTry.objects.filter(probe__item__in=items, answered_at__isnull=False).order_by()
    found: dict[int, list[Tally]] = {}
    for item, setting, *counts in rows.values("probe__item", "setting").annotate(**SUMS).values_list(*_OF_ITEM):
        found.setdefault(item, []).append(Tally(setting, "", *counts))
    return {item: Told(tuple(tallies)) for item, tallies in found.items()}


_WORDS = {
    "blind": "As drafted, {hits} of {answers} answers without the video were right: a look at the clip is not needed.",
    "caption_failure": "As drafted, {hits} of {answers} answers from the caption alone were wrong: it may not hold the"
    " key.",
}
