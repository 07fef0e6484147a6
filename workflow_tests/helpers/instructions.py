"""Two easy tasks in instructions, and a tiny model tuned on them."""

import json

from helpers.data import letters
from linguist.tasks.instruction_tuning import tune_instructions
from linguist.training.tuning import Run

TASKS = {
    "rich": {"answers": ["low", "high"], "phrasings": ["GC?"], "held_out": "How much?"},
    "begin": {"answers": ["Adenine", "Cytosine", "other base"], "phrasings": ["First?"], "held_out": "Which one?"},
}


def prompt_row(draw, number, task):
    """A row of an instruction set: the class of the sequence can be read from its composition or its first letter."""
    label = number % len(TASKS[task]["answers"])
    if task == "rich":
        sequence = letters(draw, draw.randint(12, 40), "GC" if label else "AT")
    else:
        sequence = "ACG"[label] + letters(draw, draw.randint(8, 30))
    row = {"task": task, "asked": task, "id": f"{task}-{number}", "variant": "trained", "label": label}
    row |= {"instruction": TASKS[task]["phrasings"][0], "examples": [], "input": sequence}
    return row | {"output": TASKS[task]["answers"][label]}


def tune_on_rows(model, rows, folder, options, loss="answer"):
    """Tune a model on train.jsonl and dev.jsonl in the folder `rows`: (bytes of the weights, metrics)."""
    outputs = {"metrics": folder / "metrics.json", "curve": folder / "curve.tsv", "weights": folder / "weights"}
    tasks = {task: {key: about[key] for key in ("answers", "phrasings")} for task, about in TASKS.items()}
    run = Run(model, 1, options, outputs, folder / "checkpoint.pt", threads=1)
    tune_instructions(run, (rows / "train.jsonl", rows / "dev.jsonl"), loss, tasks)
    return (folder / "weights/model.safetensors").read_bytes(), json.loads((folder / "metrics.json").read_text())
