"""What differences between ways to answer tasks show: planted answers get the right verdict."""

import numpy as np
import pytest

from helpers.ways import answers_of, guess, predict_classes, predict_replies
from linguist.report.ways import FOLLOWING, QUESTIONS, difference_finding, task_findings
from linguist.statistics.summaries import summarize_tasks
from linguist.statistics.thresholds import ALPHA, SEEDS_FOR_CLAIM
from linguist.statistics.ways import CLASSIFICATION, Answers, compare_ways, compute_task_metrics
from linguist.tasks.baselines import KMERS

ANSWERS = {"core": ["Non-promoter", "promoter"], "splice": ["A", "B", "C"]}
SEEDS = range(1, SEEDS_FOR_CLAIM + 1)


def balanced(task):
    return np.arange(150) % len(ANSWERS[task])


def tuned(model, name, share, draw, said=lambda answer: answer, label_of=balanced, seeds=SEEDS, variant="trained"):
    """Runs of an instruction-tuned model: `share` of its likeliest answers are right; `said` makes them text."""
    for seed in seeds:
        for task, answers in ANSWERS.items():
            label = label_of(task)
            called = guess(share, label, len(answers), draw)
            texts = [said(answers[number]) for number in called]
            noise = 0.01 * seed
            yield model, name, seed, predict_replies(task, label, called, texts, len(answers), variant, noise=noise)


def classified(model, share, draw, seeds=SEEDS, label_of=balanced):
    for seed in seeds:
        for task, answers in ANSWERS.items():
            called = guess(share, label_of(task), len(answers), draw)
            yield model, CLASSIFICATION, seed, predict_classes(task, label_of(task), called, noise=0.01 * seed)


def finding(runs, question="sets"):
    """The first row of a question, with its code and text."""
    table = compare_ways(answers_of(runs, ANSWERS))
    row = table[table["question"] == question].iloc[0].to_dict()
    return row, *difference_finding(row)


def test_a_difference_in_the_format_of_the_replies_is_no_claim():
    """The same answers, but one model writes "Answer: promoter". By the paper's rule it has nothing right."""
    draw = np.random.default_rng(1)
    same = list(tuned("m", "told", 0.8, draw))
    other = [
        (model, "numbered", seed, frame.assign(answer="Answer: " + frame["answer"])) for model, _, seed, frame in same
    ]
    row, code, text = finding([*same, *other])
    assert row["difference"] == 0 and code == "chance" and "does not differ" in text
    assert row["prefix_difference"] > 0.5 and row["prefix_p_holm"] < ALPHA
    assert "rules disagree" in text and "format" in text and "the paper's rule" in text


def test_a_difference_that_the_format_hides_or_reverses_is_a_claim_and_said_to_be_so():
    draw = np.random.default_rng(2)
    better, worse = list(tuned("m", "told", 0.9, draw)), list(tuned("m", "numbered", 0.7, draw))
    row, code, text = finding([*better, *worse])
    assert code == "above" and "rules disagree" not in text and "By the paper's rule" in text
    mute = [(model, name, seed, frame.assign(answer="no idea")) for model, name, seed, frame in better]
    row, code, text = finding([*mute, *worse])
    assert row["prefix_difference"] < 0 < row["difference"] and code == "above" and "reverses" in text
    muted = [(model, name, seed, frame.assign(answer="no idea")) for model, name, seed, frame in worse]
    row, code, text = finding([*mute, *muted])
    assert row["prefix_difference"] == 0 and code == "above" and "hides" in text


def skewed(task):
    """Three of four rows have the first class."""
    return np.where(np.arange(200) % 4 < 3, 0, 1)


def test_of_two_ways_below_the_majority_class_none_is_called_more_accurate():
    draw = np.random.default_rng(3)
    runs = [*tuned("m", "told", 0.6, draw, label_of=skewed), *tuned("m", "numbered", 0.4, draw, label_of=skewed)]
    row, code, text = finding(runs)
    assert row["difference"] > 0.1 and row["p_holm"] < ALPHA and not row["above_majority"]
    assert code == "majority" and "neither" in text and "more accurate" not in text
    row, code, text = finding(reversed(runs))  # the first way is that of the first run
    assert row["difference"] < -0.1 and code == "majority" and "less accurate" not in text
    row, code, _ = finding(runs, "majority")
    assert row["difference"] < -0.1 and code == "below"


def test_the_majority_class_is_compared_with_every_way():
    draw = np.random.default_rng(4)
    runs = [*classified("m", 0.9, draw), *tuned("m", "told", 0.5, draw, label_of=balanced)]
    runs += [(KMERS, CLASSIFICATION, 0, frame) for *_, frame in classified("x", 0.7, draw, seeds=[0])]
    table = compare_ways(answers_of(runs, ANSWERS)).query("question == 'majority'").set_index(["model", "method"])
    assert set(table.index) == {("m", CLASSIFICATION), ("m", "told"), (KMERS, CLASSIFICATION)}
    share = np.mean([0.5, 1 / 3])
    assert table.loc[("m", CLASSIFICATION), "difference"] == pytest.approx(0.9 - share, abs=0.03)
    codes = {
        way: difference_finding(row)[0]
        for way, row in zip(table.index, table.reset_index().to_dict("records"), strict=True)
    }
    assert codes["m", CLASSIFICATION] == "above" and codes[KMERS, CLASSIFICATION] == "above"  # k-mers have no seeds


