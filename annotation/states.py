"""States and the moves between them, as data. `workflow.move` is the only code that writes a state."""

from django.db import models


class State(models.TextChoices):
    """Of a caption and of a question."""

    WAITING = "waiting", "Waiting"  # no draft yet
    DRAFTED = "drafted", "Drafted"  # the model wrote it; nobody has looked
    EDITING = "editing", "Editing"
    IN_REVIEW = "in_review", "In review"
    DISPUTED = "disputed", "Disputed"  # reviewers disagree: wait for adjudication
    APPROVED = "approved", "Approved"
    DROPPED = "dropped", "Dropped"


class ClipStatus(models.TextChoices):
    ACTIVE = "active", "Active"
    EXCLUDED = "excluded", "Excluded"
    WITHDRAWN = "withdrawn", "Withdrawn"  # for good: somebody in it objected; its files are gone


class Screened(models.TextChoices):
    """Of a raw video and of its scenes."""

    KEPT = "kept", "Kept"
    DROPPED = "dropped", "Dropped"


NEW = ""
"""Where an object comes from when its first event is written."""

Moves = dict[tuple[str, str], tuple[str, ...]]
"""(from, verb) -> where the verb may lead; more than one place means the caller says which."""

CAPTION_MOVES: Moves = {
    (NEW, "import"): (State.WAITING, State.DRAFTED),
    (State.WAITING, "draft"): (State.DRAFTED,),
    (State.WAITING, "edit"): (State.EDITING,),
    (State.DRAFTED, "edit"): (State.EDITING,),
    (State.EDITING, "submit"): (State.IN_REVIEW,),
    (State.IN_REVIEW, "withdraw"): (State.EDITING,),
    (State.IN_REVIEW, "return"): (State.EDITING,),
    (State.IN_REVIEW, "dispute"): (State.DISPUTED,),
    (State.IN_REVIEW, "approve"): (State.APPROVED,),
    (State.DISPUTED, "settle"): (State.APPROVED, State.EDITING),
    (State.APPROVED, "reopen"): (State.EDITING,),
    **{(state, "undo"): (State.IN_REVIEW,) for state in (State.APPROVED, State.EDITING, State.DISPUTED)},
}

QA_MOVES: Moves = {
    (NEW, "import"): (State.DRAFTED,),
    (NEW, "draft"): (State.DRAFTED,),
    (NEW, "edit"): (State.EDITING,),
    (State.DRAFTED, "edit"): (State.EDITING,),
    (State.EDITING, "submit"): (State.IN_REVIEW,),
    (State.IN_REVIEW, "withdraw"): (State.EDITING,),
    (State.IN_REVIEW, "return"): (State.EDITING,),
    (State.IN_REVIEW, "dispute"): (State.DISPUTED,),
    (State.IN_REVIEW, "approve"): (State.APPROVED,),
    (State.DISPUTED, "settle"): (State.APPROVED, State.EDITING, State.DROPPED),
    (State.APPROVED, "reopen"): (State.EDITING,),
    (State.APPROVED, "confirm"): (State.APPROVED,),  # still right by the caption's newer revision
    **{(state, "undo"): (State.IN_REVIEW,) for state in (State.APPROVED, State.EDITING, State.DISPUTED)},
    **{(state, "drop"): (State.DROPPED,) for state in (State.DRAFTED, State.EDITING, State.IN_REVIEW, State.DISPUTED)},
}

CLIP_MOVES: Moves = {
    (NEW, "import"): (ClipStatus.ACTIVE,),
    (ClipStatus.ACTIVE, "exclude"): (ClipStatus.EXCLUDED,),
    (ClipStatus.EXCLUDED, "restore"): (ClipStatus.ACTIVE,),
    (ClipStatus.ACTIVE, "withdraw"): (ClipStatus.WITHDRAWN,),
    (ClipStatus.EXCLUDED, "withdraw"): (ClipStatus.WITHDRAWN,),
    (ClipStatus.WITHDRAWN, "erase"): (ClipStatus.WITHDRAWN,),
}

SCREENING_MOVES: Moves = {
    (NEW, "screen"): (Screened.KEPT, Screened.DROPPED),
    # Also from dropped to dropped: another stage drops it now.
    **{(state, "screen"): (Screened.KEPT, Screened.DROPPED) for state in Screened},
    **{(state, "keep"): (Screened.KEPT,) for state in Screened},
    **{(state, "drop"): (Screened.DROPPED,) for state in Screened},
}

EDITABLE = (State.WAITING, State.DRAFTED, State.EDITING)
"""States in which people may write words."""
