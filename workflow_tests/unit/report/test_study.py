"""Reports: what may be claimed follows from the intervals alone, and the page holds everything and asks for nothing."""

import copy
import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.pages import Page, open_page, read_text
from linguist.config.plan import comparisons_of
from linguist.config.published import read_published
from linguist.config.settle import PUBLISHED
from linguist.report import comparison, pairset, pretraining, tokenizer
from linguist.report import study as report
from linguist.report.page import inline
from linguist.report.pairset import findings, shortcut_of, similarity_line
from linguist.report.plots.pairset import audit_figure
from linguist.report.plots.pretraining import pretraining_figure
from linguist.report.plots.published import published_figure
from linguist.report.plots.study import accuracy_figure, confusion_figure, count_confusions, length_figure
from linguist.report.plots.style import save
from linguist.report.plots.tokenizer import vocabulary_figure
from linguist.report.pretraining import CLEAR, LEARNED, curve_findings, judge_source
from linguist.report.tokenizer import published_of, vocabulary_findings
from linguist.statistics import metrics
from linguist.statistics.verdicts import VERDICTS, make_study_tables
from linguist.tokenizers.types import TYPES
from linguist.training.controls import UNTRAINED


def write_study(folder, seeds=(1, 2), controls=(UNTRAINED,), recipe="grammar", corpus=None, published=None):
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
                columns = {
                    "test": name,
                    "id": [f"{t}-{kind}" for t, kind in zip(name, ["scrambled", "same"] * 120, strict=True)],
                    "label": np.tile(label, 3),
                    "score0": 0.0,
                    "score1": score,
                }
                pd.DataFrame(columns).to_csv(path, sep="\t", index=False)
                runs.append((model, trainset, seed, path))
    scores = metrics.read_scores(tests, runs)
    table = metrics.compute_metrics("s", scores)
    summary = metrics.summarize(table)
    lengths = pd.DataFrame({"sentence1": ["A" * 9] * 4, "sentence2": ["C" * 9] * 4, "label": [0, 1] * 2})
    drawn = {
        "accuracy": accuracy_figure(summary, table),
        "confusion": confusion_figure(count_confusions(tests, runs)),
        "lengths": length_figure({test: (kind, lengths) for test, kind in zip(tests, kinds, strict=True)}),
    }
    for name, figure in drawn.items():
        save(figure, folder / f"{name}.svg")
    study = {"title": "A <title> & more", "question": "Does it?", "models": models, "trainsets": ["en"]}
    study |= {"seeds": list(seeds), "tests": tests, "controls": list(controls)}
    recipes = (recipe, "homologs", "coding")
    config = {
        "studies": {"s": study},
        "pairsets": {t: {"kind": k, "recipe": r} for t, k, r in zip(tests, kinds, recipes, strict=True)},
        "corpora": {"mixed": {"sources": {"text": {"pairsets": ["en"]}, "dna": {"resources": ["hg38"]}}}},
        "models": {
            "m1": {"architecture": "gpt2"} | ({"corpus": corpus} if corpus else {}),
            "m2": {"hub": "org/m2", "revision": "0" * 40},
        },
    }
    beside = {}
    if published:
        study["published"], data = published, read_published(PUBLISHED)
        rows = comparison.compare_published(summary, study, data["tables"])
        save(published_figure(rows), folder / "published.svg")
        beside = {"published": data, "beside": folder / "published.svg"}
        config |= {"tokens": {"max_length": 256}, "finetuning": data["setup"]["finetuning"]}
        for spec in config["pairsets"].values():
            spec |= {"sizes": {"train": 400}, "files": {}, "rules": {}}
    shortcuts = {test: {"name": "k-mer overlap", "accuracy": 0.75, "low": 0.7, "high": 0.8} for test in tests}
    facts = {"versions": {"torch": "2.13.0"}, "device": "CPU", "folders": ["a", "b"]}
    svgs = {name: folder / f"{name}.svg" for name in drawn} | {"another-figure": folder / "lengths.svg"}
    compared = metrics.compare(scores, comparisons_of(config, "s"))
    tables = make_study_tables(table, compared, shortcuts)
    judged, said = tables.judged, tables.claims
    kinds = metrics.break_down(scores, metrics.read_kinds(tests, runs[0][3]))
    report.write_page(folder / "page.html", "s", config, judged, said, compared, table, kinds, svgs, facts, **beside)
    return (folder / "page.html").read_text(encoding="utf-8"), judged, said


