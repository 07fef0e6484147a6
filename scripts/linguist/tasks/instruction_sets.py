"""Instruction sets: rows of several tasks, each with an instruction in natural language and, if wanted, solved examples."""

import random

import pandas as pd

from linguist.errors import LinguistError
from linguist.sequences.neighbours import rank_neighbours, read_neighbours
from linguist.splits import SPLITS
from linguist.tasks.overlaps import find_overlaps
from linguist.tasks.prompts import SWAPPED, TRAINED, VARIANTS, wordings_of
from linguist.tasks.store import COLUMNS


def build_instructions(name, spec, tasks, frames, hits, splits=SPLITS):
    """The rows of an instruction set by split, and how many were dropped: ({split: rows}, {task: {split: number}}).

    Args: `spec` is its part of the config, `tasks` the parts of its tasks; `frames` maps each task to {split: data frame as from
    `store.read_task`}; `hits` maps each task to {split: path of BLAST hits among its train rows}, if the set retrieves by
    BLAST.

    A train or dev row gets one of the trained wordings, drawn at random. A test row appears once with a trained wording and
    once with the unseen one; the first `swapped` rows of each task appear also with another task's instruction. With
    `disjoint`, train and dev rows that overlap a row of a later split of any task are dropped (see `overlaps`).
    Raises LinguistError if a split has no row left.
    """
    kept, dropped = frames, {task: dict.fromkeys(SPLITS, 0) for task in spec["tasks"]}
    if spec["disjoint"]:
        kept = drop_overlaps(frames)
        dropped = {t: {s: len(frames[t][s]) - len(kept[t][s]) for s in SPLITS} for t in spec["tasks"]}
    texts, found = wordings_of(spec, tasks), {}
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
            raise LinguistError(f"instructions/{name}: no row is left in split '{split}'; set disjoint: false")
        found[split] = rows if split == "test" else draw.sample(rows, len(rows))
    return found, dropped


def drop_overlaps(frames):
    """The frames {task: {split: rows}} without rows that overlap a row of a later split of any task."""
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
    return {
        task: {split: kept[split].loc[kept[split]["task"] == task, COLUMNS].reset_index(drop=True) for split in SPLITS}
        for task in frames
    }


def choose_examples(spec, task, frames, split, hits):
    """Solved examples for each row of a task's split, from its train rows: a list of lists of [input, output].

    With `retrieval` "blast" they are the best hits in `hits`[split], the best one last, fewer if BLAST found fewer; with
    "random" they are drawn. No row gets an example with its own sequence.
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
        found = rank_neighbours(read_neighbours(hits[split]))
    chosen = []
    for row in frames[split].itertuples():
        names = [name for name in found.get(row.id, ()) if name in solved and solved[name][0] != row.sequence]
        chosen.append([solved[name] for name in reversed(names[: spec["examples"]])])
    return chosen
