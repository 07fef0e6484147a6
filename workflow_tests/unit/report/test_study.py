"""The page of a study: it holds every number and finding, is one file, and asks nothing of the network."""

import re

import numpy as np
import pandas as pd

from helpers.pages import REPORTS, Page, check_in_browser, data_of
from linguist.config.design import comparisons_of, describe_study
from linguist.config.published import read_published
from linguist.files import write_table
from linguist.pairs.store import write_pairs
from linguist.report.page import inline, render, signed, unreadable_tests
from linguist.report.plots.published import published_figure
from linguist.report.plots.style import save
from linguist.report.published import compare_published
from linguist.report.study import study_page
from linguist.report.study_figures import draw_figure
from linguist.statistics.comparisons import compare_arms
from linguist.statistics.scores import compute_metrics
from linguist.statistics.summaries import summarize_identity, summarize_kinds, summarize_pairs
from linguist.statistics.tables import read_row_types, read_scores
from linguist.statistics.verdicts import read_study_tables
from linguist.training.controls import UNTRAINED


def write_study(
    folder,
    seeds=(1, 2),
    controls=(UNTRAINED,),
    recipe="grammar",
    corpus=None,
    published=None,
    tokens=None,
    collapsed=(),
    turned=(),
    problems=None,
    primary=None,
):
    """A study of two models on made-up predictions, and its page. A collapsed seed gives one answer on dna50: an odd one
    "different", an even one "same". A turned one ranks the pairs of coding the wrong way round."""
    models, tests, kinds = ["m1", "m2"], ["en", "dna50", "coding"], ("sentence", "dna", "coding")
    runs = []
    for at, model in enumerate(models):
        for trainset in ("en", *controls):
            for seed in seeds:
                draw = np.random.default_rng([at, seed])
                label = np.tile([0, 1], 40)
                score = np.concatenate([draw.normal(size=80) + place * (label - 0.5) for place in range(3)])
                if seed in turned:
                    score[160:] *= -1
                if seed in collapsed:
                    score[80:160] += 99 * (-1) ** seed
                name = np.repeat(tests, 80)
                path = folder / f"{model}.{trainset}.{seed}.tsv"
                columns = {
                    "test": name,
                    "id": [f"{t}-{kind}" for t, kind in zip(name, ["scrambled", "same"] * 120, strict=True)],
                    "label": np.tile(label, 3),
                    "score0": 0.0,
                    "score1": score,
                }
                write_table(path, pd.DataFrame(columns))
                runs.append((model, trainset, seed, path))
    scores = read_scores(tests, runs)
    table = compute_metrics("s", scores)
    summary = summarize_pairs(table)
    write_table(folder / "metrics.tsv", table)
    write_pairs(folder / "pairs.tsv", [(str(i), "A" * 9, "C" * 9, i % 2) for i in range(4)])
    drawn = {
        "accuracy": ([folder / "metrics.tsv"], None),
        "confusion": ([run[3] for run in runs], {"tests": tests, "runs": [run[:3] for run in runs]}),
        "lengths": ([folder / "pairs.tsv"] * 3, dict(zip(tests, kinds, strict=True))),
    }
    for name, (files, settings) in drawn.items():
        save(draw_figure(name, files, settings), folder / f"{name}.svg")
    spec = {"title": "A <title> & more", "question": "Does it?", "models": models, "trainsets": ["en"]}
    spec |= {"seeds": list(seeds), "tests": tests, "controls": list(controls)}
    recipes = (recipe, "homologs", "coding")
    rest = {"sizes": {"train": 400}, "files": {}, "rules": {}}
    config = {
        "studies": {"s": spec},
        "instructions": {},
        "tasks": {},
        "pairsets": {t: {"kind": k, "recipe": r} | rest for t, k, r in zip(tests, kinds, recipes, strict=True)},
        "corpora": {"mixed": {"sources": {"text": {"pairsets": ["en"]}, "dna": {"resources": ["hg38"]}}}},
        "models": {
            "m1": {"architecture": "gpt2"} | ({"corpus": corpus} if corpus else {}),
            "m2": {"hub": "org/m2", "revision": "0" * 40},
        },
        "tokens": {"max_length": 256},
        "finetuning": read_published()["setup"]["finetuning"],
    }
    spec |= {key: value for key, value in (("published", published), ("primary", primary)) if value}
    study = describe_study(config, "s", read_published())
    shortcuts = {test: {"name": "k-mer overlap", "accuracy": 0.75, "low": 0.7, "high": 0.8} for test in tests}
    write_table(folder / "comparisons.tsv", compare_arms(scores, comparisons_of(config, "s")))
    tables = read_study_tables(folder / "metrics.tsv", folder / "comparisons.tsv", shortcuts)
    facts = {"versions": {"torch": "2.13.0"}, "device": "CPU", "folders": ["a", "b"]}
    pair_types = summarize_kinds(scores, read_row_types(tests, runs[0][3]))
    identity = summarize_identity(scores, {"en": np.repeat([1.0, 0.9, 0.0], [30, 20, 30])})
    values = study_page(study, tables, (pair_types, identity), facts, read_published() if published else None)
    values |= {"unreadable": unreadable_tests(tokens or {}), "problems": problems or {}}
    values["figures"] = {name: inline(folder / f"{name}.svg", f"figure-{name}") for name in drawn}
    if published:
        save(published_figure(compare_published(summary, spec, read_published())), folder / "published.svg")
        values["paper_figure"] = inline(folder / "published.svg", "figure-published")
    render(folder / "page.html", REPORTS / "study.html.j2", **values)
    return (folder / "page.html").read_text(encoding="utf-8"), tables.judged, tables.claims


