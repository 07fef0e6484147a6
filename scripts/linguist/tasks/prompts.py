"""Instruction prompts in Alpaca's form (Taori et al. 2023), and how the text of a reply is read.

A row is a dict: task, id, variant (see VARIANTS), label (the class's number), examples (solved inputs that stand before it, as
[input, output]), and Alpaca's instruction, input (the sequence) and output (the answer in words).
"""

import json

from linguist.files import read_lines, reading_result, write_lines

TRAINED, UNSEEN, SWAPPED = "trained", "held-out", "swapped"
VARIANTS = {
    TRAINED: "an instruction wording used in training",
    UNSEEN: "an unseen wording: one that was not used in training",
    SWAPPED: "the instruction of another task",
}


def prompt_text(instruction, sequence="", examples=()):
    """The text that a model continues: Alpaca's headings without its preamble, solved examples before the sequence."""
    solved = [f"### Input:\n{text}\n\n### Response:\n{answer}\n\n" for text, answer in examples]
    asked = f"### Input:\n{sequence}\n\n" if sequence else ""
    return f"### Instruction:\n{instruction}\n\n{''.join(solved)}{asked}### Response:\n"


def write_prompt_rows(path, rows):
    """Write rows as JSON lines, whole or not at all."""
    write_lines(path, (json.dumps(row, ensure_ascii=False) for row in rows))


def read_prompt_rows(path):
    """Rows of JSON lines, as `write_prompt_rows` wrote them. Raises LinguistError if they are damaged."""
    with reading_result(path):
        return [json.loads(line) for line in read_lines(path)]


def wordings_of(spec, tasks):
    """The instruction wordings of an instruction set: {task: {variant: list of texts}}.

    Args: `spec` has the set's tasks and style; with style "ids" the wording is the task's number. `tasks` maps each task to
    its answers and phrasings, and perhaps its held_out. Under SWAPPED the texts are pairs (other task, its wording), only of
    tasks with other answers; a task without such others has no SWAPPED.
    """
    found = {}
    for number, name in enumerate(spec["tasks"], 1):
        task = tasks[name]
        if spec["style"] == "ids":
            found[name] = {TRAINED: [f"Task {number}"]}
        else:
            found[name] = {TRAINED: task["phrasings"]} | ({UNSEEN: [task["held_out"]]} if "held_out" in task else {})
    for name in spec["tasks"]:
        others = [other for other in spec["tasks"] if set(tasks[other]["answers"]).isdisjoint(tasks[name]["answers"])]
        if others:
            found[name][SWAPPED] = [(other, text) for other in others for text in found[other][TRAINED]]
    return found


def match_prefix(text, answers):
    """The number of the answer that a text begins with, the longest if several fit; -1 for none. This is the paper's rule
    (DNAHLM, section 2.4): "promoter AGCC" counts as "promoter"."""
    fitting = [label for label, answer in enumerate(answers) if text.strip().startswith(answer)]
    return max(fitting, key=lambda label: len(answers[label]), default=-1)


def match_exact(text, answers):
    """The number of the answer that equals a text, apart from blanks around it; -1 for none."""
    return answers.index(text.strip()) if text.strip() in answers else -1
