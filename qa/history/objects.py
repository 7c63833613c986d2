"""What must hold of one object of a history: its records' digests, its chain, its judgements, its states. Pure.

The same as `qa.services.history` proves of rows; records name each other by digest here, and times are text.
"""

from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any

from annotation.canonical import digest_of
from annotation.digests import draft_digest, event_digest, review_digest, revision_digest, submission_digest
from annotation.states import NEW, State
from qa.digests import blind_answer_digest
from qa.history.payloads import problem_of_payload
from qa.history.reading import Line
from qa.history.records import APPROVE, CAPTION, FIX, MOVES, UNDO

Record = dict[str, Any]


@dataclass
class ClipSoFar:
    """What the lines of a clip's caption and questions refer to. caption: its revisions' digests."""

    line: Line
    is_erased: bool
    drafts: set[str]
    caption: set[str] = field(default_factory=set)
    erased: int = 0


@dataclass
class _Checked:
    """Counts the records of one line, and how many of them are erased."""

    line: Line
    may_be_erased: bool
    counts: Counter[str]
    erased: int = 0

    def require(self, holds: bool, name: str, problem: str) -> None:
        self.line.require(holds, problem, record=name)

    def digest(self, record: Record, name: str, counted: str, computed: Callable[..., str], **more: Any) -> None:
        """The record gives its digest; of an erased one it is taken as it stands."""
        if "erased" in record:
            self.require(self.may_be_erased, name, "it is erased, but its clip is not")
            self.erased += 1
        else:
            said = {key: value for key, value in record.items() if key != "digest"}
            self.require(record["digest"] == computed(**said, **more), name, "its content does not give its digest")
        self.counts[counted] += 1


def verify_clip(line: Line, counts: Counter[str], *, prompts: Collection[tuple[str, str]]) -> ClipSoFar:
    value = line.value
    is_erased = "erased" in value["facts"]
    checked = _Checked(line, is_erased, counts)
    jobs: dict[str, Record] = {}
    for place, job in enumerate(value["jobs"], start=1):
        name = f"job {place}"
        checked.require((job["prompt"], job["prompt_version"]) in prompts, name, "no line before holds its prompt")
        checked.require(job["uid"] not in jobs, name, "it stands twice")
        jobs[job["uid"]] = job
    made: set[tuple[str, int]] = set()
    drafts: set[str] = set()
    for place, draft in enumerate(value["drafts"], start=1):
        name = f"draft {place}"
        checked.digest(draft, name, "drafts", draft_digest, clip=value["object"])
        checked.require(draft["digest"] not in drafts, name, "it stands twice")
        drafts.add(draft["digest"])
        if draft["job"] is not None:
            job = jobs.get(draft["job"], {})
            is_its = job.get("prompt_version") == draft["prompt_version"]
            checked.require(is_its, name, "its job is not there, or used another prompt")
            checked.require((draft["job"], draft["place"]) not in made, name, "its place in its job is taken")
            made.add((draft["job"], draft["place"]))
    line.require({job for job, _ in made} == set(jobs), "a job made none of its drafts")
    _verify_states(checked, revisions=set())
    is_said = any(event["verb"] == "erase" for event in value["events"])
    line.require(is_said or not is_erased, "it is erased, but no event says so")
    counts["clips"] += 1
    return ClipSoFar(line, is_erased, drafts, erased=checked.erased)


def verify_caption(line: Line, clip: ClipSoFar, counts: Counter[str]) -> int:
    """How many records are erased. What the clip's questions refer to is noted in `clip`."""
    checked = _Checked(line, clip.is_erased, counts)
    clip.caption = set(_verify_work(checked, clip))
    return checked.erased


def verify_question(line: Line, clip: ClipSoFar, counts: Counter[str]) -> int:
    value = line.value
    checked = _Checked(line, clip.is_erased, counts)
    revisions = _verify_work(checked, clip)
    judged_against = value["caption_revision"]
    line.require(judged_against is None or judged_against in clip.caption, "its caption has no such revision")
    needs_caption = value["state"] == State.APPROVED
    line.require(not needs_caption or judged_against is not None, "it is approved without a caption to judge it by")
    answered: set[tuple[str, str]] = set()
    for place, answer in enumerate(value["answers"], start=1):
        name = f"answer {place}"
        checked.digest(answer, name, "blind answers", blind_answer_digest, object_id=value["object"])
        checked.require(answer["revision"] in revisions, name, "it is about a revision that is not there")
        checked.require((answer["revision"], answer["user"]) not in answered, name, "they had answered it already")
        answered.add((answer["revision"], answer["user"]))
    return checked.erased


def _verify_work(checked: _Checked, clip: ClipSoFar) -> dict[str, Record]:
    """Digest -> revision, in their order."""
    line = checked.line
    draft = line.value["draft"]
    line.require(draft is None or draft in clip.drafts, "its draft is none of the clip's")
    revisions = _verify_chain(checked, clip.drafts)
    approved = _verify_reviews(checked, revisions)
    _verify_submissions(checked, revisions)
    _verify_comments(checked)
    _verify_states(checked, revisions=revisions.keys())
    number = line.value["approved"]
    line.require(number is None or number <= len(revisions), "its approved revision is not there")
    if line.value["state"] == State.APPROVED:
        head = line.value["head_digest"]
        line.require(number == len(revisions), "it is approved, but not its last revision")
        line.require(head in approved, "it is approved, but no review approved its revision")
    return revisions


