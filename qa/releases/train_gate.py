"""What keeps training data from being frozen."""

from collections.abc import Iterator

from django.urls import reverse

from annotation.models import Project
from qa.models import Audit, ReleaseKind
from qa.releases.audits import changed_since, newest_complete, result_of
from qa.releases.gate import NAMED, Condition, InTheWayItem, clips_in_the_way, settings_of
from qa.releases.overlaps import released_clips, without_hashes
from qa.releases.train import Training


def training_conditions_in_the_way(training: Training) -> list[Condition]:
    """With a floor for audits, also what is the matter with the newest one."""
    return [*_unfit(training), *_audit_conditions(training.project)]


def _unfit(training: Training) -> Iterator[Condition]:
    if next(training.words(), None) is None:
        yield Condition("nothing_to_train_on", "no caption may go into training data yet", [], 0)
    released = released_clips(ReleaseKind.BENCHMARK)
    if not released.exists():
        return
    unhashed = {pk for pk in without_hashes(training.clips()) if training.holds(pk)} | set(without_hashes(released))
    message = "clips cannot be compared by their pictures: run hash_clips"
    yield from clips_in_the_way(training.project, "unhashed", message, unhashed)


def current_audit(project: Project) -> Audit | None:
    """The newest that is complete, unless what it called right has changed since."""
    audit = newest_complete(project)
    return audit if audit and not changed_since(audit).exists() else None


def _audit_conditions(project: Project) -> Iterator[Condition]:
    floor = settings_of(project).audit_floor_percent
    if not floor:
        return
    audit = newest_complete(project)
    if audit is None:
        begun = Audit.objects.filter(project=project).first()
        where = [_page(begun)] if begun else []
        said = f"{_left(begun)} captions of the audit wait for a judgement" if begun else "no audit was drawn yet"
        yield Condition("audit_incomplete" if begun else "audit_missing", said, where, len(where))
        return
    changed = changed_since(audit).order_by("place")
    if count := changed.count():
        page = reverse("audit", args=[project.slug, audit.number])
        items = [InTheWayItem(clip_id, page) for clip_id in changed.values_list("clip__clip_id", flat=True)[:NAMED]]
        message = f"{count} captions that {audit.name} called right have other words now: draw another"
        yield Condition("audit_outdated", message, items, count)
    result = result_of(audit)
    if not result.is_certain_of(floor):
        low = (result.interval_percent or [0])[0]
        message = (
            f"{audit.name} found {result.right} of {result.marked} captions right: at least {low:g} % for certain,"
            f" and {floor} % are asked for"
        )
        yield Condition("audit_floor", message, [_page(audit)], 1)


def _left(audit: Audit) -> int:
    result = result_of(audit)
    return result.drawn - result.marked


def _page(audit: Audit) -> InTheWayItem:
    return InTheWayItem(audit.name, reverse("audit", args=[audit.project.slug, audit.number]))
