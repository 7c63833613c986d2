from django.urls import path

from qa.views import (
    adjudication,
    audits,
    clips,
    comments,
    exports,
    figures,
    item_history,
    item_merge,
    items,
    notifications,
    projects,
    queue,
    release_changes,
    releases,
    reviews,
    statistics,
    targets,
    withdrawal,
)

_PROJECT = "projects/<slug:slug>/"
_CLIP = f"{_PROJECT}clips/<str:clip_id>/"
_RELEASE = f"{_PROJECT}releases/<str:version>/"
_QUESTION = f"{_PROJECT}questions/<str:question_id>/"

urlpatterns = [
    path("", projects.projects, name="projects"),
    path("notifications/", notifications.notifications, name="notifications"),
    path("notifications/<int:notification_id>/open", notifications.notification_open, name="notification_open"),
    path("projects/new", projects.project_new, name="project_new"),
    path(_PROJECT, projects.project, name="project"),
    path(f"{_PROJECT}clips/", clips.clips, name="clips"),
    path(f"{_PROJECT}clips/upload", clips.clip_upload, name="clip_upload"),
    path(f"{_CLIP}withdraw", withdrawal.clip_withdraw, name="clip_withdraw"),
    path(f"{_CLIP}questions", items.qa_workspace, name="qa_workspace"),
    path(f"{_CLIP}questions/notes", comments.question_notes, name="question_notes"),
    path(f"{_CLIP}questions/skip", queue.skip, name="questions_skip"),
    path(f"{_CLIP}questions/review", reviews.qa_review, name="qa_review"),
    path(f"{_QUESTION}adjudicate", adjudication.qa_adjudication, name="qa_adjudication"),
    path(f"{_QUESTION}history", item_history.qa_history, name="qa_history"),
    path(f"{_QUESTION}merge", item_merge.qa_merge, name="qa_merge"),
    path(f"{_PROJECT}question-targets", targets.question_targets, name="question_targets"),
    path(f"{_PROJECT}review/", projects.review_queue, name="review_queue"),
    path(f"{_PROJECT}figures/", figures.figures, name="figures"),
    path(f"{_PROJECT}figures/<str:username>", figures.person_figures, name="person_figures"),
    path(f"{_PROJECT}statistics/", statistics.statistics, name="statistics"),
    path(f"{_PROJECT}statistics/<str:plot_file>", statistics.statistics_file, name="statistics_file"),
    path(f"{_PROJECT}audits/", audits.audits, name="audits"),
    path(f"{_PROJECT}audits/<int:number>/", audits.audit, name="audit"),
    path(f"{_PROJECT}audits/<int:number>/next", audits.audit_next, name="audit_next"),
    path(f"{_PROJECT}audits/<int:number>/clips/<str:clip_id>", audits.audit_caption, name="audit_caption"),
    path(f"{_PROJECT}releases/", releases.releases, name="releases"),
    path(f"{_PROJECT}releases/settings", releases.release_settings, name="release_settings"),
    path(_RELEASE, releases.release, name="release"),
    path(f"{_RELEASE}changes", release_changes.release_changes, name="release_changes"),
    path(f"{_RELEASE}exports", exports.release_exports, name="release_exports"),
    path(f"{_RELEASE}exports/<uuid:export_uid>", exports.export_file, name="export_file"),
    path(f"{_RELEASE}<str:name>", releases.release_file, name="release_file"),
]
