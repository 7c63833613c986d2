"""Lines of a verified history as rows. What they refer to by digest becomes a key again."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from heapq import merge
from typing import Any, TypedDict
from uuid import UUID

from annotation.errors import BadInput
from annotation.models import (
    Caption,
    CaptionComment,
    CaptionReview,
    CaptionRevision,
    CaptionSubmission,
    Clip,
    Draft,
    Event,
    Job,
    JobStatus,
    Project,
    Prompt,
)
from annotation.states import ClipStatus
from qa.history.insertion import Keys, insert_as_they_were
from qa.history.people import People
from qa.history.reading import Line
from qa.history.records import CAPTION, CLIP, PROMPT, QUESTION, TEXTS
from qa.models import BlindAnswer, QAComment, QAItem, QAReview, QARevision, QASubmission

Record = dict[str, Any]

_IN_ORDER: tuple[type[Any], ...] = (
    Clip,
    Job,
    Draft,
    Caption,
    CaptionRevision,
    CaptionSubmission,
    CaptionReview,
    CaptionComment,
    QAItem,
    QARevision,
    QASubmission,
    QAReview,
    QAComment,
    BlindAnswer,
    Event,
)
"""A trigger reads the judged revision, others the clip and its caption: those stand before."""
_WITH_UID: tuple[type[Any], ...] = (Clip, Caption, QAItem, Draft, Job)
_TABLES: Mapping[str, dict[str, type[Any]]] = {
    CAPTION: {
        "object": Caption,
        "revision": CaptionRevision,
        "submission": CaptionSubmission,
        "review": CaptionReview,
        "comment": CaptionComment,
    },
    QUESTION: {
        "object": QAItem,
        "revision": QARevision,
        "submission": QASubmission,
        "review": QAReview,
        "comment": QAComment,
    },
}
_ERASED = {"erased": True}
_EMPTY: Mapping[str, Record] = {
    "facts": {**dict.fromkeys(TEXTS["facts"], ""), "metadata": {}},
    "draft": {"payload": _ERASED, "provenance": _ERASED},
    "submission": {"flags": []},
    "review": {"reason": ""},
    "comment": {"sentence": "", "text": ""},
    "event": {"reason": ""},
}
"""What a row has in the place of words that were erased; a caption's revision is empty, a question's says so."""
_OWNER = {CAPTION: "caption_id", QUESTION: "item_id"}


class Files(TypedDict):
    """The stored names of a clip's files."""

    original: str
    video: str
    poster: str


_NO_FILES: Files = {"original": "", "video": "", "poster": ""}


def stored_by_digest(facts: Record) -> Files:
    """Where an import stores what people watch; the original is not part of an export."""
    video = f"videos/{facts['sha256']}.mp4"
    return {"original": video, "video": video, "poster": f"posters/{facts['sha256']}.jpg"}


