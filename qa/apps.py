from pathlib import Path

from django.apps import AppConfig


class QAConfig(AppConfig):
    name = "qa"

    def ready(self) -> None:
        from annotation.drafting.kinds import register
        from annotation.prompt_files import register_folder
        from qa.services.drafted_items import QuestionKind

        register("qa", QuestionKind())
        register_folder(Path(__file__).parent / "prompts")