def test_page_is_one_well_formed_file_that_asks_the_network_for_nothing(tmp_path):
    source, *_ = write_study(tmp_path)
    page = Page(source)
    assert len(page.ids) == len(set(page.ids))
    assert all(load.startswith("#") for load in page.loads)
    assert not re.search(r"https?://|@import|<link|<img|url\((?!#)", source)
    referred = set(re.findall(r'url\(#([^)]+)\)|href="#([^"]+)"|aria-labelledby="([^"]+)"', source))
    assert referred and {name for names in referred for name in names if name} <= set(page.ids)


def test_page_shows_each_figure_beside_its_interval_and_control(tmp_path):
    source, judged, said = write_study(tmp_path)
    text = " ".join(Page(source).text)
    for row in judged.to_dict("records"):
        for name in ("test", "model"):
            assert row[name] in text
        for name in ("accuracy", "low", "high", "majority", "auroc"):
            assert f"{row[name]:.3f}" in text
        for name in ("lead", "lead_low", "lead_high"):
            assert f"{row[name]:+.3f}" in text
        assert row["claim"] in source
        triumphs = row["verdict"] == "above" and row["baseline_reaches"]
        assert not triumphs or "but k-mer overlap: 0.750" in text
    assert len(said) == 4
    for claim in said["text"]:
        assert claim[1:] in text
    assert text.split().count("scrambled") == 6  # two models on three tests
    assert "audit of dna50" in " ".join(text.split())
    assert "A <title> & more" in text and "Does it?" in text
    assert "torch 2.13.0" in text and "a, b" in text and "another-figure" in text


def test_page_puts_the_papers_figures_beside_ours_with_what_differs(tmp_path):
    plain, *_ = write_study(tmp_path)
    assert "Beside the paper" not in plain
    asked = {"tables": ["table1", "table3"], "as": {"m1": "gpt2", "m2": "bert-multi"}}
    source, judged, _ = write_study(tmp_path, published=asked)
    page = Page(source)
    text = " ".join(" ".join(page.text).split())
    assert len(page.ids) == len(set(page.ids)) and not re.search(r"https?://|@import|<link|<img", source)
    rows = comparison.compare_published(
        judged, {"models": ["m1", "m2"], "trainsets": ["en"], "tests": ["en", "dna50", "coding"], "published": asked},
        read_published(PUBLISHED)["tables"],
    )  # fmt: skip
    assert len(rows) == 10  # table1 has en, dna50 and coding; table3 dna50 and coding
    assert f"{rows['outside'].sum()} of 10 figures of the paper lie outside" in text
    for row in rows.to_dict("records"):
        assert f"{row['mean_difference']:+.3f}" in text and f"{row['best_difference']:+.3f}" in text
    assert source.count(">outside</span>") == rows["outside"].sum()
    assert "m1 stands for gpt2 (openai-community/gpt2): it is another model" in text
    assert "inputs are cut at 256 tokens, the paper's at 128" in text and "82.9 %" in text
    assert "en: synthetic sentences" in text and "The best of several seeds, whose number is not told." in text
    for one in read_published(PUBLISHED)["tables"]["figure5"], read_published(PUBLISHED)["tables"]["table5"]:
        assert one["source"] not in text


