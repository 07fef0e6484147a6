"""Pairs are encoded as Hugging Face does it, and token files are read as they were written."""

import random
import time
from itertools import groupby
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from transformers import AutoTokenizer

from linguist.errors import LinguistError
from linguist.tokenizers.encoding import PairTokens, encode_pairs, spell, tokenize_splits, unspell
from linguist.tokenizers.loading import load_encoder, load_tokenizer
from linguist.tokenizers.training import train_tokenizer


@pytest.fixture(scope="module")
def kmers(tmp_path_factory):
    """Folder of a 3-mer tokenizer."""
    folder = tmp_path_factory.mktemp("kmers") / "tokenizer"
    train_tokenizer("kmer", (), folder, k=3)
    return folder


def test_kmers_are_all_there_and_read_as_such(kmers):
    tokenizer = load_tokenizer(kmers)
    assert len(tokenizer) == 4**3 + 5
    encoder, again = load_encoder(kmers), AutoTokenizer.from_pretrained(kmers)
    assert (encoder.k, again.init_kwargs["kmer"]) == (3, 3)
    assert again.tokenize(spell("ACGTA", 3)) == ["ACG", "CGT", "GTA"]
    frame = frame_of([("ACGTA", "TTTNTTTT"), ("AC", "hello [SEP]")])
    for one in (encoder, tokenizer):
        tokens, counts = encode_pairs(frame, one, 50)
        words = again.convert_ids_to_tokens(tokens.ids)
        assert words[:10] == ["[CLS]", "ACG", "CGT", "GTA", "[SEP]", "TTT", "[UNK]", "TTT", "TTT", "[SEP]"]
        assert counts["unknown"] == 1 + 2
        assert tokens.types[:10].tolist() == [0] * 5 + [1] * 5


def frame_of(pairs):
    rows = [(f"p{i}", first, second, i % 2) for i, (first, second) in enumerate(pairs)]
    return pd.DataFrame(rows, columns=["id", "sentence1", "sentence2", "label"])


@pytest.mark.parametrize("architecture", ["bert", "gpt2"])
@pytest.mark.parametrize("max_length", [16, 40, 300])
def test_pairs_are_encoded_as_hugging_face_does(architecture, max_length, tokenizers, texts):
    draw = random.Random(4)
    frame = frame_of([(draw.choice(texts), draw.choice(texts)[: draw.randint(1, 150)]) for _ in range(60)])
    tokenizer = load_tokenizer(tokenizers[architecture])
    tokens, counts = encode_pairs(frame, tokenizer, max_length)
    longer = 0
    for i, row in enumerate(frame.itertuples()):
        expected = tokenizer(
            row.sentence1,
            row.sentence2,
            truncation="longest_first",
            max_length=max_length,
            return_token_type_ids=True,
        )
        inside = slice(tokens.offsets[i], tokens.offsets[i + 1])
        assert tokens.ids[inside].tolist() == expected["input_ids"]
        assert tokens.types[inside].tolist() == expected["token_type_ids"]
        longer += len(tokenizer(row.sentence1, row.sentence2)["input_ids"]) > max_length
        if architecture == "gpt2" and max_length == 300:  # joined with no separator
            first, second = tokenizer(row.sentence1)["input_ids"], tokenizer(row.sentence2)["input_ids"]
            assert expected["input_ids"] == first + second
    specials = 3 * len(frame) if architecture == "bert" else 0
    assert counts["inputs"] == len(frame) == len(tokens)
    assert counts["truncated"] == longer
    assert counts["tokens"] == tokens.lengths.sum() - specials
    assert tokens.names.tolist() == frame["id"].tolist()
    assert tokens.labels.tolist() == frame["label"].tolist()


def test_unknown_tokens_are_counted(tokenizers):
    frame = frame_of([("ACGT ☃", "☃ ☃ [SEP]"), ("TTT", "G")])
    _, counts = encode_pairs(frame, load_tokenizer(tokenizers["bert"]), 40)
    assert (counts["unknown"], counts["truncated"]) == (3, 0)
    _, counts = encode_pairs(frame, load_tokenizer(tokenizers["gpt2"]), 40)
    assert counts["unknown"] == 0


def test_token_files_are_the_same_bytes_at_any_time(encoded, tmp_path, monkeypatch):
    tokens = PairTokens.load(encoded["bert"]["train"])
    tokens.save(tmp_path / "a.npz")
    monkeypatch.setattr(time, "time", lambda: 1e9)
    tokens.save(tmp_path / "b.npz")
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    for name, array in vars(PairTokens.load(tmp_path / "a.npz")).items():
        np.testing.assert_array_equal(array, getattr(tokens, name))


@pytest.mark.parametrize("damage", ["empty", "text", "half", "other", "absent"])
def test_a_corrupt_token_file_is_one_line(damage, encoded, tmp_path):
    path, whole = tmp_path / "t.npz", encoded["bert"]["dev"].read_bytes()
    if damage == "other":
        np.savez(path, ids=np.zeros(3))
    elif damage != "absent":
        path.write_bytes({"empty": b"", "text": b"no tokens", "half": whole[: len(whole) // 2]}[damage])
    with pytest.raises(LinguistError, match=r"t\.npz: damaged \(.*\); delete it and run again") as caught:
        PairTokens.load(path)
    assert "\n" not in str(caught.value)


def test_tokenize_splits_writes_splits_and_report(tokenizers, easy_pairs, tmp_path):
    tokenize_splits(tokenizers["bert"], {"dev": easy_pairs}, 30, tmp_path / "tokens")
    tokens = PairTokens.load(Path(tmp_path / "tokens" / "dev.npz"))
    assert len(tokens) == len(easy_pairs)
    assert tokens.lengths.max() <= 30
    assert (tmp_path / "tokens" / "tokens.json").is_file()


@given(sequence=st.text("ACGT", max_size=40), k=st.integers(1, 7))
def test_spelling_is_undone(sequence, k):
    words = spell(sequence, k)
    if len(sequence) >= k:
        assert words.split() == [sequence[i : i + k] for i in range(len(sequence) - k + 1)]
    assert unspell(words, k) == sequence


@given(text=st.text("ACGTN a", max_size=60), k=st.integers(1, 5))
def test_what_is_no_kmer_stays_a_word(text, k):
    words = []
    for is_dna, run in groupby(text, "ACGT".__contains__):
        run = "".join(run)
        words.append(
            " " + " ".join(map("".join, zip(*(run[i:] for i in range(k)), strict=False))) + " "
            if is_dna and len(run) >= k
            else run
        )
    assert spell(text, k).split() == "".join(words).split()
