"""Reports: what may be claimed follows from the intervals alone, and the page holds everything and asks for nothing."""

import copy
import re
import shutil
import subprocess
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linguist import figures, metrics, report
from linguist.findings import findings, shortcut_of, similarity_line
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


SHORTCUTS = {
    "fr": {"name": "k-mer overlap", "accuracy": 0.98, "low": 0.96, "high": 0.99},
    "dna50": {"name": "composition", "accuracy": 0.49, "low": 0.43, "high": 0.55},
    "a-test-whose-name-is-longer-than-any": {"name": "none", "accuracy": np.nan, "low": np.nan, "high": np.nan},
}


def test_judge_puts_the_control_beside_each_trained_row(summary):
    judged = report.judge(summary, SHORTCUTS)
    assert list(judged["verdict"]) == ["above", "constant", "uncontrolled"]
    assert list(judged["untrained"].fillna(-1)) == [0.5, 0.5, -1]
    assert UNTRAINED not in set(judged["trainset"])


def test_a_shallow_baseline_that_reaches_the_model_is_told_and_leaves_the_verdict(summary):
    judged = report.judge(summary, SHORTCUTS)
    assert list(judged["baseline_reaches"]) == [True, True, False]
    assert list(judged["baseline"]) == ["k-mer overlap", "composition", "none"]
    assert judged["verdict"][0] == "above" and "k-mer overlap, which has 0.980" in judged["claim"][0]
    assert "shallow" in judged["claim"][1] and "shallow" not in judged["claim"][2]
    for accuracy, reaches in ((ROW["low"], True), (ROW["low"] - 0.001, False)):
        tie = report.judge(summary, SHORTCUTS | {"fr": SHORTCUTS["fr"] | {"accuracy": accuracy}})
        assert tie["baseline_reaches"][0] == reaches


def test_text_table_marks_what_a_shallow_baseline_reaches(summary):
    lines = report.text_table(summary, SHORTCUTS).splitlines()
    assert next(line for line in lines if line.startswith("fr")).endswith("0.980  above†")
    assert sum("†" in line for line in lines) == 3 and lines[-1].startswith("†: not clearly above base.")
    assert "  k-mer overlap: fr" in lines and "  none: a-test-whose-name-is-longer-than-any" in lines
    none = dict.fromkeys(SHORTCUTS, SHORTCUTS["a-test-whose-name-is-longer-than-any"])
    assert "†" not in report.text_table(summary, none)


def test_text_table_fits_a_terminal_and_is_aligned(summary):
    text = report.text_table(summary, SHORTCUTS)
    lines = text.splitlines()
    assert max(map(len, lines)) <= 110
    assert text.endswith("\n")
    rows = [line for line in lines if "[" in line and not line.startswith("test")]
    assert len(rows) == 3
    assert len({line.index("[") for line in rows}) == 1
    assert {line.index(line.split()[-1]) for line in rows} == {lines[0].index("verdict")}
    assert {line.split()[-1].rstrip("†") for line in rows} == {"above", "constant", "uncontrolled"}
    assert "m, trained on en (3 seeds)" in lines and "a-model-of-a-long-name, trained on en (1 seed)" in lines
    assert "0.800 [0.750–0.850]" in text
    assert report.VERDICTS["above"] in text and report.VERDICTS["ranks"] not in text