@pytest.mark.parametrize(
    ("seeds", "code"), [(SEEDS_FOR_CLAIM, "above"), (SEEDS_FOR_CLAIM - 1, "exploratory"), (1, "exploratory")]
)
def test_a_claim_needs_seeds(seeds, code):
    draw = np.random.default_rng(5)
    seeds = range(seeds)
    runs = [*classified("m", 0.95, draw, seeds), *classified("m-random", 0.5, draw, seeds)]
    row, found, text = finding(runs, "pretraining")
    assert found == code and ("exploratory" in text) == (code == "exploratory")
    assert row["seeds"] == row["better"] == len(seeds) and (
        f"better in {len(seeds)} of {len(seeds)}" in text or len(seeds) == 1
    )


def test_runs_with_equal_scores_are_one_run():
    draw = np.random.default_rng(6)
    first = list(classified("m", 0.95, draw, seeds=[1]))
    runs = [(*way, seed, frame) for seed in SEEDS for *way, _, frame in first]
    row, code, _ = finding([*runs, *classified("m-random", 0.5, draw)], "pretraining")
    assert row["seeds"] == 1 and code == "exploratory"


def test_seeds_in_which_a_way_is_better_are_counted_and_constant_runs_are_named():
    draw = np.random.default_rng(7)
    runs = list(classified("m", 0.9, draw))
    collapsed = [
        (*way, seed, predict_classes("core", balanced("core"), np.ones(150, int), noise=seed))
        if seed == 3 and frame["test"].iloc[0] == "core"
        else (*way, seed, frame)
        for *way, seed, frame in runs
    ]
    worse = classified("m-random", 0.85, draw)
    row, _, text = finding([*collapsed, *worse], "pretraining")
    assert (row["constant"], row["runs"]) == (1, 2 * len(SEEDS)) and "core with seed 3" in text
    assert row["better"] == len(SEEDS) - 1 and f"better in {len(SEEDS) - 1} of {len(SEEDS)} seeds" in text


def followed(told, obeyed, seeds=SEEDS):
    """The finding on a model that obeys the instruction of another task in `obeyed` of ten rows; `told` are its other runs."""
    runs, texts = list(told), ["A"] * obeyed + ["promoter"] * (10 - obeyed)
    for seed in seeds:
        called, label = np.ones(10, int), np.zeros(10, int)
        runs.append(("m", "told", seed, predict_replies("core", label, called, texts, 2, "swapped", asked="splice")))
    called = answers_of(runs, ANSWERS)
    summary = summarize_tasks(compute_task_metrics("s", called, ANSWERS))
    summary = summary[(summary["rule"] != "obeys") | (summary["test"] == "core")].replace({"test": {"core": "average"}})
    return task_findings(summary, compare_ways(called))[FOLLOWING][0]


def test_a_model_that_follows_the_instruction_must_also_read_the_sequence():
    draw = np.random.default_rng(8)
    good = list(tuned("m", "told", 0.9, draw))
    assert followed(good, 10)[:2] == ("above", "yes") and followed(good, 0)[:2] == ("below", "no")
    few = [run for run in good if run[2] < SEEDS_FOR_CLAIM]
    assert followed(few, 10, range(1, SEEDS_FOR_CLAIM))[0] == "exploratory"
    random = list(tuned("m", "told", 0.45, draw))
    code, _, text = followed(random, 10)
    assert code == "majority" and "majority class" in text
    fixed = [(*run, frame.assign(answer=ANSWERS[frame["test"].iloc[0]][0])) for *run, frame in random]
    code, tag, text = followed(fixed, 10)
    assert (code, tag) == ("constant", "constant") and "does not show that it reads the sequence" in text


@pytest.mark.parametrize(
    ("accuracies", "is_false"),
    [
        ((0.5, 0.5), lambda row, code: code in ("above", "below")),  # both at the majority class
        ((0.8, 0.8), lambda row, code: row["question"] == "sets" and code in ("above", "below")),  # a tie above it
        ((0.5, 0.3), lambda row, code: code == "above"),  # a true difference, but a tie with the majority class
    ],
)
def test_false_claims_are_as_rare_as_stated(accuracies, is_false):
    """In 60 studies of five seeds that vary by 0.03, at most 5 % have a false claim (within three standard errors)."""
    draw, wrong, label = np.random.default_rng(10), 0, np.arange(120) % 2
    for _ in range(60):
        called = {}
        for name, accuracy in zip(("a", "b"), accuracies, strict=True):
            hard = draw.random((2, 120))  # items are hard or easy for all seeds
            for task, threshold in zip(("core", "prom"), hard, strict=True):
                shares = {seed: accuracy + draw.normal(0, 0.03) for seed in SEEDS}
                way = {
                    seed: Answers(label, np.where((threshold + draw.normal(0, 0.3, 120)) % 1 < share, label, 1 - label))
                    for seed, share in shares.items()
                }
                for rule in ("scored", "prefix"):
                    called.setdefault(("m", name, "trained", rule), {})[task] = way
        rows = compare_ways(called).to_dict("records")
        wrong += any(is_false(row, difference_finding(row)[0]) for row in rows)
    assert wrong / 60 <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 60)


def test_every_question_has_words():
    draw = np.random.default_rng(9)
    runs = [*classified("m", 0.9, draw), *classified("m-random", 0.5, draw)]
    runs += [*tuned("m", "a", 0.8, draw), *tuned("m", "b", 0.8, draw), *tuned("m", "b", 0.8, draw, variant="held-out")]
    runs += [(KMERS, CLASSIFICATION, 0, frame) for *_, frame in classified("x", 0.7, draw, seeds=[0])]
    assert set(compare_ways(answers_of(runs, ANSWERS))["question"]) == set(QUESTIONS)
