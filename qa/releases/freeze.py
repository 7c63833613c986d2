"""Freezing: everything that is approved at one moment, in one snapshot, for good."""

import gc
import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Any

import orjson
from django.db import IntegrityError, connection, transaction
from django.db.models import F, TextField
from django.db.models.functions import Cast

from annotation.canonical import canonical_json
from annotation.errors import BadInput
from annotation.models import Membership, Project, User
from annotation.snapshots import one_snapshot
from annotation.states import ClipStatus, State
from annotation.workflow import database_now
from qa.categories import Category
from qa.models import QAItem, Release, ReleaseItem, ReleaseKind
from qa.models.releases import VERSION_PATTERN
from qa.releases.audits import as_frozen
from qa.releases.changes import numbers_of
from qa.releases.content import clip_content
from qa.releases.gate import Condition, InTheWay, conditions_in_the_way, settings_of, trained_on
from qa.releases.key_balance import KeyBalance, Question, UnevenKeys, balanced_salt
from qa.releases.overlaps import near_released
from qa.releases.reading import CaptionFacts, approved_captions
from qa.releases.splits import TRAIN, Split, Splitting
from qa.releases.train import Training, TrainingSplit
from qa.releases.train_gate import current_audit, training_conditions_in_the_way

CHUNK = 500


@dataclass(frozen=True)
class Filters:
    """What is let in: questions of these categories, clips of these splits."""

    categories: Sequence[str] = tuple(Category.values)
    splits: Sequence[str] = tuple(Split)

    def as_json(self) -> dict[str, list[str]]:
        return {"categories": list(self.categories), "splits": [str(one) for one in self.splits]}


def checked_filters(*, categories: Sequence[str] | None, splits: Sequence[str] | None) -> Filters:
    """None and nothing chosen let everything in. Raises BadInput."""
    for field, given, known in (("categories", categories, Category.values), ("splits", splits, list(Split))):
        wrong = [one for one in given or () if one not in known]
        if wrong:
            raise BadInput({field: f"there is no “{wrong[0]}”; there are: {', '.join(map(str, known))}"})
    in_order = tuple(one for one in Category.values if not categories or one in categories)
    return Filters(in_order, tuple(one for one in Split if not splits or one in splits))


def freeze(*, project: Project, version: str, notes: str, actor: User | None, filters: Filters) -> Release:
    """Freeze what is approved. Raises BadInput for the version, InTheWay with the list of conditions.

    Opens its own transaction, because its isolation must be REPEATABLE READ from the first query on.
    """
    with one_snapshot():
        project = Project.objects.get(pk=project.pk)  # with the salt that the last freeze left
        require_next_version(project, version)
        require_open(conditions_in_the_way(project) or trained_on(project, near_released))
        splitting = Splitting(project.slug, settings_of(project).held_out_percent)

        def frozen_with(salt: str) -> Release:
            release = Release(
                project=project,
                version=version,
                kind=ReleaseKind.BENCHMARK,
                notes=notes,
                salt=salt,
                filters=filters.as_json(),
                held_out_percent=splitting.held_out_percent,
                frozen_by=actor,
            )
            return write_release(release, approved_captions(project, categories=filters.categories), splitting)

        try:
            with transaction.atomic():
                return frozen_with(project.release_salt)
        except UnevenKeys:
            salt = balanced_salt(lambda: _keyed(project, filters, splitting), salt=project.release_salt)
            Project.objects.filter(pk=project.pk).update(release_salt=salt)
            return frozen_with(salt)


def freeze_training(*, project: Project, version: str, notes: str, actor: User | None) -> Release:
    """Freeze training data: approved captions and drafted ones, without questions. Raises as `freeze`.

    Opens its own transaction, as `freeze` does.
    """
    with one_snapshot():
        require_next_version(project, version)
        training = Training(project)
        require_open(training_conditions_in_the_way(training))
        audit = current_audit(project)
        release = Release(
            project=project,
            version=version,
            kind=ReleaseKind.TRAIN,
            notes=notes,
            salt=project.release_salt,
            filters={"categories": [], "splits": [TRAIN]},
            audit=as_frozen(audit) if audit else None,
            frozen_by=actor,
        )
        splitting = TrainingSplit(project.slug, 0)
        return write_release(release, training.facts(), splitting, excluded=training.excluded)


def require_open(conditions: list[Condition]) -> None:
    """Raises InTheWay unless there are none."""
    if conditions:
        raise InTheWay("; ".join(one.line for one in conditions), conditions=[_told(one) for one in conditions])


def _told(condition: Any) -> dict[str, Any]:
    return {**vars(condition), "items": [vars(one) for one in condition.items]}


def require_next_version(project: Project, version: str) -> None:
    """Raises BadInput."""
    if not re.fullmatch(VERSION_PATTERN, version):
        raise BadInput({"version": "must be three numbers with dots, such as 1.0.0"})
    taken = [numbers_of(one) for one in project.releases.values_list("version", flat=True)]
    if taken and numbers_of(version) <= max(taken):
        latest = ".".join(map(str, max(taken)))
        raise BadInput({"version": f"must be later than {latest}, the latest release"})


