"""Every figure against another way to reach it: a formula, scikit-learn, brute force, a simulation."""

import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn.metrics import accuracy_score, f1_score, matthews_corrcoef

from linguist.files import write_text
from linguist.statistics.metrics import (
    auroc_interval,
    break_down,
    claim_p_values,
    compare,
    compute_metrics,
    confusion_figures,
    constant,
    figures,
    holm,
    paired_difference,
    read_comparisons,
    read_kinds,
    read_kinds_table,
    read_metrics,
    read_predictions,
    read_scores,
    right_at_median,
    summarize,
    wilson,
)

pytestmark = pytest.mark.filterwarnings("error")


# ── intervals ──


@given(n=st.integers(1, 3000), share=st.floats(0, 1))
def test_wilson_is_where_the_score_test_turns(n, share):
    right = round(share * n)
    z = stats.norm.ppf(0.975)
    observed = right / n
    middle = (observed + z**2 / (2 * n)) / (1 + z**2 / n)
    reach = z / (1 + z**2 / n) * np.sqrt(observed * (1 - observed) / n + z**2 / (4 * n**2))
    low, high = wilson(right, n)
    assert (low, high) == pytest.approx((middle - reach, middle + reach), abs=1e-9)
    assert 0 <= low <= observed + 1e-12 and observed - 1e-12 <= high <= 1


def test_wilson_textbook_values():
    # Newcombe (1998), Statistics in Medicine 17:857, table I: 81/263, 15/148, 0/20, 1/29
    for right, n, low, high in [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ]:
        assert wilson(right, n) == pytest.approx((low, high), abs=5e-5)


def brute_auroc(label, score):
    """Share of (positive, negative) couples in the right order; a tie is half."""
    over = score[label == 1][:, None] - score[label == 0][None, :]
    return np.mean((over > 0) + 0.5 * (over == 0))


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 1), st.integers(-3, 3)), min_size=2, max_size=40))
def test_auroc_is_the_share_of_couples_in_order(rows):
    label, score = np.array(rows).T
    area, low, high = auroc_interval(label, score.astype(float))
    if len(set(label)) == 1:
        assert np.isnan([area, low, high]).all()
    else:
        assert area == pytest.approx(brute_auroc(label, score), abs=1e-12)
        assert 0 <= low <= area <= high <= 1


@pytest.mark.parametrize(("shift", "ties"), [(0.0, False), (1.0, False), (1.0, True)])
def test_delong_agrees_with_the_bootstrap(shift, ties):
    rng = np.random.default_rng(5)
    label = (rng.random(400) < 0.4).astype(int)
    score = rng.normal(size=400) + shift * label
    score = np.round(score) if ties else score
    area, low, high = auroc_interval(label, score)
    areas = []
    positive, negative = score[label == 1], score[label == 0]
    for _ in range(1000):
        one, other = rng.choice(positive, len(positive)), rng.choice(negative, len(negative))
        ranks = stats.rankdata(np.concatenate([one, other]))[: len(one)]
        areas.append((ranks.sum() - len(one) * (len(one) + 1) / 2) / (len(one) * len(other)))
    # A percentile of 1,000 resamples is itself uncertain by about a tenth of the interval's width (0.11).
    assert (low, high) == pytest.approx(np.percentile(areas, [2.5, 97.5]), abs=0.012)
    assert high - area == pytest.approx(1.96 * np.std(areas), rel=0.1)


def test_auroc_of_one_item_a_class_and_of_perfect_order():
    assert auroc_interval(np.array([0, 1]), np.array([0.0, 1.0])) == (1, 1, 1)
    assert auroc_interval(np.array([0, 0, 1, 1]), np.array([1.0, 2.0, 3.0, 4.0])) == (1, 1, 1)


