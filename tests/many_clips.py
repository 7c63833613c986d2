"""Approved clips by the ten thousand, by SQL alone: each with a drafted and edited caption of 200 words and questions.

For the benches and the tests of scale. Digests and events are not made: what is made here passes no `verify_history`.
"""

import psycopg

_TABLES = ["annotation_clip", "annotation_draft", "annotation_caption", "annotation_captionrevision"]
_TABLES += ["annotation_captionreview", "qa_qaitem", "qa_qarevision", "qa_qareview", "qa_blindanswer"]
FILL = """
INSERT INTO annotation_clip (uid, project_id, clip_id, state, original, original_sha256, original_name, video, sha256,
    poster, subtitles, duration_ms, width, height, fps, frames, has_audio, source, source_id, source_url, license,
    may_redistribute, description, metadata, is_control, created_at)
SELECT gen_random_uuid(), project.id, 'clip-' || lpad(n::text, 7, '0'), 'active', 'o', repeat('0', 64), 'o.mp4',
    'v.mp4', encode(sha256(n::text::bytea), 'hex'), 'p', '', 7000 + n %% 900, 1280, 720, 29.97, 175, false, 'a source',
    'video-' || n / 4, 'https://example.org/' || n, 'CC BY 4.0', %(redistribute)s, '', '{}', false, now()
FROM annotation_project AS project, generate_series(1, %(clips)s) AS n WHERE project.slug = %(slug)s;

INSERT INTO annotation_draft (uid, clip_id, kind, model, prompt_version, place, payload, provenance, created_at, digest)
SELECT gen_random_uuid(), clip.id, 'caption', 'a model', repeat('a', 64), 0,
    jsonb_build_object('caption', 'There are two people in the video, a man in a red coat and a woman with a hat. '
        || (SELECT string_agg('[00:0' || k || '.5] He lifts box ' || (clip.id * 7 + k) %% 991
            || ' with both hands, turns to his left and hands it on to the woman, who puts it down.', ' ' ORDER BY k)
            FROM generate_series(1, 6) AS k),
        'people', '[{"key": "P1", "description": "man in a red coat"}]'::jsonb),
    '{}', now(), repeat('0', 64)
FROM annotation_clip AS clip JOIN annotation_project AS project ON project.id = clip.project_id
WHERE project.slug = %(slug)s;

INSERT INTO annotation_caption (uid, clip_id, project_id, state, head_number, head_digest, draft_id, created_at,
    is_held, priority)
SELECT gen_random_uuid(), clip.id, clip.project_id, 'editing', 1, repeat('0', 64), draft.id, now(), false, 0
FROM annotation_clip AS clip JOIN annotation_project AS project ON project.id = clip.project_id
    JOIN annotation_draft AS draft ON draft.clip_id = clip.id WHERE project.slug = %(slug)s;

INSERT INTO annotation_captionrevision (caption_id, number, author_id, kind, draft_id, created_at, digest, text, people,
    critiques, dismissed, watched)
SELECT caption.id, 1, %(author)s, 'edit', draft.id, now(), repeat('0', 64),
    replace(draft.payload ->> 'caption', 'lifts', 'picks up'),
    '[{"key": "P1", "description": "man in a red coat"}, {"key": "P2", "description": "woman with a hat"}]', '[]',
    '[]', '[]'
FROM annotation_caption AS caption JOIN annotation_draft AS draft ON draft.id = caption.draft_id
    JOIN annotation_project AS project ON project.id = caption.project_id WHERE project.slug = %(slug)s;

UPDATE annotation_caption SET state = 'approved', head_id = revision.id, approved_revision_id = revision.id
FROM annotation_captionrevision AS revision, annotation_project AS project
WHERE revision.caption_id = annotation_caption.id AND project.id = annotation_caption.project_id
    AND project.slug = %(slug)s;

INSERT INTO annotation_captionreview (caption_id, judged_revision_id, final_revision_id, reviewer_id, judged_author_id,
    verdict, reason, reason_code, is_adjudication, created_at, digest)
SELECT caption.id, caption.head_id, caption.head_id, %(reviewer)s, %(author)s, 'approve', '', '', false, now(),
    repeat('0', 64)
FROM annotation_caption AS caption JOIN annotation_project AS project ON project.id = caption.project_id
WHERE project.slug = %(slug)s;

INSERT INTO annotation_draft (uid, clip_id, kind, model, prompt_version, place, payload, provenance, created_at, digest)
SELECT gen_random_uuid(), clip.id, 'qa:' || category, 'a model', repeat('b', 64), 0, jsonb_build_object(
    'question', 'What does the man in the red coat do with box ' || clip.id %% 991 || ' (' || category || ')?',
    'options', jsonb_build_array('He lifts it with both hands', 'He kicks it to the woman', 'He opens it',
        'He sits down on it'), 'answer_index', 0), '{}', now(), repeat('0', 64)
FROM annotation_clip AS clip JOIN annotation_project AS project ON project.id = clip.project_id,
    unnest((ARRAY['interaction', 'action_details', 'action_sequence', 'count', 'attribute'])[1:%(questions)s])
        AS category
WHERE project.slug = %(slug)s;

INSERT INTO qa_qaitem (uid, clip_id, category, number, question_id, state, head_number, head_digest, draft_id,
    caption_revision_id, created_at)
SELECT gen_random_uuid(), clip.id, substr(draft.kind, 4), 1, clip.clip_id || '-' || substr(draft.kind, 4) || '-1',
    'editing', 1, repeat('0', 64), draft.id, caption.head_id, now()
FROM annotation_draft AS draft JOIN annotation_clip AS clip ON clip.id = draft.clip_id
    JOIN annotation_caption AS caption ON caption.clip_id = clip.id
    JOIN annotation_project AS project ON project.id = clip.project_id
WHERE draft.kind LIKE 'qa:%%' AND project.slug = %(slug)s;

INSERT INTO qa_qarevision (item_id, number, author_id, kind, draft_id, created_at, digest, content)
SELECT item.id, 1, %(author)s, 'edit', draft.id, now(), repeat('0', 64), jsonb_build_object(
    'question', replace(draft.payload ->> 'question', 'do with', 'do, near the end, with'),
    'options', jsonb_build_array(
        jsonb_build_object('id', 'o1', 'text', draft.payload -> 'options' ->> 0),
        jsonb_build_object('id', 'o2', 'text', draft.payload -> 'options' ->> 1),
        jsonb_build_object('id', 'o3', 'text', draft.payload -> 'options' ->> 2),
        jsonb_build_object('id', 'o4', 'text', draft.payload -> 'options' ->> 3)),
    'key', 'o1',
    'evidence', '[{"start_ms": 1500, "text": "He picks up the box with both hands."}]'::jsonb)
FROM qa_qaitem AS item JOIN annotation_draft AS draft ON draft.id = item.draft_id
    JOIN annotation_clip AS clip ON clip.id = item.clip_id
    JOIN annotation_project AS project ON project.id = clip.project_id WHERE project.slug = %(slug)s;

UPDATE qa_qaitem SET state = 'approved', head_id = revision.id, approved_revision_id = revision.id
FROM qa_qarevision AS revision, annotation_clip AS clip, annotation_project AS project
WHERE revision.item_id = qa_qaitem.id AND clip.id = qa_qaitem.clip_id AND project.id = clip.project_id
    AND project.slug = %(slug)s;

INSERT INTO qa_qareview (item_id, judged_revision_id, final_revision_id, reviewer_id, judged_author_id, verdict, reason,
    reason_code, is_adjudication, created_at, digest)
SELECT item.id, item.head_id, item.head_id, %(reviewer)s, %(author)s, 'approve', '', '', false, now(), repeat('0', 64)
FROM qa_qaitem AS item JOIN annotation_clip AS clip ON clip.id = item.clip_id
    JOIN annotation_project AS project ON project.id = clip.project_id WHERE project.slug = %(slug)s;

INSERT INTO qa_blindanswer (item_id, revision_id, user_id, choice, had_opened_caption, created_at, digest)
SELECT item.id, item.head_id, %(reviewer)s, CASE WHEN item.id %% 20 = 0 THEN 'o2' ELSE 'o1' END, false, now(),
    repeat('0', 64)
FROM qa_qaitem AS item JOIN annotation_clip AS clip ON clip.id = item.clip_id
    JOIN annotation_project AS project ON project.id = clip.project_id WHERE project.slug = %(slug)s;
"""
QUEUES = """
INSERT INTO qa_qaset (clip_id, project_id, is_ready, items, open_items, items_in_review, priority)
SELECT clip.id, project.id, true, %(questions)s, 0, 0, 0
FROM annotation_clip AS clip JOIN annotation_project AS project ON project.id = clip.project_id
WHERE project.slug = %(slug)s
"""


def add_approved_clips(
    owner_url: str,
    *,
    slug: str,
    clips: int,
    author: int,
    reviewer: int,
    questions: int = 5,
    may_redistribute: bool = False,
) -> None:
    """Fill the project, which has no clips yet. author, reviewer: keys of two members of it."""
    facts = {"slug": slug, "clips": clips, "author": author, "reviewer": reviewer, "questions": questions}
    with psycopg.connect(owner_url, autocommit=False) as database:
        for table in _TABLES:
            database.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        # One at a time: parameters go with a single statement.
        for statement in [*FILL.split(";\n\n"), QUEUES]:
            database.execute(statement.strip().removesuffix(";"), {**facts, "redistribute": may_redistribute})
        database.commit()
        for table in _TABLES:
            database.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
        database.commit()
        database.autocommit = True
        database.execute("VACUUM ANALYZE")
