"""Tasks told in natural language: rows in Alpaca's form (Taori et al. 2023), for one model that is asked them all.

A row is a dict: task, id, variant, label (a class's number), and Alpaca's instruction, input (the sequence) and output (the
answer in words), with examples, solved inputs that stand before it as [input, output].
"""

import json
import random
from collections import defaultdict

import pandas as pd

from linguist.errors import LinguistError
from linguist.files import reading, write_text
from linguist.overlaps import find_overlaps
from linguist.splits import SPLITS

TRAINED, HELD_OUT, SWAPPED = "trained", "held-out", "swapped"
VARIANTS = {
    TRAINED: "a phrasing of the instruction that was trained",
    HELD_OUT: "a phrasing that was never trained",
    SWAPPED: "the instruction of another task",
}
HIT_COLUMNS = ["id", "neighbour", "bitscore"]


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


def phrasings(spec, tasks, style):
    """{task: {variant: texts that may introduce it}}: its instructions, or for the style "ids" just its number.

    Args: `spec` names the set's tasks, `tasks` maps each to its part of the config. A swapped one is that of a task whose
    answers are others; a task that has none is left without.
    """
    found = {}
    for number, name in enumerate(spec["tasks"], 1):
        task = tasks[name]
        if style == "ids":
            found[name] = {TRAINED: [f"Task {number}"]}
        else:
            found[name] = {TRAINED: task["phrasings"], HELD_OUT: [task["held_out"]]}
    for name in spec["tasks"]:
        others = [other for other in spec["tasks"] if set(tasks[other]["answers"]).isdisjoint(tasks[name]["answers"])]
        if others:
            found[name][SWAPPED] = [(other, text) for other in others for text in found[other][TRAINED]]
    return found


def build_instructions(name, spec, tasks, frames, hits):
    """The rows of an instruction set by split, and what was dropped of each task: ({split: rows}, {task: {split: rows}}).

    Args: `spec` is its part of the config, `tasks` those of its tasks; `frames` maps each task to {split: data frame as from
    `tasks.read_task`}; `hits` to {split: table of BLAST hits among its train rows}, where the set retrieves by BLAST.

    Train and dev draw one of the trained phrasings a row; test has each row once with a trained phrasing and once with the
    one held out, and the first `swapped` rows of each task with another task's instruction. With `disjoint`, rows of train
    and dev go that overlap one of a later split of any of the tasks (see `overlaps`).
    """
    kept, dropped = frames, {task: {split: 0 for split in SPLITS} for task in spec["tasks"]}
    if spec["disjoint"]:
        kept = drop_overlaps(frames)
        dropped = {t: {s: len(frames[t][s]) - len(kept[t][s]) for s in SPLITS} for t in spec["tasks"]}
    texts = phrasings(spec, tasks, spec["style"])
    splits = {}
    for split in SPLITS:
        draw, rows = random.Random(f"{spec['seed']} {split}"), []
        for task in spec["tasks"]:
            solved = choose_examples(spec, tasks[task], kept[task], split, hits.get(task))
            for at, (row, examples) in enumerate(zip(kept[task][split].itertuples(), solved, strict=True)):
                for variant in VARIANTS if split == "test" else (TRAINED,):
                    if variant in texts[task] and (variant != SWAPPED or at < spec["swapped"]):
                        text, asked = draw.choice(texts[task][variant]), task
                        if variant == SWAPPED:
                            asked, text = text
                        rows.append(
                            {
                                "task": task,
                                "asked": asked,
                                "id": row.id,
                                "variant": variant,
                                "label": row.label,
                                "instruction": text,
                                "examples": examples,
                                "input": row.sequence,
                                "output": tasks[task]["answers"][row.label],
                            }
                        )
        if not rows:
            raise LinguistError(f"instructions/{name}: no row is left in split '{split}'; give disjoint: false")
        splits[split] = rows if split == "test" else draw.sample(rows, len(rows))
    return splits, dropped


def drop_overlaps(frames):
    """The frames {task: {split: rows}} without the rows that overlap one of a later split, whatever its task."""
    pooled = {
        split: pd.concat([splits[split].assign(task=task) for task, splits in frames.items()], ignore_index=True)
        for split in SPLITS
    }
    kept, later = {}, pd.DataFrame({"sequence": []})
    for split in reversed(SPLITS):
        rows = pooled[split]
        overlapping = {i for i, _, _ in find_overlaps(rows["sequence"].tolist(), later["sequence"].tolist())}
        later = pd.concat([later, rows[["sequence"]]])
        kept[split] = rows.drop(index=list(overlapping))
    columns = ["id", "sequence", "label"]
    return {
        task: {split: kept[split].loc[kept[split]["task"] == task, columns].reset_index(drop=True) for split in SPLITS}
        for task in frames
    }


def choose_examples(spec, task, frames, split, hits):
    """Solved examples of each row of a task's split, from its train rows: a list of lists of [input, output].

    By `retrieval`: "blast" takes the best hits, fewer where there are few, the best one last; "random" draws some. A row is
    never its own example, nor one with the same sequence.
    """
    if not spec["examples"]:
        return [[] for _ in range(len(frames[split]))]
    solved = {row.id: [row.sequence, task["answers"][row.label]] for row in frames["train"].itertuples()}
    if spec["retrieval"] == "random":
        draw, names = random.Random(f"{spec['seed']} {split} examples"), list(solved)
        found = {row.id: draw.sample(names, min(len(names), spec["examples"] + 1)) for row in frames[split].itertuples()}
    else:
        found = nearest(read_hits(hits[split]))
    chosen = []
    for row in frames[split].itertuples():
        names = [name for name in found.get(row.id, ()) if name in solved and solved[name][0] != row.sequence]
        chosen.append([solved[name] for name in reversed(names[: spec["examples"]])])
    return chosen


def read_hits(path):
    """BLAST hits as written by `-outfmt "6 qseqid sseqid bitscore"`: a data frame with columns id, neighbour, bitscore."""
    return pd.read_csv(path, sep="\t", names=HIT_COLUMNS, dtype={"id": str, "neighbour": str}, keep_default_na=False)


def nearest(hits):
    """{id: its neighbours, each once, the highest score first; of equals by name}."""
    best = hits.groupby(["id", "neighbour"], sort=False)["bitscore"].max().reset_index()
    found = defaultdict(list)
    for row in best.sort_values(["id", "bitscore", "neighbour"], ascending=[True, False, True]).itertuples():
        found[row.id].append(row.neighbour)
    return found


def begins_with(text, answers):
    """The number of the answer that a text begins with, the longest of several; -1 for none (DNAHLM, section 2.4:
    "promoter AGCC" counts as "promoter")."""
    fitting = [label for label, answer in enumerate(answers) if text.strip().startswith(answer)]
    return max(fitting, key=lambda label: len(answers[label]), default=-1)


def equals(text, answers):
    """The number of the answer that a text is, blanks around it aside; -1 for none."""
    return answers.index(text.strip()) if text.strip() in answers else -1