def test_table_reads_back_with_the_controls_at_its_end(summary, tmp_path):
    report.write_table(summary, SHORTCUTS, tmp_path / "table.tsv")
    table = pd.read_csv(tmp_path / "table.tsv", sep="\t")
    assert len(table) == len(summary)
    assert list(table["trainset"]) == ["en"] * 3 + [UNTRAINED] * 2
    assert table["accuracy"].iloc[0] == pytest.approx(0.8)
    assert list(table["baseline_reaches"].iloc[:3].astype(str)) == ["True", "True", "False"]


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
    shortcuts = {test: {"name": "k-mer overlap", "accuracy": 0.75, "low": 0.7, "high": 0.8} for test in tests}
    facts = {"versions": {"torch": "2.13.0"}, "device": "CPU", "folders": ["a", "b"]}
    svgs = {name: folder / f"{name}.svg" for name in drawn} | {"another-figure": folder / "lengths.svg"}
    report.write_page(folder / "page.html", "s", config, summary, table, shortcuts, svgs, facts)
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
    shortcuts = dict.fromkeys(summary["test"], {"name": "k-mer overlap", "accuracy": 0.75, "low": 0.7, "high": 0.8})
    for row in report.judge(summary, shortcuts).to_dict("records"):
        for name in ("test", "model"):
            assert row[name] in text
        for name in ("accuracy", "low", "high", "majority", "untrained", "untrained_low", "untrained_high", "auroc"):
            assert f"{row[name]:.3f}" in text
        assert row["claim"] in source
        triumphs = row["verdict"] == "above" and row["baseline_reaches"]
        assert not triumphs or "but k-mer overlap: 0.750" in text
    assert "audit of dna50" in " ".join(text.split())
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


def split(rows=300, positives=150, **other):
    """What an audit says of a split; an empty one has no figures."""
    empty = {"lengths": {}, "repeated_rows": 0, "pairs_with_both_labels": 0, "order": None, "near_duplicates": None}
    empty |= {"near_copy_negatives": None, "kinds": {}, "start_codon": None}
    lengths = {f"{side} label {label}": {"mean": 50.0, "min": 45, "max": 55} for side in SIDES for label in (0, 1)}
    full = {"lengths": lengths, "order": 0.51, "near_duplicates": 0, "near_copy_negatives": 0}
    return {"rows": rows, "positives": positives} | empty | (full if rows else {}) | other


def baseline(name, is_shallow, accuracy, auroc=0.5, reach=0.05):
    said = {
        "name": name,
        "about": f"what {name} does",
        "shallow": is_shallow,
        "blind": is_shallow and name != "k-mer overlap",
        "threshold": 0.2,
        "threshold_from": "train",
    }
    for prefix, value in (("", accuracy), ("auroc_", auroc)):
        ends = (max(0, value - reach), min(1, value + reach))
        said |= dict(zip((f"{prefix}low", f"{prefix}high"), ends, strict=True))
    return said | {"accuracy": accuracy, "auroc": auroc, "by_kind": {"same": accuracy, "other": accuracy}}


SIDES = ("sentence1", "sentence2")
NO_OVERLAP = {"sentences": 0, "pairs": 0, "near_duplicates": 0}
CLEAN = {
    "kind": "dna",
    "splits": {"train": split(1000, 500), "dev": split(), "test": split(kinds={"same": 150, "other": 150})},
    "overlaps": {"train-dev": NO_OVERLAP, "train-test": NO_OVERLAP, "dev-test": NO_OVERLAP},
    "trained_on": {"en": NO_OVERLAP},
    "distributions": [
        {"name": name, "unit": "bp", "side": "both", "edges": [0, 1, 2], "same": [9, 1], "different": [8, 2]}
        | {"mean_same": 0.6, "mean_different": None}
        for name in ("length", "similarity")
    ],
    "random_similarity": {"pairs": 1000, "mean": 0.1, "p99": 0.3, "max": 0.4},
    "tokens": {"bpe": {"test": {"mean": 30.5, "longest": 52, "unknown": 0.0, "truncated": 0.0}}},
    "baselines": [baseline("composition", True, 0.53), baseline("alignment", False, 0.95)],
}
EMPTY = CLEAN | {"splits": {name: split(0, 0) for name in ("train", "dev", "test")}, "trained_on": {}, "tokens": {}}
EMPTY |= {"distributions": [], "baselines": [], "random_similarity": None}
SPEC = {"kind": "dna", "recipe": "table", "files": {"test": ["a", "b"]}, "rules": {"max_negative_similarity": 0.55}}


