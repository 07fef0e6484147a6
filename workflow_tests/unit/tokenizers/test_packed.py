"""Packed tokens: every document whole and in place, the counts those of a slow obvious version, and damage noticed."""

import hashlib
import json
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.data import write_corpus
from linguist.errors import LinguistError
from linguist.tokenizers import packed as tokens
from linguist.tokenizers.encoding import spell
from linguist.tokenizers.loading import load_encoder, load_tokenizer
from linguist.tokenizers.packed import Tokens, encode_corpus
from linguist.tokenizers.training import train_tokenizer

KINDS = ("bpe", "wordpiece", "kmer")
SPELLED_OUT = "One <|endoftext|> two <pad> [CLS] three [SEP] [UNK] [PAD] four"
COUNTS = ("documents", "tokens", "characters", "bytes", "unknown")


@pytest.fixture
def documents(texts):
    draw = random.Random(5)
    awkward = [SPELLED_OUT, "back\\slash\nand line\r\nends", "☃ unknown ☃", "ACGTNNACGT", " ", "x" * 800]
    return [(draw.randrange(3), text) for text in [*texts, *awkward]]


def encode(folder, corpus, target):
    paths = target / "train.bin", target / "train.json"
    encode_corpus(folder, *corpus, *paths)
    return paths


def slow_tokens(folder, kind, documents):
    """(ids, counts by source) one document at a time, by the tokenizer of transformers."""
    tokenizer, ids, sources = load_tokenizer(folder), [], {}
    unknown = tokenizer.unk_token_id
    for number, document in documents:
        text = spell(document, 3) if kind == "kmer" else document
        inside = tokenizer(text, add_special_tokens=False, split_special_tokens=True)["input_ids"]
        around = (
            ([tokenizer.bos_token_id], []) if kind == "bpe" else ([tokenizer.cls_token_id], [tokenizer.sep_token_id])
        )
        ids += around[0] + inside + around[1]
        here = [1, len(inside), len(document), len(document.encode()), inside.count(unknown)]
        sources[number] = [a + b for a, b in zip(sources.get(number, [0] * 5), here, strict=True)]
    return ids, {str(n): dict(zip(COUNTS, sources[n], strict=True)) for n in sorted(sources)}


@pytest.mark.parametrize("batch", [1, 700, 1_000_000])
@pytest.mark.parametrize("kind", KINDS)
def test_tokens_are_those_of_a_slow_version(kind, batch, folders, documents, tmp_path, monkeypatch):
    monkeypatch.setattr(tokens, "BATCH", batch)
    paths = encode(folders[kind], write_corpus(tmp_path, documents), tmp_path)
    expected, sources = slow_tokens(folders[kind], kind, documents)
    split = Tokens.open(*paths)
    assert split.ids.tolist() == expected
    assert split.ids.dtype == np.dtype("<u2")
    assert len(split.starts) == len(documents) == split.info["documents"]
    assert split.info["sources"] == sources
    assert split.info["kind"] == kind
    assert split.info["tokens"] == len(split) == len(expected)
    assert split.info["sha256"] == hashlib.sha256(paths[0].read_bytes()).hexdigest()


@pytest.mark.parametrize("kind", KINDS)
def test_a_special_token_in_a_text_is_text(kind, folders, tmp_path):
    split = Tokens.open(*encode(folders[kind], write_corpus(tmp_path, [(0, SPELLED_OUT)] * 3), tmp_path))
    special = set(load_tokenizer(folders[kind]).all_special_ids)
    inside = [split.ids[a:b].tolist() for a, b in zip(split.starts, [*split.starts[1:], len(split)], strict=True)]
    assert len(inside) == 3 == len(split.starts)
    allowed = {load_tokenizer(folders[kind]).unk_token_id}
    for document in inside:
        assert not special & set(document[1 : None if kind == "bpe" else -1]) - allowed


@settings(max_examples=40, deadline=None)
@given(given_texts=st.lists(st.text(), min_size=1, max_size=8))
def test_bpe_gives_back_every_document(given_texts, folders, tmp_path_factory):
    folder = tmp_path_factory.mktemp("corpus")
    split = Tokens.open(*encode(folders["bpe"], write_corpus(folder, [(0, text) for text in given_texts]), folder))
    backend = load_encoder(folders["bpe"]).backend_tokenizer
    ends = [*split.starts[1:], len(split)]
    read = [backend.decode(split.ids[a + 1 : b].tolist()) for a, b in zip(split.starts, ends, strict=True)]
    assert read == given_texts


