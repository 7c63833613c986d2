"""`parse_answer`: the letter a fair person would credit. The first table was written before the parser."""

import ast
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from qa import answers
from qa.answers import parse_answer

ACTS = ("He sits down", "He jumps", "He waves", "He opens a door")
MEN = ("A woman sings", "A man claps", "A man waves", "A man waves goodbye")
COUNTS = ("2", "3", "4", "5")
NONES = ("He sits down", "He jumps", "He waves", "None of the above")
CHINESE = ("他坐下", "他跳", "他挥手", "他开门")
TEN = ("walks", "runs", "sits", "jumps", "waves", "claps", "kneels", "bows", "falls", "sings")
SECOND = Path(__file__).parent / "corpus" / "replies-second.jsonl"

BARE = [
    ("C", "C"),
    ("c", "C"),
    ("C.", "C"),
    ("C:", "C"),
    ("(C)", "C"),
    ("[C]", "C"),
    ("(c)", "C"),
    ("**C**", "C"),
    ("`C`", "C"),
    ('"C"', "C"),
    ("{C}", "C"),
    ("C)", "C"),
    ("*C*\n", "C"),
    ("Option C", "C"),
    ("option c.", "C"),
    ("C. He waves", "C"),
    ("C - He waves", "C"),
    ("C: He waves.", "C"),
    ("(C) He waves", "C"),
    ("**C. He waves**", "C"),
    ("C\n\nThe man raises his arm, unlike in A.", "C"),
    ("C - the man raises a hand", "C"),
    ("A", "A"),
    ("A.", "A"),
    ("Ｃ", "C"),
    ("Ⓒ", "C"),
    ("\u200bC\u200b", "C"),
    ("\ufeffC\r\n", "C"),
    ("\u00a0C\u00a0", "C"),
    ("👉 C 👈", "C"),
    ("🅱️", "B"),
    ("&quot;C&quot;", "C"),
    ("<b>C</b>", "C"),
    ("С", "C"),
]

CONCLUDED = [
    ("A man waves, so the answer is C", "C"),
    ("so the answer is C", "C"),
    ("Answer: C", "C"),
    ("\\boxed{C}", "C"),
    ("$\\boxed{\\text{C}}$", "C"),
    ("final answer – (c)", "C"),
    ("I'd go with B", "B"),
    ("the correct option is B", "B"),
    ("A could be, B could be. The answer is B.", "B"),
    ("The answer is A.\nLooking again, the answer is C.", "C"),
    ("The answer is A because the man sits.", "A"),
    ("The answer is A man waving, that is, C.", "C"),
    ("Final Answer:\n\nC", "C"),
    ("### Answer\n**C**", "C"),
    ("C is the correct answer.", "C"),
    ("Option C is correct, A is close.", "C"),
    ("First A seems right. Therefore, C.", "C"),
    ("I choose (d) here.", "D"),
    ("My best guess is B.", "B"),
    ("The best match is option D: He opens a door.", "D"),
    ("The answer, having watched all frames, is B.", "B"),
    ("He lifts the arm. It must be C.", "C"),
    ("A is wrong. That leaves B.", "B"),
    ("I cannot be sure, but the answer is C.", "C"),
    ("I can't see it well; I'd guess C", "C"),
    ("Let me look at A, B, C and D.\n\nC", "C"),
    ("A. He sits down: no\nB. He jumps: no\nC. He waves: yes", "C"),
    ("A. He sits down ❌\nB. He jumps ❌\nC. He waves ✅", "C"),
    ("The right choice would be B, since both feet leave the floor.", "B"),
    ("<answer>C</answer>", "C"),
    ("Q: What does he do?\nA: He waves", "C"),
]

NEGATED = [
    ("not A, but C", "C"),
    ("It is not A but C.", "C"),
    ("A is wrong, so it is B.", "B"),
    ("C rather than A", "C"),
    ("I ruled out A, so C.", "C"),
    ("A, B and D can be excluded, so C", "C"),
    ("A. Wait, no, C.", "C"),
    ("The answer is A. Actually, it is B.", "B"),
    ("Answer: A\nCorrection: D", "D"),
    ("C, not A.", "C"),
    ("The answer is C, not B.", "C"),
    ("Instead of A, I would pick D.", "D"),
    ("A and B are incorrect. The man waves: C.", "C"),
    ("Neither A nor B fits; the answer is D.", "D"),
    ("The answer isn't A.", None),
    ("~~A~~ C", "C"),
]

TEXTS = [
    ("He waves", "C"),
    ("he waves.", "C"),
    ("“He waves”", "C"),
    ("HE WAVES!", "C"),
    ("The answer is: He waves", "C"),
    ("The man lifts his arm.\nHe waves.", "C"),
    ("In the clip the correct answer is 'he opens a door'.", "D"),
    ("He  waves", "C"),
    ("He waves (C)", "C"),
    ("B. He waves", None),
    ("B. He waves. So the answer is C.", "C"),
    ("The answer is B: He waves", None),
    ("He sits down or he waves", None),
]

UNDECIDED = [
    ("A or B", None),
    ("either B or C", None),
    ("A and C", None),
    ("A, B", None),
    ("The answer is A or B.", None),
    ("The answer could be either B or C", None),
    ("A/C", None),
    ("(A) and (B)", None),
    ("Both A and C are right.", None),
    ("A, B, C, D", None),
    ("", None),
    (" \n ", None),
    ("I cannot tell", None),
    ("I can't answer", None),
    ("none of the above", None),
    ("The answer is none of the above.", None),
    ("E", None),
    ("Answer: E", None),
    ("A man waves", None),
    ("A man is in the picture", None),
    ("I think a man is there", None),
    ("I", None),
    ("3", None),
    ("Option 3", None),
    ("Answer: 2", None),
    ("I'm sorry, but I can't help with the people in this video.", None),
    ("It could be B. It could be C. I cannot tell.", None),
    ("?", None),
    ("Apple", None),
]

