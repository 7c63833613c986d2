"""Tables whose rows are written once. A trigger refuses to change them; the app role may not even try."""

import pgtrigger
from django.apps import apps
from django.db import models

_REFUSE = "RAISE EXCEPTION '% on %: its rows are append-only', TG_OP, TG_TABLE_NAME;"


def append_only_triggers() -> list[pgtrigger.Trigger]:
    """UPDATE, DELETE and TRUNCATE are refused, whoever asks."""
    return [
        pgtrigger.Trigger(
            name="append_only",
            when=pgtrigger.Before,
            operation=pgtrigger.Update | pgtrigger.Delete,
            func=_REFUSE,
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