def altered(*path, value):
    """The clean audit with one value changed."""
    audit = copy.deepcopy(CLEAN)
    part = audit
    for key in path[:-1]:
        part = part[key]
    part[path[-1]] = value
    return audit


def test_a_clean_set_has_only_fine_findings():
    found = findings(CLEAN)
    assert {severity for severity, _ in found} == {"fine"}
    assert found[0][1].startswith(
        "No shortcut found: the best blind baseline is composition, which gets 0.530 [0.480–0.580]"
    )
    for line in ("No repeated rows.", "No pairs with both labels.", "No near-copy negatives."):
        assert ("fine", line) in found


@pytest.mark.parametrize(
    ("audit", "severity", "line"),
    [
        (altered("splits", "train", "repeated_rows", value=12), "flaw", "Repeated rows: 12 in train."),
        (altered("splits", "test", "pairs_with_both_labels", value=3), "flaw", "Pairs with both labels: 3 in test."),
        (altered("splits", "dev", "order", value=0.0), "flaw", "0.000 in dev"),
        (altered("splits", "dev", "near_copy_negatives", value=4), "flaw", "Near-copy negatives: 4 in dev."),
        (
            altered("splits", "dev", "near_copy_negatives", value=None),
            "fine",
            "No near-copy negatives (not counted in dev).",
        ),
        (altered("splits", "dev", "near_duplicates", value=4), "note", "Near-duplicates within a split: 4 in dev."),
        (
            altered("overlaps", "train-test", value=NO_OVERLAP | {"pairs": 2}),
            "flaw",
            "Pairs that two splits share: 2 in train and test.",
        ),
        (altered("trained_on", "en", value=NO_OVERLAP | {"near_duplicates": 9}), "flaw", "are trained on: 9 in en."),
        (altered("splits", "test", "positives", value=100), "note", "33.3% of test are same"),
        (altered("splits", "dev", value=split(0, 0)), "note", "No rows in dev."),
        (
            altered(
                "splits", "test", "start_codon", value={"offset": 100, "count": 49, "share": 0.33, "elsewhere": 0.02}
            ),
            "note",
            "at 100 in 49 of test (33.0%; elsewhere 2.0%)",
        ),
        (altered("tokens", "bpe", "test", "truncated", value=0.25), "note", "cut at max_length: 25.00% with bpe."),
        (altered("baselines", 0, "threshold_from", value="test"), "note", "which flatters: composition."),
        (
            altered("baselines", 1, value=baseline("alignment", False, 0.52)),
            "note",
            "It is not shown that the pairs hold the answer",
        ),
    ],
)
def test_a_flaw_is_said_and_everything_else_stays_fine(audit, severity, line):
    found = findings(audit)
    said = [(level, text) for level, text in found if line in text]
    assert [level for level, _ in said] == [severity]
    assert {level for level, text in found if line not in text} == {"fine"}


@pytest.mark.parametrize(
    ("baselines", "severity", "line"),
    [
        ([baseline("composition", True, 0.93)], "shortcut", "SHORTCUT: composition alone gets 0.930 [0.880–0.980]"),
        ([baseline("a", True, 0.93), baseline("b", True, 0.7)], "shortcut", "Also above the share: b 0.700."),
        ([baseline("composition", True, 0.53, reach=0.01)], "note", "A weak shortcut: composition"),
        # above the share, but the best of four is so by luck often enough
        ([baseline(name, True, 0.555) for name in "abcd"], "fine", "no more than luck gives the best of 4"),
        ([baseline("length", True, 0.5, auroc=0.9)], "shortcut", "length alone ranks the test pairs with AUROC 0.900"),
        ([baseline("alignment", False, 0.99)], "unknown", "no blind baseline was scored"),
        ([baseline("k-mer overlap", True, 0.9), baseline("length", True, 0.5)], "fine", "No shortcut found"),
        ([baseline("composition", True, 0.5) | {"auroc_low": None, "auroc": None}], "fine", "No shortcut found"),
    ],
)
def test_the_first_finding_says_whether_there_is_a_shortcut(baselines, severity, line):
    found = findings(CLEAN | {"baselines": baselines})[0]
    assert found[0] == severity and line in found[1]


