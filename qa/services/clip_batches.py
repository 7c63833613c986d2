"""Clips of a manifest whose rows are written together: in one transaction, or one by one where that fails.

Their files are stored by then. Of a clip whose rows cannot be written, files that nothing else uses are taken back.
"""

import logging
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from django.core.files.storage import default_storage
from django.db import DatabaseError, DataError, IntegrityError
from django.db.models import Q

from annotation.copied_rows import copy_rows
from annotation.errors import BadInput
from annotation.file_locks import storing_files
from annotation.models import Clip, Project, User
from annotation.services.clips import NewClip, add_rows, find_same, take_back
from annotation.services.drafts import new_draft
from annotation.states import NEW
from annotation.stored_files import answering
from annotation.transactions import in_transaction
from annotation.workflow import database_now, move_unstored
from qa.models import QAItem
from qa.services.manifest import DraftedQuestion

logger = logging.getLogger(__name__)

BATCH_LINES = 500
BATCH_SECONDS = 0.5
"""Rows wait so long for others at most: whoever is killed leaves few files without rows."""


@dataclass(frozen=True)
class LineOutcome:
    """What became of a line. `noticed` is about the manifest as a whole.

    reason: why the line was refused. warnings: what was noticed about a line that is fine.
    """

    number: int
    result: Literal["new", "existing", "refused", "noticed"]
    clip_id: str = ""
    reason: str = ""
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Ready:
    """A line whose files are stored. stored: the names of those that were not there before.

    model, questions: what a model drafted of the clip's questions.
    """

    number: int
    clip: NewClip
    stored: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    model: str = ""
    questions: Sequence[DraftedQuestion] = ()


@dataclass
class Batch:
    """Lines in their order: those whose rows wait, and the outcomes between them."""

    project: Project
    actor: User | None
    _lines: list[Ready | LineOutcome] = field(default_factory=list)
    _ids: set[str] = field(default_factory=set)
    _began: float = 0

    def begin_line(self) -> None:
        """What a line's video takes counts as waiting: where that is slow, no clip waits for the next."""
        if not self._lines:
            self._began = time.monotonic()

    def add(self, line: Ready | LineOutcome) -> None:
        self._lines.append(line)
        if isinstance(line, Ready):
            self._ids.add(line.clip.clip_id)

    def holds(self, clip_id: str) -> bool:
        return clip_id in self._ids

    @property
    def is_due(self) -> bool:
        return len(self._lines) >= BATCH_LINES or time.monotonic() - self._began >= BATCH_SECONDS

    def write(self) -> list[LineOutcome]:
        """The outcomes of all lines, in order. Afterwards the batch is empty, whatever happens."""
        lines, self._lines, self._ids = self._lines, [], set()
        ready = [line for line in lines if isinstance(line, Ready)]
        try:
            with storing_files():
                gone = {line.number: _as_gone(line) for line in ready if not _has_its_files(line)}
                written = self._written([line for line in ready if line.number not in gone]) | gone
        except BaseException:
            _take_back_unused(ready)
            raise
        _take_back_unused(line for line in ready if written[line.number].result != "new")
        return [written[line.number] if isinstance(line, Ready) else line for line in lines]

    def give_up(self) -> None:
        """Take back the files of what was never written."""
        ready = [line for line in self._lines if isinstance(line, Ready)]
        self._lines, self._ids = [], set()
        _take_back_unused(ready)

    def _written(self, ready: list[Ready]) -> dict[int, LineOutcome]:
        """By line number."""
        if not ready:
            return {}
        try:
            write_rows(ready, project=self.project, actor=self.actor)
        except (DataError, IntegrityError):
            return {line.number: self._written_alone(line) for line in ready}
        return {line.number: _as_new(line) for line in ready}

    def _written_alone(self, line: Ready) -> LineOutcome:
        clip = line.clip
        try:
            write_rows([line], project=self.project, actor=self.actor)
        except (DataError, IntegrityError) as error:
            try:
                # Somebody else may have brought the same clip a moment ago.
                if find_same(self.project, clip.clip_id, original_sha256=clip.prepared.original_sha256) is not None:
                    return LineOutcome(line.number, "existing", clip.clip_id, warnings=line.warnings)
            except BadInput as refusal:
                return LineOutcome(line.number, "refused", clip.clip_id, refusal.message)
            reason = f"the database does not take it: {str(error).splitlines()[0]}"
            return LineOutcome(line.number, "refused", clip.clip_id, reason)
        return _as_new(line)


def _has_its_files(line: Ready) -> bool:
    """A clip with the same bytes may have been withdrawn while the rows waited, and its files removed with it."""
    with answering():
        return all(default_storage.exists(name) for name in line.clip.names.values())


def _as_gone(line: Ready) -> LineOutcome:
    reason = "its files were removed with a withdrawn clip of the same bytes: import it again if it may stay"
    return LineOutcome(line.number, "refused", line.clip.clip_id, reason)


def _as_new(line: Ready) -> LineOutcome:
    return LineOutcome(line.number, "new", line.clip.clip_id, warnings=line.warnings)


@in_transaction
def write_rows(lines: Sequence[Ready], *, project: Project, actor: User | None) -> None:
    """Clips, captions, drafts, questions and their events. Raises DataError, IntegrityError."""
    made = add_rows([line.clip for line in lines], project=project, actor=actor)
    now = database_now()
    asked = [
        (clip, line.model, question) for clip, line in zip(made, lines, strict=True) for question in line.questions
    ]
    drafts = [
        new_draft(clip=clip, kind=f"qa:{question.category}", model=model, payload=question.payload, at=now)
        for clip, model, question in asked
    ]
    copy_rows(drafts)
    numbers: Counter[tuple[int, str]] = Counter()
    items: list[QAItem] = []
    for (clip, _, question), draft in zip(asked, drafts, strict=True):
        numbers[clip.pk, question.category] += 1
        number = numbers[clip.pk, question.category]
        question_id = f"{clip.clip_id}-{question.category}-{number}"
        items.append(
            QAItem(
                clip=clip,
                category=question.category,
                number=number,
                question_id=question_id,
                state=NEW,
                draft=draft,
            )
        )
    events = [move_unstored(item, "import", actor=None, at=now) for item in items]
    copy_rows(items)
    copy_rows(events)


def _take_back_unused(lines: Iterable[Ready]) -> None:
    """Rather a file without a row, which `manage fsck` lists, than a row without its file."""
    names = {name for line in lines for name in line.stored}
    if not names:
        return
    try:
        using = Clip.objects.filter(Q(original__in=names) | Q(video__in=names) | Q(poster__in=names))
        used = {name for row in using.values_list("original", "video", "poster") for name in row}
    except DatabaseError:
        logger.warning("%d files stay in the store, perhaps without a row", len(names))
        return
    take_back(sorted(names - used))
