"""One clip's caption and questions, moved at random by everybody, over the API, beside a small model of them.

The model knows states, revisions, who wrote, answered and judged what. It says of each request whether it must be
taken, and else with which codes it may be refused; a refusal changes nothing. After each step the answer, the row, the
events and the invariants say the same.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.test import Client
from django.urls import reverse
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from annotation.models import Role, User
from annotation.verdicts import Outcome, outcome_of
from qa.answering import people_needed
from qa.services.history import verify_project
from tests.factories import ClipFactory, MembershipFactory, ProjectFactory, UserFactory
from tests.qa.history.told import round_trip
from tests.qa.standing import Standing, tables_of

ROLES = {
    "ana": Role.ANNOTATOR,
    "ben": Role.ANNOTATOR,
    "rui": Role.REVIEWER,
    "ines": Role.REVIEWER,
    "oda": Role.ADJUDICATOR,
    "adam": Role.ADMIN,
}
REVIEWERS, ADJUDICATORS = set(ROLES) - {"ana", "ben"}, {"oda", "adam"}
VERDICTS = ("approve", "fix", "return")
BACK = ("recall", "undo", "withdraw", "reopen", "drop", "api_caption")
"""Ways back, and back to the caption: rarer, so that a history of 60 steps gets far."""
NUMBERS = st.integers(0, 10**6)
MOST_QUESTIONS = 3
OPTIONS = [{"id": f"o{n}", "text": text} for n, text in enumerate(["Once", "Twice", "Three times", "Four times"], 1)]
TAKEN = (200, 201)


@dataclass(frozen=True)
class Judged:
    """final: the number of the revision that it approved, or None."""

    user: str
    verdict: str
    head: int
    final: int | None


@dataclass
class Model:
    """What must be true of one caption or question.

    words, authors: of each revision; the first has number 1. approved: numbers, one approval after the other.
    given: the verdicts since it was handed in that stand. newest: the newest judgement, while it can be taken back.
    answers: revision -> who answered it -> whether that was the key. mover: who moved it last, and by which verb.
    """

    state: str
    words: list[Any] = field(default_factory=list)
    authors: list[str] = field(default_factory=list)
    approved: list[int] = field(default_factory=list)
    given: list[Judged] = field(default_factory=list)
    newest: Judged | None = None
    answers: dict[int, dict[str, bool]] = field(default_factory=dict)
    mover: tuple[str, str] = ("", "")
    judged_against: int = 0
    settled_at: int = 0
    """The revision that an adjudicator returned last."""
    moves: int = 0

    @property
    def head(self) -> int:
        return len(self.words)

    @property
    def own_to(self) -> set[str]:
        """Who wrote any of what is to be judged."""
        since = self.approved[-1] if self.approved else 0
        return {*self.authors[since:], *self.authors[-1:]}

    @property
    def on_head(self) -> list[Judged]:
        return [one for one in self.given if one.head == self.head]

    def write(self, user: str, words: Any) -> None:
        self.words.append(words)
        self.authors.append(user)

    def move(self, state: str, user: str, verb: str) -> None:
        self.state, self.mover, self.moves = state, (user, verb), self.moves + 1
        if verb == "submit":
            self.given, self.newest = [], None

    def may_undo(self, user: str) -> bool:
        one = self.newest
        if one is None or one.user != user or self.head != (one.final or one.head):
            return False
        return self.state == "in_review" or self.mover in [(user, verb) for verb in ("approve", "return", "dispute")]

    def decide(self, user: str, verdict: str, *, needed: int, words: Any) -> None:
        """A verdict is given; what all of them come to happens."""
        judged = self.head
        if verdict == "fix":
            self.write(user, words)
        final = None if verdict == "return" else self.head
        self.newest = Judged(user, verdict, judged, final)
        self.given.append(self.newest)
        outcome = outcome_of([one.verdict for one in self.given if one.head == judged], needed=needed)
        if outcome == Outcome.APPROVE:
            self.approved.append(self.head)
            self.move("approved", user, "approve")
        elif outcome == Outcome.RETURN:
            self.move("editing", user, "return")
        elif outcome == Outcome.DISPUTE:
            self.move("disputed", user, "dispute")

    def take_back(self, user: str) -> None:
        one = self.newest
        assert one is not None
        self.given.remove(one)
        self.newest = None
        if self.state == "approved":
            self.approved.pop()
        if self.state != "in_review":
            self.move("in_review", user, "undo")
        if one.verdict == "fix":
            self.write(user, self.words[one.head - 1])

    def settle(self, user: str, outcome: str, *, words: Any) -> None:
        self.newest = None
        if outcome == "fix":
            self.write(user, words)
        if outcome in ("approve", "fix"):
            self.approved.append(self.head)
            self.move("approved", user, "settle")
        else:
            self.move("dropped" if outcome == "drop" else "editing", user, "settle")
            self.settled_at = self.head


@dataclass(frozen=True)
class Request:
    """why_not: the codes of what stands in its way; it is taken exactly when there is none. effect: on the model."""

    why_not: list[int]
    effect: Callable[[], None]
    user: str
    name: str
    key: str
    body: dict[str, Any]
    seen: int = 0

    @property
    def kind(self) -> str:
        said = [self.body.get(name, "") for name in ("verb", "verdict", "outcome", "choice")]
        return " ".join([self.name, *map(str, said)])


class Workflow(RuleBasedStateMachine):
    """Three steps of four are requests that must be taken, all kinds alike; one is any that must be refused."""

    asked = 1
    """How many people judge each caption, and answer each question."""

    def __init__(self) -> None:
        super().__init__()
        self.users: dict[str, User] = {}
        self.sent = 0
        self.of_one_history = transaction.atomic()
        """Undone at its end: what earlier ones left would make each step slower."""
        self.of_one_history.__enter__()

    # Setting the scene, asking, and comparing

    @initialize(is_ahead=st.booleans())
    def begin(self, is_ahead: bool) -> None:
        self.project = ProjectFactory.create(reviews_per_caption=self.asked, blind_answers_per_question=self.asked)
        for name, role in ROLES.items():
            user = UserFactory.create(username=name)
            MembershipFactory.create(project=self.project, user=user, role=role)
            self.users[name] = user
        self.clients = {name: Client() for name in ROLES}
        for name, client in self.clients.items():
            client.force_login(self.users[name])
        self.clip = ClipFactory.create(project=self.project)
        self.caption, self.items = Model("waiting"), dict[str, Model]()
        self.holder: str | None = None
        self.desk: tuple[str, str] | None = None
        """Who has the questions, and for which work: edit or review."""
        if is_ahead:
            self.run_request(self.save_caption("ana"))
            self.run_request(self.submit_caption("ana"))
            for reviewer in ("rui", "ines")[: self.asked]:
                self.run_request(self.judge_caption(reviewer, "approve"))
            for _ in range(MOST_QUESTIONS):
                self.run_request(self.add_question("ben"))
            self.run_request(self.submit_questions("ben"))

    def ask(self, request: "Request") -> tuple[int, Any]:
        self.sent += 1
        headers = {"If-Match": f'"{request.seen}-0"', "Idempotency-Key": f"{self.project.slug} {self.sent}"}
        where, body = reverse(request.name, args=[self.project.slug, request.key]), json.dumps(request.body)
        answer = self.clients[request.user].post(where, body, content_type="application/json", headers=headers)
        return answer.status_code, answer.json()

    def run_request(self, request: "Request") -> None:
        status, said = self.ask(request)
        told = (request, status, said)
        if not request.why_not:
            assert status in TAKEN, told
            request.effect()
            return
        assert status in request.why_not, told
        assert tables_of(self.clip) == self.tables, told

    @invariant()
    def row_events_and_model_agree(self) -> None:
        if not self.users:
            return
        tables = self.tables = tables_of(self.clip)
        self.matches(self.caption, tables.caption)
        assert {row.name for row in tables.questions} == set(self.items)
        for row in tables.questions:
            self.matches(self.items[row.name], row)
        states = [item.state for item in self.items.values()]
        assert tables.counted == [
            self.caption.state == "approved",
            len(states) - states.count("dropped"),
            states.count("editing"),
            states.count("in_review"),
        ]

    def matches(self, model: Model, row: Standing) -> None:
        assert (row.state, row.head_number) == (model.state, model.head)
        if row.head_author is not None:
            assert row.head_author == self.users[model.authors[-1]].pk
        if model.moves:
            actor = self.users[model.mover[0]].pk
            assert row.event == {"to_state": model.state, "verb": model.mover[1], "actor": actor}
        if model.state == "approved":
            assert row.approved_number == model.approved[-1] == model.head
            assert any(review["final"] == row.approved_revision for review in row.reviews)
        assert all(review["reviewer"] != review["judged_author"] for review in row.reviews)  # I-12
        since = [review["reviewer"] for review in row.reviews if review["since"]]
        assert sorted(since) == sorted(self.users[one.user].pk for one in model.given)

    def teardown(self) -> None:
        try:
            if self.users:
                verify_project(self.project)
                if self.sent % 3 == 0:  # every third history: it takes as long as twenty steps
                    round_trip(self.project)
        finally:
            transaction.set_rollback(True)
            self.of_one_history.__exit__(None, None, None)

    @rule(is_refused=st.integers(0, 3).map(lambda drawn: drawn == 0), kind=NUMBERS, which=NUMBERS)
    def step(self, is_refused: bool, kind: int, which: int) -> None:
        found: dict[str, list[Request]] = {}
        for request in self.requests():
            if bool(request.why_not) == is_refused:
                found.setdefault(request.kind, []).append(request)
        kinds = [kind for kind in sorted(found) for _ in range(1 if any(word in kind for word in BACK) else 3)]
        of_kind = found[kinds[kind % len(kinds)]]
        self.run_request(of_kind[which % len(of_kind)])

    def requests(self) -> list[Request]:
        """All that anybody may think of."""
        made: list[Request] = []
        for user in sorted(ROLES):
            made += [self.save_caption(user), self.withdraw_caption(user)]
            made += [self.submit_caption(user)] if self.caption.words else []
            made += [self.reopen_caption(user), self.undo_caption(user)]
            made += [self.add_question(user)] if len(self.items) < MOST_QUESTIONS else []
            made += [self.judge_caption(user, verdict) for verdict in VERDICTS]
            made += [self.settle_caption(user, outcome) for outcome in VERDICTS]
            made += [self.submit_questions(user), self.withdraw_questions(user)]
            made += [self.answer_question(user, hits) for hits in (True, False)]
            for name in sorted(self.items):
                made += [self.save_question(user, name), self.drop_question(user, name)]
                made += [self.undo_question(user, name), self.reopen_question(user, name)]
                made += [self.confirm_question(user, name), self.settle_question(user, name, "drop")]
                made += [self.judge_question(user, name, verdict) for verdict in VERDICTS]
                made += [self.settle_question(user, name, outcome) for outcome in VERDICTS]
        return made

    # The caption

    def save_caption(self, user: str) -> Request:
        text = f"There is one person in the video, a bald man. He jumps {self.sent} times."
        why_not = [] if self.caption.state in ("waiting", "editing") else [409]
        body: dict[str, Any] = {"text": text, "people": []}

        def effect() -> None:
            self.caption.write(user, text)
            if self.caption.state == "waiting":
                self.caption.move("editing", user, "edit")
            self.holder = self.holder or user

        return Request(why_not, effect, user, "api_caption_revisions", self.clip.clip_id, body, seen=self.caption.head)

    def submit_caption(self, user: str) -> Request:
        text = self.caption.words[-1] if self.caption.words else ""
        why_not = [] if self.caption.state == "editing" else [409]
        why_not += [409] if self.holder not in (None, user) else []
        body: dict[str, Any] = {"text": text, "people": []}

        def effect() -> None:
            self.caption.move("in_review", user, "submit")
            self.holder = None

        return Request(why_not, effect, user, "api_caption_submit", self.clip.clip_id, body, seen=self.caption.head)

    def withdraw_caption(self, user: str) -> Request:
        why_not = [] if self.caption.state == "in_review" else [409]
        said = {"verb": "withdraw"}

        def effect() -> None:
            self.caption.move("editing", user, "withdraw")
            self.holder = user

        return Request(why_not, effect, user, "api_caption_recall", self.clip.clip_id, said, seen=self.caption.head)

    def reopen_caption(self, user: str) -> Request:
        why_not = [403] if user not in ADJUDICATORS else []
        why_not += [409] if self.caption.state != "approved" else []
        said = {"verb": "reopen", "reason": "look again"}

        def effect() -> None:
            self.caption.move("editing", user, "reopen")

        return Request(why_not, effect, user, "api_caption_recall", self.clip.clip_id, said, seen=self.caption.head)

    def judge_caption(self, user: str, verdict: str) -> Request:
        model, needed = self.caption, self.project.reviews_per_caption
        why_not = self.why_no_verdict(model, user, verdict, needed=needed)
        text = f"There is one person in the video, a bald man. He jumps {self.sent} times."
        words: dict[str, Any] = {"text": text, "people": []}
        said = words if verdict == "fix" else RETURN if verdict == "return" else {}
        body = {"verdict": verdict, **said}

        def effect() -> None:
            model.decide(user, verdict, needed=needed, words=text)

        return Request(why_not, effect, user, "api_caption_verdict", self.clip.clip_id, body, seen=model.head)

    def undo_caption(self, user: str) -> Request:
        why_not = [403] if user not in REVIEWERS else []
        why_not += [] if self.caption.may_undo(user) else [409]
        body = {"verdict": "undo"}

        def effect() -> None:
            self.caption.take_back(user)
            self.holder = None

        return Request(why_not, effect, user, "api_caption_verdict", self.clip.clip_id, body, seen=self.caption.head)

    def settle_caption(self, user: str, outcome: str) -> Request:
        model = self.caption
        text = f"There is one person in the video, a bald man. He jumps {self.sent} times."
        said = {"outcome": outcome, **RETURN} | ({"text": text, "people": []} if outcome == "fix" else {})
        why_not = self.why_not_settled(model, user, sides={one.user for one in model.on_head})

        def effect() -> None:
            model.settle(user, outcome, words=text)

        return Request(why_not, effect, user, "api_caption_settle", self.clip.clip_id, said, seen=model.head)

    # Its questions

    def add_question(self, user: str) -> Request:
        why_not = [] if self.caption.state == "approved" else [409]
        content = self.question()
        body = {"category": "count", "content": content}

        def effect() -> None:
            model = Model("editing", [content], [user])
            model.mover, model.moves = (user, "edit"), 1
            self.keep_or_take(user, "edit")
            self.items[f"{self.clip.clip_id}-count-{len(self.items) + 1}"] = model

        return Request(why_not, effect, user, "api_questions", self.clip.clip_id, body)

    def save_question(self, user: str, name: str) -> Request:
        model = self.items[name]
        why_not = self.unless_caption() + ([] if model.state == "editing" else [409])
        content = self.question()

        def effect() -> None:
            model.write(user, content)
            self.keep_or_take(user, "edit")

        return Request(why_not, effect, user, "api_question_revisions", name, {"content": content}, seen=model.head)

    def drop_question(self, user: str, name: str) -> Request:
        model = self.items[name]
        why_not = self.unless_caption() + ([] if model.state == "editing" else [409])
        body = {"reason": "Cannot be seen."}

        def effect() -> None:
            model.move("dropped", user, "drop")
            if self.desk and self.desk[0] == user and not self.open_items():
                self.desk = None

        return Request(why_not, effect, user, "api_question_drop", name, body, seen=model.head)

    def submit_questions(self, user: str) -> Request:
        opened = {name: model for name, model in self.items.items() if model.state == "editing"}
        why_not = self.unless_caption() + ([] if opened else [409])
        why_not += [400] if any(model.settled_at == model.head for model in opened.values()) else []
        why_not += [409] if self.desk and self.desk[0] != user else []
        seen = {name: f'"{model.head}-0"' for name, model in opened.items()}

        def effect() -> None:
            for model in opened.values():
                model.move("in_review", user, "submit")
            self.desk = None

        return Request(why_not, effect, user, "api_questions_submit", self.clip.clip_id, {"seen": seen})

    def withdraw_questions(self, user: str) -> Request:
        taken = [model for model in self.items.values() if model.state == "in_review"]
        why_not = self.unless_caption() + ([] if taken else [409])

        def effect() -> None:
            for model in taken:
                model.move("editing", user, "withdraw")
            self.desk = (user, "edit")

        return Request(why_not, effect, user, "api_questions_withdraw", self.clip.clip_id, {})

    def answer_question(self, user: str, hits: bool) -> Request:
        waiting = self.waiting_for(user)
        why_not = self.unless_caption() + ([] if user in REVIEWERS else [403])
        if not waiting:
            in_review = [model for model in self.items.values() if model.state == "in_review"]
            own = [model for model in in_review if user in model.own_to]
            why_not += [403] if in_review and len(own) == len(in_review) else [409]
        name = waiting[0] if waiting else "nothing"
        model = self.items.get(name, Model("none"))
        key = model.words[-1]["key"] if model.words else "o1"
        said = {"question_id": name, "choice": key if hits else "cannot_tell"}

        def effect() -> None:
            model.answers.setdefault(model.head, {})[user] = hits
            if self.misses(model) > 1:
                model.move("disputed", user, "dispute")
                self.clear_after_dispute()
            if self.may_judge_any(user):
                self.keep_or_take(user, "review")
            elif self.desk and self.desk[0] == user:
                self.desk = None

        return Request(why_not, effect, user, "api_question_answer", self.clip.clip_id, said, seen=model.head)

    def judge_question(self, user: str, name: str, verdict: str) -> Request:
        model = self.items[name]
        needed = self.needed(model)
        why_not = self.unless_caption() + self.why_no_verdict(model, user, verdict, needed=needed)
        if user not in model.answers.get(model.head, {}) or self.waiting_for(user):
            why_not.append(409)
        if self.desk and self.desk[0] != user and self.desk[1] == "review":
            why_not.append(409)
        content = {**self.question(), "key": model.words[-1]["key"]}
        said = {"content": content} if verdict == "fix" else RETURN if verdict == "return" else {}

        def effect() -> None:
            model.decide(user, verdict, needed=needed, words=content)
            self.note_acceptance(model)
            if model.state == "disputed":
                self.clear_after_dispute()
            if self.desk and self.desk[0] != user:
                return
            self.desk = (user, "review") if self.may_judge_any(user) else None

        return Request(
            why_not, effect, user, "api_question_verdict", name, {"verdict": verdict, **said}, seen=model.head
        )

    def undo_question(self, user: str, name: str) -> Request:
        model = self.items[name]
        why_not = [403] if user not in REVIEWERS else []
        why_not += [] if model.may_undo(user) else [409]

        def effect() -> None:
            model.take_back(user)
            if not self.open_items():
                self.desk = None
            if self.may_judge_any(user):
                self.keep_or_take(user, "review")

        return Request(why_not, effect, user, "api_question_verdict", name, {"verdict": "undo"}, seen=model.head)

    def settle_question(self, user: str, name: str, outcome: str) -> Request:
        model = self.items[name]
        content = {**self.question(), "key": "o2"}
        said = {"outcome": outcome, **RETURN} | ({"content": content} if outcome == "fix" else {})
        sides = {one.user for one in model.on_head} | set(model.answers.get(model.head, {}))
        why_not = self.why_not_settled(model, user, sides=sides)
        if outcome in ("approve", "fix"):
            why_not += self.unless_caption()

        def effect() -> None:
            model.settle(user, outcome, words=content)
            self.note_acceptance(model)

        return Request(why_not, effect, user, "api_question_settle", name, said, seen=model.head)

    def reopen_question(self, user: str, name: str) -> Request:
        model = self.items[name]
        why_not = self.unless_caption() + ([] if user in ADJUDICATORS else [403])
        why_not += [] if model.state == "approved" else [409]

        def effect() -> None:
            model.move("editing", user, "reopen")

        return Request(why_not, effect, user, "api_question_reopen", name, {"reason": "look again"}, seen=model.head)

    def confirm_question(self, user: str, name: str) -> Request:
        model = self.items[name]
        why_not = self.unless_caption() + ([] if user in REVIEWERS else [403])
        why_not += [403] if user == model.authors[-1] else []
        is_stale = self.caption.approved and model.judged_against != self.caption.approved[-1]
        why_not += [] if model.state == "approved" and is_stale else [409]

        def effect() -> None:
            model.move("approved", user, "confirm")
            model.judged_against = self.caption.approved[-1]

        return Request(why_not, effect, user, "api_question_verdict", name, {"verdict": "confirm"}, seen=model.head)

    # What the model knows

    def question(self) -> dict[str, Any]:
        text = f"How many times does the bald man jump in leap {self.sent}?"
        return {"question": text, "options": OPTIONS, "key": "o1", "evidence": []}

    def unless_caption(self) -> list[int]:
        return [] if self.caption.state == "approved" else [409]

    def why_no_verdict(self, model: Model, user: str, verdict: str, *, needed: int) -> list[int]:
        why_not = [] if user in REVIEWERS else [403]
        why_not += [] if model.state == "in_review" else [409]
        why_not += [403] if user in model.own_to else []
        why_not += [409] if any(one.user == user for one in model.on_head) else []
        verdicts = [one.verdict for one in model.on_head]
        if verdict == "fix" and outcome_of([*verdicts, "fix"], needed=needed) != Outcome.APPROVE:
            why_not.append(409)
        return why_not

    def why_not_settled(self, model: Model, user: str, *, sides: set[str]) -> list[int]:
        why_not = [] if user in ADJUDICATORS else [403]
        why_not += [] if model.state == "disputed" else [409]
        why_not += [403] if user in model.own_to else []
        return why_not + ([409] if user in sides else [])

    def waiting_for(self, user: str) -> list[str]:
        return [
            name
            for name, model in sorted(self.items.items())
            if model.state == "in_review" and user not in model.own_to and user not in model.answers.get(model.head, {})
        ]

    def keep_or_take(self, user: str, work: str) -> None:
        if self.desk is None or self.desk[0] == user:
            self.desk = (user, work)

    def may_judge_any(self, user: str) -> bool:
        return any(
            model.state == "in_review" and user not in model.own_to and user not in [one.user for one in model.on_head]
            for model in self.items.values()
        )

    def clear_after_dispute(self) -> None:
        in_review = any(model.state == "in_review" for model in self.items.values())
        if self.desk and self.desk[1] == "review" and not in_review:
            self.desk = None

    def open_items(self) -> int:
        return sum(model.state == "editing" for model in self.items.values())

    def misses(self, model: Model) -> int:
        return list(model.answers.get(model.head, {}).values()).count(False)

    def needed(self, model: Model) -> int:
        return people_needed(wanted=self.project.blind_answers_per_question, misses=self.misses(model))

    def note_acceptance(self, model: Model) -> None:
        if model.state == "approved":
            model.judged_against = self.caption.approved[-1]


RETURN: dict[str, Any] = {"reason": "He jumps once more.", "reason_code": "other"}


class TwoJudge(Workflow):
    asked = 2


def run_histories(machine: type[Workflow]) -> None:
    """150 of 60 steps each. No step depends on how fast the machine is, if a verdict can be taken back for an hour."""
    said = settings(
        max_examples=150,
        stateful_step_count=60,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        print_blob=True,
    )
    run_state_machine_as_test(machine, settings=said)
