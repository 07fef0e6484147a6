"""Ways to answer tasks: what each answered, and differences whose intervals hold the truth."""

import numpy as np
import pandas as pd
import pytest

from helpers.ways import predict_replies
from linguist.files import write_table
from linguist.intervals import accuracy_interval
from linguist.statistics.summaries import summarize_tasks
from linguist.statistics.tables import read_results
from linguist.statistics.ways import (
    CLASSIFICATION,
    DECIDING,
    PAPER,
    Answers,
    accuracy_by_identity,
    answer_mass,
    compare_ways,
    compute_task_metrics,
    difference_of_ways,
    read_answers,
)
from linguist.tasks.baselines import KMERS, NEIGHBOURS, choose_kmers, score_task_baselines

ANSWERS = {"core": ["no", "yes"], "splice": ["A", "B", "C"]}


@pytest.fixture
def runs(tmp_path):
    """Files of two classifiers, an instructed run and the baselines: the classifiers know 9 of 10, the told model 7."""
    draw, files, baselines = np.random.default_rng(2), [], {}
    for seed in (1, 2):
        told = []
        for task, answers in ANSWERS.items():
            label = np.arange(120) % len(answers)

            def guess(share, label=label, answers=answers):
                return np.where(draw.random(len(label)) < share, label, (label + 1) % len(answers))

            called, ids = guess(0.9), [f"r{i}" for i in range(len(label))]
            scores = {f"score{k}": (called == k).astype(float) for k in range(len(answers))}
            path = tmp_path / f"{task}-{seed}.tsv.gz"
            pd.DataFrame({"test": task, "id": ids, "label": label} | scores).to_csv(path, sep="\t", index=False)
            files.append(("m", task, seed, path))
            for variant, share in (("trained", 0.7), ("held-out", 0.4)):
                called = guess(share)
                text = [answers[c] + " ACGT" * (i % 2) for i, c in enumerate(called)]
                scores = {f"score{k}": (called == k).astype(float) for k in range(len(answers))}
                part = {"test": task, "variant": variant, "asked": task, "id": ids, "label": label, "answer": text}
                told.append(pd.DataFrame(part | scores))
            other = "splice" if task == "core" else "core"
            part = {"test": task, "variant": "swapped", "asked": other, "id": ids[:10], "label": label[:10]}
            said = [ANSWERS[other][0] if i < 8 else "" for i in range(10)]
            told.append(pd.DataFrame(part | {"answer": said, "score0": 0.0, "score1": 1.0}))
            if seed == 1:
                baselines[task] = tmp_path / f"{task}-baselines.tsv.gz"
                kmers = pd.DataFrame({"baseline": KMERS, "test": "", "id": ids, "label": label} | scores)
                kmers.drop(columns="test").to_csv(baselines[task], sep="\t", index=False)
        path = tmp_path / f"told-{seed}.tsv.gz"
        pd.concat(told).to_csv(path, sep="\t", index=False)
        files.append(("m", "told", seed, path))
    return files, baselines


def test_each_way_of_reading_gives_its_own_row(runs):
    called = read_answers(*runs, ANSWERS, ANSWERS)
    metrics = compute_task_metrics("s", called, ANSWERS)
    told = metrics[(metrics["method"] == "told") & (metrics["test"] == "core") & (metrics["seed"] == 1)]
    found = told.set_index(["variant", "rule"])["accuracy"]
    assert set(found.index) == {
        (variant, rule) for variant in ("trained", "held-out") for rule in ("prefix", "strict", "scored")
    } | {("swapped", "obeys")}
    assert found["trained", "prefix"] == found["trained", "scored"] > found["trained", "strict"]
    assert found["swapped", "obeys"] == 0.8
    assert set(metrics.loc[metrics["method"] == CLASSIFICATION, "model"]) == {"m", KMERS}
    summary = summarize_tasks(metrics)
    average = summary[(summary["test"] == "average") & (summary["rule"] == "class") & (summary["model"] == "m")].iloc[0]
    assert average["accuracy"] == pytest.approx(0.9, abs=0.05) and average["seeds"] == 2
    assert average["accuracy_low"] < average["accuracy"] < average["accuracy_high"]


