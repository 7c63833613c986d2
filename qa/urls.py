from django.urls import path

from qa.views import clips, items, projects, releases, reviews

_PROJECT = "projects/<slug:slug>/"
_CLIP = f"{_PROJECT}clips/<str:clip_id>/"

urlpatterns = [
    path("", projects.projects, name="projects"),
    path("projects/new", projects.project_new, name="project_new"),
    path(_PROJECT, projects.project, name="project"),
    path(f"{_PROJECT}clips/", clips.clips, name="clips"),
    path(f"{_PROJECT}clips/upload", clips.clip_upload, name="clip_upload"),
    path(f"{_CLIP}questions", items.qa_workspace, name="qa_workspace"),
    path(f"{_CLIP}questions/review", reviews.qa_review, name="qa_review"),
    path(f"{_PROJECT}review/", projects.review_queue, name="review_queue"),
    path(f"{_PROJECT}releases/", releases.releases, name="releases"),
    path(f"{_PROJECT}releases/<str:version>/", releases.release, name="release"),
    path(f"{_PROJECT}releases/<str:version>/<str:name>", releases.release_file, name="release_file"),
]
