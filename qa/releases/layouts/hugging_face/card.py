"""The dataset card: README.md of a Hugging Face dataset, from `card.md`. It says only what the release knows."""

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from django.db.models import Count, Func, IntegerField, Sum
from django.db.models.fields.json import KT, KeyTransform
from django.template import Context, Engine

from qa.categories import FACTS, Category
from qa.models import Release, ReleaseKind
from qa.releases.changelog import plain
from qa.releases.citation import bibtex
from qa.releases.frozen import WITHDRAWN
from qa.releases.layouts.hugging_face.parquet import SCHEMAS, features
from qa.releases.splits import Split

TRAIN = "train"
LICENSES = frozenset(
    [
        *("apache-2.0", "cc0-1.0", "mit", "odc-by", "odbl", "pddl"),
        *(
            f"cc-{terms}-{version}"
            for terms in ("by", "by-sa", "by-nc", "by-nd", "by-nc-sa", "by-nc-nd")
            for version in ("2.0", "3.0", "4.0")
        ),
    ]
)
"""Names that the Hub knows; any other is “other” there, and in words in the card."""
_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))


def dataset_card(release: Release) -> str:
    """The card as it is written beside the tables, and shown before it is. Withdrawn clips count as of now."""
    engine = Engine(dirs=[str(Path(__file__).parent)])
    return engine.get_template("card.md").render(Context(_said(release), autoescape=False))


def tables_of(release: Release) -> list[tuple[str, str]]:
    """(configuration, split) of each table that has rows; who reads them refuses empty ones. 2 queries."""
    return _counted(release).tables


def published_split(release: Release, split: str) -> str:
    """As people who load it know it: training data that is not held out is `train`."""
    return TRAIN if release.kind == ReleaseKind.TRAIN and split != Split.HELD_OUT else str(split)


def file_name(config: str, split: str) -> str:
    return f"{config}/{split}-00000-of-00001.parquet"


@dataclass
class _Rows:
    """clips of each licence, status and model that drafted their captions; tables: see tables_of."""

    licenses: Counter[str]
    statuses: Counter[str]
    models: Counter[str]
    tables: list[tuple[str, str]]
    withdrawn: int


def _said(release: Release) -> dict[str, Any]:
    rows, counts = _counted(release), release.counts
    return {
        "release": release,
        "name": plain(release.project.name),
        "pretty_name": _quoted(release.project.name),
        "license": _license_of(rows.licenses),
        "size": next((name for most, name in _SIZES if max(counts["clips"], counts["questions"]) < most), "n>1M"),
        "configs": [
            {"name": name, "features": orjson.dumps(features(schema)).decode(), "splits": splits}
            for name, schema in SCHEMAS.items()
            if (splits := [(split, file_name(name, split)) for config, split in rows.tables if config == name])
        ],
        "categories": [
            (category.label, category.value, counts["by_category"][category.value], plain(FACTS[category].asks_about))
            for category in Category
        ],
        "licenses": [(plain(name) or "not stated", number) for name, number in _in_order(rows.licenses)],
        "models": [(plain(name), number) for name, number in _in_order(rows.models) if name],
        "by_hand": rows.models[""],
        "drafted": rows.statuses["drafted"],
        "withdrawn": rows.withdrawn,
        "held_out": counts.get("held_out", 0),
        "audit": _audit(release.audit),
        "notes": plain(release.notes.strip()),
        "bibtex": bibtex(release).rstrip("\n"),
    }


def _counted(release: Release) -> _Rows:
    """2 queries, whose order of rows does not matter."""
    items = release.items.order_by()
    groups = (
        items.exclude(clip__state=WITHDRAWN)
        .annotate(
            license=KT("content__license"),
            status=KT("content__status"),
            model=KT("content__provenance__draft_model"),
            part=KT("content__split"),
        )
        .values_list("license", "status", "model", "part")
        .annotate(clips=Count("pk"), questions=Sum(_Length(KeyTransform("qa", "content"))))
    )
    licenses, statuses, models = Counter[str](), Counter[str](), Counter[str]()
    tables = Counter[tuple[str, str]]()
    for license_name, status, model, part, clips, questions in groups:
        licenses[license_name or ""] += clips
        statuses[status or ""] += clips
        models[model or ""] += clips
        split = published_split(release, part)
        tables["captions", split] += clips
        tables["qa", split] += questions
    filled = sorted((key for key, number in tables.items() if number), key=_place)
    return _Rows(licenses, statuses, models, filled, withdrawn=items.filter(clip__state=WITHDRAWN).count())


def _place(table: tuple[str, str]) -> tuple[int, bool]:
    """Configurations in their order, what is held out last."""
    config, split = table
    return list(SCHEMAS).index(config), split == Split.HELD_OUT


class _Length(Func):
    function = "jsonb_array_length"
    output_field = IntegerField()


def _license_of(licenses: Counter[str]) -> str:
    names = {re.sub(r"[\s_]+", "-", name.strip().lower()) for name in licenses}
    return names.pop() if len(names) == 1 and names <= LICENSES else "other"


def _in_order(numbers: Counter[str]) -> list[tuple[str, int]]:
    return sorted(numbers.items(), key=lambda one: (-one[1], one[0]))


def _audit(audit: dict[str, Any] | None) -> dict[str, Any] | None:
    if audit is None:
        return None
    errors = ", ".join(f"{plain(kind)} {number}" for kind, number in sorted(audit["errors"].items()))
    low, high = audit["interval"]
    return {**audit, "low": low, "high": high, "errors": errors}


def _quoted(text: str) -> str:
    """JSON, which YAML reads."""
    return orjson.dumps(text).decode()
