from django.urls import path

from qa.api import items, queue, releases, reviews

_RELEASE = "projects/<slug:slug>/releases/<str:version>"
_QUESTION = "projects/<slug:slug>/questions/<str:question_id>/"
_CLIP = "projects/<slug:slug>/clips/<str:clip_id>/"

urlpatterns = [
    path("projects/<slug:slug>/releases", releases.Releases.as_view(), name="api_releases"),
    path(_RELEASE, releases.ReleaseDetail.as_view(), name="api_release"),
    path(f"{_RELEASE}/changes", releases.ReleaseChanges.as_view(), name="api_release_changes"),
    path(f"{_RELEASE}/exports", releases.ReleaseExports.as_view(), name="api_release_exports"),
    path(f"{_RELEASE}/exports/<uuid:export_uid>", releases.ExportDetail.as_view(), name="api_export"),
    path(f"{_RELEASE}/exports/<uuid:export_uid>/zip", releases.ExportDownload.as_view(), name="api_export_download"),
    path(f"{_QUESTION}working-copy", items.WorkingCopy.as_view(), name="api_question_working_copy"),
    path(f"{_QUESTION}revisions", items.Revisions.as_view(), name="api_question_revisions"),
    path(f"{_QUESTION}restore", items.Restore.as_view(), name="api_question_restore"),
    path(f"{_QUESTION}drop", items.Drop.as_view(), name="api_question_drop"),
    path(f"{_QUESTION}verdict", reviews.Verdict.as_view(), name="api_question_verdict"),
    path(f"{_QUESTION}settle", reviews.Settle.as_view(), name="api_question_settle"),
    path(f"{_QUESTION}reopen", reviews.Reopen.as_view(), name="api_question_reopen"),
    path(f"{_CLIP}questions/next", reviews.NextQuestion.as_view(), name="api_question_next"),
    path(f"{_CLIP}questions/answer", reviews.Answer.as_view(), name="api_question_answer"),
    path(f"{_CLIP}questions/withdraw", reviews.WithdrawUnit.as_view(), name="api_questions_withdraw"),
    path(f"{_CLIP}questions", items.Questions.as_view(), name="api_questions"),
    path(f"{_CLIP}questions/submit", items.SubmitUnit.as_view(), name="api_questions_submit"),
    path(f"{_CLIP}questions/lease", queue.Lease.as_view(), name="api_questions_lease"),
    path(f"{_CLIP}questions/skip", queue.Skip.as_view(), name="api_questions_skip"),
    path(f"{_CLIP}questions/release", queue.Release.as_view(), name="api_questions_release"),
]
