"""What changed between two releases of a project: read from the frozen rows, clip by clip."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import orjson
from django.db import connection, transaction
from django.db.models import TextField
from django.db.models.functions import Cast

from qa.models import Release, ReleaseItem
from qa.releases.frozen import ERASED, Content
from qa.releases.splits import Split

CHUNK = 200
_DIFFERENT = f"""
    SELECT coalesce(old.clip_id_text, new.clip_id_text), old.id, new.id
    FROM (SELECT id, clip_id_text, digest FROM {ReleaseItem._meta.db_table} WHERE release_id = %s) AS old
    FULL OUTER JOIN (SELECT id, clip_id_text, digest FROM {ReleaseItem._meta.db_table} WHERE release_id = %s)
        AS new USING (clip_id_text)
    WHERE old.digest IS DISTINCT FROM new.digest AND coalesce(old.clip_id_text, new.clip_id_text) COLLATE "C" > %s
    ORDER BY coalesce(old.clip_id_text, new.clip_id_text) COLLATE "C"
"""  # noqa: S608 - the table's name is the model's


@dataclass(frozen=True)
class QuestionChange:
    """One question as it was and as it is; None where it was not there."""

    id: str
    category: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None


@dataclass(frozen=True)
class ClipChange:
    """What changed of one clip. before, after: its caption with marks; None where the clip was not there.

    is_erased: its words are gone on one side, so that nothing can be compared.
    is_held_out: its words are not for the public.
    """

    clip_id: str
    before: str | None
    after: str | None
    questions: list[QuestionChange] = field(default_factory=list)
    is_erased: bool = False
    is_held_out: bool = False

    @property
    def is_added(self) -> bool:
        return self.before is None and not self.is_erased

    @property
    def is_retired(self) -> bool:
        return self.after is None and not self.is_erased

    @property
    def has_another_caption(self) -> bool:
        return None not in (self.before, self.after) and self.before != self.after


def release_before(release: Release) -> Release | None:
    """The latest earlier one of its kind."""
    known = Release.objects.filter(project=release.project_id, kind=release.kind).select_related("project")
    earlier = [one for one in known if numbers_of(one.version) < numbers_of(release.version)]
    return max(earlier, key=lambda one: numbers_of(one.version), default=None)


def numbers_of(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def changes_between(earlier: Release, later: Release, *, after: str = "") -> Iterator[ClipChange]:
    """In clip_id order, from a server-side cursor. Clips whose words are the same in both are left out.

    after: begin with the first clip behind this one.
    """
    with transaction.atomic(), connection.chunked_cursor() as cursor:
        cursor.execute(_DIFFERENT, [earlier.pk, later.pk, after])
        while rows := cursor.fetchmany(CHUNK):
            # Words come in small portions: the sort above must not carry them.
            texts = _contents([pk for _, old, new in rows for pk in (old, new) if pk is not None])
            for clip_id, old, new in rows:
                change = _change(clip_id, _loaded(texts.get(old)), _loaded(texts.get(new)))
                if change.is_erased or change.before != change.after or change.questions:
                    yield change


def _contents(keys: list[int]) -> dict[int, str]:
    rows = ReleaseItem.objects.filter(pk__in=keys).order_by()
    return dict(rows.values_list("pk", Cast("content", TextField())))


def _loaded(text: str | None) -> Content | None:
    return orjson.loads(text) if text else None


def _change(clip_id: str, old: Content | None, new: Content | None) -> ClipChange:
    if ERASED in (old, new):
        return ClipChange(clip_id, None, None, is_erased=True)
    was, now = _questions(old), _questions(new)
    changed = [
        QuestionChange(one, (now.get(one) or was[one])["category"], was.get(one), now.get(one))
        for one in dict.fromkeys((*was, *now))
        if _asked(was.get(one)) != _asked(now.get(one))
    ]
    return ClipChange(
        clip_id,
        before=old["caption_marked"] if old else None,
        after=new["caption_marked"] if new else None,
        questions=changed,
        is_held_out=any(one and one["split"] == Split.HELD_OUT for one in (old, new)),
    )


def _questions(content: Content | None) -> dict[str, dict[str, Any]]:
    return {one["id"]: one for one in content["qa"]} if content else {}


def _asked(question: dict[str, Any] | None) -> object:
    """What a model meets: another order of the same options is no other question."""
    if question is None:
        return None
    return question["question"], sorted(question["options"]), question["answer_text"]
