"""What drafting has cost: accounts against their caps, and the journal of calls added up.

The calls are the truth. What they settled, and what stays reserved for calls whose outcome is not known, is to the
micro-dollar what the project's own account says.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.db.models import Count, F, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from annotation.drafting.budget import caps_of
from annotation.drafting.kinds import TRY, subject_of
from annotation.models import BudgetAccount, Call, Caption, Project, Run, User
from annotation.states import ClipStatus, State
from annotation.workflow import database_now

LAST_CALLS = 50


@dataclass(frozen=True)
class Account:
    """One account in micro-dollars. cap: None for none.

    spent, reserved: None for an account of the installation before somebody who does not run it: what other projects
        spend is not theirs to know.
    """

    is_project: bool
    is_today: bool
    cap: int | None
    spent: int | None
    reserved: int | None
    is_used_up: bool

    @property
    def label(self) -> str:
        whose = "This project" if self.is_project else "The installation"
        return f"{whose}, {'today' if self.is_today else 'in all'}"

    @property
    def left(self) -> int | None:
        if self.cap is None or self.spent is None or self.reserved is None:
            return None
        return max(0, self.cap - self.spent - self.reserved)


@dataclass(frozen=True)
class Sums:
    """Calls added up. Tokens of the input count what caches took and gave; money is in micro-dollars.

    reserved: the worst case of calls that are on the way, or whose outcome nobody knows.
    """

    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    settled: int = 0
    reserved: int = 0

    def __add__(self, other: "Sums") -> "Sums":
        return Sums(**{name: mine + getattr(other, name) for name, mine in vars(self).items()})


@dataclass(frozen=True)
class Line:
    """What belongs to one model, prompt version or kind. detail: small print beside the label."""

    label: str
    detail: str
    sums: Sums


@dataclass(frozen=True)
class ItemCost:
    """What one approved item cost: all that was settled for its kind, by the approved items that had such a draft."""

    label: str
    approved: int
    settled: int

    @property
    def each(self) -> int | None:
        """Micro-dollars, rounded up; None where nothing is approved."""
        return -(-self.settled // self.approved) if self.approved else None


@dataclass(frozen=True)
class Ledger:
    total: Sums
    by_model: list[Line]
    by_prompt: list[Line]
    by_kind: list[Line]
    per_item: list[ItemCost]


_items: dict[str, tuple[str, Callable[[Project], int]]] = {}


def register_item(kind: str, label: str, approved: Callable[[Project], int]) -> None:
    """kind: a job's kind up to its first colon. approved: how many items are approved that had a draft of a job.

    Called in AppConfig.ready.
    """
    _items[kind] = (label, approved)


def approved_captions(project: Project) -> int:
    """Approved captions that had a draft made here: 1 query."""
    return Caption.objects.filter(clip__project=project, state=State.APPROVED, draft__job__isnull=False).count()


def accounts_of(project: Project, *, user: User) -> list[Account]:
    """The four accounts that a call is charged to, the project's first. 3 queries."""
    day = database_now().date()
    caps = caps_of(project, day)
    rows = {row.key: row for row in BudgetAccount.objects.filter(pk__in=caps)}
    found = []
    for key, cap in caps.items():
        row = rows.get(key) or BudgetAccount(key=key)
        is_project = key.startswith("project:")
        may_know = is_project or user.is_staff
        found.append(
            Account(
                is_project=is_project,
                is_today=key.endswith(f":{day}"),
                cap=cap,
                spent=row.spent_micro_usd if may_know else None,
                reserved=row.reserved_micro_usd if may_know else None,
                is_used_up=cap is not None and row.spent_micro_usd + row.reserved_micro_usd >= cap,
            )
        )
    return sorted(found, key=lambda account: (not account.is_project, not account.is_today))


