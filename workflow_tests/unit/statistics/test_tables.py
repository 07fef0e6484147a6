"""Predictions are read as they are written, whatever their names, and so are tables."""

import numpy as np
import pandas as pd

from linguist.files import write_table, write_text
from linguist.statistics.scores import compute_metrics
from linguist.statistics.summaries import summarize_kinds
from linguist.statistics.tables import read_predictions, read_results, read_row_types, read_scores
from linguist.statistics.ways import read_answers


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
    write_table(tmp_path / "metrics.tsv", metrics)
    again = read_results(tmp_path / "metrics.tsv")
    pd.testing.assert_frame_equal(again, metrics, rtol=1e-5, check_dtype=False)
    assert list(again["study"]) == ["1"] * 6 and again["seed"].dtype == int


def test_accuracy_by_kind_of_pair(tmp_path):
    ids = ["x-1-same", "x-2-swap", "x-3-swap", "x-4-same", "y1", "y2"]
    labels, score = [1, 0, 0, 1, 0, 1], [[2, -1, 1, 3, 0, 1], [2, 1, 1, -3, 0, 1]]
    runs = []
    for seed, scores in enumerate(score):
        path = tmp_path / f"{seed}.tsv.gz"
        rows = zip("xxxxyy", ids, labels, [0] * 6, scores, strict=True)
        write_predictions(path, rows)
        runs.append(("m", "t", seed, path))
    table = summarize_kinds(read_scores(["x", "y"], runs), read_row_types(["x", "y"], runs[0][3]))
    assert table[["test", "kind", "label", "n", "right"]].to_numpy().tolist() == [
        ["x", "same", 1, 2, 0.75],
        ["x", "swap", 0, 2, 0.25],
    ]
    assert ((table["low"] < table["right"]) & (table["right"] < table["high"])).all()
    write_table(tmp_path / "k.tsv", table)
    pd.testing.assert_frame_equal(read_results(tmp_path / "k.tsv"), table, check_dtype=False)


def test_replies_that_look_like_numbers_are_text(tmp_path):
    """Answers may be 0 and 1, and a reply may be empty."""
    table = {"test": "core", "variant": "trained", "asked": "core", "id": ["a", "b", "c"], "label": [0, 1, 1]}
    path = tmp_path / "p.tsv.gz"
    pd.DataFrame(table | {"answer": ["0", "1", None], "score0": 0.0, "score1": 1.0}).to_csv(path, sep="\t", index=False)
    called = read_answers([("m", "told", 1, path)], {}, {"core": ["0", "1"]}, {"core": ["0", "1"]})
    assert called["m", "told", "trained", "prefix"]["core"][1][1].tolist() == [0, 1, -1]