def test_words_in_common_are_no_shortcut_but_a_bar():
    found = findings(CLEAN | {"baselines": [baseline("k-mer overlap", True, 0.9), baseline("length", True, 0.5)]})
    assert [text[:46] for severity, text in found if severity == "note" and "words" in text] == [
        "k-mer overlap, which compares words and not th"
    ]


def test_an_empty_set_is_told_apart_from_a_clean_one():
    found = findings(EMPTY)
    assert found[0][0] == "unknown" and ("flaw", "No rows in train, dev, test.") in found
    assert ("unknown", "Repeated rows: not counted.") in found
    assert not any("nan" in text for _, text in found)


def test_the_shortcut_of_a_test_is_its_best_shallow_baseline():
    several = [baseline("a", True, 0.6), baseline("b", True, 0.7), baseline("alignment", False, 0.9)]
    found = shortcut_of(CLEAN | {"baselines": several})
    assert found == {"name": "b", "accuracy": 0.7, "low": pytest.approx(0.65), "high": pytest.approx(0.75)}
    unscored = baseline("a", True, 0.6) | {"accuracy": None, "low": None, "high": None}
    for audit in (EMPTY, CLEAN | {"baselines": [unscored]}):
        found = shortcut_of(audit)
        assert found["name"] == "none" and np.isnan(found["accuracy"])


def test_the_bound_on_similarity_means_something_only_above_chance():
    assert similarity_line(SPEC, CLEAN)[0] == "fine"
    assert similarity_line(SPEC, altered("random_similarity", "max", value=0.58))[0] == "flaw"
    assert similarity_line(SPEC, EMPTY) is None and similarity_line({"rules": {}}, CLEAN) is None


def write_audit(folder, audit):
    figures.save(figures.audit_figure(audit), folder / "audit.svg")
    report.write_audit(folder / "audit.html", "dna<50>", SPEC, audit, folder / "audit.svg")
    return folder / "audit.html"


@pytest.mark.parametrize("audit", [CLEAN, EMPTY], ids=["clean", "empty"])
def test_audit_page_shows_every_finding_and_asks_the_network_for_nothing(audit, tmp_path):
    source = write_audit(tmp_path, audit).read_text(encoding="utf-8")
    page = Page(source)
    text = " ".join(" ".join(page.text).split())
    assert "Audit of dna<50>" in text
    assert all(line in text for _, line in findings(audit))
    assert not {"None", "nan", "Undefined"} & set(text.split())
    assert all(load.startswith("#") for load in page.loads) and not re.search(r"https?://|@import|<link|<img", source)
    for name in [row["name"] for row in audit["baselines"]] + ["files", "test a, b"]:
        assert name in text


@pytest.mark.parametrize("page", ["audit", "study"])
def test_page_opens_in_a_browser_without_an_error(page, tmp_path):
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("no Chromium to open the page in")
    if page == "audit":
        path, title = write_audit(tmp_path, CLEAN), "Audit of dna"
    else:
        write_study(tmp_path)
        path, title = tmp_path / "page.html", "more</title>"
    flags = "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
    flags += " --disable-component-update --disable-sync --enable-logging=stderr --virtual-time-budget=5000 --dump-dom"
    command = [chromium, *flags.split(), f"--user-data-dir={tmp_path / 'browser'}", path.as_uri()]
    run = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert title in run.stdout and "<svg" in run.stdout
    assert "Uncaught" not in run.stderr and "ERROR:CONSOLE" not in run.stderr
