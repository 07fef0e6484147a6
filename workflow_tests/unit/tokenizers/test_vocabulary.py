"""The report on a tokenizer: classes by the papers' rule, and figures that a slow obvious version gives as well."""

import json
import random
import xml.etree.ElementTree as ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import pre_tokenizers
from transformers import AutoTokenizer

from helpers.data import letters, write_corpus
from linguist.errors import LinguistError
from linguist.files import read_json
from linguist.report.plots.style import save
from linguist.report.plots.tokenizer import vocabulary_figure
from linguist.tokenizers.loading import load_encoder, load_tokenizer
from linguist.tokenizers.packed import Tokens, encode_corpus
from linguist.tokenizers.training import read_balanced_sample, train_tokenizer
from linguist.tokenizers.vocabulary import (
    CLASSES,
    classify_token,
    describe_source,
    describe_tokenizer,
    describe_tokens,
    read_vocabulary,
    sample_documents,
)

NAMES = ["english", "dna"]


@pytest.fixture
def corpus(tmp_path):
    draw = random.Random(6)
    english = [(0, f"The quick brown fox, number {i}, jumps over the lazy dog's back.") for i in range(40)]
    documents = english + [(1, letters(draw, 90)) for _ in range(40)]
    draw.shuffle(documents)
    return write_corpus(tmp_path, documents)


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("ACGT", "dna"),
        ("AA", "dna"),
        ("THE", "protein"),
        ("MKV", "protein"),
        ("BOX", "english"),
        ("the", "english"),
        ("AC7", "english"),
        ("Ac", "english"),
        ("A", "other"),
        ("", "other"),
        ("née", "other"),
        ("日本", "other"),
        ("\ufffdab", "other"),
    ],
)
def test_classes_are_those_of_the_papers(word, name):
    assert classify_token(word) == name


@given(words=st.lists(st.text()))
def test_every_word_is_in_one_class(words):
    described = describe_tokens(words)
    assert list(described) == list(CLASSES)
    for name, members in described.items():
        mine = [word for word in words if classify_token(word) == name]
        assert members["tokens"] == len(mine) == sum(members["lengths"].values())
        assert members["share"] == (len(mine) / len(words) if words else 0)
        assert members["longest"] == sorted(mine, key=lambda word: (-len(word), word))[:10]


def test_words_are_read_without_their_marks(folders):
    for kind, folder in folders.items():
        words, tokenizer = read_vocabulary(folder), load_tokenizer(folder)
        assert set(words) == set(range(len(tokenizer))) - set(tokenizer.all_special_ids)
        for i, word in words.items():
            assert word == tokenizer.decode([i]).strip().removeprefix("##")
        assert "##" not in "".join(words.values()) or kind == "bpe"


