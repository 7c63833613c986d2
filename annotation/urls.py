from django.urls import path

from annotation.views import captions, drafting, media, people, prompts, reviews, tokens

_PROJECT = "projects/<slug:slug>/"
_CLIP = f"{_PROJECT}clips/<str:clip_id>/"

urlpatterns = [
    path("invitations/<str:token>/", people.invitation, name="invitation"),
    path("accounts/tokens/", tokens.api_tokens, name="api_tokens"),
    path("accounts/tokens/<int:token_id>/revoke", tokens.api_token_revoke, name="api_token_revoke"),
    path(f"{_PROJECT}people/", people.people, name="people"),
    path(f"{_PROJECT}people/change", people.member, name="member"),
    path(f"{_PROJECT}settings/", people.project_settings, name="project_settings"),
    path(f"{_PROJECT}drafting/", drafting.drafting, name="drafting"),
    path(f"{_PROJECT}drafting/breaker", drafting.breaker, name="drafting_breaker"),
    path(f"{_PROJECT}drafting/ledger/", drafting.ledger, name="drafting_ledger"),
    path(f"{_PROJECT}drafting/runs/<int:run_id>/", drafting.run, name="drafting_run"),
    path(f"{_PROJECT}drafting/settings/", drafting.drafting_settings, name="drafting_settings"),
    path(f"{_PROJECT}drafting/prompts/", prompts.prompts, name="prompts"),
    path(f"{_PROJECT}drafting/prompts/<slug:prompt_name>/", prompts.prompt, name="prompt"),
    path(f"{_PROJECT}drafting/prompts/<slug:prompt_name>/choose", prompts.prompt_choose, name="prompt_choose"),
    path(f"{_PROJECT}drafting/prompts/<slug:prompt_name>/try", prompts.prompt_try, name="prompt_try"),
    path(f"{_CLIP}video.mp4", media.clip_video, name="clip_video"),
    path(f"{_CLIP}poster.jpg", media.clip_poster, name="clip_poster"),
    path(f"{_CLIP}subtitles.vtt", media.clip_subtitles, name="clip_subtitles"),
    path(f"{_CLIP}caption", captions.caption_workspace, name="caption_workspace"),
    path(f"{_CLIP}caption/review", reviews.caption_review, name="caption_review"),
]
