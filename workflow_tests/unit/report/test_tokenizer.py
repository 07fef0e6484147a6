"""The page of a tokenizer: what it loses follows from its numbers, and all numbers stand on the page."""

import pytest

from helpers.corpora import make_manifest
from helpers.pages import REPORTS, check_in_browser, data_of, read_text
from linguist.config.published import read_published
from linguist.report.page import inline, render
from linguist.report.plots.style import save
from linguist.report.plots.tokenizer import vocabulary_figure
from linguist.report.tokenizer import published_composition, tokenizer_findings, tokenizer_page


def vocabulary_source(unknown=0.0, round_trip=1.0, documents=40):
    about = {"documents": documents, "characters": 4321, "tokens": 1234, "characters_per_token": 3.502}
    return about | {"tokens_per_document": 30.85, "unknown": unknown, "round_trip": round_trip}


def vocabulary(kind="bpe", **sources):
    """The description of a tokenizer; sources are `vocabulary_source`."""
    longest = {"dna": ["CCTGTAATCCCAG"], "protein": [], "english": ["<b>"], "other": ["\xa0x\x07", "près"]}
    classes = {
        name: {"tokens": 10 * len(words), "share": len(words) / 4, "lengths": {"3": len(words)}, "longest": words}
        for name, words in longest.items()
    }
    sources = sources or {"dna": vocabulary_source(), "text": vocabulary_source()}
    return {"type": kind, "vocab_size": 2000, "classes": classes, "sources": sources}


TOKENIZER = {"type": "bpe", "vocab_size": 2000, "corpus": "mixed"}


def make_page(folder, found, kinds=("dna", "text"), spec=TOKENIZER, synthetic=()):
    manifest, page = make_manifest(*kinds), folder / "vocabulary.html"
    published = published_composition(found, manifest, read_published())
    save(vocabulary_figure(found, published), folder / "vocabulary.svg")
    values = tokenizer_page(spec, found, manifest, list(synthetic), published)
    figure = inline(folder / "vocabulary.svg", "figure-vocabulary")
    render(page, REPORTS / "vocabulary.html.j2", name="bpe<2>", figure=figure, **values)
    return page


def test_the_page_shows_all_numbers_findings_and_sources(tmp_path):
    found = vocabulary(dna=vocabulary_source(), text=vocabulary_source(unknown=0.0123, round_trip=0.775))
    page = make_page(tmp_path, found, synthetic=["text"])
    text = read_text(page)
    shown = (
        "bpe<2>",
        "4 of 24 documents dropped (16.7 %): 4 without text (first: a.jsonl, line <7>); left out: 3 repeated",
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
    )
    assert all(value in text for value in (*shown, "759,789 bytes", "CC BY 4.0", "25.00 %", "1,234"))
    assert all(line in text for _, line in tokenizer_findings(found))
    assert "\\xa0x\\x07" in text
    assert data_of(page.read_text())["warning"] == ["synthetic"]
    sampled = make_page(tmp_path, found, spec=TOKENIZER | {"sample": 5000})
    assert "5,000 bytes" in read_text(sampled) and "warning" not in data_of(sampled.read_text())


def test_kmers_are_not_trained_on_text(tmp_path):
    spec = {"type": "kmer", "k": 3, "corpus": "mixed"}
    page = make_page(tmp_path, vocabulary("kmer"), spec=spec)
    assert "3-mers" in read_text(page) and "untrained" in data_of(page.read_text())


@pytest.mark.parametrize(
    ("kind", "kinds", "shown"),
    [
        ("bpe", ("dna", "text"), True),
        ("wordpiece", ("dna", "text"), False),
        ("bpe", ("dna", "protein", "text"), False),
        ("bpe", ("text",), False),
    ],
)
def test_the_papers_vocabulary_is_shown_for_a_tokenizer_of_its_type_only(kind, kinds, shown, tmp_path):
    page = make_page(tmp_path, vocabulary(kind, **{source: vocabulary_source() for source in kinds}), kinds)
    assert ("published" in data_of(page.read_text())) == shown


@pytest.mark.parametrize(
    ("kind", "sources", "severities", "facts"),
    [
        ("bpe", {"dna": vocabulary_source()}, ["fine", "fine", "fine"], ["40"]),
        ("bpe", {"dna": vocabulary_source(round_trip=0.9)}, ["flaw", "note", "fine"], ["90.00 % of dna"]),
        ("wordpiece", {"dna": vocabulary_source()}, ["fine", "note", "fine"], ["40"]),
        (
            "wordpiece",
            {"dna": vocabulary_source(), "text": vocabulary_source(round_trip=0.775)},
            ["note", "note", "fine"],
            ["77.50 % of text", "100 % of dna"],
        ),
        (
            "kmer",
            {"text": vocabulary_source(unknown=1.0, round_trip=0.0)},
            ["note", "note", "flaw"],
            ["0.00 % of text", "100.00 %"],
        ),
        ("bpe", {"dna": vocabulary_source(documents=0)}, ["unknown", "fine", "unknown"], ["dna"]),
    ],
)
def test_losses_of_a_tokenizer_are_found(kind, sources, severities, facts):
    found = tokenizer_findings(vocabulary(kind, **sources))
    assert [severity for severity, _ in found] == severities
    text = " ".join(line for _, line in found)
    assert all(fact in text for fact in facts)


def test_the_page_opens_in_a_browser(tmp_path):
    check_in_browser(make_page(tmp_path, vocabulary()), tmp_path, "bpe&lt;2&gt;</title>")
