"""Word vectors: neighbours as scikit-learn finds them, distances known by hand, controls on known truth, and the page."""

import hashlib
import json
import random
import re
import xml.etree.ElementTree as ElementTree

import numpy as np
import pandas as pd
import pytest
import torch
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.neighbors import NearestNeighbors
from transformers import AutoModel, AutoTokenizer

from helpers.data import ROOT, SHAPES, letters
from helpers.studies import table_of
from linguist.errors import LinguistError
from linguist.report import vectors as vector_report
from linguist.report.plots import vectors as vector_figures
from linguist.report.plots.style import save
from linguist.tokenizers.loading import load_tokenizer
from linguist.tokenizers.training import train_tokenizer
from linguist.tokenizers.vocabulary import classify, read_words
from linguist.training.models import initialize_model, load_base_model, load_classifier, save_model
from linguist.vectors import distances as vectors

OPTIONS = {"permutations": 40, "sample": 30, "batch_size": 16, "seed": 1}
RUNS = [("m", "en", 1), ("m", "en", 2), ("m", "en", 3)]


# ── neighbours ──


def brute(queries, targets, metric):
    return NearestNeighbors(n_neighbors=1, algorithm="brute", metric=metric).fit(targets).kneighbors(queries)


@pytest.mark.parametrize("metric", vectors.METRICS)
@settings(deadline=None, max_examples=40)
@given(
    seed=st.integers(0, 10**6),
    sizes=st.tuples(st.integers(1, 40), st.integers(1, 40), st.integers(1, 9)),
    block=st.integers(1, 50),
    shift=st.sampled_from([0, 3]),
)
def test_neighbours_are_those_of_scikit_learn_whatever_the_block(metric, seed, sizes, block, shift):
    draw, (m, n, width) = np.random.default_rng(seed), sizes
    queries, targets = (draw.normal(size=(rows, width)).astype(np.float32) + shift for rows in (m, n))
    queries[draw.integers(m)] = targets[draw.integers(n)]
    queries[draw.integers(m)] = 0
    if n > 1:
        targets[draw.integers(n)] = 0
    found, at = vectors.nearest(queries, targets, metric, block=block)
    expected = brute(queries.astype(float), targets.astype(float), metric)[0][:, 0]
    assert np.allclose(found, expected, atol=2e-6)
    gaps = NearestNeighbors(n_neighbors=n, algorithm="brute", metric=metric).fit(targets.astype(float))
    distance, order = gaps.kneighbors(queries.astype(float))
    of_chosen = [dict(zip(o, d, strict=True))[i] for o, d, i in zip(order, distance, at, strict=True)]
    assert np.allclose(of_chosen, expected, atol=2e-6)  # of neighbours that are as near, either will do
    assert np.allclose(vectors.nearest(queries, targets, metric)[0], found, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("metric", vectors.METRICS)
def test_small_distances_keep_their_digits_beside_a_large_common_part(metric):
    """As in GPT-2, whose hidden states of first tokens have a few huge components in common."""
    draw = np.random.default_rng(1)
    common = np.zeros(64)
    common[:3] = 3000
    queries, targets = (np.float32(common + draw.normal(size=(50, 64)) * 0.1) for _ in range(2))
    found = vectors.nearest(queries, targets, metric)[0]
    assert np.allclose(found, brute(queries.astype(float), targets.astype(float), metric)[0][:, 0], rtol=2e-2)
    assert (vectors.nearest(targets, targets, metric)[0] == 0).all()


@pytest.mark.parametrize("block", [3, 7, 2048])
@pytest.mark.parametrize("metric", vectors.METRICS)
def test_a_row_is_no_neighbour_of_itself_among_others(metric, block):
    rows = np.random.default_rng(2).normal(size=(20, 5)).astype(np.float32)
    expected = NearestNeighbors(n_neighbors=2, algorithm="brute", metric=metric).fit(rows).kneighbors(rows)
    found, at = vectors.nearest(rows, rows, metric, block=block, others=True)
    assert np.allclose(found, expected[0][:, 1], atol=1e-6) and (at == expected[1][:, 1]).all()


def test_distances_known_by_hand():
    parts = {
        "dna": np.array([[0, 3], [4, 0]], np.float32),
        "protein": np.zeros((0, 2), np.float32),
        "english": np.array([[0, 1], [1, 0], [0, 4]], np.float32),
    }
    found = {(row["metric"], row["words"]): row["mnnd"] for row in vectors.measure_layer(parts)}
    assert found["euclidean", "dna"] == pytest.approx((1 + 3) / 2)
    assert found["euclidean", "english"] == pytest.approx((2**0.5 + 2**0.5 + 3) / 3)
    assert found["cosine", "dna"] == pytest.approx(0, abs=1e-6)
    assert found["cosine", "english"] == pytest.approx(1 / 3, abs=1e-6)
    assert found["euclidean", "protein"] is found["cosine", "protein"] is None


# ── the control of shuffled classes ──


@pytest.mark.parametrize("metric", vectors.METRICS)
def test_shuffled_labels_tell_classes_that_are_apart_from_mixed_ones(metric):
    draw = np.random.default_rng(3)
    one, other = (draw.normal(size=(n, 8)).astype(np.float32) + 1 for n in (40, 60))
    far = vectors.permute(one * [1, 1, 1, 1, 1, 1, 1, 9], other, metric, 99, np.random.default_rng(1))
    assert far["p"] == 0.01 and far["observed"] > far["high"] > far["mean"] > far["low"]
    shares = [
        vectors.permute(*np.split(draw.normal(size=(60, 8)), [25]), metric, 39, draw)["p"] < 0.1 for _ in range(20)
    ]
    assert sum(shares) <= 6  # a tenth, if labels mean nothing
    near = vectors.permute(other[:40], np.concatenate([other[:40], one * 50]), metric, 99, draw)
    assert near["p"] == 1 and near["observed"] == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("metric", vectors.METRICS)
def test_the_control_measures_what_the_distances_do(metric):
    draw = np.random.default_rng(4)
    one, other = (draw.normal(size=(n, 6)).astype(np.float32) for n in (15, 25))
    one[3] = 0
    found = vectors.permute(one, other, metric, 20, draw)
    assert found["observed"] == pytest.approx(vectors.mean_nearest(one, other, metric), rel=1e-5)
    assert (found["dna"], found["english"]) == (15, 25)


def test_equal_rows_are_never_apart():
    assert vectors.permute(np.ones((5, 3)), np.ones((6, 3)), "euclidean", 20, np.random.default_rng(1))["p"] == 1


# ── words and their vectors ──


@pytest.mark.parametrize("kind", ["bpe", "wordpiece", "kmer"])
def test_words_come_once_by_class_and_all_are_accounted_for(kind, folders):
    words, tokenizer = read_words(folders[kind]), load_tokenizer(folders[kind])
    chosen, left = vectors.choose_words(words, tokenizer)
    assert list(chosen) == list(vectors.COMPARED)
    for name, members in chosen.items():
        assert len(members) == len(set(members)) and {classify(word) for word in members} <= {name}
    assert sum(map(len, chosen.values())) + sum(left.values()) == len(words)


def test_what_is_left_out_is_counted_by_its_cause(folders):
    """Marks that WordPiece has never seen are [UNK], control characters nothing; a text of two tokens is one word."""
    words = {5: "the", 1: "ACGT", 2: "ACGT", 3: "née", 4: "x", 6: "@@", 7: "\x01\x02", 8: "the", 9: "MKV"}
    chosen, left = vectors.choose_words(words, load_tokenizer(folders["wordpiece"]))
    assert chosen == {"dna": ["ACGT"], "protein": ["MKV"], "english": ["the"]}
    assert left == {"other": 2, "repeated": 2, "unread": 2}


def slowly(folder, words):
    """Vectors (layers + 1, words, width), a word at a time, with transformers alone."""
    tokenizer, model = AutoTokenizer.from_pretrained(folder), AutoModel.from_pretrained(folder).eval()
    found = []
    for word in words:
        inputs = tokenizer(word, return_tensors="pt", return_special_tokens_mask=True)
        inside = inputs.pop("special_tokens_mask")[0] == 0
        with torch.inference_mode():
            states = model(**inputs, output_hidden_states=True).hidden_states
        found.append(np.stack([layer[0, inside].mean(dim=0).numpy() for layer in states]))
    return np.stack(found, axis=1)


@pytest.mark.parametrize("batch_size", [1, 7, 100])
@pytest.mark.parametrize("architecture", ["gpt2", "bert"])
def test_vectors_equal_those_of_a_slow_loop_whatever_the_padding(architecture, batch_size, bodies):
    words = ["the", "ACGT", "ACGTACGTTTGACCA", "MKV", "Brown fox", "ou", "dog"]
    model, tokenizer = load_base_model(bodies[architecture], "eager"), load_tokenizer(bodies[architecture])
    tokens, real = vectors.encode_words(words, tokenizer)
    assert len(set(tokens.lengths)) > 1  # or there is no padding
    found = np.full((3, len(words), 32), np.nan, np.float32)
    vectors.embed(model, tokens, real, batch_size, found)
    assert np.allclose(found, slowly(bodies[architecture], words), atol=2e-5)


@pytest.fixture(scope="module")
def readers(tmp_path_factory):
    """{architecture: folder of a tiny model whose vocabulary has words of all classes}."""
    draw, folder = random.Random(7), tmp_path_factory.mktemp("readers")
    english = [letters(draw, draw.randint(2, 6), "abdeginorst") for _ in range(60)]
    proteins = [letters(draw, 4, "DEFHIKLM") for _ in range(10)]
    texts = [" ".join([*draw.choices(english, k=8), *draw.choices(proteins, k=2)]) for _ in range(200)]
    texts += [letters(draw, 60) for _ in range(60)]
    for architecture, kind in (("gpt2", "bpe"), ("bert", "wordpiece")):
        train_tokenizer(kind, texts, folder / kind, vocab_size=450)
        initialize_model("tiny", architecture, SHAPES[architecture], folder / kind, 1, folder / architecture)
    return {architecture: folder / architecture for architecture in ("gpt2", "bert")}


@pytest.fixture(scope="module")
def embedded(readers, tmp_path_factory):
    """{(architecture, attempt): folder with the files of `embed_words`}."""
    found = {}
    for architecture in readers:
        for attempt in (1, 2):
            folder = found[architecture, attempt] = tmp_path_factory.mktemp("words") / "run"
            targets = {"distances": folder / "distances.json", "words": folder / "words.npz"}
            vectors.embed_words(readers[architecture], OPTIONS, targets, 1)
    return found


@pytest.mark.parametrize("architecture", ["gpt2", "bert"])
def test_the_same_model_gives_the_same_bytes_and_nothing_else(architecture, embedded):
    bytes_of = [
        {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in embedded[architecture, attempt].iterdir()}
        for attempt in (1, 2)
    ]
    assert bytes_of[0] == bytes_of[1] and set(bytes_of[0]) == {"distances.json", "words.npz"}


@pytest.mark.parametrize("architecture", ["gpt2", "bert"])
def test_every_layer_is_measured_and_the_sample_is_of_the_last(architecture, embedded, readers):
    folder = embedded[architecture, 1]
    report = json.loads((folder / "distances.json").read_text())
    assert {row["layer"] for row in report["rows"]} == {0, 1, 2} and report["layers"] == 2
    sample = vector_figures.read_sample(folder / "words.npz")
    counts = {name: min(n, OPTIONS["sample"]) for name, n in report["words"].items()}
    assert {name: int((sample["classes"] == name).sum()) for name in counts} == counts
    assert {classify(word) for word in sample["words"]} == {name for name in counts if counts[name]}
    assert np.allclose(sample["vectors"], slowly(readers[architecture], sample["words"])[-1], atol=2e-5)
    dna, english = (sample["vectors"][sample["classes"] == name] for name in ("dna", "english"))
    for metric, control in report["control"].items():
        assert control["observed"] == pytest.approx(vectors.mean_nearest(dna, english, metric), rel=1e-4)
        assert 1 / 41 <= control["p"] <= 1


def test_a_vocabulary_without_dna_is_one_line(tmp_path):
    train_tokenizer(
        "wordpiece", ["the fox jumps over the lazy dog"] * 9, tmp_path / "tokenizer", vocab_size=300
    ) if False else None
    tokenizer = tmp_path / "tokenizer"
    train_tokenizer(
        "bpe", [f"number {i} jumps over the lazy dog {i * i}" for i in range(200)], tokenizer, vocab_size=300
    )
    shape = {"n_embd": 8, "n_layer": 1, "n_head": 1, "n_positions": 32}
    initialize_model("x", "gpt2", shape, tokenizer, 1, tmp_path / "model")
    with pytest.raises(LinguistError, match="0 words of class dna .* take a model"):
        vectors.embed_words(tmp_path / "model", OPTIONS, {"distances": tmp_path / "d", "words": tmp_path / "w"}, 1)


def test_a_classifiers_body_is_read_from_its_weights(bodies, tmp_path):
    classifier = load_classifier(bodies["gpt2"], ["a", "b"], 1, "eager")
    with torch.no_grad():
        classifier.transformer.ln_f.weight.mul_(3)
    save_model(classifier, load_tokenizer(bodies["gpt2"]), tmp_path / "weights")
    body = load_base_model(tmp_path / "weights", "eager")
    assert torch.equal(body.ln_f.weight, classifier.transformer.ln_f.weight)


# ── what is said of them ──


def test_a_change_has_its_interval_over_seeds():
    found = vector_report.change(10, [7, 8, 9])
    assert (found["mean"], found["sd"], found["least"], found["most"]) == (8, 1, 7, 9)
    assert found["share"] == pytest.approx(-0.2) and found["direction"] == found["code"] == "level"
    assert found["low"] == pytest.approx(-2 - 4.3027 / 3**0.5, abs=1e-3)
    assert vector_report.change(10, [7.9, 8, 8.1])["code"] == "fell"
    assert vector_report.change(7, [7.9, 8, 8.1])["code"] == "rose"
    assert vector_report.change(10, [8])["code"] == "one seed" and vector_report.change(10, [8])["direction"] == "fell"


@pytest.mark.parametrize(
    ("after", "claim", "said"),
    [
        ([(6, 5), (6.1, 5), (5.9, 5)], "supported", "Yes: DNA words moved nearer"),
        ([(5, 2.5), (5.1, 2.55), (4.9, 2.45)], "in part", "Only in part"),  # everything shrank by half
        ([(10, 5), (10.1, 5), (9.9, 5)], "not supported", r"No: a fall .* \(\+0\.0%\) is not shown, nor one by"),
        ([(12, 5), (12.1, 5), (11.9, 5)], "not supported", "No: .* rose after"),
    ],
)
def test_the_verdict_knows_shrinking_from_approach(after, claim, said):
    table = table_of((10, 5), after)
    code, text = vector_report.verdict(vector_report.changes(table, "m"))
    assert code == claim and re.match(said, text)


def test_models_that_differ_are_said_one_after_the_other():
    tables = [table_of((10, 5), after) for after in ([(6, 5), (6.1, 5), (5.9, 5)], [(12, 5), (12.1, 5), (11.9, 5)])]
    both = pd.concat([tables[0], tables[1].assign(model="n")])
    code, text = vector_report.headline(both)
    assert code == "in part" and re.match("m: Yes: .* n: No: ", text)
    assert vector_report.headline(tables[0])[0] == "supported"


def test_one_seed_claims_nothing():
    code, text = vector_report.headline(table_of((10, 5), [(6, 5)]))
    assert code == "unrepeated" and "with one seed" in text


def test_a_fall_without_one_by_cosine_is_said():
    table = table_of((10, 5), [(6, 5), (6.1, 5), (5.9, 5)], metric_of=lambda value: 1.0)
    code, text = vector_report.verdict(vector_report.changes(table, "m"))
    assert code == "in part" and "It does not remain by: cosine, DNA to English (level)" in text


def test_the_control_is_told_by_seed():
    lines = vector_report.control_lines(table_of((10, 5), [(10, 5), (5, 5), (1, 5)]), "m")
    assert len(lines) == 2
    assert lines[0][1].endswith(
        "after it they were: apart in 1 of 3 seeds, mixed in 1 of 3 seeds, nearer in 1 of 3 seeds."
    )


@pytest.fixture
def written(embedded, tmp_path):
    """Table, samples and reports of a made-up comparison: GPT-2 before, and the same model as three runs."""
    path = embedded["gpt2", 1] / "distances.json"
    table = vector_report.read_distances(RUNS, [path], [path] * 3)
    sample = vector_figures.read_sample(embedded["gpt2", 1] / "words.npz")
    return table, {"m": (sample, sample)}, {"m": json.loads(path.read_text())}


def test_the_table_holds_every_layer_metric_class_and_run(written, tmp_path):
    table, _, reports = written
    classes = [name for name, count in reports["m"]["words"].items() if count]
    assert len(table) == 4 * 3 * 2 * len(classes)
    vector_report.write_vectors_table(table, tmp_path / "table.tsv")
    read = pd.read_csv(tmp_path / "table.tsv", sep="\t")
    assert set(read["seed"]) == {"before", "1", "2", "3"}
    again = vector_report.read_vectors_table(tmp_path / "table.tsv")
    assert vector_report.headline(again) == vector_report.headline(table)
    assert "Euclidean, DNA to English: " in vector_report.text_vectors(again)
    assert np.allclose(read["relative"], read["mnnd"] / read["spacing"], rtol=1e-4)
    assert read["p"].notna().sum() == 4 * 2


def test_components_are_fitted_on_both_states_together():
    draw = np.random.default_rng(5)
    before = draw.normal(size=(30, 4)) * [5, 1, 1, 1]
    after = before * 0.5 + [0, 40, 0, 0]
    one, other, shares = vector_figures.project(before, after)
    assert one.shape == other.shape == (30, 2) and shares.sum() > 0.9
    whole = np.concatenate([before, after])
    assert np.allclose(np.concatenate([one, other]).mean(axis=0), 0, atol=1e-9)  # centred on both, not on each
    assert abs(one[:, 0].mean() - other[:, 0].mean()) == pytest.approx(40, rel=0.05)
    assert np.var(np.concatenate([one, other])[:, 0]) / np.var(whole, axis=0).sum() == pytest.approx(shares[0])


def test_figures_are_well_formed_small_and_the_same_bytes(written, tmp_path):
    table, samples, _ = written
    for name, make in {
        "words": lambda: vector_figures.words_figure(samples, 10),
        "distances": lambda: vector_figures.distances_figure(table),
    }.items():
        paths = [tmp_path / f"{name}.{attempt}.svg" for attempt in (1, 2)]
        for path in paths:
            save(make(), path)
        assert paths[0].read_bytes() == paths[1].read_bytes()
        said = " ".join(e.text for e in ElementTree.parse(paths[0]).iter("{http://www.w3.org/2000/svg}text"))
        assert "before fine-tuning" in said and "after fine-tuning" in said
        assert name == "words" or "control" in said
    markers = list(ElementTree.parse(tmp_path / "words.1.svg").iter("{http://www.w3.org/2000/svg}use"))
    assert len(markers) < 400  # ten of each class in each panel, ticks and legend


def test_the_page_says_what_differs_from_the_paper(written, tmp_path):
    table, samples, reports = written
    for name, figure in (
        ("words", vector_figures.words_figure(samples, 10)),
        ("distances", vector_figures.distances_figure(table)),
    ):
        save(figure, tmp_path / f"{name}.svg")
    published = yaml.safe_load((ROOT / "resources/published.yaml").read_text())["vectors"]
    assert [(r["before"], r["after"]) for r in published["paper1-vectors"]] == [(50.09, 29.79)]
    block = {"title": "T", "question": "Q?", "models": ["m"], "trainset": "en", "seeds": [1, 2, 3]}
    config = {
        "vectors": {"v": block | {"published": "paper1-vectors"}},
        "pairsets": {"en": {"recipe": "grammar", "sizes": {"train": 400}}},
        "corpora": {},
        "models": {"m": {"architecture": "gpt2"}},
    }
    run = {"options": {"epochs": 1}, "device": "cpu", "precision": "fp32", "attention": "eager", "seconds": 1.0}
    arguments = (table, reports, [run | {"versions": {"torch": "2"}}] * 3, published)
    files = {name: tmp_path / f"{name}.svg" for name in ("words", "distances")}
    vector_report.write_vectors_page(tmp_path / "page.html", "v", config, *arguments, files)
    page = (tmp_path / "page.html").read_text()
    for text in ("50.09 before", "29.79 after", "100,000", "Synthetic sentences", "is not shown", "from scratch"):
        assert text in page, text
    assert page.count("<svg") == 2 and "http" not in page.replace("http://www.w3.org", "")
    config["vectors"]["v"] = block
    vector_report.write_vectors_page(tmp_path / "plain.html", "v", config, *arguments, files)
    assert "50.09" not in (tmp_path / "plain.html").read_text()
