"""Ways to answer tasks: what each answered, its metrics, and the paired differences between them.

A way is a model, a method (a classifier for each task, or one model tuned on an instruction set) and an instruction wording.
Answers of an instruction-tuned model are read by the likeliest allowed answer, which decides, and by the paper's rule, which
also depends on the format of the reply.
"""

from itertools import combinations
from typing import NamedTuple

import numpy as np
import pandas as pd

from linguist.sequences.neighbours import IDENTITY_BINS, identity_bins
from linguist.statistics.comparisons import MAJORITY, holm
from linguist.statistics.paired import count_better, paired_difference
from linguist.statistics.scores import is_constant, task_metrics
from linguist.statistics.summaries import BIN_COLUMNS, accuracy_of_bin
from linguist.statistics.tables import read_predictions
from linguist.statistics.thresholds import ALPHA
from linguist.tasks.baselines import KMERS, NEIGHBOURS
from linguist.tasks.prompts import SWAPPED, TRAINED, UNSEEN, match_exact, match_prefix
from linguist.training.controls import RANDOM_ENDING

CLASSIFICATION = "classification"  # the method of a model for each task; others go by their instruction set
RULES = {
    "class": "the class with the highest score",
    "scored": "the likeliest of the allowed answers",
    "prefix": "the generated text begins with the answer (the paper's rule)",
    "strict": "the generated text is exactly the answer",
    "obeys": "the generated text begins with an answer of the task that the instruction names",
}
DECIDING, PAPER = ("class", "scored"), ("class", "prefix")  # the rules that decide, and the paper's
ALWAYS = (MAJORITY, CLASSIFICATION, "")  # the way that gives the commonest answer of a task to all of its rows
WITHOUT_SEEDS = (KMERS, NEIGHBOURS, MAJORITY)
KEY = ["question", "model", "method", "variant", "against_model", "against_method", "against_variant"]
DIFFERENCE = ["difference", "low", "high", "p"]
COLUMNS = [*KEY, *DIFFERENCE, "tasks", "seeds", "better"]
COLUMNS += [f"{side}{name}" for side in ("", "against_") for name in ("constant", "runs", "collapsed")]


class Answers(NamedTuple):
    """What a run answered to the rows of a task: the class of each row, the class that was called (-1: no answer), and the
    scores of the classes (rows, classes), None where there are none."""

    label: np.ndarray
    called: np.ndarray
    scores: np.ndarray | None = None


def read_answers(runs, baselines, answers, every):
    """The answers of every run: {(model, method, variant, rule): {task: {seed: Answers}}}.

    Args: `runs` lists (model, trainset, seed, path of predictions), `baselines` maps tasks to the files of their
    baselines' predictions; `answers` maps each task of the study to its answers, `every` all that instructions may name.
    """
    found = {}
    for model, method, seed, test, part in _read_parts(runs, baselines, answers):
        for variant, rule, said in interpret_answers(part, every):
            found.setdefault((model, method, variant, rule), {}).setdefault(test, {})[seed] = said
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
    """The answers of a run on a task by each of RULES: yields (variant, rule, Answers).

    Args: rows of `read_predictions` of one task; `answers` maps each task to its answers.
    """
    scores = predictions.filter(regex=r"^score\d+$").dropna(axis=1, how="all").to_numpy()
    if "answer" not in predictions:
        yield "", "class", Answers(predictions["label"].to_numpy(), scores.argmax(1), scores)
        return
    texts = predictions["answer"].fillna("")
    for variant in predictions["variant"].unique():
        mine = (predictions["variant"] == variant).to_numpy()
        label, test = predictions["label"].to_numpy()[mine], predictions["test"].iloc[0]
        if variant == SWAPPED:  # its scores are those of the answers that the instruction does not ask for
            pairs = zip(texts[mine], predictions["asked"][mine], strict=True)
            yield (
                variant,
                "obeys",
                Answers(np.zeros(len(label), int), np.array([read_swapped(*pair, answers, test) for pair in pairs])),
            )
            continue
        yield variant, "scored", Answers(label, scores[mine].argmax(1), scores[mine])
        for rule, match in (("prefix", match_prefix), ("strict", match_exact)):
            called = np.array([match(text, answers[test]) for text in texts[mine]])
            yield variant, rule, Answers(label, called, scores[mine])