def test_same_corpus_gives_the_same_bytes(folders, documents, tmp_path):
    corpus = write_corpus(tmp_path, documents)
    first, second = (encode(folders["bpe"], corpus, tmp_path / copy) for copy in "ab")
    for one, other in zip(first, second, strict=True):
        assert one.read_bytes() == other.read_bytes()


def test_a_large_vocabulary_takes_four_bytes(tmp_path):
    train_tokenizer("kmer", (), tmp_path / "tokenizer", k=9)
    paths = encode(tmp_path / "tokenizer", write_corpus(tmp_path, [(0, "T" * 10)]), tmp_path)
    split = Tokens.open(*paths)
    assert split.ids.dtype == np.dtype("<u4")
    assert split.ids.tolist() == [2, 4**9 + 4, 4**9 + 4, 3]


def test_an_empty_corpus_is_one_line_and_leaves_nothing(folders, tmp_path):
    with pytest.raises(LinguistError, match="no document to encode; raise"):
        encode(folders["bpe"], write_corpus(tmp_path, []), tmp_path / "out")
    assert not [*(tmp_path / "out").iterdir()]


def test_a_start_token_made_of_text_is_one_line(folders, tmp_path):
    (tmp_path / "bad").mkdir()
    load_tokenizer(folders["bpe"]).save_pretrained(tmp_path / "bad")
    config = json.loads((tmp_path / "bad/tokenizer_config.json").read_text())
    (tmp_path / "bad/tokenizer_config.json").write_text(json.dumps(config | {"bos_token": "x"}))
    with pytest.raises(LinguistError, match="start token") as caught:
        encode(tmp_path / "bad", write_corpus(tmp_path, [(0, "x y")]), tmp_path / "out")
    assert "\n" not in str(caught.value)
    assert not [*(tmp_path / "out").iterdir()]


DAMAGES = {
    "cut": "bytes, not",
    "longer": "bytes, not",
    "dtype": "bytes, not",
    "flipped": "SHA-256",
    "large": "id 65535 in a vocabulary of 500",
    "documents": "for 1 documents",
    "no bin": "No such file",
    "no json": "No such file",
    "json": "train.json: damaged (JSONDecodeError",
    "key": "train.json: damaged (KeyError: 'sha256'",
    "odd": "train.json: damaged (KeyError: 'int64'",
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_is_one_line(damage, folders, documents, tmp_path):
    path, json_path = encode(folders["bpe"], write_corpus(tmp_path, documents), tmp_path)
    data, info = path.read_bytes(), json.loads(json_path.read_text())
    changed = {
        "cut": data[:-1],
        "longer": data + b"\0\0",
        "flipped": data[:2] + bytes([data[2] ^ 1]) + data[3:],
        "large": data[:-2] + b"\xff\xff",
    }
    keys = {"dtype": {"dtype": "uint32"}, "documents": {"documents": 1}, "odd": {"dtype": "int64"}}
    path.write_bytes(changed.get(damage, data))
    if damage in keys:
        json_path.write_text(json.dumps(info | keys[damage]))
    elif damage == "key":
        json_path.write_text(json.dumps({name: value for name, value in info.items() if name != "sha256"}))
    elif damage == "json":
        json_path.write_text("{")
    elif damage.startswith("no "):
        (path if damage == "no bin" else json_path).unlink()
    with pytest.raises(LinguistError, match=r"damaged \(.*\); delete it and run again") as caught:
        Tokens.open(path, json_path)
    assert DAMAGES[damage] in str(caught.value)
    assert "\n" not in str(caught.value)


def test_starts_are_found_across_blocks(folders, documents, tmp_path, monkeypatch):
    paths = encode(folders["bpe"], write_corpus(tmp_path, documents), tmp_path)
    whole = Tokens.open(*paths)
    monkeypatch.setattr(tokens, "BLOCK", 7)
    np.testing.assert_array_equal(Tokens.open(*paths).starts, whole.starts)
    np.testing.assert_array_equal(whole.starts, np.flatnonzero(whole.ids == whole.info["start"]))
    assert whole.starts.dtype == np.int64
