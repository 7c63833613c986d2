"""Tables whose rows are written once. A trigger refuses to change them; the app role may not even try.

One door is left, for the words of a withdrawn clip: functions of the owner, made in migrations, that check the clip's
state and put nothing in the place of its words. A setting is on while they run; the trigger asks for it and for the
table's owner, so that the setting is of no use to anybody else.
"""

import pgtrigger
from django.apps import apps
from django.db import models

ERASING = "haic.erasing"
ERASING_FUNCTIONS = ("annotation_erase_clip", "qa_erase_clip", "qa_erase_measured")
"""Of the owner, in the database: called with the row id of a withdrawn clip, each empties some tables."""
_REFUSE = "RAISE EXCEPTION '% on %: its rows are append-only', TG_OP, TG_TABLE_NAME;"
_REFUSE_ALL_BUT_ERASURE = f"""
    IF TG_OP = 'UPDATE' AND current_setting('{ERASING}', TRUE) = 'on'
        AND current_user = (SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = TG_RELID)
    THEN
        RETURN NEW;
    END IF;
    {_REFUSE}
"""  # noqa: S608 - all of it is written above


def append_only_triggers() -> list[pgtrigger.Trigger]:
    """UPDATE, DELETE and TRUNCATE are refused, whoever asks; the erasure of a withdrawn clip's words is not."""
    return [
        pgtrigger.Trigger(
            name="append_only",
            when=pgtrigger.Before,
            operation=pgtrigger.Update | pgtrigger.Delete,
            func=_REFUSE_ALL_BUT_ERASURE,
        ),
        pgtrigger.Trigger(
            name="append_only_truncate",
            level=pgtrigger.Statement,
            when=pgtrigger.Before,
            operation=pgtrigger.Truncate,
            func=_REFUSE,
        ),
    ]


class AppendOnlyModel(models.Model):
    """A row of this table is written once."""

    class Meta:
        abstract = True
        triggers = append_only_triggers()


def append_only_tables() -> set[str]:
    return {model._meta.db_table for model in apps.get_models() if issubclass(model, AppendOnlyModel)}
