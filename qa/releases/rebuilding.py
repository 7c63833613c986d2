"""A released clip as lines of a history: who wrote what, and who approved it.

A release tells the last words of each object and the names behind them, no more. So each comes back with one revision
of kind `import`, one judgement, and the moves that lead there, all at the moment when the release was frozen; what a
model had drafted is not told. Pure.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import permutations
from typing import Any
from uuid import uuid4

from annotation.digests import draft_digest, event_digest, review_digest, revision_digest
from annotation.models.work import RevisionKind, Verdict
from annotation.states import NEW, ClipStatus, State
from qa.history.records import CAPTION, CLIP, QUESTION
from qa.releases.content import published_order
from qa.releases.frozen import Content

Record = dict[str, Any]
Moves = Sequence[tuple[str, str, str]]
"""From, verb, to."""
NOBODY = "import"
"""Who wrote words of which nobody but their approver is told."""
NO_DIGEST = "0" * 64
_TEXTS = ("source", "source_id", "source_url", "license", "description", "subtitles")
_WAYS: dict[ClipStatus, Moves] = {
    ClipStatus.ACTIVE: [],
    ClipStatus.EXCLUDED: [(ClipStatus.ACTIVE, "exclude", ClipStatus.EXCLUDED)],
    ClipStatus.WITHDRAWN: [(ClipStatus.ACTIVE, "withdraw", ClipStatus.WITHDRAWN)],
}


@dataclass(frozen=True)
class Rebuilding:
    """at: when all of it happened, as digests write times. reason: of every move. salt: what options were drawn with.

    name_of: a pseudonym of the release, or NOBODY, -> the one that stands for them here.
    """

    at: str
    reason: str
    salt: str
    name_of: Callable[[str], str]

    def lines(self, content: Content, *, frames: int, state: ClipStatus) -> Iterator[Record]:
        """The clip, its caption, its questions: what `qa.history.to_rows.Rows` takes. frames: of the clip's video."""
        clip = self._clip(content, frames, state)
        caption = self._caption(content, clip)
        yield clip
        yield caption
        for question in content["qa"]:
            yield self._question(question, clip, caption)

    def erased(self, clip_id: str) -> Iterator[Record]:
        """A clip of which only the name is left, and its caption without words."""
        facts: Record = dict.fromkeys(("width", "height", "duration_ms", "frames"), 0) | dict.fromkeys(_TEXTS, "")
        facts |= {"sha256": NO_DIGEST, "original_sha256": NO_DIGEST, "fps": "1", "metadata": {}, "is_control": False}
        facts |= {"has_audio": False, "may_redistribute": False, "source_start_ms": None, "source_end_ms": None}
        erasure = (ClipStatus.WITHDRAWN, "erase", ClipStatus.WITHDRAWN)
        clip = self._clip_line(clip_id, facts, [], ClipStatus.WITHDRAWN, [erasure])
        yield clip
        yield self._work(CAPTION, clip["object"], State.WAITING, {}, moves=[(NEW, "import", State.WAITING)])

    def _clip(self, content: Content, frames: int, state: ClipStatus) -> Record:
        same = ("sha256", "duration_ms", "width", "height", "has_audio", "source", "source_id", "source_url")
        facts = {
            **{name: content[name] for name in same},
            **{name: content[name] for name in ("source_start_ms", "source_end_ms", "license", "may_redistribute")},
            "original_sha256": content["sha256"],
            "fps": content["fps"],
            "frames": frames,
            "description": "",
            "subtitles": "",
            "metadata": {},
            "is_control": False,
        }
        drafts = [self._draft(content)] if _is_draft(content) else []
        return self._clip_line(content["clip_id"], facts, drafts, state)

    def _clip_line(
        self, clip_id: str, facts: Record, drafts: list[Record], state: ClipStatus, further: Moves = ()
    ) -> Record:
        uid = str(uuid4())
        for draft in drafts:
            draft["digest"] = draft_digest(**{**draft, "clip": uid})
        return {
            "kind": CLIP,
            "object": uid,
            "clip_id": clip_id,
            "state": state.value,
            "created_at": self.at,
            "facts": facts,
            "jobs": [],
            "drafts": drafts,
            "events": self._events(CLIP, uid, [(NEW, "import", ClipStatus.ACTIVE), *_WAYS[state], *further]),
        }

    def _draft(self, content: Content) -> Record:
        return {
            "uid": str(uuid4()),
            "kind": "caption",
            "model": content["provenance"]["draft_model"] or "",
            "prompt_version": "",
            "payload": {"caption": content["caption_marked"], "people": content["people"]},
            "created_at": self.at,
            "job": None,
            "place": 0,
            "provenance": {},
        }

    def _caption(self, content: Content, clip: Record) -> Record:
        if _is_draft(content):
            moves = [(NEW, "import", State.DRAFTED)]
            drafted = {"draft": clip["drafts"][0]["digest"]}
            return self._work(CAPTION, clip["object"], State.DRAFTED, drafted, moves=moves)
        payload = {"text": content["caption_marked"], "people": content["people"]}
        moves = [(NEW, "import", State.WAITING), (State.WAITING, "edit", State.EDITING)]
        return self._approved(CAPTION, clip["object"], payload, content, moves)

    def _question(self, question: Record, clip: Record, caption: Record) -> Record:
        options = with_ids(question["options"], question_id=question["id"], salt=self.salt)
        payload = {
            "question": question["question"],
            "options": sorted(options, key=lambda option: option["id"]),
            "key": options[question["answer_index"]]["id"],
            "evidence": question["evidence"],
        }
        made = self._approved(QUESTION, clip["object"], payload, question, [(NEW, "edit", State.EDITING)])
        return made | {
            "category": question["category"],
            "number": int(question["id"].rpartition("-")[2]),
            "question_id": question["id"],
            "caption_revision": caption["head_digest"],
            "answers": [],
        }

    def _approved(self, kind: str, clip: str, payload: Record, told: Record, moves: Moves) -> Record:
        """told: a clip's or a question's content, which says who wrote it and who approved it."""
        uid, (author, approver) = str(uuid4()), self._people(told["provenance"])
        revision: Record = {
            "number": 1,
            "parent": None,
            "author": author,
            "kind": RevisionKind.IMPORT.value,
            "payload": payload,
            "draft": None,
            "created_at": self.at,
        }
        digest = revision_digest(object_id=uid, **revision)
        review: Record = {
            "reviewer": approver,
            "judged": digest,
            "final": digest,
            "verdict": Verdict.APPROVE.value,
            "reason": self.reason,
            "reason_code": "",
            "is_adjudication": False,
            "undoes": None,
            "created_at": self.at,
        }
        moves = [
            *moves,
            (State.EDITING, "submit", State.IN_REVIEW),
            (State.IN_REVIEW, "approve", State.APPROVED),
        ]
        more = {
            "object": uid,
            "head_number": 1,
            "head_digest": digest,
            "approved": 1,
            "submitted_at": self.at,
            "revisions": [{**revision, "digest": digest}],
            "reviews": [{**review, "digest": review_digest(object_id=uid, **review)}],
            "comments": self._comments(told),
        }
        return self._work(kind, clip, State.APPROVED, more, moves=moves)

    def _people(self, provenance: Record) -> tuple[str, str]:
        """Author and approver: never the same, as nobody judges their own words."""
        approver = provenance["approver"] or NOBODY
        author = next((one for one in provenance["editors"] if one != approver), NOBODY)
        if author == approver:
            author, approver = NOBODY, f"{NOBODY} approver"
        return self.name_of(author), self.name_of(approver)

    def _work(self, kind: str, clip: str, state: str, more: Record, *, moves: Moves) -> Record:
        uid = more.get("object") or str(uuid4())
        return {
            "kind": kind,
            "object": uid,
            "clip": clip,
            "state": str(state),
            "draft": None,
            "head_number": 0,
            "head_digest": "",
            "approved": None,
            "submitted_at": None,
            "created_at": self.at,
            "revisions": [],
            "submissions": [],
            "reviews": [],
            "comments": [],
            "events": self._events(kind, uid, moves, revision=more.get("head_digest", "")),
            **more,
        }

    def _events(self, kind: str, uid: str, moves: Moves, *, revision: str = "") -> list[Record]:
        """By the installation: nobody did this here."""
        events = []
        for before, verb, after in moves:
            event: Record = {
                "actor": None,
                "verb": verb,
                "from_state": str(before),
                "to_state": str(after),
                "revision": "" if verb == "import" else revision,
                "reason": self.reason,
                "created_at": self.at,
            }
            events.append({**event, "digest": event_digest(object_type=kind, object_id=uid, **event)})
        return events

    def _comments(self, told: Record) -> list[Record]:
        """A note, then its replies; `parent` is its place in the list, from 1."""
        comments: list[Record] = []
        for note in told.get("comments", ()):
            comments.append(self._note(note, parent=None) | {"at_ms": note["at_ms"], "sentence": note["sentence"]})
            place = len(comments)
            if note["done"]:
                comments[-1]["done_at"] = comments[-1]["created_at"]
            comments += [self._note(reply, parent=place) for reply in note["replies"]]
        return comments

    def _note(self, said: Record, *, parent: int | None) -> Record:
        return {
            "parent": parent,
            "author": self.name_of(said["author"]),
            "at_ms": None,
            "sentence": "",
            "text": said["text"],
            "created_at": said["created_at"].replace("Z", ".000000Z"),
            "done_at": None,
            "done_by": None,
        }


def _is_draft(content: Content) -> bool:
    return content.get("status") == State.DRAFTED


def with_ids(texts: list[str], *, question_id: str, salt: str) -> list[dict[str, str]]:
    """The options in their published order, with such ids that they are published in this order again."""
    for ids in permutations(("o1", "o2", "o3", "o4")):
        options = [{"id": one, "text": text} for one, text in zip(ids, texts, strict=True)]
        if published_order(options, question_id=question_id, salt=salt) == options:
            return options
    raise AssertionError("some order of ids is the one of their digests")