def test_large_differences_are_found(runs):
    table = compare_ways(read_answers(*runs, ANSWERS, ANSWERS)).set_index("question")
    assert set(table.index) == {"instructing", "baseline", "phrasing", "majority"}
    for question, expected in (("instructing", 0.2), ("phrasing", 0.3)):
        row = table.loc[question]
        assert row["low"] < expected < row["high"] and row["tasks"] == 2
        assert row["difference"] == pytest.approx(expected, abs=0.08)
    assert table["p_holm"].min() == pytest.approx(
        len(table) * table["p"].min()
    )  # one family, the majority class included


def test_the_probability_of_allowed_answers_is_their_sum_and_the_mean_over_prompts(tmp_path):
    """By hand: 0.5 + 0.25 in one row, 0.125 + 0 in the other."""
    scores = np.log([[0.5, 0.25], [0.125, 1e-300]])
    assert answer_mass(scores) == pytest.approx((0.75 + 0.125) / 2)
    label, path = np.array([0, 1]), tmp_path / "p.tsv.gz"
    frame = predict_replies("core", label, label, ["no", "?"], 2).assign(score0=scores[:, 0], score1=scores[:, 1])
    frame.to_csv(path, sep="\t", index=False)
    called = read_answers([("m", "told", 1, path)], {}, {"core": ["no", "yes"]}, {"core": ["no", "yes"]})
    called["m", CLASSIFICATION, "", "class"] = {"core": {1: Answers(label, label, np.eye(2))}}
    metrics = compute_task_metrics("s", called, ANSWERS).set_index("rule")
    assert metrics["answer_mass"].drop("class").tolist() == pytest.approx([0.4375] * 3)
    assert np.isnan(metrics.loc["class", "answer_mass"])  # the classes of a classifier have all of the probability
    write_table(tmp_path / "m.tsv", metrics.reset_index())
    pd.testing.assert_frame_equal(read_results(tmp_path / "m.tsv"), metrics.reset_index(), check_dtype=False)


def test_the_likeliest_answer_decides_and_the_paper_s_rule_stands_beside_it(runs):
    called = read_answers(*runs, ANSWERS, ANSWERS)
    table = compare_ways(called)
    decides, paper = (
        {key[:3]: tests for key, tests in called.items() if key[3] in rules} for rules in (DECIDING, PAPER)
    )
    row = table[table["question"] == "phrasing"].iloc[0]
    for ways, prefix in ((decides, ""), (paper, "prefix_")):
        told, unseen = (ways["m", "told", variant] for variant in ("trained", "held-out"))
        found = difference_of_ways(told, unseen)[:4]
        assert [row[f"{prefix}{name}"] for name in ("difference", "low", "high", "p")] == pytest.approx(found)


def test_the_table_of_comparisons_is_read_back_from_its_file(runs, tmp_path):
    table = compare_ways(read_answers(*runs, ANSWERS, ANSWERS))
    write_table(tmp_path / "c.tsv", table)
    pd.testing.assert_frame_equal(read_results(tmp_path / "c.tsv"), table, check_dtype=False)


def test_the_interval_of_a_difference_holds_the_truth_for_one_seed():
    draw, held, widths = np.random.default_rng(3), 0, []
    for _ in range(200):
        label = draw.integers(0, 2, 500)
        ways = []
        easy = draw.random(500)  # the items are paired: what is hard for one is hard for the other
        for share in (0.8, 0.7):
            called = np.where(easy + draw.normal(0, 0.01, 500) < share, label, 1 - label)
            ways.append({"core": {0: Answers(label, called)}})
        mean, low, high, *_ = difference_of_ways(*ways)
        held += low <= 0.1 <= high
        widths.append(high - low)
    assert np.mean(widths) < 0.07  # unpaired it would be 0.11
    assert 180 <= held <= 200