def test_page_says_what_is_synthetic_and_what_is_not_pretrained(tmp_path):
    source, *_ = write_study(tmp_path)
    assert "Synthetic sentences." in source and "not PAWS-X" in source
    assert re.search(r"Random weights, not pretrained\.</strong> m1: built", source)
    real, *_ = write_study(tmp_path, recipe="table")
    assert "Synthetic sentences." not in real and "Random weights" in real


def test_page_tells_models_pretrained_here_from_those_with_random_weights(tmp_path):
    source, *_ = write_study(tmp_path, corpus="mixed")
    assert "Random weights" not in source
    assert re.search(r"Pretrained on synthetic sentences\.</strong> m1: what", source)
    assert "gpt2, pretrained here from random weights on the corpus mixed." in source
    real, *_ = write_study(tmp_path, recipe="table", corpus="mixed")
    assert "Pretrained on synthetic" not in real


def test_page_of_one_seed_without_control(tmp_path):
    source, *_ = write_study(tmp_path, seeds=(7,), controls=())
    text = " ".join(Page(source).text)
    assert "nan" not in text.split()
    assert VERDICTS["above"] not in text.lower()


def test_page_has_the_same_bytes_twice(tmp_path):
    assert write_study(tmp_path)[0] == write_study(tmp_path)[0]


def test_inline_gives_two_copies_of_a_figure_ids_of_their_own(tmp_path):
    write_study(tmp_path)
    first, second = (Page(inline(tmp_path / "accuracy.svg", name)) for name in ("a", "b"))
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
    save(audit_figure(audit), folder / "audit.svg")
    pairset.write_audit(folder / "audit.html", "dna<50>", SPEC, audit, folder / "audit.svg")
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


def vocabulary_source(unknown=0.0, round_trip=1.0, documents=40):
    about = {"documents": documents, "characters": 4321, "tokens": 1234, "characters_per_token": 3.502}
    return about | {"tokens_per_document": 30.85, "unknown": unknown, "round_trip": round_trip}


def vocabulary(kind="bpe", **sources):
    """A report on a tokenizer; sources are `vocabulary_source`."""
    longest = {"dna": ["CCTGTAATCCCAG"], "protein": [], "english": ["<b>"], "other": ["\xa0x\x07", "près"]}
    classes = {
        name: {"tokens": 10 * len(words), "share": len(words) / 4, "lengths": {"3": len(words)}, "longest": words}
        for name, words in longest.items()
    }
    sources = sources or {"dna": vocabulary_source(), "text": vocabulary_source()}
    return {"type": kind, "vocab_size": 2000, "classes": classes, "sources": sources}


def corpus_source(kind, **other):
    figures = {"documents": 1231, "bytes": 800677, "characters": 800600}
    splits = {"train": figures | {"bytes": 759789}, "dev": figures | {"documents": 62}}
    return {"kind": kind, "resources": [f"{kind}-file"], "licence": "CC BY 4.0"} | figures | {"splits": splits} | other


def make_manifest(*kinds):
    sources = {kind: corpus_source(kind) for kind in kinds}
    if "text" in sources:
        del sources["text"]["resources"]
        sources["text"]["pairsets"] = ["en", "fr"]
    total = {"documents": 2462, "bytes": 1601354}
    return {"sources": sources, "splits": {"dev": {"documents": 124}}, "total": total}


TOKENIZER = {"type": "bpe", "vocab_size": 2000, "corpus": "mixed"}


def write_vocabulary(folder, told, kinds=("dna", "text"), spec=TOKENIZER, grammar=()):
    manifest = make_manifest(*kinds)
    save(vocabulary_figure(told, published_of(told, manifest)), folder / "vocabulary.svg")
    arguments = (spec, told, manifest, list(grammar), folder / "vocabulary.svg")
    tokenizer.write_vocabulary(folder / "vocabulary.html", "bpe<2>", *arguments)
    return folder / "vocabulary.html"


