"""Reports: what may be claimed follows from the intervals alone, and the page holds everything and asks for nothing."""

import re
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linguist import figures, metrics, report
from linguist.plan import UNTRAINED

ROW = {
    "model": "m",
    "trainset": "en",
    "test": "fr",
    "n": 300,
    "seeds": 3,
    "accuracy": 0.8,
    "low": 0.75,
    "high": 0.85,
    "sd": 0.01,
    "worst": 0.79,
    "best": 0.81,
    "auroc": 0.88,
    "auroc_low": 0.84,
    "auroc_high": 0.92,
    "accuracy_median": 0.8,
    "predicted_positive": 0.5,
    "majority": 0.5,
}
CHANCE = {"accuracy": 0.5, "low": 0.45, "high": 0.55, "auroc": 0.5, "auroc_low": 0.44, "auroc_high": 0.56}
CONTROL = ROW | CHANCE | {"trainset": UNTRAINED, "accuracy_median": 0.5}
FLAT = ROW | CHANCE | {"accuracy_median": 0.5}


@pytest.mark.parametrize(
    ("row", "control", "code"),
    [
        (ROW, CONTROL, "above"),
        (ROW, None, "uncontrolled"),
        (ROW, CONTROL | {"high": 0.76}, "control"),
        (FLAT, CONTROL, "chance"),
        (FLAT | {"low": 0.3, "high": 0.45, "accuracy": 0.4}, CONTROL, "below"),
        (FLAT | {"predicted_positive": 0.99}, CONTROL, "constant"),
        (FLAT | {"predicted_positive": 0.0}, None, "constant"),
        # multilingual-e5-small on dna50: every pair is called the same, and the scores rank them all the same
        (
            FLAT | {"predicted_positive": 1.0, "auroc": 0.74, "auroc_low": 0.69, "accuracy_median": 0.68},
            CONTROL,
            "ranks",
        ),
        (FLAT | {"predicted_positive": 0.9, "auroc": 0.74, "auroc_low": 0.69, "accuracy_median": 0.68}, None, "ranks"),
        # it ranks no better than the untrained head: a shortcut of the pair set, not a thing learned
        (FLAT | {"auroc": 0.6, "auroc_low": 0.57, "accuracy_median": 0.58}, CONTROL | {"auroc_high": 0.62}, "chance"),
        # another threshold would not help: the threshold is not to blame
        (FLAT | {"auroc": 0.6, "auroc_low": 0.57, "accuracy_median": 0.49}, CONTROL, "chance"),
        (FLAT | {"auroc_low": np.nan, "auroc": np.nan, "auroc_high": np.nan}, CONTROL, "chance"),
        (FLAT | {"auroc_low": 0.6, "accuracy_median": 0.6}, CONTROL | {"auroc_high": np.nan}, "ranks"),
    ],
)
def test_verdict(row, control, code):
    found, text = report.verdict(row, control)
    assert found == code
    assert text.startswith(report.VERDICTS[code])
    assert f"{row['accuracy']:.3f}" in text and f"{row['majority']:.3f}" in text


shares = st.floats(0, 1)


@given(st.lists(shares, min_size=3, max_size=3), st.lists(shares, min_size=3, max_size=3), shares, shares, shares)
def test_a_claim_of_skill_needs_both_intervals_and_nothing_else(accuracies, controls, majority, called, auroc):
    low, accuracy, high = sorted(accuracies)
    row = ROW | {"low": low, "accuracy": accuracy, "high": high, "majority": majority, "predicted_positive": called}
    row |= {"auroc": auroc, "auroc_low": auroc, "auroc_high": auroc}
    control = CONTROL | dict(zip(("low", "accuracy", "high"), sorted(controls), strict=True))
    code, _ = report.verdict(row, control)
    assert (code == "above") == (low > majority and low > control["high"])
    assert code in report.VERDICTS
    if code in ("chance", "below"):
        assert low <= majority and report.CONSTANT <= called <= 1 - report.CONSTANT


@pytest.fixture
def summary():
    rows = [CONTROL, CONTROL | {"test": "dna50"}, ROW, FLAT | {"test": "dna50", "predicted_positive": 1.0}]
    rows += [
        ROW
        | {"model": "a-model-of-a-long-name", "test": "a-test-whose-name-is-longer-than-any", "sd": np.nan, "seeds": 1}
    ]
    return pd.DataFrame(rows)


def test_judge_puts_the_control_beside_each_trained_row(summary):
    judged = report.judge(summary)
    assert list(judged["verdict"]) == ["above", "constant", "uncontrolled"]
    assert list(judged["untrained"].fillna(-1)) == [0.5, 0.5, -1]
    assert UNTRAINED not in set(judged["trainset"])


def test_text_table_fits_a_terminal_and_is_aligned(summary):
    text = report.text_table(summary)
    lines = text.splitlines()
    assert max(map(len, lines)) <= 110
    assert text.endswith("\n")
    rows = [line for line in lines if "[" in line and not line.startswith("test")]
    assert len(rows) == 3
    assert len({line.index("[") for line in rows}) == 1
    assert {line.index(line.split()[-1]) for line in rows} == {lines[0].index("verdict")}
    assert {line.split()[-1] for line in rows} == {"above", "constant", "uncontrolled"}
    assert "m, trained on en (3 seeds)" in lines and "a-model-of-a-long-name, trained on en (1 seed)" in lines
    assert "0.800 [0.750–0.850]" in text
    assert report.VERDICTS["above"] in text and report.VERDICTS["ranks"] not in text


def test_table_reads_back_with_the_controls_at_its_end(summary, tmp_path):
    report.write_table(summary, tmp_path / "table.tsv")
    table = pd.read_csv(tmp_path / "table.tsv", sep="\t")
    assert len(table) == len(summary)
    assert list(table["trainset"]) == ["en"] * 3 + [UNTRAINED] * 2
    assert table["accuracy"].iloc[0] == pytest.approx(0.8)