# ── figures from confusion counts ──


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 1), st.integers(0, 1)), min_size=1, max_size=30))
def test_confusion_figures_agree_with_scikit_learn(rows):
    label, predicted = np.array(rows).T
    counts = [np.sum((label == a) & (predicted == b)) for a in (0, 1) for b in (0, 1)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # scikit-learn's, on one class
        expected = (
            accuracy_score(label, predicted),
            f1_score(label, predicted, zero_division=0),
            matthews_corrcoef(label, predicted),
        )
    assert tuple(map(float, confusion_figures(*counts))) == pytest.approx(expected, abs=1e-12)


def test_confusion_figures_take_arrays():
    many = confusion_figures(*np.array([[5, 1, 2, 8], [0, 0, 0, 10], [4, 6, 0, 0]]).T)
    assert [list(map(float, row)) for row in zip(*many, strict=True)] == [
        [float(value) for value in confusion_figures(*counts)] for counts in ([5, 1, 2, 8], [0, 0, 0, 10], [4, 6, 0, 0])
    ]


def test_f1_and_mcc_do_not_overflow_on_large_tests():
    _, f1, mcc = confusion_figures(60_000, 0, 0, 60_000)
    assert f1 == 1 and mcc == pytest.approx(1)


# ── all figures of a run ──


def draw():
    return np.random.default_rng(0)


def balanced(n=200):
    return np.arange(n) % 2


def test_a_perfect_predictor():
    label = balanced()
    found = figures(label, np.where(label == 1, 2.0, -2.0), draw())
    for name in ("accuracy", "f1", "mcc", "auroc", "accuracy_median"):
        assert found[name] == 1, name
    assert found["accuracy_low"] == pytest.approx(wilson(200, 200)[0]) and found["accuracy_high"] == 1
    assert found["predicted_positive"] == found["majority"] == 0.5 and found["n"] == 200


@pytest.mark.parametrize("says", [-1.0, 1.0])
def test_a_constant_predictor_is_seen_through(says):
    label = (np.arange(200) < 60).astype(int)
    found = figures(label, np.full(200, says), draw())
    assert found["accuracy"] == (0.3 if says > 0 else 0.7)
    assert found["predicted_positive"] == (says > 0)
    assert found["mcc"] == found["mcc_low"] == found["mcc_high"] == 0
    assert found["auroc"] == 0.5 and found["majority"] == 0.7
    if says < 0:
        assert found["f1"] == found["f1_low"] == found["f1_high"] == 0  # a constant prediction


@pytest.mark.parametrize("only", [0, 1])
@pytest.mark.parametrize("score", [np.full(50, 1.0), np.full(50, -1.0), np.linspace(-1, 1, 50)])
def test_one_class_only(only, score):
    found = figures(np.full(50, only), score, draw())
    assert found["majority"] == 1
    assert found["accuracy"] == np.mean((score > 0) == only)
    assert np.isnan([found[name] for name in ("auroc", "auroc_low", "auroc_high")]).all()
    assert all(np.isfinite(value) for name, value in found.items() if not name.startswith("auroc"))


def test_a_hidden_ranking_shows_at_the_median():
    label = balanced()
    score = 5 + np.where(label == 1, 0.1, -0.1) * (1 + np.arange(200) / 200)  # all called "same"
    found = figures(label, score, draw())
    assert found["predicted_positive"] == 1 and found["accuracy"] == 0.5
    assert found["auroc"] == found["accuracy_median"] == 1


@settings(deadline=None, max_examples=30)
@given(st.lists(st.tuples(st.integers(0, 1), st.floats(-5, 5)), min_size=1, max_size=60))
def test_figures_lie_in_their_intervals_and_ranges(rows):
    label, score = np.array([row[0] for row in rows]), np.array([row[1] for row in rows])
    found = figures(label, score, draw())
    assert found["accuracy"] == pytest.approx(np.mean((score > 0) == label))
    assert found["accuracy_low"] <= found["accuracy"] + 1e-12 and found["accuracy"] - 1e-12 <= found["accuracy_high"]
    assert found["majority"] == pytest.approx(max(np.mean(label == 1), np.mean(label == 0)))
    assert found["predicted_positive"] == np.mean(score > 0)
    assert -1 <= found["mcc_low"] <= found["mcc_high"] <= 1 + 1e-12 and 0 <= found["f1_low"] <= found["f1_high"] <= 1
    assert figures(label, score, draw()) == pytest.approx(found, nan_ok=True)


def test_the_interval_of_f1_and_mcc_agrees_with_resampling_items():
    rng = np.random.default_rng(2)
    label = balanced(300)
    score = rng.normal(size=300) + label
    found = figures(label, score, draw())
    predicted = score > 0
    resampled = [rng.integers(300, size=300) for _ in range(500)]
    for name, function in (("f1", f1_score), ("mcc", matthews_corrcoef)):
        assert found[name] == pytest.approx(function(label, predicted))
        expected = np.percentile([function(label[at], predicted[at]) for at in resampled], [2.5, 97.5])
        assert (found[f"{name}_low"], found[f"{name}_high"]) == pytest.approx(expected, abs=0.03)


# ── tables ──


def write_predictions(path, rows):
    write_text(path, "test\tid\tlabel\tscore0\tscore1\n" + "".join("\t".join(map(str, row)) + "\n" for row in rows))


def test_metrics_come_from_predictions_and_back_from_their_file(tmp_path):
    rng = np.random.default_rng(1)
    names = ["nan", "1", "en"]  # awkward, but names
    for seed in (1, 2):
        rows = [(test, f"{test}{i}", i % 2, *rng.normal(size=2).round(4)) for test in names for i in range(30)]
        rows[0] = ("nan", "NA", *rows[0][2:])
        rows[1] = ("nan", '"5', *rows[1][2:])
        write_predictions(tmp_path / f"{seed}.tsv.gz", rows)
    runs = [("nano", "null", seed, tmp_path / f"{seed}.tsv.gz") for seed in (1, 2)]
    assert list(read_predictions(runs[0][3])["id"][:2]) == ["NA", '"5']
    metrics = compute_metrics("1", read_scores(["en", "nan", "1"], runs))
    assert list(metrics["test"]) == ["en", "nan", "1"] * 2 and list(metrics["seed"]) == [1] * 3 + [2] * 3
    last = read_predictions(runs[1][3]).query("test == '1'")
    assert metrics["accuracy"].iloc[-1] == np.mean((last["score1"] > last["score0"]) == last["label"])
    assert all(kind.kind in "if" for kind in metrics.drop(columns=["study", "model", "trainset", "test"]).dtypes)
    metrics.loc[0, "auroc"] = np.nan
    write_text(tmp_path / "metrics.tsv", metrics.to_csv(sep="\t", index=False, float_format="%.6g"))
    again = read_metrics(tmp_path / "metrics.tsv")
    pd.testing.assert_frame_equal(again, metrics, rtol=1e-5, check_dtype=False)
    assert list(again["study"]) == ["1"] * 6 and again["seed"].dtype == int


def seeds_table(accuracies, n=100, **more):
    """A metrics table of one model and test."""
    rows = [
        {"model": "m", "trainset": "t", "test": "x", "seed": i, "n": n, "accuracy": a} for i, a in enumerate(accuracies)
    ]
    frame = pd.DataFrame(rows)
    frame["accuracy_low"], frame["accuracy_high"] = zip(*(wilson(round(a * n), n) for a in accuracies), strict=True)
    others = ["auroc", "auroc_low", "auroc_high", "accuracy_median", "predicted_positive", "majority"]
    return frame.assign(**dict.fromkeys(others, 0.5) | more)


def test_a_summary_gives_mean_sd_range_and_the_interval_of_its_formula():
    accuracies = [0.70, 0.74, 0.78]
    (row,) = summarize(seeds_table(accuracies, auroc=[0.6, 0.7, 0.8], predicted_positive=[0, 0.5, 1])).to_dict(
        "records"
    )
    assert row["accuracy"] == pytest.approx(0.74) and row["sd"] == pytest.approx(0.04)
    assert (row["worst"], row["best"], row["seeds"], row["n"]) == (0.70, 0.78, 3, 100)
    assert row["auroc"] == pytest.approx(0.7) and row["predicted_positive"] == pytest.approx(0.5)
    # t(0.975, 2) = 4.303 (any table of t); Wilson's half width for the items, at z = 1.960
    z, n, p = 1.95996, 100, 0.74
    items = z / (1 + z**2 / n) * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    reach = np.hypot(4.3027 * 0.04 / np.sqrt(3), items)
    assert (row["low"], row["high"]) == pytest.approx((0.74 - reach, 0.74 + reach), abs=1e-4)


def test_the_interval_stays_within_0_and_1():
    (row,) = summarize(seeds_table([0.9, 1.0])).to_dict("records")
    assert row["high"] == 1 and 0 <= row["low"] < 0.95
    (row,) = summarize(seeds_table([0.0, 0.1])).to_dict("records")
    assert row["low"] == 0


def test_with_one_seed_it_is_that_runs_own_interval():
    (row,) = summarize(seeds_table([0.6])).to_dict("records")
    assert (row["low"], row["high"]) == wilson(60, 100) and np.isnan(row["sd"]) and row["worst"] == row["best"] == 0.6


def test_each_model_trainset_and_test_has_its_row():
    frame = pd.concat([seeds_table([0.5, 0.6]).assign(test=test, model=m) for test in "yx" for m in "ba"])
    found = summarize(frame)
    assert list(zip(found["test"], found["model"], strict=True)) == [("y", "b"), ("y", "a"), ("x", "b"), ("x", "a")]
    assert set(found["seeds"]) == {2}


@pytest.mark.parametrize(("seeds", "spread"), [(3, 0.0), (3, 0.5), (5, 0.3), (20, 0.3)])
def test_the_interval_covers_the_accuracy_over_new_seeds_and_new_items(seeds, spread):
    """Items of differing difficulty, which all seeds share; seeds of differing skill. 95 % is the aim, 90 % the floor."""
    rng = np.random.default_rng(7)
    studies, items = 300, 150
    difficulty = rng.normal(0.8, 1.5, (studies, 1, items))
    skill = rng.normal(0, spread, (studies, seeds, 1))
    right = rng.random((studies, seeds, items)) < 1 / (1 + np.exp(-difficulty - skill))
    truth = np.mean(1 / (1 + np.exp(-rng.normal(0.8, 1.5, 10**6) - rng.normal(0, spread, 10**6))))
    tables = [seeds_table(right[i].mean(axis=1), n=items).assign(test=str(i)) for i in range(studies)]
    found = summarize(pd.concat(tables))
    assert ((found["low"] <= truth) & (truth <= found["high"])).mean() >= 0.9


# ── paired tests ──


def test_with_one_seed_and_test_it_is_the_paired_t_test():
    draw = np.random.default_rng(2)
    one, other = draw.integers(0, 2, (2, 1, 80)).astype(float)
    difference, low, high, p = paired_difference([one], [other])
    expected = stats.ttest_rel(one[0], other[0])
    assert difference == pytest.approx((one - other).mean()) and p == pytest.approx(expected.pvalue)
    assert (low, high) == pytest.approx(tuple(expected.confidence_interval(0.95)))


def test_where_all_items_agree_it_is_the_paired_t_test_over_seeds():
    skill, rival = np.array([0.5, 0.7, 0.6]), np.array([0.4, 0.5, 0.55])
    one, other = (np.repeat(values[:, None], 50, axis=1) for values in (skill, rival))
    expected = stats.ttest_rel(skill, rival)
    difference, low, high, p = paired_difference([one], [other])
    assert (difference, p) == (pytest.approx(np.mean(skill - rival)), pytest.approx(expected.pvalue))
    assert (low, high) == pytest.approx(tuple(expected.confidence_interval(0.95)))


def test_two_tests_are_averaged_whatever_their_sizes():
    draw = np.random.default_rng(3)
    ways = [[draw.random((2, n)) for n in (40, 200)] for _ in range(2)]
    difference, low, high, p = paired_difference(*ways)
    each = [paired_difference([a], [b])[0] for a, b in zip(*ways, strict=True)]
    assert difference == pytest.approx(np.mean(each)) and low < difference < high and 0 < p < 1
    backwards = paired_difference(*ways[::-1])
    assert backwards == pytest.approx((-difference, -high, -low, p))


def test_a_difference_without_chance_is_certain():
    ones, nil = np.ones((3, 9)), np.zeros((1, 9))
    assert paired_difference([ones], [ones]) == (0, 0, 0, 1)
    assert paired_difference([ones], [nil]) == (1, 1, 1, 0)


@pytest.mark.parametrize(("seeds", "spread"), [(2, 0.0), (2, 0.5), (3, 0.5), (5, 0.3)])
def test_two_ways_of_equal_skill_are_seldom_told_apart(seeds, spread):
    """Items of differing difficulty, seeds of differing skill; at most what the levels allow, and some luck. The small level is
    where a correction for many comparisons works."""
    rng, p = np.random.default_rng(5), []
    for _ in range(600):
        difficulty = rng.normal(0.5, 1.5, (1, 200))
        ways = [
            rng.random((seeds, 200)) < 1 / (1 + np.exp(-difficulty - rng.normal(0, spread, (seeds, 1))))
            for _ in range(2)
        ]
        p.append(paired_difference([ways[0]], [ways[1]])[3])
    assert np.mean(np.array(p) < 0.05) <= 0.075 and np.mean(np.array(p) < 0.002) <= 0.01


def test_translations_of_one_set_are_no_more_evidence_than_one():
    """Six tests that share their items: a model that knows nothing must not beat the majority share more often for it."""
    rng, false = np.random.default_rng(6), 0
    label = balanced(200)
    for _ in range(400):
        base = rng.random((3, 200)) < 0.5
        right = [np.where(rng.random((3, 200)) < 0.8, base, rng.random((3, 200)) < 0.5) for _ in range(6)]
        false += paired_difference(right, [(label == 1)[None].astype(float)] * 6, [label] * 6)[3] < 0.05
    assert false / 400 <= 0.075


def test_tests_that_are_apart_are_more_evidence_than_one():
    """One seed, four tests of items of their own: the z-test of the mean of four means."""
    draw = np.random.default_rng(7)
    one, other = ([draw.random((1, 5000)) for _ in range(4)] for _ in range(2))
    mean, low, high, p = paired_difference(one, other, shared=False)
    gaps = [(a - b)[0] for a, b in zip(one, other, strict=True)]
    error = np.sqrt(sum(gap.var(ddof=1) / len(gap) for gap in gaps)) / 4
    assert (high - low) / 2 == pytest.approx(stats.norm.ppf(0.975) * error, rel=1e-3)
    assert p == pytest.approx(2 * stats.norm.sf(abs(mean) / error), rel=1e-2)
    wide = paired_difference(one, other)
    assert wide[2] - wide[1] == pytest.approx(2 * (high - low), rel=0.02)


def test_labels_whose_numbers_are_fixed_are_no_chance():
    """Against a constant answer on a balanced set a binomial test of the right answers is what remains."""
    label = balanced(1000)
    called = np.where(np.random.default_rng(8).random(1000) < 0.54, label, 1 - label)
    right = (called == label)[None].astype(float)
    loose, tight = (paired_difference([right], [constant(label)], labels) for labels in (None, [label]))
    assert tight[0] == loose[0] and tight[2] - tight[1] < 0.8 * (loose[2] - loose[1])
    assert tight[3] == pytest.approx(stats.binomtest(int(right.sum()), 1000).pvalue, abs=0.02)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=6))
