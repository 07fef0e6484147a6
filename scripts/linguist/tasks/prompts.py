"""Tasks told in natural language: rows in Alpaca's form (Taori et al. 2023), for one model that is asked them all.

A row is a dict: task, id, variant, label (a class's number), and Alpaca's instruction, input (the sequence) and output (the
answer in words), with examples, solved inputs that stand before it as [input, output].
"""

import json

from linguist.files import reading, write_text

TRAINED, HELD_OUT, SWAPPED = "trained", "held-out", "swapped"
VARIANTS = {
    TRAINED: "a phrasing of the instruction that was trained",
    HELD_OUT: "a phrasing that was never trained",
    SWAPPED: "the instruction of another task",
}


def prompt(instruction, sequence="", examples=()):
    """The text that a model is to go on with: Alpaca's headings, without its preamble, solved examples first."""
    solved = [f"### Input:\n{text}\n\n### Response:\n{answer}\n\n" for text, answer in examples]
    asked = f"### Input:\n{sequence}\n\n" if sequence else ""
    return f"### Instruction:\n{instruction}\n\n{''.join(solved)}{asked}### Response:\n"


def write_rows(path, rows):
    """Write rows as JSON lines, whole or not at all."""
    write_text(path, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))


def read_rows(path):
    """Rows of JSON lines, as `write_rows` wrote them."""
    with reading(path) as handle:
        return [json.loads(line) for line in handle]


def phrasings(spec, tasks):
    """{task: {variant: texts that may introduce it}}: its instructions, or for the style "ids" just its number.

    Args: `spec` names the set's tasks and its style, `tasks` maps each to its part of the config (the phrasing held out may
    be left out). A swapped one is that of a task whose
    answers are others; a task that has none is left without.
    """
    found = {}
    for number, name in enumerate(spec["tasks"], 1):
        task = tasks[name]
        if spec["style"] == "ids":
            found[name] = {TRAINED: [f"Task {number}"]}
        else:
            found[name] = {TRAINED: task["phrasings"]} | ({HELD_OUT: [task["held_out"]]} if "held_out" in task else {})
    for name in spec["tasks"]:
        others = [other for other in spec["tasks"] if set(tasks[other]["answers"]).isdisjoint(tasks[name]["answers"])]
        if others:
            found[name][SWAPPED] = [(other, text) for other in others for text in found[other][TRAINED]]
    return found


def begins_with(text, answers):
    """The number of the answer that a text begins with, the longest of several; -1 for none (DNAHLM, section 2.4:
    "promoter AGCC" counts as "promoter")."""
    fitting = [label for label, answer in enumerate(answers) if text.strip().startswith(answer)]
    return max(fitting, key=lambda label: len(answers[label]), default=-1)


def equals(text, answers):
    """The number of the answer that a text is, blanks around it aside; -1 for none."""
    return answers.index(text.strip()) if text.strip() in answers else -1
