"""Ways to answer tasks: what each answered, its metrics, and the paired differences between them.

A way is a model, a method (a classifier for each task, or one model tuned on an instruction set) and an instruction wording.
"""

from itertools import combinations

import numpy as np
import pandas as pd

from linguist.sequences.neighbours import IDENTITY_BINS, identity_bins
from linguist.statistics.comparisons import holm, paired_difference
from linguist.statistics.scores import is_constant, task_metrics
from linguist.statistics.summaries import BIN_COLUMNS, accuracy_of_bin
from linguist.statistics.tables import read_predictions
from linguist.tasks.baselines import KMERS, NEIGHBOURS
from linguist.tasks.prompts import SWAPPED, TRAINED, UNSEEN, match_exact, match_prefix
from linguist.training.controls import RANDOM_ENDING

CLASSIFICATION = "classification"  # the method of a model for each task; others go by their instruction set
RULES = {
    "class": "the class with the highest score",
    "prefix": "the generated text begins with the answer (the paper's rule)",
    "strict": "the generated text is exactly the answer",
    "scored": "the most likely of the allowed answers",
    "obeys": "the generated text begins with an answer of the task that the instruction names",
}
COLUMNS = ["question", "model", "method", "against_model", "against_method"]
COLUMNS += ["difference", "low", "high", "p", "tasks", "seeds", "constant", "runs", "against_constant", "against_runs"]


def read_answers(runs, baselines, answers, every):
    """The answers of every run: {(model, method, variant, rule): {task: {seed: (label, called)}}}.

    Args: `runs` lists (model, trainset, seed, path of predictions), `baselines` maps tasks to the files of their
    baselines' predictions; `answers` maps each task of the study to its answers, `every` all that instructions may name.
    """
    found = {}
    for model, method, seed, test, part in _read_parts(runs, baselines, answers):
        for variant, rule, label, called in interpret_answers(part, every):
            found.setdefault((model, method, variant, rule), {}).setdefault(test, {})[seed] = label, called
    return found


def _read_parts(runs, baselines, answers):
    """Yield (model, method, seed, task, its predictions) of every run and baseline."""
    for model, trainset, seed, path in runs:
        for test, part in read_predictions(path).groupby("test", sort=False):
            if test in answers:
                yield model, CLASSIFICATION if trainset in answers else trainset, seed, test, part
    for test, path in baselines.items():
        for name, part in read_predictions(path).groupby("baseline", sort=False):
            yield name, CLASSIFICATION, 0, test, part


def interpret_answers(predictions, answers):
    """The answers of a run on a task by each of RULES: yields (variant, rule, label, called), the last two as arrays.

    Args: rows of `read_predictions` of one task; `answers` maps each task to its answers. called is -1 for no answer.
    """
    scores = predictions.filter(regex=r"^score\d+$").dropna(axis=1, how="all").to_numpy()
    if "answer" not in predictions:
        yield "", "class", predictions["label"].to_numpy(), scores.argmax(1)
        return
    texts = predictions["answer"].fillna("")
    for variant in predictions["variant"].unique():
        mine = (predictions["variant"] == variant).to_numpy()
        label, test = predictions["label"].to_numpy()[mine], predictions["test"].iloc[0]
        if variant == SWAPPED:
            asked = predictions["asked"][mine]
            obeys = [match_prefix(text, answers[task]) for text, task in zip(texts[mine], asked, strict=True)]
            yield variant, "obeys", np.zeros(len(label), int), np.where(np.array(obeys) < 0, -1, 0)
            continue
        for rule, match in (("prefix", match_prefix), ("strict", match_exact)):
            yield variant, rule, label, np.array([match(text, answers[test]) for text in texts[mine]])
        yield variant, "scored", label, scores[mine].argmax(1)


def compute_task_metrics(study, called, answers):
    """The metrics table of a study of tasks: a row for each model, method, seed, task, variant and rule.

    Args: `called` is as from `read_answers`; `answers` maps tasks to their answers. The column trainset is the task
    for a classifier, else the instruction set.
    """
    rows = []
    for (model, method, variant, rule), tests in called.items():
        for test, by_seed in tests.items():
            for seed, (label, guess) in by_seed.items():
                trainset = test if method == CLASSIFICATION else method
                key = {"study": study, "model": model, "method": method, "trainset": trainset, "seed": seed}
                key |= {"test": test, "variant": variant, "rule": rule}
                classes = 1 if rule == "obeys" else len(answers[test])
                rows.append(key | task_metrics(label, guess, classes, np.random.default_rng(0)))
    return pd.DataFrame(rows)


def accuracy_by_identity(runs, baselines, answers, every, identity):
    """Accuracy by identity to the nearest train row: a table of model, method, test and `summaries.accuracy_of_bin`.

    Args: as of `read_answers`; `identity` maps tasks to tables as from `read_identity`.
    Rows are those of classifiers, and of instruction-tuned models with trained wordings, read by the paper's rule.
    """
    bins = {
        test: dict(zip(rows["id"], identity_bins(rows["identity"]), strict=True)) for test, rows in identity.items()
    }
    right = {name: {} for name in IDENTITY_BINS}
    for model, method, _, test, part in _read_parts(runs, baselines, answers):
        for name, rows in part.groupby(part["id"].map(bins[test])):
            for variant, rule, label, called in interpret_answers(rows, every):
                if rule in ("class", "prefix") and variant in ("", TRAINED):
                    right[name].setdefault((model, method, test), []).append(label == called)
    found = [[*way, *accuracy_of_bin(name, by_seed)] for name, ways in right.items() for way, by_seed in ways.items()]
    return pd.DataFrame(found, columns=["model", "method", "test", *BIN_COLUMNS])


def compare_ways(called):
    """Differences between ways to answer tasks, which answer the questions of a study: a table with COLUMNS and p_holm,
    corrected over all rows.

    `called` is as from `read_answers`. Generated answers are read by the paper's rule (prefix). Intervals are 95 %,
    not corrected. `runs` counts the runs of a way, `constant` those of them that give nearly all rows one answer.
    """
    ways = {key[:3]: tests for key, tests in called.items() if key[3] in ("class", "prefix")}
    rows = []
    for question, one, other in questions_of(ways):
        if one in ways and other in ways and not ways[one].keys().isdisjoint(ways[other]):
            mean, low, high, p, tasks = difference_of_ways(ways[one], ways[other])
            sides = {"model": one[0], "method": one[1], "against_model": other[0], "against_method": other[1]}
            found = {"difference": mean, "low": low, "high": high, "p": p, "tasks": tasks}
            found |= {"seeds": min(map(len, ways[one].values()))}
            found["constant"], found["runs"] = count_constant(ways[one])
            found["against_constant"], found["against_runs"] = count_constant(ways[other])
            rows.append({"question": question} | sides | found)
    table = pd.DataFrame(rows, columns=COLUMNS)
    return table.assign(p_holm=holm(table["p"]))


def count_constant(way):
    """How many runs of a way give nearly all rows of their task one answer, and how many runs there are."""
    constant = [is_constant(*answers) for by_seed in way.values() for answers in by_seed.values()]
    return sum(constant), len(constant)


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