def test_holm_is_the_closed_test_of_bonferroni(p):
    """A hypothesis falls if all intersections that hold it fall (Marcus, Peritz & Gabriel 1976)."""
    subsets = [[i for i in range(len(p)) if mask >> i & 1] for mask in range(1, 2 ** len(p))]
    closed = [max(min(1, len(s) * min(p[j] for j in s)) for s in subsets if i in s) for i in range(len(p))]
    assert holm(p) == pytest.approx(closed)


@given(st.lists(st.integers(-3, 3), min_size=1, max_size=12))
def test_at_the_median_a_constant_score_is_a_coin_and_signs_do_not_matter(scores):
    score, label = np.array(scores, float), np.arange(len(scores)) % 2
    found = right_at_median(label, score)
    assert found == pytest.approx(right_at_median(label, score + 7)) and set(found) <= {0, 0.5, 1}
    assert found == pytest.approx(1 - right_at_median(label, -score))
    assert set(right_at_median(label, np.zeros(len(label)))) == {0.5}


def scored(skills, n=200, seeds=3, shift=0.0):
    """Scores of arms {name: how much a same pair scores above a different one}, as from `read_scores`; test "x"."""
    label, found = balanced(n), {}
    for at, (arm, skill) in enumerate(skills.items()):
        draws = {seed: np.random.default_rng([at, seed]).normal(size=n) for seed in range(seeds)}
        found[arm] = {"x": (label, {seed: draw + skill * (label - 0.5) + shift for seed, draw in draws.items()})}
    return found


