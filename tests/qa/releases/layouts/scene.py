"""Releases for layouts: clips that went through the services, and questions whose every word is given."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.db import transaction

from annotation.models import Caption, Project, User
from annotation.services.captions import submit, words_for
from annotation.services.reviews import approve
from qa.categories import Category
from qa.models import Release
from qa.releases.freeze import Filters, write_release
from qa.releases.reading import CaptionFacts, QuestionFacts, Subject, approved_captions
from qa.releases.splits import Splitting
from qa.services.releases import export_release
from tests.factories import ClipFactory, DraftedCaptionFactory

HOSTILE = {
    "quotes": "He says \"stop\", then 'go', then “why”",
    "tabs": "one\ttab and\t\ttwo",
    "newlines": "first line\nsecond line\n\nafter a blank line\n \n\nafter a line of one space",
    "carriage-returns": "windows\r\nline\r\n\r\nend and a lone \r return",
    "arrow": "a --> b",
    "fake-cue": "text\n\n2\n00:00:01.000 --> 00:00:02.000\nfaked",
    "right-to-left": "مرحبا \u202eabc\u202c שלום",
    "chinese": "你好，世界。",
    "emoji": "family 👩‍👩‍👧‍👦 flag 🏳️‍🌈 wave 👋🏽",
    "formula": "=1+1",
    "quoted-formula": "'=1",
    "twice-quoted-formula": "''=1",
    "plus": '+cmd|" /C calc"!A0',
    "minus": "-1",
    "at": "@SUM(A1)",
    "tab-formula": "\t=1",
    "return-formula": "\r=1",
    "newline-formula": "\n=1",
    "full-width-formula": "＝1",
    "script": "<script>alert(1)</script>",
    "cue-tags": "<c.x>class</c> <00:01.000> {\\an8}top",
    "notes": "NOTE no note\n\nSTYLE\n::cue { color: red }",
    "mark": "\ufeffafter a byte order mark",
    "references": "&lt;b&gt; & &amp; &#10;",
    "places": "<image> and <video>",
    "backslashes": "back\\slash \\n \\t",
    "separators": "line\u2028paragraph\u2029next\x85end",
    "nothing": "null",
}


def answered(texts: Mapping[str, str], clip_id: str) -> list[str]:
    """The four options of a clip's question; the first is the key."""
    return [texts[clip_id], *(f"{texts[clip_id]} {letter}" for letter in "bcd")]


def marked(text: str) -> str:
    return f"{text} [00:00.3] {text} [00:01.0] He jumps."


def release_of(project: Project, texts: Mapping[str, str], *, author: User, reviewer: User) -> Release:
    """One clip for each text, by clip_id: in its caption, its people, its question, its options and its evidence."""
    for clip_id, text in texts.items():
        clip = ClipFactory.create(project=project, clip_id=clip_id, license="CC BY 4.0")
        caption = DraftedCaptionFactory(project=project, clip=clip)
        etag = words_for(caption, author).etag
        people = [{"key": "P1", "description": text}]
        critiques = [{"error": "wording", "draft": text, "final": text}]
        notes = {"critiques": critiques}
        submit(caption=caption, user=author, etag=etag, text=marked(text), people=people, notes=notes)
        approve(caption=Caption.objects.get(pk=caption.pk), reviewer=reviewer, seen_number=1)
    facts = (asked(one, texts) for one in approved_captions(project, categories=Category.values))
    return frozen(project, facts)


def frozen(
    project: Project,
    facts: Iterable[CaptionFacts] | None = None,
    *,
    kind: str = "benchmark",
    audit: dict[str, Any] | None = None,
) -> Release:
    """A release of what is approved, or of these facts, whatever the gate would say."""
    found = facts if facts is not None else approved_captions(project, categories=Category.values)
    release = Release(
        project=project,
        version="1.0.0",
        kind=kind,
        audit=audit,
        filters=Filters().as_json(),
        key_positions=[0, 0, 0, 0],
    )
    with transaction.atomic():
        return write_release(release, found, Splitting(project.slug, 0))


def asked(facts: CaptionFacts, texts: Mapping[str, str]) -> CaptionFacts:
    clip_id = facts.clip.clip_id
    content = {
        "question": texts[clip_id],
        "options": [{"id": f"o{n}", "text": text} for n, text in enumerate(answered(texts, clip_id), start=1)],
        "key": "o1",
        "evidence": [{"start_ms": 300, "text": texts[clip_id]}, {"start_ms": None, "text": texts[clip_id]}],
    }
    question = QuestionFacts(
        1, f"{clip_id}-interaction-1", "interaction", 1, content, Subject(final_id=None, final_number=0, draft=None)
    )
    return replace(facts, questions=[question])


def written(release: Release, layout: str, folder: Path) -> Path:
    export_release(release, layout=layout, out=folder / layout)
    return folder / layout
