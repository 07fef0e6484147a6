"""The page of a pretrained model: what it learned follows from its losses, and all losses stand on the page."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.corpora import make_manifest
from helpers.pages import REPORTS, check_in_browser, data_of, read_text
from linguist.report.page import inline, render
from linguist.report.plots.pretraining import pretraining_figure
from linguist.report.plots.style import save
from linguist.report.pretraining import LEARNED, curve_findings, judge_source, pretraining_page
from linguist.statistics.thresholds import LOSS_DIFFERENCE


def pretrained(masked=False, steps=30, **sources):
    """A curve and metrics of a pretraining; each source is (loss, unigram, bigram, bits)."""
    metrics = {"seed": 3, "parameters": 685568, "epoch": 2, "steps": steps, "dev_loss": 4.4, "unigram_loss": 5.0}
    metrics |= {"train_loss": 4.3, "train_tokens": 913265, "dev_tokens": 25600, "device": "a GPU", "processes": 1}
    metrics |= {"precision": "bf16", "attention": "sdpa", "versions": {"torch": "2.13.0"}, "seconds": 56.5}
    metrics |= {
        "tokens_per_second": 32165,
        "utilisation": 0.522,
        "product_rate": 777e12,
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
    ("losses", "masked", "code", "facts"),
    [
        ((1.964, 6.2, 2.447, 1.4), False, "learned", ["bigram", "1.964", "2.447"]),
        ((5.051, 5.152, 4.752, 1.9), False, "not learned", ["bigram", "5.051", "4.752", "but"]),
        ((5.3, 5.152, 4.752, 1.9), False, "not learned", ["bigram", "and not"]),
        ((5.14, 5.152, 4.752, 1.9), False, "not learned", ["bigram", "and not"]),
        ((4.74, 5.152, 4.752, 1.9), False, "equal", ["bigram"]),
        ((4.76, 5.152, 4.752, 1.9), False, "equal", ["bigram"]),
        ((4.559, 5.072, None, None), True, "learned", ["unigram", "4.559", "5.072"]),
        ((5.2, 5.072, None, None), True, "not learned", ["unigram"]),
    ],
)
def test_a_model_is_judged_by_models_that_count(losses, masked, code, facts):
    _, metrics = pretrained(masked, dna=losses)
    found, text = judge_source(metrics, "dna", "dna")
    assert found == code and text.startswith("dna: ") and all(fact in text for fact in facts)


@given(*[st.floats(0.01, 12)] * 3)
def test_a_source_is_learned_only_below_the_bigram_model(loss, unigram, bigram):
    _, metrics = pretrained(text=(loss, unigram, bigram, 1.0))
    code, _ = judge_source(metrics, "text", "text")
    assert code in LEARNED
    assert (code == "learned") == (bigram - loss >= LOSS_DIFFERENCE)
    assert (code == "not learned") == (loss - bigram >= LOSS_DIFFERENCE)


@pytest.mark.parametrize(
    ("kind", "bits", "uniform"),
    [("dna", 2.028, "2.000"), ("dna", 1.99, None), ("protein", 4.33, "4.322"), ("text", 9.0, None)],
)
def test_bits_no_better_than_uniform_letters_are_reported(kind, bits, uniform):
    _, metrics = pretrained(s=(5.0, 5.1, 4.7, bits))
    text = judge_source(metrics, "s", kind)[1]
    assert (f"{bits:.3f} bits" in text) == (uniform is not None)
    assert uniform is None or uniform in text


def test_a_source_without_a_loss_is_not_measured():
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
def test_training_that_is_too_short_or_too_long_is_found(losses, kept, severities):
    curve = pd.DataFrame({"steps": 10 * np.arange(1, len(losses) + 1), "dev_loss": losses})
    metrics = {"dev_loss": losses[kept], "steps": 10 * (kept + 1)}
    assert [severity for severity, _ in curve_findings(curve, metrics)] == severities


MODEL = {"architecture": "gpt2", "tokenizer": "bpe", "corpus": "mixed", "shape": {"n_layer": 2}}
GOOD, BAD = (1.964, 6.219, 2.447, 1.364), (5.051, 5.152, 4.752, 2.028)


def make_page(folder, training, kinds=("dna", "text"), synthetic=()):
    curve, metrics = training
    save(pretraining_figure(curve, metrics), folder / "pretraining.svg")
    values = pretraining_page(MODEL, curve, metrics, make_manifest(*kinds), list(synthetic))
    figure = inline(folder / "pretraining.svg", "figure-pretraining")
    render(folder / "page.html", REPORTS / "pretraining.html.j2", name="nano<1>", figure=figure, **values)
    return folder / "page.html"


def test_the_page_shows_losses_corpus_and_settings(tmp_path):
    page = make_page(tmp_path, pretrained(dna=BAD, text=GOOD), synthetic=["text"])
    text, codes = read_text(page), data_of(page.read_text())
    assert "nano<1>" in text and codes["warning"] == ["synthetic"]
    assert (
        "4 of 24 documents dropped (16.7 %): 4 without text (first: a.jsonl, line <7>); left out: 3 repeated" in text
        and codes["rows"] == ["flaw"]
    )
    for loss, unigram, bigram, bits in (GOOD, BAD):
        assert all(f"{value:.3f}" in text for value in (loss, unigram, bigram, bits, bits + 0.1, bits - 0.1))
    assert codes["learned"] == ["1"] and codes["source"] == ["not learned", "learned"]
    shown = (
        "685,568",
        "913,265",
        "122,880 in 30 steps",
        "32,165 tokens/s",
        "52.2 % of 777 TFLOP/s",
        "a GPU",
        "torch 2.13.0",
        "n_layer 2",
    )
    shown += ("dna-file", "800,677", "1,601,354", "2,462", "CC BY 4.0", "context 256")
    assert all(value in text for value in shown)


@pytest.mark.parametrize("kinds", [("dna", "text"), ("text",)])
def test_the_page_of_a_model_that_learned_nothing_says_so(kinds, tmp_path):
    page = make_page(tmp_path, pretrained(**dict.fromkeys(kinds, BAD)), kinds=kinds)
    read_text(page)
    codes = data_of(page.read_text())
    assert codes["learned"] == ["0"] and "warning" not in codes and set(codes["source"]) == {"not learned"}


def test_the_page_of_a_masked_model_has_no_bigram_model_and_no_bits(tmp_path):
    page = make_page(tmp_path, pretrained(masked=True, dna=(4.559, 5.072, None, None)))
    text = read_text(page)
    assert "15 %" in text and "bits per base" not in text
    assert data_of(page.read_text())["source"] == ["learned", "not measured"]


def test_the_page_opens_in_a_browser(tmp_path):
    check_in_browser(make_page(tmp_path, pretrained(dna=BAD, text=GOOD)), tmp_path, "nano&lt;1&gt;</title>")
