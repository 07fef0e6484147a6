"""Reports: what may be claimed follows from the intervals alone, and the page holds everything and asks for nothing."""

import re

import numpy as np
import pandas as pd

from helpers.pages import Page, check_in_browser
from linguist.config.plan import comparisons_of
from linguist.config.published import read_published
from linguist.config.settle import PUBLISHED
from linguist.report import comparison
from linguist.report import study as report
from linguist.report.page import inline
from linguist.report.plots.published import published_figure
from linguist.report.plots.study import accuracy_figure, confusion_figure, count_confusions, length_figure
from linguist.report.plots.style import save
from linguist.statistics import metrics
from linguist.statistics.verdicts import VERDICTS, make_study_tables
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


def test_the_page_opens_in_a_browser(tmp_path):
    write_study(tmp_path)
    check_in_browser(tmp_path / "page.html", tmp_path, "more</title>")