def read_swapped(text, asked, answers, test):
    """What the reply to another task's instruction is: 0, an answer of the task that is asked; 1, of the sequence's own; -1, none."""
    return next((number for number, task in enumerate((asked, test)) if match_prefix(text, answers[task]) >= 0), -1)


def compute_task_metrics(study, called, answers):
    """The metrics table of a study of tasks: a row for each model, method, seed, task, variant and rule.

    Args: `called` is as from `read_answers`; `answers` maps tasks to their answers. The column trainset is the task
    for a classifier, else the instruction set; answer_mass is `answer_mass`, of instruction-tuned models alone.
    """
    rows = []
    for (model, method, variant, rule), tests in called.items():
        for test, by_seed in tests.items():
            for seed, said in by_seed.items():
                trainset = test if method == CLASSIFICATION else method
                key = {"study": study, "model": model, "method": method, "trainset": trainset, "seed": seed}
                key |= {"test": test, "variant": variant, "rule": rule}
                classes = 1 if rule == "obeys" else len(answers[test])
                found = task_metrics(said.label, said.called, classes, np.random.default_rng(0))
                mass = np.nan if said.scores is None or method == CLASSIFICATION else answer_mass(said.scores)
                rows.append(key | found | {"answer_mass": mass})
    return pd.DataFrame(rows)


def answer_mass(scores):
    """The probability of the allowed answers together, as the mean over prompts: that a reply is exactly one of them, in the
    tokens that the tokenizer gives it, and then ends.

    `scores` are log p(answer, end | prompt) in nats (prompts, answers), as from `generation.answer_prompts`.
    """
    return float(np.exp(scores).sum(axis=1).mean())


def accuracy_by_identity(runs, baselines, answers, every, identity):
    """Accuracy by identity to the nearest train row: a table of model, method, test and `summaries.accuracy_of_bin`.

    Args: as of `read_answers`; `identity` maps tasks to tables as from `read_identity`.
    Rows are those of classifiers, and of instruction-tuned models with trained wordings, by the rules that decide.
    """
    bins = {
        test: dict(zip(rows["id"], identity_bins(rows["identity"]), strict=True)) for test, rows in identity.items()
    }
    right = {name: {} for name in IDENTITY_BINS}
    for model, method, _, test, part in _read_parts(runs, baselines, answers):
        for name, rows in part.groupby(part["id"].map(bins[test])):
            for variant, rule, said in interpret_answers(rows, every):
                if rule in DECIDING and variant in ("", TRAINED):
                    right[name].setdefault((model, method, test), []).append(said.label == said.called)
    found = [[*way, *accuracy_of_bin(name, by_seed)] for name, ways in right.items() for way, by_seed in ways.items()]
    return pd.DataFrame(found, columns=["model", "method", "test", *BIN_COLUMNS])


def compare_ways(called):
    """Differences between ways to answer tasks, which answer the questions of a study: a table, a row each.

    Columns: COLUMNS, of the rules that decide (DECIDING), and p_holm, corrected over all rows; the same difference by the
    paper's rule, with its own correction, as prefix_difference, prefix_low, prefix_high, prefix_p and prefix_p_holm;
    above_majority and against_above_majority, whether the two ways are significantly above the majority class, which is a row
    itself (question "majority"). Intervals are 95 %, not corrected. `seeds` counts the seeds (0: neither way has any), `better`
    those in which the first way is more accurate; `runs` counts the runs of a way, `constant` those of them that give nearly
    all rows one answer, and `collapsed` names them. `called` is as from `read_answers`.
    """
    table = differences_by(called, DECIDING)
    paper = differences_by(called, PAPER)[[*KEY, *DIFFERENCE, "p_holm"]]
    table = table.merge(paper.rename(columns=lambda name: name if name in KEY else f"prefix_{name}"), "left", KEY)
    above = table[(table["question"] == "majority") & (table["p_holm"] < ALPHA) & (table["difference"] > 0)]
    above = set(zip(above["model"], above["method"], above["variant"], strict=True))
    for side in ("", "against_"):
        ways = zip(table[f"{side}model"], table[f"{side}method"], table[f"{side}variant"], strict=True)
        table[f"{side}above_majority"] = [way in above for way in ways]
    return table