def test_each_arm_is_compared_with_every_control_and_with_knowing_nothing(tmp_path):
    scores = scored({("m", "t"): 2.0, ("m", "untrained"): 0.0, ("m", "t.flipped"): -2.0})
    controls = {"untrained": ["m", "untrained"], "flipped": ["m", "t.flipped"]}
    table = compare(scores, [{"arm": ["m", "t"], "controls": controls, "groups": {"DNA": ["x"]}}])
    assert list(table["level"]) == ["test"] * 6 + ["group"] * 6
    assert list(table["against"][:6]) == ["majority", "untrained", "flipped", "chance", "untrained", "flipped"]
    assert (
        (table["difference"] > 0.1).all() and (table["p_holm"] < 0.01).all() and (table["p_holm"] >= table["p"]).all()
    )
    accuracy = summarize(compute_metrics("s", scores)).set_index("trainset")["accuracy"]
    found = table[:3].set_index("against")["difference"]
    assert found["untrained"] == pytest.approx(accuracy["t"] - accuracy["untrained"])
    assert found["flipped"] == pytest.approx(accuracy["t"] - accuracy["t.flipped"])
    assert found["majority"] == pytest.approx(accuracy["t"] - 0.5)
    write_text(tmp_path / "c.tsv", table.to_csv(sep="\t", index=False, float_format="%.6g"))
    pd.testing.assert_frame_equal(read_comparisons(tmp_path / "c.tsv"), table, rtol=1e-4, atol=1e-9, check_dtype=False)


