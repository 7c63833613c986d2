from django.urls import path

from qa.api import items, releases

_QUESTION = "projects/<slug:slug>/questions/<str:question_id>/"
_CLIP = "projects/<slug:slug>/clips/<str:clip_id>/"

urlpatterns = [
    path("projects/<slug:slug>/releases", releases.Releases.as_view(), name="api_releases"),
    path(f"{_QUESTION}working-copy", items.WorkingCopy.as_view(), name="api_question_working_copy"),
    path(f"{_QUESTION}revisions", items.Revisions.as_view(), name="api_question_revisions"),
    path(f"{_QUESTION}drop", items.Drop.as_view(), name="api_question_drop"),
    path(f"{_CLIP}questions", items.Questions.as_view(), name="api_questions"),
    path(f"{_CLIP}questions/submit", items.SubmitUnit.as_view(), name="api_questions_submit"),
]
