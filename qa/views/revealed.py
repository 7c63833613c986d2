"""What the pages of review and of adjudication show of a question: sealed, and after the answer."""

from dataclasses import dataclass, field
from typing import Any

from annotation.views.comments import NotesPanel
from annotation.word_diff import Piece, word_diff
from qa.categories import Category
from qa.content import LETTERS, content_from_draft, words_of
from qa.models import BlindAnswer, QAItem, QAReview
from qa.services.probes_shown import Probed
from qa.views.cards import CardEvidence, chosen_evidence

NO_OPTION = {
    BlindAnswer.CANNOT_TELL: "I cannot tell from the video",
    BlindAnswer.MORE_THAN_ONE: "More than one fits",
}


@dataclass(frozen=True)
class BlindQuestion:
    """All that a reviewer sees of a question before they answer. options: (id, letter, text)."""

    question_id: str
    category: str
    seen_number: int
    question: str
    options: list[tuple[str, str, str]]
    is_missing: bool

    @classmethod
    def of(cls, item: QAItem, *, is_missing: bool) -> "BlindQuestion":
        content = item.head.content if item.head else {}
        options = zip(LETTERS, content["options"], strict=True)
        return cls(
            question_id=item.question_id,
            category=Category(item.category).label,
            seen_number=item.head_number,
            question=content["question"],
            options=[(option["id"], letter, option["text"]) for letter, option in options],
            is_missing=is_missing,
        )


@dataclass(frozen=True)
class RevealedOption:
    id: str
    letter: str
    text: str
    is_key: bool
    is_mine: bool


@dataclass(frozen=True)
class RevealedQuestion:
    """After the answer: the key beside it.

    place: its number, that of its card in the workspace; 0 where it stands alone.
    others: who else answered it blind, and what. verdict: the reviewer's own, where it waits for somebody else's.
    may_fix: no other verdict is asked for. since: what changed since they returned it, if they did.
    probed: what models made of it before anybody got it, while its words are the draft's.
    typed_*: what was sent with a verdict that could not be taken.
    """

    item: QAItem
    content: dict[str, Any]
    choice: str
    others: list[BlindAnswer]
    place: int = 0
    verdict: QAReview | None = None
    may_fix: bool = True
    since: list[Piece] = field(default_factory=list)
    notes: NotesPanel | None = None
    probed: Probed | None = None
    typed_fix: dict[str, Any] | None = None
    typed_reason: str = ""
    typed_code: str = ""
    refusal: str = ""

    @property
    def options(self) -> list[RevealedOption]:
        return [
            RevealedOption(
                option["id"],
                letter,
                option["text"],
                is_key=option["id"] == self.content["key"],
                is_mine=option["id"] == self.choice,
            )
            for letter, option in zip(LETTERS, self.content["options"], strict=True)
        ]

    @property
    def agrees(self) -> bool:
        return bool(self.choice == self.content["key"])

    @property
    def answer(self) -> str:
        """The reviewer's own answer in words."""
        return f"You answered {self._words_of(self.choice)}"

    @property
    def answers_of_others(self) -> list[tuple[str, str, bool]]:
        """(name, answer in words, whether it is the key)."""
        key = self.content["key"]
        return [(one.user.shown_name, self._words_of(one.choice), one.choice == key) for one in self.others]

    def _words_of(self, choice: str) -> str:
        letter = next((option.letter for option in self.options if option.id == choice), None)
        return letter or f"“{NO_OPTION.get(choice, choice)}”"

    @property
    def key_letter(self) -> str:
        return next((option.letter for option in self.options if option.is_key), "none")

    @property
    def fix(self) -> list[RevealedOption]:
        """The options as the fix form shows them."""
        texts = {option["id"]: option["text"] for option in (self.typed_fix or self.content)["options"]}
        return [
            RevealedOption(option.id, option.letter, texts.get(option.id, ""), option.is_key, option.is_mine)
            for option in self.options
        ]

    @property
    def fix_question(self) -> str:
        return str((self.typed_fix or self.content)["question"])

    @property
    def evidence(self) -> list[CardEvidence]:
        return chosen_evidence(self.content)

    @property
    def changes(self) -> list[Piece]:
        """Draft against the final words; nothing where no draft was."""
        if self.item.draft is None:
            return []
        return word_diff(words_of(content_from_draft(self.item.draft.payload)), words_of(self.content))