class Page(HTMLParser):
    """Checks that tags nest, and gathers ids, text and whatever a browser would load."""

    VOID = {"meta", "br", "link", "img", "input", "hr"}

    def __init__(self, source):
        super().__init__()
        self.stack, self.ids, self.loads, self.text = [], [], [], []
        self.feed(source)
        assert not self.stack

    def handle_starttag(self, tag, attributes):
        if tag not in self.VOID:
            self.stack.append(tag)
        for key, value in attributes:
            if key == "id":
                self.ids.append(value)
            elif key in ("src", "href", "srcset", "data", "action"):
                self.loads.append(value)

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        if tag not in self.VOID:
            self.stack.pop()

    def handle_endtag(self, tag):
        assert self.stack.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


def write_study(folder, seeds=(1, 2), controls=(UNTRAINED,), recipe="grammar"):
    """A study of two models on made-up predictions, and its page."""
    models, tests, kinds = ["m1", "m2"], ["en", "dna50", "coding"], ("sentence", "dna", "coding")
    runs = []
    for at, model in enumerate(models):
        for trainset in ("en", *controls):
            for seed in seeds:
                draw = np.random.default_rng([at, seed])
                label = np.tile([0, 1], 40)
                score = np.concatenate([draw.normal(size=80) + place * (label - 0.5) for place in range(3)])
                name = np.repeat(tests, 80)
                path = folder / f"{model}.{trainset}.{seed}.tsv"
                columns = {"test": name, "id": name, "label": np.tile(label, 3), "score0": 0.0, "score1": score}
                pd.DataFrame(columns).to_csv(path, sep="\t", index=False)
                runs.append((model, trainset, seed, path))
    table = metrics.compute_metrics("s", tests, runs)
    summary = metrics.summarize(table)
    lengths = pd.DataFrame({"sentence1": ["A" * 9] * 4, "sentence2": ["C" * 9] * 4, "label": [0, 1] * 2})
    drawn = {
        "accuracy": figures.accuracy_figure(summary, table),
        "confusion": figures.confusion_figure(figures.count_confusions(tests, runs)),
        "lengths": figures.length_figure({test: (kind, lengths) for test, kind in zip(tests, kinds, strict=True)}),
    }
    for name, figure in drawn.items():
        figures.save(figure, folder / f"{name}.svg")
    study = {"title": "A <title> & more", "question": "Does it?", "models": models, "trainsets": ["en"]}
    study |= {"seeds": list(seeds), "tests": tests, "controls": list(controls)}
    recipes = (recipe, "homologs", "coding")
    config = {
        "studies": {"s": study},
        "pairsets": {t: {"kind": k, "recipe": r} for t, k, r in zip(tests, kinds, recipes, strict=True)},
        "models": {"m1": {"architecture": "gpt2"}, "m2": {"hub": "org/m2", "revision": "0" * 40}},
    }
    facts = {"versions": {"torch": "2.13.0"}, "device": "CPU", "folders": ["a", "b"]}
    svgs = {name: folder / f"{name}.svg" for name in drawn} | {"another-figure": folder / "lengths.svg"}
    report.write_page(folder / "page.html", "s", config, summary, table, svgs, facts)
    return (folder / "page.html").read_text(encoding="utf-8"), summary


def test_page_is_one_well_formed_file_that_asks_the_network_for_nothing(tmp_path):
    source, _ = write_study(tmp_path)
    page = Page(source)
    assert len(page.ids) == len(set(page.ids))
    assert all(load.startswith("#") for load in page.loads)
    assert not re.search(r"https?://|@import|<link|<img|url\((?!#)", source)
    referred = set(re.findall(r'url\(#([^)]+)\)|href="#([^"]+)"|aria-labelledby="([^"]+)"', source))
    assert referred and {name for names in referred for name in names if name} <= set(page.ids)


def test_page_shows_each_figure_beside_its_interval_and_control(tmp_path):
    source, summary = write_study(tmp_path)
    text = " ".join(Page(source).text)
    for row in report.judge(summary).to_dict("records"):
        for name in ("test", "model"):
            assert row[name] in text
        for name in ("accuracy", "low", "high", "majority", "untrained", "untrained_low", "untrained_high", "auroc"):
            assert f"{row[name]:.3f}" in text
        assert row["claim"] in source
    assert "A <title> & more" in text and "Does it?" in text
    assert "torch 2.13.0" in text and "a, b" in text and "another-figure" in text


def test_page_says_what_is_synthetic_and_what_is_not_pretrained(tmp_path):
    source, _ = write_study(tmp_path)
    assert "Synthetic sentences." in source and "not PAWS-X" in source
    assert re.search(r"Random weights, not pretrained\.</strong> m1: built", source)
    real, _ = write_study(tmp_path, recipe="table")
    assert "Synthetic sentences." not in real and "Random weights" in real


def test_page_of_one_seed_without_control(tmp_path):
    source, _ = write_study(tmp_path, seeds=(7,), controls=())
    text = " ".join(Page(source).text)
    assert "nan" not in text.split()
    assert "above the majority share and above the untrained control:" not in text.lower()


def test_page_has_the_same_bytes_twice(tmp_path):
    assert write_study(tmp_path)[0] == write_study(tmp_path)[0]


def test_inline_gives_two_copies_of_a_figure_ids_of_their_own(tmp_path):
    write_study(tmp_path)
    first, second = (Page(report.inline(tmp_path / "accuracy.svg", name)) for name in ("a", "b"))
    assert first.ids and not set(first.ids) & set(second.ids)
