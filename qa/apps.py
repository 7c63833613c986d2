from pathlib import Path

from django.apps import AppConfig


class QAConfig(AppConfig):
    name = "qa"

    def ready(self) -> None:
        from annotation.drafting.kinds import register
        from annotation.prompt_files import register_folder
        from annotation.services import units
        from annotation.services.comments import register_seal_of_notes
        from annotation.services.ledger import register_item
        from annotation.services.outbox import register_sweep
        from annotation.services.seals import register_seal, register_sealed_clips
        from annotation.services.stuck import register_stuck
        from qa.services.answering_kinds import ANSWER, DESCRIBE, AnswerKind, DescribeKind
        from qa.services.blind import is_sealed
        from qa.services.drafted_items import QuestionKind
        from qa.services.evaluation import sweep_put
        from qa.services.exports import sweep_exports
        from qa.services.leak_lab import sweep_leaks
        from qa.services.ledger import approved_questions
        from qa.services.probe_kind import ProbeKind
        from qa.services.probes import PROBE, sweep_probes
        from qa.services.queue import QUESTIONS
        from qa.services.run_figures import sweep_figures
        from qa.services.seals import clips_to_answer, hides_notes
        from qa.services.statistics import sweep_statistics
        from qa.services.stuck import stuck_questions

        register("qa", QuestionKind())
        register(ANSWER, AnswerKind())
        register(DESCRIBE, DescribeKind())
        register(PROBE, ProbeKind())
        register_item("qa", "Questions", approved_questions)
        units.register(QUESTIONS)
        register_sweep(sweep_exports)
        register_sweep(sweep_statistics)
        register_sweep(sweep_put)
        register_sweep(sweep_figures)
        register_sweep(sweep_leaks)
        register_sweep(sweep_probes)
        register_stuck(stuck_questions)
        register_seal(is_sealed)
        register_sealed_clips(clips_to_answer)
        register_seal_of_notes(hides_notes)
        register_folder(Path(__file__).parent / "prompts")
        register_folder(Path(__file__).parent / "evaluation" / "prompts")