def ledger_of(project: Project) -> Ledger:
    """1 query for all sums and 1 for each sort of approved item, however many calls there are."""
    by_model: dict[tuple[str, str], Sums] = {}
    by_prompt: dict[tuple[str, str], Sums] = {}
    by_kind: dict[tuple[str, str], Sums] = {}
    of_items: dict[str, int] = {}
    total = Sums()
    for (model, kind, name, version, title), sums in _grouped(Call.objects.filter(project=project)):
        total += sums
        for lines, key in (
            (by_model, (model, "")),
            (by_prompt, (f"{_words(name)} {version[:8]}", title)),
            (by_kind, (kind_words(kind), "")),
        ):
            lines[key] = lines.get(key, Sums()) + sums
        item = kind.partition(":")[0]  # `try` for what keeps no draft
        of_items[item] = of_items.get(item, 0) + sums.settled
    per_item = [ItemCost(label, approved(project), of_items.get(kind, 0)) for kind, (label, approved) in _items.items()]
    return Ledger(total, _lines(by_model), _lines(by_prompt), _lines(by_kind), per_item)


def cost_of(run: Run) -> Sums:
    """All calls of a run's jobs: 1 query."""
    return Sums(**Call.objects.filter(job__run=run).aggregate(**_SUMS))


def last_calls(project: Project) -> QuerySet[Call]:
    """The newest, without what was sent and what came back: 1 query (calls, their jobs, clips, prompts, outcomes)."""
    standing = Call.objects.filter(project=project).exclude(job__clip__state=ClipStatus.WITHDRAWN)
    calls = standing.select_related("job__clip", "job__prompt", "outcome")
    wanted = [*_CALL_FIELDS, *(f"outcome__{name}" for name in _OUTCOME_FIELDS), "job__clip__clip_id"]
    return calls.only(*wanted, "job__kind", "job__prompt__name", "job__prompt__version").order_by("-pk")[:LAST_CALLS]


def kind_words(kind: str) -> str:
    """`caption` is Captions, `qa:count` Questions: Count, `answer:blind` Answers: Blind, `try:qa:count` Trying."""
    if kind.startswith(TRY):
        return f"Trying: {_words(subject_of(kind))}"
    if kind == "caption":
        return "Captions"
    return f"{_OF_KIND.get(kind.partition(':')[0], 'Questions')}: {_words(subject_of(kind))}"


_OF_KIND = {"answer": "Answers", "describe": "Captions for a judge", "probe": "Probes"}
_CALL_FIELDS = ("model", "reserved_micro_usd", "is_repair", "batch_id", "created_at")
_OUTCOME_FIELDS = (
    *("kind", "http_status", "problem", "cost_micro_usd", "input_tokens", "output_tokens"),
    *("cache_write_tokens", "cache_read_tokens"),
)
_INPUT = (
    Coalesce(F("outcome__input_tokens"), 0)
    + Coalesce(F("outcome__cache_write_tokens"), 0)
    + Coalesce(F("outcome__cache_read_tokens"), 0)
)
_SUMS = {
    "calls": Count("pk"),
    "input_tokens": Coalesce(Sum(_INPUT), 0),
    "output_tokens": Coalesce(Sum("outcome__output_tokens"), 0),
    "settled": Coalesce(Sum("outcome__cost_micro_usd"), 0),
    # Without an outcome, or with one that nobody can put a price on.
    "reserved": Coalesce(Sum("reserved_micro_usd", filter=Q(outcome__cost_micro_usd=None)), 0),
}


def _grouped(calls: QuerySet[Call]) -> Iterable[tuple[tuple[str, str, str, str, str], Sums]]:
    """By (model, kind, prompt's name, version and title): 1 query."""
    names = ("model", "job__kind", "job__prompt__name", "job__prompt__version", "job__prompt__title")
    for *key, calls_, input_, output, settled, reserved in (
        calls.order_by().values_list(*names).annotate(**_SUMS).order_by(*names)
    ):
        yield tuple(key), Sums(calls_, input_, output, settled, reserved)


def _lines(sums: dict[tuple[str, str], Sums]) -> list[Line]:
    """The dearest first."""
    lines = [Line(label, detail, of) for (label, detail), of in sums.items()]
    return sorted(lines, key=lambda line: (-line.sums.settled, line.label))


def _words(name: str) -> str:
    return name.replace("_", " ").title()


register_item("caption", "Captions", approved_captions)