def test_errors_are_told_by_kind_of_pair(tmp_path):
    ids = ["x-1-same", "x-2-swap", "x-3-swap", "x-4-same", "y1", "y2"]
    labels, score = [1, 0, 0, 1, 0, 1], [[2, -1, 1, 3, 0, 1], [2, 1, 1, -3, 0, 1]]
    runs = []
    for seed, scores in enumerate(score):
        path = tmp_path / f"{seed}.tsv.gz"
        rows = zip("xxxxyy", ids, labels, [0] * 6, scores, strict=True)
        write_predictions(path, rows)
        runs.append(("m", "t", seed, path))
    table = break_down(read_scores(["x", "y"], runs), read_kinds(["x", "y"], runs[0][3]))
    assert table[["test", "kind", "label", "n", "right"]].to_numpy().tolist() == [
        ["x", "same", 1, 2, 0.75],
        ["x", "swap", 0, 2, 0.25],
    ]
    assert ((table["low"] < table["right"]) & (table["right"] < table["high"])).all()
    write_text(tmp_path / "k.tsv", table.to_csv(sep="\t", index=False))
    pd.testing.assert_frame_equal(read_kinds_table(tmp_path / "k.tsv"), table, check_dtype=False)


# ── claims of several rivals ──


@given(st.lists(st.lists(st.floats(0, 1), min_size=2, max_size=2), min_size=1, max_size=8))
def test_a_claim_has_the_largest_p_of_its_rivals_corrected_for_the_claims_alone(p):
    claim = np.repeat(np.arange(len(p)), 2)
    found = claim_p_values(np.ravel(p), claim)
    assert found == pytest.approx(np.repeat(holm(np.max(p, axis=1)), 2))