class Rows:
    """Collects the rows of some clips with all that hangs on them, then writes them."""

    def __init__(self, project: Project, files: Callable[[Record], Files]) -> None:
        self._project, self._files = project, files
        self._people, self._keys = People(project), Keys()
        self._prompts: dict[tuple[str, str], int] = {}
        self._rows: dict[type[Any], list[Any]] = defaultdict(list)
        self._withdrawn: list[Clip] = []
        self._events: list[list[Event]] = []
        self._clip: Clip | None = None
        self._is_held = False
        self._drafts: dict[str, int] = {}
        self._caption: dict[str, int] = {}

    @property
    def clips(self) -> int:
        """How many wait to be written."""
        return len(self._rows[Clip])

    def add(self, line: Line) -> None:
        """Head and tail have no rows. A prompt's is written at once."""
        if line.kind == PROMPT:
            self._add_prompt(line.value)
        elif line.kind == CLIP:
            self._add_clip(line.value)
        elif line.kind == CAPTION:
            self._caption = self._add_caption(line.value)
        elif line.kind == QUESTION:
            self._add_question(line.value)

    def write(self) -> None:
        """A fixed number of queries. Raises BadInput for an object that stands in the database already."""
        for model in _WITH_UID:
            self._require_new(model)
        for event in merge(*self._events, key=lambda event: event.created_at):
            event.pk = self._keys.take(Event)
            self._rows[Event].append(event)
        for model in _IN_ORDER:
            insert_as_they_were(model, self._rows[model])
        # Triggers let nothing be written of a withdrawn clip: it is one when all of it is there.
        Clip.objects.bulk_update(self._withdrawn, ["state", "erased_at"])
        self._rows.clear()
        self._withdrawn.clear()
        self._events.clear()

    def _require_new(self, model: type[Any]) -> None:
        known = model.objects.filter(uid__in=[row.uid for row in self._rows[model]]).first()
        if known is not None:
            said = f"{model._meta.verbose_name} {known.uid} ({known}) stands in this installation already"
            raise BadInput({"history": said})

    def _add_prompt(self, value: Record) -> None:
        name, version = value["name"], value["version"]
        known = Prompt.objects.of(self._project).filter(name=name, version=version).order_by("pk").first()
        if known is None:
            known = Prompt.objects.create(
                name=name, project=self._project, version=version, title=value["title"], text=value["text"]
            )
        self._prompts[name, version] = known.pk

    def _put(self, table: type[Any], /, **values: Any) -> Any:
        row = table(pk=self._keys.take(table), **values)
        self._rows[table].append(row)
        return row

    def _add_clip(self, value: Record) -> None:
        facts = _whole("facts", value["facts"])
        self._is_held = value["state"] != ClipStatus.ACTIVE
        is_withdrawn = value["state"] == ClipStatus.WITHDRAWN
        self._clip = clip = self._put(
            Clip,
            **{**facts, "fps": Decimal(facts["fps"])},
            **(_NO_FILES if is_withdrawn else self._files({"clip_id": value["clip_id"], **facts})),
            withdrawn_at=_last(value, "withdraw"),
            uid=UUID(value["object"]),
            project=self._project,
            clip_id=value["clip_id"],
            state=ClipStatus.ACTIVE if is_withdrawn else value["state"],
            original_name="" if "erased" in value["facts"] else f"{value['clip_id']}.mp4",
            created_at=_moment(value["created_at"]),
        )
        if is_withdrawn:
            self._withdrawn.append(Clip(pk=clip.pk, state=value["state"], erased_at=_last(value, "erase")))
        jobs = {job["uid"]: self._job(job, value, clip) for job in value["jobs"]}
        self._drafts = {
            draft["digest"]: self._put(
                Draft,
                **_same(draft, "kind", "model", "prompt_version", "place", "payload", "provenance", "digest"),
                uid=UUID(draft["uid"]),
                clip=clip,
                job=jobs[draft["job"]] if draft["job"] else None,
                created_at=_moment(draft["created_at"]),
            ).pk
            for draft in _all_whole("draft", value)
        }
        self._take_events(CLIP, value)

    def _job(self, job: Record, clip_value: Record, clip: Clip) -> Job:
        """What it cost, and how often it was tried, is not part of a history. It ended with its first draft."""
        made = next(_moment(one["created_at"]) for one in clip_value["drafts"] if one["job"] == job["uid"])
        row: Job = self._put(
            Job,
            **_same(job, "kind", "model", "input_digest", "sample"),
            uid=UUID(job["uid"]),
            clip=clip,
            prompt_id=self._prompts[job["prompt"], job["prompt_version"]],
            status=JobStatus.DONE,
            next_attempt_at=made,
            created_at=made,
            finished_at=made,
        )
        return row

    def _add_caption(self, value: Record) -> dict[str, int]:
        """Digest -> key of its revisions."""
        return self._add_work(CAPTION, value, project=self._project, is_held=self._is_held)

    def _add_question(self, value: Record) -> None:
        against = value["caption_revision"]
        revisions = self._add_work(
            QUESTION,
            value,
            **_same(value, "category", "number", "question_id"),
            caption_revision_id=self._caption[against] if against else None,
        )
        item = self._rows[QAItem][-1]
        for answer in value["answers"]:
            self._put(
                BlindAnswer,
                **_same(answer, "choice", "had_opened_caption", "digest"),
                item=item,
                user_id=self._people.id_of(answer["user"]),
                revision_id=revisions[answer["revision"]],
                created_at=_moment(answer["created_at"]),
            )

    def _add_work(self, kind: str, value: Record, **more: Any) -> dict[str, int]:
        """Digest -> key of its revisions."""
        tables = _TABLES[kind]
        revisions = {one["digest"]: self._keys.take(tables["revision"]) for one in value["revisions"]}
        keys = list(revisions.values())
        subject = self._put(
            tables["object"],
            **_same(value, "state", "head_number", "head_digest"),
            uid=UUID(value["object"]),
            clip=self._clip,
            head_id=keys[-1] if keys else None,
            approved_revision_id=keys[value["approved"] - 1] if value["approved"] else None,
            draft_id=self._drafts[value["draft"]] if value["draft"] else None,
            submitted_at=_moment(value["submitted_at"]),
            created_at=_moment(value["created_at"]),
            **more,
        )
        owner = {_OWNER[kind]: subject.pk}
        authors = self._take_revisions(kind, value, revisions, owner)
        self._take_submissions(tables["submission"], value, revisions, owner)
        self._take_reviews(tables["review"], value, revisions, authors, owner)
        self._take_comments(tables["comment"], value, owner)
        self._take_events(kind, value)
        return revisions

    def _take_revisions(
        self, kind: str, value: Record, revisions: dict[str, int], owner: dict[str, int]
    ) -> dict[str, int | None]:
        """Digest -> the author's key."""
        authors = {}
        model = _TABLES[kind]["revision"]
        for one in value["revisions"]:
            authors[one["digest"]] = author = self._people.id_of(one["author"])
            content = one.get("payload", {}) if kind == CAPTION else {"content": one.get("payload", _ERASED)}
            row = model(
                **_same(one, "number", "kind", "digest"),
                **content,
                **owner,
                pk=revisions[one["digest"]],
                parent_id=revisions[one["parent"]] if one["parent"] else None,
                author_id=author,
                draft_id=self._drafts[one["draft"]] if one["draft"] else None,
                created_at=_moment(one["created_at"]),
            )
            self._rows[model].append(row)
        return authors

    def _take_submissions(
        self, model: type[Any], value: Record, revisions: dict[str, int], owner: dict[str, int]
    ) -> None:
        for one in _all_whole("submission", value):
            self._put(
                model,
                **_same(one, "flags", "checks_version", "watched_percent", "active_ms", "digest"),
                **owner,
                submitter_id=self._people.id_of(one["submitter"]),
                revision_id=revisions[one["revision"]],
                created_at=_moment(one["created_at"]),
            )

    def _take_reviews(
        self,
        model: type[Any],
        value: Record,
        revisions: dict[str, int],
        authors: dict[str, int | None],
        owner: dict[str, int],
    ) -> None:
        given: dict[str, int] = {}
        for one in _all_whole("review", value):
            given[one["digest"]] = self._put(
                model,
                **_same(one, "verdict", "reason", "reason_code", "is_adjudication", "digest"),
                **owner,
                reviewer_id=self._people.id_of(one["reviewer"]),
                judged_author_id=authors[one["judged"]],
                judged_revision_id=revisions[one["judged"]],
                final_revision_id=revisions[one["final"]] if one["final"] else None,
                undoes_id=given[one["undoes"]] if one["undoes"] else None,
                created_at=_moment(one["created_at"]),
            ).pk

    def _take_comments(self, model: type[Any], value: Record, owner: dict[str, int]) -> None:
        keys: list[int] = []
        for one in _all_whole("comment", value):
            row = self._put(
                model,
                **_same(one, "at_ms", "sentence", "text"),
                **owner,
                parent_id=keys[one["parent"] - 1] if one["parent"] else None,
                author_id=self._people.id_of(one["author"]),
                created_at=_moment(one["created_at"]),
                done_at=_moment(one["done_at"]),
                done_by_id=self._people.id_of(one["done_by"]),
            )
            keys.append(row.pk)

    def _take_events(self, kind: str, value: Record) -> None:
        """Their keys are given when all of the clips are there, so that what happened later comes later."""
        self._events.append(
            [
                Event(
                    **_same(one, "verb", "from_state", "to_state", "reason", "digest"),
                    project=self._project,
                    object_type=kind,
                    object_id=value["object"],
                    actor_id=self._people.id_of(one["actor"]),
                    revision_digest=one["revision"],
                    created_at=datetime.fromisoformat(one["created_at"]),
                )
                for one in _all_whole("event", value)
            ]
        )


def _whole(name: str, record: Record) -> Record:
    """The record with what stands in the place of its words, if they were erased."""
    if "erased" not in record:
        return record
    return {key: one for key, one in record.items() if key != "erased"} | _EMPTY[name]


def _all_whole(name: str, value: Record) -> list[Record]:
    return [_whole(name, record) for record in value[f"{name}s"]]


def _last(value: Record, verb: str) -> datetime | None:
    """When the object was moved so last."""
    times = [event["created_at"] for event in value["events"] if event["verb"] == verb]
    return _moment(times[-1]) if times else None


def _same(record: Record, *keys: str) -> Record:
    """What the row calls by the same name."""
    return {key: record[key] for key in keys}


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