def test_page_is_one_well_formed_file_that_asks_the_network_for_nothing(tmp_path):
    source, *_ = write_study(tmp_path)
    page = Page(source)
    assert len(page.ids) == len(set(page.ids))
    assert all(load.startswith("#") for load in page.loads)
    assert not re.search(r"https?://|@import|<link|<img|url\((?!#)", source)
    referred = set(re.findall(r'url\(#([^)]+)\)|href="#([^"]+)"|aria-labelledby="([^"]+)"', source))
    assert referred and {name for names in referred for name in names if name} <= set(page.ids)


def test_the_primary_hypothesis_is_marked_and_stands_first(tmp_path):
    page, _, claims = write_study(tmp_path, primary={"model": "m2", "trainset": "en", "group": "DNA"})
    rows = re.findall(r"<tr data-hypothesis=.*?>", page)
    assert len(rows) == len(claims) > 1 and ["data-primary" in row for row in rows] == [True] + [False] * (
        len(rows) - 1
    )
    assert tuple(claims.loc[0, ["model", "group"]]) == ("m2", "DNA")
    assert "data-primary" not in write_study(tmp_path)[0]


def test_seeds_that_collapse_and_seeds_that_are_better_stand_in_the_hypotheses(tmp_path):
    page, _, claims = write_study(tmp_path, seeds=(1, 2, 3), collapsed=(1, 2))
    said = " ".join(Page(page).text)
    dna = claims[claims["group"] == "DNA"]
    assert set(dna["collapsed"]) == {"1, 2"} and set(claims["collapsed"]) == {"", "1, 2"}
    for row in claims.to_dict("records"):
        assert f"{row['better']} of {row['seeds']} seeds" in said and row["seeds"] == 3


def test_the_page_shows_the_problems_of_its_test_sets_if_there_are_any(tmp_path):
    page, *_ = write_study(tmp_path, problems={"dna50": ["Row <1> twice.", "Sorted."]})
    said = " ".join(Page(page).text)
    assert all(text in said for text in ("Problems of the data", "Row <1> twice.", "Sorted."))
    assert re.findall(r'data-problems="(.*?)"', page) == ["dna50"]
    assert "data-problems" not in write_study(tmp_path)[0]


def test_the_page_shows_each_metric_with_its_interval_and_its_closest_control(tmp_path):
    source, judged, hypotheses = write_study(tmp_path)
    text, data = " ".join(Page(source).text), data_of(source)
    for row in judged.to_dict("records"):
        for name in ("test", "model"):
            assert row[name] in text
        for name in ("accuracy", "low", "high", "majority", "auroc"):
            assert f"{row[name]:.3f}" in text
        for name in ("difference", "difference_low", "difference_high"):
            assert signed(row[name]) in text
        assert row["text"] in source
        not_clear = row["verdict"] == "above" and row["not_above_baseline"]
        assert not not_clear or "† k-mer overlap: 0.750" in text
    assert data["hypothesis"] == list(hypotheses["code"]) and len(hypotheses) == 4
    for sentence in hypotheses["text"]:
        assert sentence[1:] in text
    assert text.split().count("scrambled") == 6  # two models on three tests
    assert "A <title> & more" in text and "Does it?" in text
    assert "torch 2.13.0" in text and "a, b" in text


def test_the_page_compares_with_the_paper_if_the_study_asks_for_it(tmp_path):
    plain, *_ = write_study(tmp_path)
    assert "outside" not in data_of(plain)
    asked = {"tables": ["table1", "table3"], "as": {"m1": "gpt2", "m2": "bert-multi"}}
    source, judged, _ = write_study(tmp_path, published=asked)
    page = Page(source)
    text = " ".join(" ".join(page.text).split())
    assert len(page.ids) == len(set(page.ids)) and not re.search(r"https?://|@import|<link|<img", source)
    published = read_published()
    study = {"models": ["m1", "m2"], "trainsets": ["en"], "tests": ["en", "dna50", "coding"], "published": asked}
    rows = compare_published(judged, study, published)
    assert len(rows) == 10  # table1 has en, dna50 and coding; table3 dna50 and coding
    assert data_of(source)["outside"] == [str(rows["outside"].sum())]
    for row in rows.to_dict("records"):
        assert signed(row["mean_difference"]) in text and signed(row["best_difference"]) in text
    assert source.count('class="tag below">outside') == rows["outside"].sum()
    for fact in ("openai-community/gpt2", "256", "128", "82.9 %", published["tables"]["table1"]["source"]):
        assert fact in text
    for name in ("figure5", "table5"):
        assert published["tables"][name]["source"] not in text