def test_tokenizer_page_shows_the_figures_of_its_report_and_its_corpus(tmp_path):
    told = vocabulary(dna=vocabulary_source(), text=vocabulary_source(unknown=0.0123, round_trip=0.775))
    text = read_text(write_vocabulary(tmp_path, told, grammar=["fr", "zh"]))
    assert "Tokenizer bpe<2>" in text and "Synthetic sentences." in text
    shown = (
        "2,000",
        "CCTGTAATCCCAG",
        "<b>",
        "près",
        "3.502",
        "30.9",
        "1.23 %",
        "77.50 %",
        "dna-file",
        "en, fr",
        "759,789 bytes",
    )
    assert all(value in text for value in (*shown, "CC BY 4.0", "25.00 % are DNA", "1,234"))
    assert all(line in text for _, line in vocabulary_findings(told))
    assert "\\xa0x\\x07" in text
    plainly = read_text(write_vocabulary(tmp_path, told, spec=TOKENIZER | {"sample": 5000}))
    assert "5,000 bytes of each kind:" in plainly and "Synthetic" not in plainly


def test_tokenizer_page_of_kmers_says_that_no_text_trained_them(tmp_path):
    spec = {"type": "kmer", "k": 3, "corpus": "mixed"}
    text = read_text(write_vocabulary(tmp_path, vocabulary("kmer"), spec=spec))
    assert "No text: its tokens are all words of 3 letters" in text and "3-mers" in text


@pytest.mark.parametrize(
    ("kind", "kinds", "shown"),
    [
        ("bpe", ("dna", "text"), True),
        ("wordpiece", ("dna", "text"), False),
        ("bpe", ("dna", "protein", "text"), False),
        ("bpe", ("text",), False),
    ],
)
def test_the_papers_vocabulary_stands_beside_those_made_like_it_alone(kind, kinds, shown, tmp_path):
    told = vocabulary(kind, **{source: vocabulary_source() for source in kinds})
    text = read_text(write_vocabulary(tmp_path, told, kinds))
    assert (published_of(told, make_manifest(*kinds)) is not None) == shown
    assert ("DNAHLM" in text) == ("the paper" in text) == shown


@pytest.mark.parametrize(
    ("kind", "sources", "severity", "line"),
    [
        ("bpe", {"dna": vocabulary_source()}, "fine", "Lossless: all 40 documents"),
        (
            "bpe",
            {"dna": vocabulary_source(round_trip=0.9)},
            "flaw",
            "NOT lossless. Documents that come back to the letter: 90",
        ),
        ("wordpiece", {"dna": vocabulary_source()}, "fine", "No loss seen"),
        ("wordpiece", {"dna": vocabulary_source()}, "note", TYPES["wordpiece"].note),
        (
            "wordpiece",
            {"dna": vocabulary_source(), "text": vocabulary_source(round_trip=0.775)},
            "note",
            "NOT lossless. Documents that come back to the letter: 77.50% in text; all in dna.",
        ),
        (
            "kmer",
            {"text": vocabulary_source(unknown=1.0, round_trip=0.0)},
            "flaw",
            "100.00% of the tokens of text are [UNK]",
        ),
        ("kmer", {"dna": vocabulary_source()}, "note", TYPES["kmer"].note),
        ("bpe", {"dna": vocabulary_source()}, "fine", "No token is [UNK]."),
        ("bpe", {"dna": vocabulary_source(documents=0)}, "unknown", "Not told whether it is lossless"),
    ],
)
def test_what_a_tokenizer_loses_is_said_plainly(kind, sources, severity, line):
    found = [level for level, text in vocabulary_findings(vocabulary(kind, **sources)) if text.startswith(line)]
    assert found == [severity]