def test_rivals_that_are_beaten_do_not_make_a_claim_harder():
    """A study of one claim with three rivals: none pays for the others' number."""
    rng, label = np.random.default_rng(8), balanced(400)
    arm = {"a": (label, {s: rng.normal(size=400) + 2 * (label - 0.5) for s in range(3)})}
    weak = {name: {"a": (label, {s: rng.normal(size=400) for s in range(3)})} for name in ("x", "y", "z")}
    scores = {("m", "t"): arm} | {("m", name): tests for name, tests in weak.items()}
    spec = {"arm": ["m", "t"], "controls": {name: ["m", name] for name in weak}, "groups": {"DNA": ["a"]}}
    rows = compare(scores, [spec]).query("level == 'group' and measure == 'accuracy'")
    assert (rows["p_claim"] == rows["p"].max()).all() and (rows["p_holm"] == rows["p"]).all()
    assert (rows["needed"] < rows["difference"]).all() == (rows["p_claim"].iloc[0] < 0.05)


def test_studies_of_models_that_know_nothing_seldom_claim_anything():
    """Ten claims, three seeds, each against the majority share and a control: at most what the level allows, and some luck."""
    rng, label, false = np.random.default_rng(9), balanced(100), 0
    names = [f"test{i}" for i in range(10)]
    for _ in range(60):
        arms = {
            arm: {name: (label, {s: rng.normal(size=100) for s in range(3)}) for name in names}
            for arm in (("m", "t"), ("m", "untrained"))
        }
        spec = {"arm": ["m", "t"], "controls": {"untrained": ["m", "untrained"]}, "groups": {n: [n] for n in names}}
        claims = compare(arms, [spec]).query("level == 'group' and measure == 'accuracy'")
        false += (claims["p_claim"] < 0.05).any()
    assert false <= 6


def test_what_a_claim_needed_counts_the_claims_that_are_not_shown():
    rng, label = np.random.default_rng(10), balanced(300)
    for skills, waiting in (({"a": 3, "b": 0}, 1), ({"a": 0, "b": 0}, 2)):
        tests = {
            name: (label, {s: rng.normal(size=300) + skill * (label - 0.5) for s in range(4)})
            for name, skill in skills.items()
        }
        spec = {"arm": ["m", "t"], "controls": {}, "groups": {"A": ["a"], "B": ["b"]}}
        rows = compare({("m", "t"): tests}, [spec]).query("level == 'group' and measure == 'accuracy'")
        row = rows.set_index("scope").loc["B"]
        half = (row["high"] - row["low"]) / 2
        assert row["needed"] == pytest.approx(half) if waiting == 1 else row["needed"] > 1.1 * half