def differences_by(called, rules):
    """The table of `compare_ways` by some rules alone, with COLUMNS and p_holm."""
    ways = {key[:3]: without_equal_runs(tests) for key, tests in called.items() if key[3] in rules}
    labels = {test: next(iter(runs.values())).label for tests in ways.values() for test, runs in tests.items()}
    always = {test: np.full_like(label, np.bincount(label).argmax()) for test, label in labels.items()}
    ways[ALWAYS] = {test: {0: Answers(label, always[test])} for test, label in labels.items()}
    rows = []
    for question, one, other in questions_of(ways):
        if one in ways and other in ways and not ways[one].keys().isdisjoint(ways[other]):
            row = dict(zip(KEY, (question, *one, *other), strict=True))
            *found, tasks = difference_of_ways(ways[one], ways[other])
            row |= dict(zip(DIFFERENCE, found, strict=True)) | {"tasks": tasks}
            right = right_answers(ways[one], ways[other])
            seeds = [min(map(len, part)) for way, part in zip((one, other), right, strict=True) if has_seeds(way)]
            row |= {"seeds": min(seeds, default=0), "better": count_better(*right)}
            for side, way in (("", one), ("against_", other)):
                row |= {f"{side}{name}": value for name, value in describe_collapse(way, ways[way]).items()}
            rows.append(row)
    table = pd.DataFrame(rows, columns=COLUMNS)
    return table.assign(p_holm=holm(table["p"]))


def has_seeds(way):
    """Whether a way is trained, with seeds; baselines and the majority class are not."""
    return way[0] not in WITHOUT_SEEDS


def without_equal_runs(way):
    """A way without the seeds whose scores equal those of an earlier seed on all of its tasks: such runs are one run."""
    kept = {}
    for seed in next(iter(way.values())):
        scores = [runs[seed].scores if seed in runs else None for runs in way.values()]
        known = (all(map(_equal_scores, scores, others)) for others in kept.values())
        if not any(known):
            kept[seed] = scores
    dropped = set(next(iter(way.values()))) - set(kept)
    return {test: {seed: said for seed, said in runs.items() if seed not in dropped} for test, runs in way.items()}


def _equal_scores(one, other):
    return one is not None and other is not None and np.array_equal(one, other)


def describe_collapse(way, tests):
    """How many runs of a way give nearly all rows of a task one answer ("constant"), of how many ("runs"), and which, in words
    ("collapsed"). The majority class always does, and is not counted."""
    found = {
        test: [seed for seed, said in by_seed.items() if is_constant(*said[:2])] for test, by_seed in tests.items()
    }
    found = {test: seeds for test, seeds in found.items() if seeds and way != ALWAYS}
    named = (
        f"{test} with seed{'s' * (len(seeds) > 1)} {', '.join(map(str, seeds))}" if has_seeds(way) else test
        for test, seeds in found.items()
    )
    runs = sum(map(len, tests.values()))
    return {"constant": sum(map(len, found.values())), "runs": runs, "collapsed": "; ".join(named)}


def questions_of(ways):
    """The questions that may be asked of ways (model, method, wording): [(question, one way, the way it is compared with)]."""
    models = list(dict.fromkeys(model for model, _, _ in ways if model not in WITHOUT_SEEDS))
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
    return asked + [("majority", way, ALWAYS) for way in ways if way != ALWAYS]


def right_answers(one, other):
    """Whether each answer of two ways is right, on the tasks that both answered, with the seeds that both have: for each way a
    list of arrays (seeds, items), one a task. A way with one run has one row, which stands for all seeds."""
    found = [], []
    for test in (test for test in one if test in other):
        several = len(one[test]) > 1 and len(other[test]) > 1
        for way, against, right in ((one, other, found[0]), (other, one, found[1])):
            said = [said for seed, said in way[test].items() if not several or seed in against[test]]
            right.append(np.array([label == called for label, called, *_ in said], float))
    return found


def difference_of_ways(one, other):
    """`paired_difference` in accuracy over the tasks that both ways answered, whose items are independent:
    (mean, low, high, p, tasks).

    Args: {task: {seed: Answers}} of both, on the same items; a baseline has one seed.
    """
    right = right_answers(one, other)
    return *paired_difference(*right, shared=False), len(right[0])
