"""Figures are saved whole, with the same bytes for the same data, and leave the global style alone."""

import subprocess
import sys
from pathlib import Path

import matplotlib
import pandas as pd
import pytest

from helpers.data import ROOT
from helpers.figures import write_runs
from linguist.report.plots.study import lengths_figure
from linguist.report.plots.style import LOOKS, save
from linguist.statistics.scores import compute_metrics
from linguist.statistics.summaries import summarize_pairs
from linguist.statistics.tables import read_scores
from linguist.training.controls import UNTRAINED


def pairs(*lengths):
    rows = [("x", "A" * first, "C" * second, at % 2) for at, (first, second) in enumerate(lengths)]
    return pd.DataFrame(rows, columns=["id", "sentence1", "sentence2", "label"])


DRAW = """
import sys
import pandas as pd
from linguist.report.plots.study import accuracy_figure
from linguist.report.plots.style import save
table = pd.read_csv(sys.argv[1], sep="\\t")
summary = pd.read_csv(sys.argv[2], sep="\\t")
save(accuracy_figure(summary, table), sys.argv[3])
"""


def test_the_same_table_gives_the_same_bytes_in_another_process(tmp_path):
    runs = write_runs(tmp_path, ["m1", "m2"], ["en", UNTRAINED], [1, 2], ["fr", "dna50"])
    table = compute_metrics("study", read_scores(["fr", "dna50"], runs))
    summary = summarize_pairs(table)
    table.to_csv(tmp_path / "metrics.tsv", sep="\t", index=False)
    summary.to_csv(tmp_path / "summary.tsv", sep="\t", index=False)
    library = str(ROOT / "scripts")
    for name in ("a.svg", "b.svg"):
        arguments = [tmp_path / "metrics.tsv", tmp_path / "summary.tsv", tmp_path / name]
        subprocess.run([sys.executable, "-c", DRAW, *arguments], check=True, env={"PYTHONPATH": library}, timeout=120)
    first = (tmp_path / "a.svg").read_bytes()
    assert first == (tmp_path / "b.svg").read_bytes()
    assert b"matplotlib.org" not in first and b"<metadata" not in first and b"<image" not in first


def test_drawing_leaves_the_global_style_alone():
    before = dict(matplotlib.rcParams)
    lengths_figure({"one": ("dna", pairs((50, 50), (40, 44)))})
    assert dict(matplotlib.rcParams) == before


def test_a_failed_save_leaves_the_old_figure(tmp_path):
    class Broken:
        def savefig(self, path, **_):
            Path(path).write_text("half")
            raise OSError("disk full")

    (tmp_path / "f.svg").write_text("old")
    with pytest.raises(OSError, match="disk full"):
        save(Broken(), tmp_path / "f.svg")
    assert [path.name for path in tmp_path.iterdir()] == ["f.svg"] and (tmp_path / "f.svg").read_text() == "old"


def test_models_never_look_alike():
    looks = [tuple(look.values()) for look in LOOKS]
    assert len(set(looks)) == len(looks) == 49