def test_a_way_that_answered_some_tasks_has_no_average(runs):
    called = read_answers(*runs, ANSWERS, ANSWERS)
    del called["m", CLASSIFICATION, "", "class"]["splice"]
    summary = summarize_tasks(compute_task_metrics("s", called, ANSWERS))
    averaged = summary[summary["test"] == "average"]
    assert "told" in set(averaged["method"]) and not ((averaged["model"] == "m") & (averaged["rule"] == "class")).any()


def test_the_same_way_twice_does_not_differ(runs):
    called = read_answers(*runs, ANSWERS, ANSWERS)
    way = called["m", CLASSIFICATION, "", "class"]
    mean, low, high, p, tasks = difference_of_ways(way, way)
    assert mean == 0 and low <= 0 <= high and p == 1 and tasks == 2


def frame(rows):
    return pd.DataFrame(rows, columns=["id", "sequence", "label"])


@pytest.fixture
def motif():
    """A task whose class depends on whether the sequence has a word of five letters."""
    import random

    draw = random.Random(4)

    def row(i, split):
        text = draw.choices("ACGT", k=40)
        if i % 2:
            text[10:15] = "TATAA"
        return f"{split}-{i}", "".join(text), i % 2

    return {s: frame([row(i, s) for i in range(n)]) for s, n in (("train", 300), ("dev", 60), ("test", 100))}


def test_k_mers_learn_a_motif_and_the_nearest_neighbour_is_what_blast_says(motif, tmp_path):
    hits = tmp_path / "hits.tsv"
    hits.write_text("test-0\ttrain-1\t50\t30\t60\ntest-1\ttrain-3\t40\t20\t60\ntest-1\ttrain-2\t60\t40\t60\n\n")
    out = tmp_path / "p.tsv.gz", tmp_path / "about.json"
    score_task_baselines(motif, 2, hits, *out)
    called = read_answers([], {"core": out[0]}, {"core": ["no", "yes"]}, {"core": ["no", "yes"]})
    label, guess, _ = called[KMERS, CLASSIFICATION, "", "class"]["core"][0]
    assert np.mean(label == guess) > 0.8
    _, guess, _ = called[NEIGHBOURS, CLASSIFICATION, "", "class"]["core"][0]
    assert guess[:2].tolist() == [1, 0]  # the labels of train-1 and train-2
    assert len(set(guess[2:])) == 1  # the commonest


def test_accuracy_by_identity_is_that_of_the_rows_of_each_bin(runs):
    files, baselines = runs
    shares = [1.0 if i < 30 else 0.96 if i < 50 else 0.0 for i in range(150)]  # 30 rows equal, 20 nearly
    identity = pd.DataFrame({"id": [f"r{i}" for i in range(150)], "identity": shares})
    table = accuracy_by_identity(files, baselines, ANSWERS, ANSWERS, dict.fromkeys(ANSWERS, identity))
    called = read_answers(files, baselines, ANSWERS, ANSWERS)
    rows = {"100 %": slice(30), "95 % to 100 %": slice(30, 50), "below 80 %": slice(50, None)}
    assert set(table["identity"]) == {*rows} and len(table) == 3 * 3 * len(ANSWERS)  # classifier, told model, k-mers
    for row in table.itertuples():
        variant, rule = ("trained", "scored") if row.method == "told" else ("", "class")
        by_seed = called[row.model, row.method, variant, rule][row.test].values()
        right = [(label == guess)[rows[row.identity]] for label, guess, _ in by_seed]
        assert (row.n, row.seeds) == (len(right[0]), len(right)) and row.accuracy == pytest.approx(np.mean(right))
        assert (row.low, row.high) == pytest.approx(accuracy_interval(np.mean(right, axis=1), row.n))
        assert row.low < row.accuracy < row.high


def test_k_mers_are_chosen_on_dev_alone(motif):
    k, strength, accuracy = choose_kmers(motif["train"], motif["dev"])
    assert accuracy > 0.8 and k >= 4