def _verify_chain(checked: _Checked, drafts: Collection[str]) -> dict[str, Record]:
    value = checked.line.value
    chain: dict[str, Record] = {}
    parent: str | None = None
    for number, revision in enumerate(value["revisions"], start=1):
        name, said = f"revision {number}", revision["number"]
        checked.require(said == number, name, f"it is numbered {said}: one is missing, or not in its place")
        checked.require(revision["parent"] == parent, name, "its parent is not the revision before it")
        checked.digest(revision, name, "revisions", revision_digest, object_id=value["object"])
        from_known = revision["draft"] is None or revision["draft"] in drafts
        checked.require(from_known, name, "its draft is none of the clip's")
        if "payload" in revision:
            problem = problem_of_payload(revision["payload"], is_caption=checked.line.kind == CAPTION)
            checked.require(problem is None, name, problem or "")
        parent = revision["digest"]
        chain[parent] = revision
    head, count = value["head_number"], len(value["revisions"])
    checked.line.require(head == count, f"its head is revision {head}, {count} are here")
    checked.line.require(value["head_digest"] == (parent or ""), "its head's digest is not that of its last revision")
    return chain


def _verify_reviews(checked: _Checked, revisions: dict[str, Record]) -> set[str]:
    """The revisions that a review approved which still stands."""
    earlier: dict[str, Record] = {}
    taken_back: set[str] = set()
    for place, review in enumerate(checked.line.value["reviews"], start=1):
        name = f"review {place}"
        checked.digest(review, name, "reviews", review_digest, object_id=checked.line.value["object"])
        judged, final = revisions.get(review["judged"]), review["final"]
        checked.require(judged is not None, name, "it judges a revision that is not there")
        checked.require(final is None or final in revisions, name, "it approves a revision that is not there")
        approves = review["verdict"] in (APPROVE, FIX)
        checked.require(approves == (final is not None), name, "only an approval names what it approves")
        is_own = judged is not None and judged["author"] == review["reviewer"]
        checked.require(not is_own, name, "the reviewer judged their own words")
        _verify_undo(checked, name, review, earlier, taken_back)
        checked.require(review["digest"] not in earlier, name, "it stands twice")
        earlier[review["digest"]] = review
    return {one["final"] for digest, one in earlier.items() if one["final"] and digest not in taken_back}


def _verify_undo(
    checked: _Checked, name: str, review: Record, earlier: dict[str, Record], taken_back: set[str]
) -> None:
    undoes = review["undoes"]
    is_whole = (undoes is not None) == (review["verdict"] == UNDO)
    checked.require(is_whole, name, "it takes back no verdict, or is one itself")
    if undoes is None:
        return
    undone = earlier.get(undoes)
    checked.require(undone is not None, name, "what it takes back is not before it")
    checked.require(undoes not in taken_back, name, "what it takes back was taken back already")
    if undone is not None:
        checked.require(undone["judged"] == review["judged"], name, "it takes back another one's verdict")
        checked.require(undone["reviewer"] == review["reviewer"], name, "it takes back somebody else's verdict")
    taken_back.add(undoes)


def _verify_submissions(checked: _Checked, revisions: Collection[str]) -> None:
    for place, submission in enumerate(checked.line.value["submissions"], start=1):
        name = f"submission {place}"
        checked.digest(submission, name, "submissions", submission_digest, object_id=checked.line.value["object"])
        checked.require(submission["revision"] in revisions, name, "it hands in a revision that is not there")


def _verify_comments(checked: _Checked) -> None:
    """Threads are one level deep."""
    comments: list[Record] = checked.line.value["comments"]
    for place, comment in enumerate(comments, start=1):
        name, parent = f"comment {place}", comment["parent"]
        gives = comment["digest"] == comment_digest(comment, object_id=checked.line.value["object"])
        checked.require(gives, name, "its content does not give its digest")
        answers_one = parent is None or (parent < place and comments[parent - 1]["parent"] is None)
        checked.require(answers_one, name, "it answers no first note before it")
        checked.require("erased" not in comment or checked.may_be_erased, name, "it is erased, but its clip is not")
        checked.erased += "erased" in comment
        checked.counts["comments"] += 1


def comment_digest(comment: Record, *, object_id: str) -> str:
    """Rows of comments have no digest: this one covers what the file says of it, without the words once erased."""
    return digest_of({"v": 1, "object": object_id, **{key: one for key, one in comment.items() if key != "digest"}})


def _verify_states(checked: _Checked, *, revisions: Collection[str]) -> None:
    """Replay the events; they must be moves, must connect, and must lead to where the object stands."""
    line = checked.line
    state: str = NEW
    for place, event in enumerate(line.value["events"], start=1):
        name = f"event {place}"
        checked.digest(event, name, "events", event_digest, object_type=line.kind, object_id=line.value["object"])
        about_known = event["revision"] == "" or event["revision"] in revisions
        checked.require(about_known, name, "it is about a revision that is not there")
        left, verb = event["from_state"], event["verb"]
        checked.require(left == state, name, f"it leaves “{left}”, but the object was “{state}”")
        targets = MOVES[line.kind].get((left, verb), ())
        checked.require(event["to_state"] in targets, name, f"“{verb}” does not lead there from “{left}”")
        state = event["to_state"]
    stands = line.value["state"]
    line.require(stands == state, f"its state is “{stands}”, its events lead to “{state}”")
