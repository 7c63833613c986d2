"""Every route, classified by hand: who may come, with which methods, and what makes its address.

A route that is missing here, or a method that is not, fails tests/doors/test_routes.py: nothing is open by accident.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from django.urls import URLPattern, URLResolver

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


class Kind(Enum):
    PUBLIC = "for everybody"
    ACCOUNT = "for whoever has signed in"
    PROJECT = "for members of the project in the address; for others it is not there"


@dataclass(frozen=True)
class Route:
    kind: Kind
    methods: str
    """Those that it accepts; DRF's views answer OPTIONS as well."""


READ, FORM = "GET HEAD", "GET POST"
API_READ, API_POST, API_PUT = "GET HEAD OPTIONS", "POST OPTIONS", "PUT OPTIONS"

ROUTES: dict[str, Route] = {
    "healthz": Route(Kind.PUBLIC, READ),
    "readyz": Route(Kind.PUBLIC, READ),
    "account_login": Route(Kind.PUBLIC, "GET HEAD POST PUT OPTIONS"),
    "invitation": Route(Kind.PUBLIC, FORM),
    "account_logout": Route(Kind.ACCOUNT, "GET HEAD POST OPTIONS"),
    "account_change_password": Route(Kind.ACCOUNT, "GET HEAD POST PUT OPTIONS"),
    "api_tokens": Route(Kind.ACCOUNT, FORM),
    "api_token_revoke": Route(Kind.ACCOUNT, "POST"),
    "notifications": Route(Kind.ACCOUNT, FORM),
    "notification_open": Route(Kind.ACCOUNT, "POST"),
    "projects": Route(Kind.ACCOUNT, READ),
    "project_new": Route(Kind.ACCOUNT, FORM),
    "api_schema": Route(Kind.ACCOUNT, API_READ),
    "api_projects": Route(Kind.ACCOUNT, API_READ),
    "api_my_keys": Route(Kind.ACCOUNT, API_PUT),
    "project": Route(Kind.PROJECT, READ),
    "people": Route(Kind.PROJECT, FORM),
    "member": Route(Kind.PROJECT, "POST"),
    "project_settings": Route(Kind.PROJECT, FORM),
    "accumulation": Route(Kind.PROJECT, FORM),
    "video_batch_new": Route(Kind.PROJECT, READ),
    "video_batch": Route(Kind.PROJECT, READ),
    "api_video_batches": Route(Kind.PROJECT, API_POST),
    "api_video_uploads": Route(Kind.PROJECT, API_READ),
    "api_video_upload": Route(Kind.PROJECT, "PUT DELETE OPTIONS"),
    "api_video_upload_subtitles": Route(Kind.PROJECT, API_PUT),
    "accumulation_preview": Route(Kind.PROJECT, READ),
    "accumulation_scene": Route(Kind.PROJECT, "POST"),
    "scene_thumbnail": Route(Kind.PROJECT, READ),
    "drafting": Route(Kind.PROJECT, FORM),
    "drafting_breaker": Route(Kind.PROJECT, "POST"),
    "drafting_ledger": Route(Kind.PROJECT, READ),
    "drafting_run": Route(Kind.PROJECT, FORM),
    "drafting_settings": Route(Kind.PROJECT, FORM),
    "prompts": Route(Kind.PROJECT, READ),
    "prompt": Route(Kind.PROJECT, FORM),
    "prompt_choose": Route(Kind.PROJECT, "POST"),
    "prompt_try": Route(Kind.PROJECT, "POST"),
    "clips": Route(Kind.PROJECT, READ),
    "clip_upload": Route(Kind.PROJECT, FORM),
    "clip_withdraw": Route(Kind.PROJECT, FORM),
    "clip_video": Route(Kind.PROJECT, READ),
    "clip_poster": Route(Kind.PROJECT, READ),
    "clip_frame_times": Route(Kind.PROJECT, READ),
    "clip_subtitles": Route(Kind.PROJECT, READ),
    "my_queue": Route(Kind.PROJECT, FORM),
    "clip_flags": Route(Kind.PROJECT, FORM),
    "clip_flag": Route(Kind.PROJECT, "POST"),
    "caption_skip": Route(Kind.PROJECT, "POST"),
    "questions_skip": Route(Kind.PROJECT, "POST"),
    "caption_workspace": Route(Kind.PROJECT, FORM),
    "caption_notes": Route(Kind.PROJECT, "POST"),
    "caption_merge": Route(Kind.PROJECT, FORM),
    "caption_review": Route(Kind.PROJECT, FORM),
    "qa_workspace": Route(Kind.PROJECT, FORM),
    "qa_review": Route(Kind.PROJECT, FORM),
    "question_notes": Route(Kind.PROJECT, "POST"),
    "qa_history": Route(Kind.PROJECT, FORM),
    "qa_merge": Route(Kind.PROJECT, FORM),
    "question_targets": Route(Kind.PROJECT, FORM),
    "review_queue": Route(Kind.PROJECT, READ),
    "caption_adjudication": Route(Kind.PROJECT, FORM),
    "qa_adjudication": Route(Kind.PROJECT, FORM),
    "figures": Route(Kind.PROJECT, READ),
    "person_figures": Route(Kind.PROJECT, READ),
    "statistics": Route(Kind.PROJECT, READ),
    "statistics_file": Route(Kind.PROJECT, READ),
    "evaluation": Route(Kind.PROJECT, FORM),
    "evaluation_file": Route(Kind.PROJECT, READ),
    "gains": Route(Kind.PROJECT, READ),
    "gains_file": Route(Kind.PROJECT, READ),
    "evaluation_run": Route(Kind.PROJECT, READ),
    "evaluation_compare": Route(Kind.PROJECT, READ),
    "caption_comparison": Route(Kind.PROJECT, READ),
    "audits": Route(Kind.PROJECT, FORM),
    "audit": Route(Kind.PROJECT, READ),
    "audit_next": Route(Kind.PROJECT, "POST"),
    "audit_caption": Route(Kind.PROJECT, FORM),
    "leak_lab": Route(Kind.PROJECT, FORM),
    "leak_settings": Route(Kind.PROJECT, FORM),
    "leak_lab_question": Route(Kind.PROJECT, FORM),
    "releases": Route(Kind.PROJECT, FORM),
    "release": Route(Kind.PROJECT, READ),
    "release_file": Route(Kind.PROJECT, READ),
    "release_settings": Route(Kind.PROJECT, FORM),
    "release_changes": Route(Kind.PROJECT, READ),
    "release_exports": Route(Kind.PROJECT, "POST"),
    "export_file": Route(Kind.PROJECT, READ),
    "api_clips": Route(Kind.PROJECT, API_READ),
    "api_caption": Route(Kind.PROJECT, API_READ),
    "api_releases": Route(Kind.PROJECT, "GET HEAD POST OPTIONS"),
    "api_release": Route(Kind.PROJECT, API_READ),
    "api_release_changes": Route(Kind.PROJECT, API_READ),
    "api_release_exports": Route(Kind.PROJECT, "GET HEAD POST OPTIONS"),
    "api_export": Route(Kind.PROJECT, API_READ),
    "api_export_download": Route(Kind.PROJECT, API_READ),
    "api_caption_working_copy": Route(Kind.PROJECT, API_PUT),
    "api_caption_revisions": Route(Kind.PROJECT, API_POST),
    "api_caption_submit": Route(Kind.PROJECT, API_POST),
    "api_caption_restore": Route(Kind.PROJECT, API_POST),
    "api_queue_next": Route(Kind.PROJECT, API_POST),
    "api_queue_prefetch": Route(Kind.PROJECT, API_POST),
    "api_caption_lease": Route(Kind.PROJECT, API_POST),
    "api_caption_skip": Route(Kind.PROJECT, API_POST),
    "api_caption_release": Route(Kind.PROJECT, API_POST),
    "api_clip_flag": Route(Kind.PROJECT, API_POST),
    "api_caption_changes": Route(Kind.PROJECT, API_POST),
    "api_caption_checks": Route(Kind.PROJECT, API_POST),
    "api_caption_verdict": Route(Kind.PROJECT, API_POST),
    "api_caption_settle": Route(Kind.PROJECT, API_POST),
    "api_caption_recall": Route(Kind.PROJECT, API_POST),
    "api_question_verdict": Route(Kind.PROJECT, API_POST),
    "api_question_settle": Route(Kind.PROJECT, API_POST),
    "api_question_reopen": Route(Kind.PROJECT, API_POST),
    "api_question_next": Route(Kind.PROJECT, API_READ),
    "api_question_answer": Route(Kind.PROJECT, API_POST),
    "api_questions_withdraw": Route(Kind.PROJECT, API_POST),
    "api_question_working_copy": Route(Kind.PROJECT, API_PUT),
    "api_question_revisions": Route(Kind.PROJECT, API_POST),
    "api_question_restore": Route(Kind.PROJECT, API_POST),
    "api_question_drop": Route(Kind.PROJECT, API_POST),
    "api_questions": Route(Kind.PROJECT, API_POST),
    "api_questions_submit": Route(Kind.PROJECT, API_POST),
    "api_questions_lease": Route(Kind.PROJECT, API_POST),
    "api_questions_skip": Route(Kind.PROJECT, API_POST),
    "api_questions_release": Route(Kind.PROJECT, API_POST),
}


def walk(patterns: list[URLPattern | URLResolver]) -> Iterator[URLPattern]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from walk(pattern.url_patterns)
        else:
            yield pattern


def unclassified(patterns: list[URLPattern | URLResolver]) -> set[str]:
    """Names, or the addresses of nameless routes, that nobody classified."""
    return {pattern.name or str(pattern.pattern) for pattern in walk(patterns)} - set(ROUTES)
