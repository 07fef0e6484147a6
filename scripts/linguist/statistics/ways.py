"""Comparisons between ways to answer tasks: which questions a study of tasks asks, and the paired difference for each.

A way is a model, a method (a classifier for each task, or one model tuned on an instruction set) and an instruction wording.
"""

from itertools import combinations

import numpy as np
import pandas as pd

from linguist.statistics.comparisons import holm, paired_difference
from linguist.statistics.tables import CLASSIFICATION
from linguist.tasks.baselines import KMERS, NEIGHBOURS
from linguist.tasks.prompts import TRAINED, UNSEEN
from linguist.training.controls import RANDOM_ENDING

COLUMNS = ["question", "model", "method", "against_model", "against_method"]
COLUMNS += ["difference", "low", "high", "p", "tasks", "seeds"]


def compare_ways(called):
    """Differences that answer the questions of a study of tasks: a table with COLUMNS and p_holm, corrected over all rows.

    `called` is as from `tables.read_answers`. Generated answers are read by the paper's rule (prefix). Intervals are 95 %,
    not corrected.
    """
    ways = {key[:3]: tests for key, tests in called.items() if key[3] in ("class", "prefix")}
    rows = []
    for question, one, other in questions_of(ways):
        if one in ways and other in ways and not ways[one].keys().isdisjoint(ways[other]):
            mean, low, high, p, tasks = difference_of_ways(ways[one], ways[other])
            sides = {"model": one[0], "method": one[1], "against_model": other[0], "against_method": other[1]}
            found = {"difference": mean, "low": low, "high": high, "p": p, "tasks": tasks}
            rows.append({"question": question} | sides | found | {"seeds": min(map(len, ways[one].values()))})
    table = pd.DataFrame(rows, columns=COLUMNS)
    return table.assign(p_holm=holm(table["p"]))


def questions_of(ways):
    """The questions that may be asked of ways (model, method, wording): [(question, one way, the way it is compared with)]."""
    models = list(dict.fromkeys(model for model, _, _ in ways if model not in (KMERS, NEIGHBOURS)))
    sets = list(dict.fromkeys(method for _, method, _ in ways if method != CLASSIFICATION))
    asked = []
    for model in (model for model in models if not model.endswith(RANDOM_ENDING)):
        own, random = (model, CLASSIFICATION, ""), f"{model}{RANDOM_ENDING}"
        asked += [("instructing", own, (model, name, TRAINED)) for name in sets]
        asked += [("baseline", own, (name, CLASSIFICATION, "")) for name in (KMERS, NEIGHBOURS)]
        asked.append(("pretraining", own, (random, CLASSIFICATION, "")))
        asked += [("pretraining", (model, name, TRAINED), (random, name, TRAINED)) for name in sets]
        asked += [("sets", (model, a, TRAINED), (model, b, TRAINED)) for a, b in combinations(sets, 2)]
        asked += [("phrasing", (model, name, TRAINED), (model, name, UNSEEN)) for name in sets]
    return asked


def difference_of_ways(one, other):
    """`paired_difference` in accuracy over the tasks that both ways answered, whose items are independent:
    (mean, low, high, p, tasks).

    Args: {task: {seed: (label, called)}} of both, on the same items and seeds; a baseline has one seed.
    """
    tests = [test for test in one if test in other]
    right = (
        [np.array([label == called for label, called in way[test].values()], float) for test in tests]
        for way in (one, other)
    )
    return *paired_difference(*right, shared=False), len(tests)