THINKING = [
    ("<think>The answer is A</think>C", "C"),
    ("<thinking>A or B?</thinking>\nAnswer: C", "C"),
    ("<reasoning>B</reasoning>", None),
    ("<think>The answer is C", None),
    ("The answer is A, hmm</think>\n\nC", "C"),
    ("<THINK>\nA\n</THINK>\n\nB", "B"),
    ("&lt;think&gt;A&lt;/think&gt;C", "C"),
]

STRUCTURED = [
    ('{"answer": "C"}', "C"),
    ('```json\n{"answer": "C"}\n```', "C"),
    ('{"reasoning": "A man waves; A or B?", "answer": "C"}', "C"),
    ('{"answer": "C", "explanation": "the answer is not option A"}', "C"),
    ('{"answer": "He waves"}', "C"),
    ('{"answer": null}', None),
    ('{"answer": ["A", "B"]}', None),
    ('{"final_answer": "c"}', "C"),
    ("{'answer': 'C'}", "C"),
]

LANGUAGES = [
    ("答案是C", "C"),
    ("答案：C", "C"),
    ("答案是 Ｃ。", "C"),
    ("我选C", "C"),
    ("Antwort: C", "C"),
    ("Die richtige Antwort ist C.", "C"),
    ("respuesta: C", "C"),
    ("La respuesta correcta es C.", "C"),
    ("réponse C", "C"),
    ("La bonne réponse est (C).", "C"),
    ("resposta C", "C"),
    ("ответ: C", "C"),
    ("Ответ: С", "C"),
    ("Правильный ответ: В", "B"),
    ("答えはCです", "C"),
    ("정답: C", "C"),
    ("В видео мужчина машет", None),
]

OTHER_OPTIONS = [
    (MEN, "A man waves", "C"),
    (MEN, "A man waves goodbye.", "D"),
    (MEN, "A man claps", "B"),
    (MEN, "A. A man waves", None),
    (COUNTS, "3", "B"),
    (COUNTS, "The answer is 4.", "C"),
    (COUNTS, "four", "C"),
    (COUNTS, "C", "C"),
    (COUNTS, "C. 4", "C"),
    (COUNTS, "C. 3", None),
    (NONES, "None of the above", "D"),
    (NONES, "The answer is none of the above.", "D"),
    (CHINESE, "答案是他挥手", "C"),
    (CHINESE, "他挥手。", "C"),
    (TEN, "J", "J"),
    (TEN, "I", "I"),
    (TEN, "I think it is H", "H"),
    (("A. sits", "B. waves"), "waves", "B"),
    (("Yes", "No"), "No", "B"),
    (("Yes", "No"), "C", None),
]

FIRST = [
    (ACTS, reply, letter)
    for table in (BARE, CONCLUDED, NEGATED, TEXTS, UNDECIDED, THINKING, STRUCTURED, LANGUAGES)
    for reply, letter in table
] + OTHER_OPTIONS


@pytest.mark.parametrize(("options", "reply", "letter"), FIRST)
def test_fair_letter_of_first_table(options: tuple[str, ...], reply: str, letter: str | None) -> None:
    assert parse_answer(reply, options) == letter


@pytest.mark.parametrize(
    "row", [json.loads(line) for line in SECOND.read_text().splitlines()], ids=lambda row: row["id"]
)
def test_fair_letter_of_second_table(row: dict[str, Any]) -> None:
    assert parse_answer(row["reply"], row["options"]) == row["letter"]


HOSTILE = [
    "A, ",
    "A or ",
    "answer ",
    "answer: not A is ",
    "<think>",
    "<think></think>",
    "(",
    "he waves ",
    "he he waves waves ",
    "{",
    '{"answer":',
    "~",
    " ",
    "\n",
    "a\n",
    ".",
    "the answer is, ",
    "option A which is ",
    "\u0316\u0301",
    "\ufdfa",
    "&amp;",
    "<a ",
    "wait, no, ",
]


@pytest.mark.fuzz
@pytest.mark.parametrize("piece", HOSTILE)
def test_hostile_reply_of_most_characters_comes_to_an_end(piece: str) -> None:
    """Growth with the square of the length would take hours."""
    reply = (piece * 100_000)[:100_000]
    parse_answer(reply, (piece * 50, reply, "he " * 1000, "he waves he"))
    assert parse_answer(reply.replace("<", "") + "\n\nFinal answer: C", ACTS) == "C"


def test_parser_needs_the_standard_library_alone() -> None:
    tree = ast.parse(Path(answers.__file__).read_text(), feature_version=(3, 9))
    imported = {
        name.split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in ([node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names])
    }
    assert imported <= sys.stdlib_module_names
    assert "__future__" in imported


def test_parser_runs_alone_in_an_empty_folder(tmp_path: Path) -> None:
    alone = tmp_path / "answers.py"
    asked = "\nprint(parse_answer('A man waves, so the answer is C', ['sits', 'jumps', 'waves', 'falls']))\n"
    alone.write_text(Path(answers.__file__).read_text() + asked)
    ran = subprocess.run(
        [sys.executable, "-I", "-S", "-W", "error", alone.name],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert (ran.stdout, ran.stderr) == ("C\n", "")