@pytest.mark.parametrize("content", [None, "{", "{}", "[]", '{"model": {"vocab": []}}'])
def test_no_vocabulary_is_one_line(content, tmp_path):
    if content:
        (tmp_path / "tokenizer.json").write_text(content)
    with pytest.raises(LinguistError, match="no vocabulary can be read .*; train it again") as caught:
        read_vocabulary(tmp_path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("kind", ["bpe", "wordpiece", "kmer"])
def test_the_report_agrees_with_counting_by_hand(kind, folders, corpus, tmp_path):
    report = describe_tokenizer(kind, folders[kind], *corpus, NAMES, tmp_path / "report.json")
    assert report == read_json(tmp_path / "report.json")
    tokenizer = load_tokenizer(folders[kind])
    assert report["vocab_size"] == len(tokenizer)
    assert report["type"] == kind
    assert sum(one["share"] for one in report["classes"].values()) == pytest.approx(1)
    for number, name in enumerate(NAMES):
        documents, shown = sample_documents(*corpus, 2)[number], report["sources"][name]
        assert shown["documents"] == len(documents) == 40
        assert shown["tokens_per_document"] == shown["tokens"] / 40
        assert shown["characters_per_token"] == sum(map(len, documents)) / shown["tokens"]
        if kind != "kmer":
            encoded = [tokenizer.encode(document, add_special_tokens=False) for document in documents]
            assert shown["tokens"] == sum(map(len, encoded))
            unknown = sum(ids.count(tokenizer.unk_token_id) for ids in encoded)
            assert shown["unknown"] == unknown / shown["tokens"]
    assert report["sources"]["dna"]["round_trip"] == 1
    if kind == "kmer":
        assert report["sources"]["dna"]["tokens_per_document"] == 88
        assert report["classes"]["dna"]["share"] == 1
        assert report["sources"]["english"]["unknown"] == 1
    if kind == "bpe":
        assert report["sources"]["english"]["round_trip"] == 1


def test_at_most_so_many_documents_are_read(corpus, monkeypatch):
    monkeypatch.setattr("linguist.tokenizers.vocabulary.DOCUMENTS", 7)
    assert [len(one) for one in sample_documents(*corpus, 2)] == [7, 7]
    monkeypatch.setattr("linguist.tokenizers.vocabulary.CHARACTERS", 100)
    assert [len(one) for one in sample_documents(*corpus, 2)] == [2, 2]


def test_another_splitting_is_noticed(folders):
    """Trap 10: a tokenizer that splits the text otherwise than the one that encodes the corpus."""
    other = load_tokenizer(folders["bpe"])
    other.backend_tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    with pytest.raises(LinguistError, match="transformers reads 'ACGT x' as other tokens") as caught:
        describe_source(["ACGT x"], load_encoder(folders["bpe"]), other)
    assert "\n" not in str(caught.value)


def test_a_source_without_documents_in_the_split_has_figures(folders):
    shown = describe_source([], load_encoder(folders["bpe"]), load_tokenizer(folders["bpe"]))
    assert (shown["documents"], shown["characters_per_token"], shown["round_trip"]) == (0, 0, 0)


def test_the_authors_tokenizer_is_described(real_data, tmp_path):
    """Their file is one of 50,000 tokens without a decoder; 55 % DNA in the paper, 38 % in what they published."""
    path = real_data / "authors/dna_eng_bpe_dict.json"
    (tmp_path / "tokenizer.json").write_bytes(path.read_bytes())
    classes = describe_tokens(read_vocabulary(tmp_path).values())
    assert classes["dna"]["share"] == pytest.approx(0.38, abs=0.005)
    assert sum(one["tokens"] for one in classes.values()) == 49_999


@pytest.mark.parametrize("published", [None, {"dna": 0.55, "english": 0.45}])
def test_the_figure_shows_every_class_and_source(published, folders, corpus, tmp_path):
    report = describe_tokenizer("bpe", folders["bpe"], *corpus, NAMES, tmp_path / "report.json")
    save(vocabulary_figure(report, published), tmp_path / "v.svg")
    tree = ElementTree.parse(tmp_path / "v.svg")
    shown = " ".join(element.text or "" for element in tree.iter("{http://www.w3.org/2000/svg}text"))
    for name in (*NAMES, "DNA", "protein", "English", "other"):
        assert name in shown
    for source in report["sources"].values():
        assert f"{source['characters_per_token']:.2f}" in shown
    assert ("55%" in shown) == bool(published)


def test_the_report_is_plain_json(folders, corpus, tmp_path):
    report = describe_tokenizer("kmer", folders["kmer"], *corpus, NAMES, tmp_path / "report.json")
    assert json.loads(json.dumps(report)) == report


def test_real_text_comes_back_to_the_letter(real_data, tmp_path):
    """Human chromosome 22 and English Wikipedia: what corpora are encoded with is what AutoTokenizer loads (trap 10)."""
    lines = (real_data / "genome/22_20-21M.fa").read_text().splitlines()[1:]
    dna = "".join(lines).upper().replace("N", "")[:300_000]
    english = (real_data / "text/enwiki_gensim_sample.txt").read_text(encoding="utf-8")[:300_000].splitlines()
    documents = [(0, line) for line in english] + [(1, dna[at : at + 500]) for at in range(0, len(dna), 500)]
    random.Random(9).shuffle(documents)
    corpus = write_corpus(tmp_path, documents)
    train_tokenizer("bpe", read_balanced_sample(*corpus), tmp_path / "tokenizer", vocab_size=4000)
    report = describe_tokenizer("bpe", tmp_path / "tokenizer", *corpus, NAMES, tmp_path / "report.json")
    for source in report["sources"].values():
        assert (source["round_trip"], source["unknown"]) == (1, 0)
        assert 2 < source["characters_per_token"] < 8
    assert report["classes"]["dna"]["share"] > 0.2 < report["classes"]["english"]["share"]
    encode_corpus(tmp_path / "tokenizer", *corpus, tmp_path / "train.bin", tmp_path / "train.json")
    split = Tokens.open(tmp_path / "train.bin", tmp_path / "train.json")
    loaded = AutoTokenizer.from_pretrained(tmp_path / "tokenizer")
    ends = [*split.starts[1:], len(split)]
    for (_, document), start, end in list(zip(documents, split.starts, ends, strict=True))[:300]:
        assert split.ids[start + 1 : end].tolist() == loaded(document)["input_ids"]
