"""Instruction sets: the rows of several tasks, told in natural language and mixed; solved examples before them if wanted."""

import random

import pandas as pd

from linguist.errors import LinguistError
from linguist.splits import SPLITS
from linguist.tasks.neighbours import nearest, read_hits
from linguist.tasks.overlaps import find_overlaps
from linguist.tasks.prompts import SWAPPED, TRAINED, VARIANTS, phrasings


def build_instructions(name, spec, tasks, frames, hits, splits=SPLITS):
    """The rows of an instruction set by split, and what was dropped of each task: ({split: rows}, {task: {split: rows}}).

    Args: `spec` is its part of the config, `tasks` those of its tasks; `frames` maps each task to {split: data frame as from
    `tasks.read_task`}; `hits` to {split: table of BLAST hits among its train rows}, where the set retrieves by BLAST.

    Train and dev draw one of the trained phrasings a row; test has each row once with a trained phrasing and once with the
    one held out, and the first `swapped` rows of each task with another task's instruction. With `disjoint`, rows of train
    and dev go that overlap one of a later split of any of the tasks (see `overlaps`).
    """
    kept, dropped = frames, {task: dict.fromkeys(SPLITS, 0) for task in spec["tasks"]}
    if spec["disjoint"]:
        kept = drop_overlaps(frames)
        dropped = {t: {s: len(frames[t][s]) - len(kept[t][s]) for s in SPLITS} for t in spec["tasks"]}
    texts, found = phrasings(spec, tasks), {}
    for split in splits:
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
        found[split] = rows if split == "test" else draw.sample(rows, len(rows))
    return found, dropped


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
        found = {
            row.id: draw.sample(names, min(len(names), spec["examples"] + 1)) for row in frames[split].itertuples()
        }
    else:
        found = nearest(read_hits(hits[split]))
    chosen = []
    for row in frames[split].itertuples():
        names = [name for name in found.get(row.id, ()) if name in solved and solved[name][0] != row.sequence]
        chosen.append([solved[name] for name in reversed(names[: spec["examples"]])])
    return chosen