def _keyed(project: Project, filters: Filters, splitting: Splitting) -> Iterator[Question]:
    rows = QAItem.objects.filter(
        clip__project=project,
        clip__state=ClipStatus.ACTIVE,
        state=State.APPROVED,
        category__in=filters.categories,
        caption_revision=F("clip__caption__approved_revision"),
        clip__caption__state=State.APPROVED,
    ).values_list("question_id", Cast("approved_revision__content", TextField()), "clip__clip_id", "clip__source_id")
    for question_id, content, clip_id, source_id in rows.iterator(chunk_size=CHUNK):
        if splitting.split_of(clip_id=clip_id, source_id=source_id) in filters.splits:
            yield question_id, orjson.loads(content)


def write_release(
    release: Release, facts: Iterable[CaptionFacts], splitting: Splitting, *, excluded: dict[str, int] | None = None
) -> Release:
    """Store the clips and, last, the release that they are of: its digest is known only then.

    excluded: of training data, how many clips stay out and why.
    Needs one transaction, in which the foreign key of the clips is checked at the end. Raises BadInput for a version
    that somebody else has taken meanwhile, UnevenKeys where another salt is wanted: then clips are stored that the
    caller has to roll back.
    """
    pseudonyms = dict(Membership.objects.filter(project=release.project).values_list("user_id", "pseudonym"))
    release.pk = next_release_key()
    totals = _Totals()
    contents = (
        (one.clip.pk, clip_content(one, pseudonyms=pseudonyms, salt=release.salt, splitting=splitting)) for one in facts
    )
    wanted = release.filters["splits"]
    chosen = ((pk, content) for pk, content in contents if content["split"] in wanted)
    with _without_collections():
        while chunk := list(islice(chosen, CHUNK)):
            copy_items(release.pk, [(pk, one["clip_id"], *totals.add(one)) for pk, one in chunk])
    if KeyBalance(tuple(totals.key_positions)).is_uneven:
        raise UnevenKeys
    release.key_positions = totals.key_positions
    release.digest, release.items_digest = totals.digest.hexdigest(), totals.items_digest.hexdigest()
    release.counts, release.overrides = totals.as_json(), totals.overrides
    if excluded is not None:
        release.counts |= {"drafted": totals.drafted, "excluded": excluded}
    release.frozen_at = database_now().replace(microsecond=0)
    try:
        release.save(force_insert=True)
    except IntegrityError as error:
        raise BadInput({"version": "is taken"}) from error
    return release


@contextmanager
def _without_collections() -> Iterator[None]:
    """Millions of values live for one chunk and hold no cycles: looking for some is work for nothing."""
    were_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if were_on:
            gc.enable()


def next_release_key() -> int:
    """Taken before the row is there, for the rows that refer to it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence(%s, 'id'))", [Release._meta.db_table])
        return int(cursor.fetchone()[0])


def copy_items(release_id: int, rows: Iterable[tuple[int, str, bytes, str]]) -> None:
    """rows: clip's key, clip id, canonical JSON of its content, its digest."""
    table = ReleaseItem._meta.db_table
    columns = "release_id, clip_id, clip_id_text, content, digest"
    with connection.cursor() as cursor, cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
        for clip, clip_id, content, digest in rows:
            copy.write_row((release_id, clip, clip_id, content.decode(), digest))


class _Totals:
    """Digests and counts, one clip after the other."""

    def __init__(self) -> None:
        self.digest, self.items_digest = hashlib.sha256(), hashlib.sha256()
        self.clips = self.held_out = self.drafted = 0
        self.by_category: dict[str, int] = dict.fromkeys(Category.values, 0)
        self.key_positions = [0, 0, 0, 0]
        self.overrides: list[dict[str, str]] = []

    def add(self, content: dict[str, Any]) -> tuple[bytes, str]:
        """The clip's canonical JSON and its digest."""
        line = canonical_json(content)
        digest = hashlib.sha256(line).hexdigest()
        self.digest.update(line + b"\n")
        self.items_digest.update(items_line(content["clip_id"], digest))
        self.clips += 1
        self.held_out += content["split"] == Split.HELD_OUT
        self.drafted += content.get("status") == State.DRAFTED
        for question in content["qa"]:
            self.by_category[question["category"]] += 1
            self.key_positions[question["answer_index"]] += 1
            self.overrides += [{"id": question["id"], **one} for one in question.get("overrides", ())]
        return line, digest

    def as_json(self) -> dict[str, Any]:
        return {
            "clips": self.clips,
            "questions": sum(self.by_category.values()),
            "by_category": self.by_category,
            "held_out": self.held_out,
        }


def items_line(clip_id: str, digest: str) -> bytes:
    """A clip's line under a release's `items_digest`."""
    return f"{clip_id} {digest}\n".encode()