def test_the_page_warns_of_synthetic_sentences_and_random_weights(tmp_path):
    source, *_ = write_study(tmp_path)
    assert data_of(source)["warning"][:2] == ["synthetic", "random"]
    assert re.search(r'data-warning="random">.*?</strong> m1:', source)
    real, *_ = write_study(tmp_path, recipe="table")
    assert data_of(real)["warning"][0] == "random"


def test_the_page_warns_of_sequences_that_a_tokenizer_cannot_read(tmp_path):
    def page(unknown):
        tokens = {
            "dna50, m1": {"test": {"tokens": 200, "unknown": unknown}},
            "en, m1": {"test": {"tokens": 0, "unknown": 0}},
        }
        source, *_ = write_study(tmp_path, recipe="table", tokens=tokens)
        return source

    assert "unreadable" not in data_of(page(10))["warning"]
    assert re.search(r'data-warning="unreadable"(?s:.)*<li>dna50, m1: 5.5', page(11))


def test_seeds_that_give_one_answer_are_named(tmp_path):
    """Also two that are constant in opposite ways, which predict both classes equally often on average."""
    source, judged, _ = write_study(tmp_path, recipe="table", collapsed=(1, 2))
    rows = judged[judged["test"] == "dna50"]
    assert set(rows["predicted_positive_least"]) == {0} and set(rows["predicted_positive_most"]) == {1}
    assert not {"chance", "below"} & set(rows["verdict"])
    named = r"seed 2 all same and seed 1 all different \(dna50\)</li>"
    assert re.search(rf'data-warning="constant"(?s:.)*<li>m1, fine-tuned on en: {named}', source)
    text = " ".join(" ".join(Page(source).text).split())
    assert "0–100 %" in text and "2 of 2 constant" in text and "seeds differ:" in text
    assert "0 of 2" in text  # errors by type of pair are of no seed
    source, *_ = write_study(tmp_path, recipe="table", collapsed=(2,))
    assert "seed 2 all same (dna50)" in source and "without 1 constant seed" in source
    source, *_ = write_study(tmp_path, recipe="table")
    assert "constant" not in data_of(source)["warning"]


def test_seeds_that_rank_in_opposite_directions_are_shown_apart(tmp_path):
    source, judged, _ = write_study(tmp_path, turned=(2,))
    rows = judged[judged["test"] == "coding"]
    assert set(rows["verdict"]) == {"opposite"} and rows["auroc"].isna().all()
    text = " ".join(" ".join(Page(source).text).split())
    for row in rows.to_dict("records"):
        assert f"{row['auroc_least']:.3f}–{row['auroc_most']:.3f}" in text and row["text"] in source
    assert "1 of 2 rank" in text and "1 of 2 reversed" in text and "1 rank" in text
    assert "nan" not in text.split()


def test_each_accuracy_at_the_median_stands_beside_its_bound(tmp_path):
    source, judged, _ = write_study(tmp_path)
    assert set(judged["median_bound"]) == {1.0} and source.count("at most 1.000") == len(judged)


def test_the_page_warns_of_pretraining_on_synthetic_sentences(tmp_path):
    source, *_ = write_study(tmp_path, corpus="mixed")
    assert data_of(source)["warning"][:2] == ["synthetic", "synthetic-pretraining"]
    assert re.search(r'data-warning="synthetic-pretraining">.*?</strong> m1:', source)
    assert re.search(r"<strong>m1</strong>: .*gpt2.* mixed", source)
    real, *_ = write_study(tmp_path, recipe="table", corpus="mixed")
    assert not {"synthetic", "random", "synthetic-pretraining"} & set(data_of(real).get("warning", []))


def test_without_a_control_nothing_is_above_all_controls(tmp_path):
    source, judged, hypotheses = write_study(tmp_path, seeds=(7,), controls=())
    assert "nan" not in " ".join(Page(source).text).split()
    assert "above" not in set(judged["verdict"]) and "supported" not in set(hypotheses["code"])


def test_the_page_has_the_same_bytes_twice(tmp_path):
    assert write_study(tmp_path)[0] == write_study(tmp_path)[0]


def test_two_copies_of_a_figure_have_ids_of_their_own(tmp_path):
    write_study(tmp_path)
    first, second = (Page(inline(tmp_path / "accuracy.svg", name)) for name in ("a", "b"))
    assert first.ids and not set(first.ids) & set(second.ids)


def test_the_page_opens_in_a_browser(tmp_path):
    write_study(tmp_path)
    check_in_browser(tmp_path / "page.html", tmp_path, "more</title>")