def pretrained(masked=False, steps=30, **sources):
    """A curve and metrics of a pretraining; each source is (loss, unigram, bigram, bits)."""
    metrics = {"seed": 3, "parameters": 685568, "epoch": 2, "steps": steps, "dev_loss": 4.4, "unigram_loss": 5.0}
    metrics |= {"train_loss": 4.3, "train_tokens": 913265, "dev_tokens": 25600, "device": "a GPU", "processes": 1}
    metrics |= {"precision": "bf16", "attention": "sdpa", "versions": {"torch": "2.13.0"}, "seconds": 56.5}
    metrics |= {
        "tokens_per_second": 32165,
        "options": {"batch_size": 16, "context": 256, "epochs": 2, "micro_batch": None},
    }
    metrics |= {} if masked else {"bigram_loss": 4.5}
    curve = pd.DataFrame(
        {"epoch": 2, "steps": [10, 20, 30], "train_loss": [6.0, 5.0, 4.3], "dev_loss": [5.0, 4.41, 4.4]}
    )
    for source, (loss, unigram, bigram, bits) in sources.items():
        curve[f"dev_loss_{source}"] = loss
        metrics |= {f"dev_loss_{source}": loss, f"unigram_loss_{source}": unigram}
        if not masked:
            metrics |= {f"bigram_loss_{source}": bigram, f"dev_bits_{source}": bits}
            metrics |= {f"unigram_bits_{source}": bits + 0.1, f"bigram_bits_{source}": bits - 0.1}
    return curve, metrics


@pytest.mark.parametrize(
    ("losses", "masked", "code", "says"),
    [
        (
            (1.964, 6.2, 2.447, 1.4),
            False,
            "learned",
            "below the bigram model (1.964 against 2.447 nats a token): it has learned",
        ),
        (
            (5.051, 5.152, 4.752, 1.9),
            False,
            "not learned",
            "NOT below the bigram model (5.051 against 4.752 nats a token): it has not",
        ),
        ((5.3, 5.152, 4.752, 1.9), False, "not learned", "it has not learned more than which tokens are frequent."),
        ((5.14, 5.152, 4.752, 1.9), False, "not learned", "it has not learned more than which tokens are frequent."),
        ((4.74, 5.152, 4.752, 1.9), False, "level", "level with the bigram model"),
        ((4.76, 5.152, 4.752, 1.9), False, "level", "not shown to have learned more than which token follows which"),
        ((4.559, 5.072, None, None), True, "learned", "it has learned more than which tokens are frequent."),
        ((5.2, 5.072, None, None), True, "not learned", "NOT below the unigram model"),
    ],
)
def test_a_pretrained_model_is_judged_by_the_models_that_count(losses, masked, code, says):
    _, metrics = pretrained(masked, dna=losses)
    found, text = judge_source(metrics, "dna", "dna")
    assert found == code and text.startswith("dna: ") and says in text


@given(*[st.floats(0.01, 12)] * 3)
def test_more_than_pairs_is_claimed_only_below_the_bigram_model(loss, unigram, bigram):
    _, metrics = pretrained(text=(loss, unigram, bigram, 1.0))
    code, text = judge_source(metrics, "text", "text")
    assert code in LEARNED
    assert (code == "learned") == (bigram - loss >= CLEAR) == ("has learned more" in text)
    assert ("NOT" in text) == (code == "not learned")


@pytest.mark.parametrize(
    ("kind", "bits", "said"),
    [("dna", 2.028, True), ("dna", 1.99, False), ("protein", 4.33, True), ("text", 9.0, False)],
)
def test_bits_no_better_than_letters_in_equal_shares_are_said(kind, bits, said):
    _, metrics = pretrained(s=(5.0, 5.1, 4.7, bits))
    assert ("equal shares" in judge_source(metrics, "s", kind)[1]) == said


def test_a_source_without_a_loss_is_told_as_not_measured():
    assert judge_source(pretrained()[1], "dna", "dna")[0] == "not measured"


