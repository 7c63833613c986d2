"""What stands in the tables about one clip's caption and questions, in one statement, for after each step."""

import json
from dataclasses import dataclass
from typing import Any

from django.db import connection

from annotation.models import Clip

_OBJECT = """
SELECT json_build_object(
    'name', {name}, 'uid', object.uid::text, 'state', object.state, 'head_number', object.head_number,
    'head_digest', object.head_digest, 'head_author', head.author_id, 'approved_number', approved.number,
    'approved_revision', object.approved_revision_id,
    'event', (SELECT json_build_object('to_state', to_state, 'verb', verb, 'actor', actor_id) FROM annotation_event
        WHERE object_id = object.uid::text ORDER BY id DESC LIMIT 1),
    'reviews', (SELECT coalesce(json_agg(json_build_object('reviewer', reviewer_id, 'judged_author', judged_author_id,
            'final', final_revision_id, 'since', object.submitted_at IS NOT NULL AND review.created_at >
            object.submitted_at AND NOT is_adjudication) ORDER BY review.id), '[]')
        FROM {reviews} AS review WHERE review.{link} = object.id AND verdict <> 'undo'
            AND NOT EXISTS (SELECT FROM {reviews} AS undo WHERE undo.undoes_id = review.id))
) FROM {table} AS object LEFT JOIN {revisions} AS head ON head.id = object.head_id
    LEFT JOIN {revisions} AS approved ON approved.id = object.approved_revision_id
WHERE object.clip_id = %(clip)s ORDER BY object.id"""
_CAPTION = _OBJECT.format(
    name="''",
    table="annotation_caption",
    revisions="annotation_captionrevision",
    reviews="annotation_captionreview",
    link="caption_id",
)
_QUESTIONS = _OBJECT.format(
    name="object.question_id",
    table="qa_qaitem",
    revisions="qa_qarevision",
    reviews="qa_qareview",
    link="item_id",
)
_ALL = f"""
SELECT json_build_object(
    'caption', ({_CAPTION}), 'questions', ARRAY({_QUESTIONS}),
    'counted', (SELECT json_build_array(is_ready, items, open_items, items_in_review) FROM qa_qaset
        WHERE clip_id = %(clip)s),
    'events', (SELECT count(*) FROM annotation_event WHERE project_id = %(project)s),
    'caption_reviews', (SELECT count(*) FROM annotation_captionreview AS review JOIN annotation_caption AS caption
        ON caption.id = review.caption_id WHERE caption.clip_id = %(clip)s),
    'question_reviews', (SELECT count(*) FROM qa_qareview AS review JOIN qa_qaitem AS item ON item.id = review.item_id
        WHERE item.clip_id = %(clip)s),
    'answers', (SELECT count(*) FROM qa_blindanswer AS answer JOIN qa_qaitem AS item ON item.id = answer.item_id
        WHERE item.clip_id = %(clip)s)
)"""


@dataclass(frozen=True)
class Standing:
    """reviews: the judgements that were not taken back; since: whether it was given after the object was handed in."""

    name: str
    uid: str
    state: str
    head_number: int
    head_digest: str
    head_author: int | None
    approved_number: int | None
    approved_revision: int | None
    event: dict[str, Any] | None
    reviews: list[dict[str, Any]]


@dataclass(frozen=True)
class Tables:
    """Equal to another exactly if nothing that a request may change was changed."""

    caption: Standing
    questions: list[Standing]
    counted: list[Any]
    events: int
    caption_reviews: int
    question_reviews: int
    answers: int


def tables_of(clip: Clip) -> Tables:
    with connection.cursor() as cursor:
        cursor.execute(_ALL, {"clip": clip.pk, "project": clip.project_id})
        (found,) = cursor.fetchone()
    said = json.loads(found) if isinstance(found, str) else found
    questions = [Standing(**one) for one in said.pop("questions")]
    return Tables(caption=Standing(**said.pop("caption")), questions=questions, **said)
