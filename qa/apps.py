from pathlib import Path

from django.apps import AppConfig


class QAConfig(AppConfig):
    name = "qa"

    def ready(self) -> None:
        from annotation.drafting.kinds import register
        from annotation.prompt_files import register_folder
        from annotation.services.ledger import register_item
        from qa.services.drafted_items import QuestionKind
        from qa.services.ledger import approved_questions

        register("qa", QuestionKind())
        register_item("qa", "Questions", approved_questions)
        register_folder(Path(__file__).parent / "prompts")