@pytest.mark.parametrize(
    ("losses", "kept", "severities"),
    [
        ([5, 4.5, 4.49], 2, ["fine"]),
        ([5, 4.5, 4.3], 2, ["note"]),
        ([5, 4.3, 4.6], 2, ["flaw"]),
        ([5, 4.3, 4.6], 1, ["fine"]),
        ([5], 0, ["fine"]),
    ],
)
def test_a_training_too_short_or_too_long_is_said(losses, kept, severities):
    curve = pd.DataFrame({"steps": 10 * np.arange(1, len(losses) + 1), "dev_loss": losses})
    metrics = {"dev_loss": losses[kept], "steps": 10 * (kept + 1)}
    assert [severity for severity, _ in curve_findings(curve, metrics)] == severities


MODEL = {"architecture": "gpt2", "tokenizer": "bpe", "corpus": "mixed", "shape": {"n_layer": 2}}


def write_pretraining(folder, told, kinds=("dna", "text"), grammar=()):
    curve, metrics = told
    save(pretraining_figure(curve, metrics), folder / "pretraining.svg")
    arguments = (MODEL, curve, metrics, make_manifest(*kinds), list(grammar), folder / "pretraining.svg")
    pretraining.write_pretraining(folder / "pretraining.html", "nano<1>", *arguments)
    return folder / "pretraining.html"


GOOD, BAD = (1.964, 6.219, 2.447, 1.364), (5.051, 5.152, 4.752, 2.028)


def test_pretraining_page_shows_the_losses_the_data_and_how_it_was_made(tmp_path):
    told = pretrained(dna=BAD, text=GOOD)
    text = read_text(write_pretraining(tmp_path, told, grammar=["fr", "zh"]))
    assert "Pretraining of nano<1>" in text and "Synthetic sentences. Source text :" in text
    for loss, unigram, bigram, bits in (GOOD, BAD):
        assert all(f"{value:.3f}" in text for value in (loss, unigram, bigram, bits, bits + 0.1, bits - 0.1))
    assert "Yes on 1 of 2 sources: text." in text and "dna: NOT below the bigram model" in text
    assert "2.028 bits a base, where 4 letters in equal shares cost 2.000" in text
    shown = ("685,568", "913,265", "122,880 in 30 steps", "32,165 tokens/s", "a GPU", "torch 2.13.0", "n_layer 2")
    assert all(
        value in text for value in (*shown, "dna-file", "800,677", "1,601,354", "2,462", "CC BY 4.0", "context 256")
    )


def test_pretraining_page_says_a_negative_result_as_plainly(tmp_path):
    text = read_text(write_pretraining(tmp_path, pretrained(dna=BAD, text=BAD)))
    assert "No: it is not shown on any of its sources." in text and "Yes on" not in text
    assert "Synthetic" not in text
    alone = read_text(write_pretraining(tmp_path, pretrained(text=BAD), kinds=("text",)))
    assert "No: it is not shown on its one source." in alone


def test_pretraining_page_of_a_masked_model_has_no_bigram_model_and_no_bits(tmp_path):
    told = pretrained(masked=True, dna=(4.559, 5.072, None, None))
    text = read_text(write_pretraining(tmp_path, told))
    assert "which tokens are frequent?" in text and "15 %" in text and "bits a base" not in text
    assert "bigram model" not in text.replace("so a bigram model is no measure of it", "")
    assert "text: the dev blocks that were read hold no token of it." in text


@pytest.mark.parametrize("page", ["audit", "tokenizer", "pretraining", "study"])
def test_page_opens_in_a_browser_without_an_error(page, tmp_path):
    if page == "audit":
        path, title = write_audit(tmp_path, CLEAN), "Audit of dna"
    elif page == "tokenizer":
        path, title = write_vocabulary(tmp_path, vocabulary()), "Tokenizer bpe"
    elif page == "pretraining":
        path, title = write_pretraining(tmp_path, pretrained(dna=BAD, text=GOOD)), "Pretraining of nano"
    else:
        write_study(tmp_path)
        path, title = tmp_path / "page.html", "more</title>"
    dom, console = open_page(path, tmp_path)
    assert title in dom and "<svg" in dom
    assert "Uncaught" not in console and "ERROR:CONSOLE" not in console
