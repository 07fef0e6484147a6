"""Token vectors: which tokens are compared, and vectors as a slow loop gives them."""

import numpy as np
import pytest
import torch

from helpers.vectors import slowly
from linguist.tokenizers.loading import load_tokenizer
from linguist.tokenizers.vocabulary import classify_token, read_vocabulary
from linguist.training import batches
from linguist.training.models import load_base_model, load_classifier, save_model
from linguist.vectors import embedding


@pytest.mark.parametrize("kind", ["bpe", "wordpiece", "kmer"])
def test_words_come_once_by_class_and_all_are_accounted_for(kind, folders):
    words, tokenizer = read_vocabulary(folders[kind]), load_tokenizer(folders[kind])
    chosen, left = embedding.choose_tokens(words, tokenizer)
    assert list(chosen) == list(embedding.COMPARED)
    for name, members in chosen.items():
        assert len(members) == len(set(members)) and {classify_token(word) for word in members} <= {name}
    assert sum(map(len, chosen.values())) + sum(left.values()) == len(words)


def test_what_is_left_out_is_counted_by_its_cause(folders):
    """Marks that WordPiece has never seen are [UNK], control characters nothing; a text of two tokens is one word."""
    words = {5: "the", 1: "ACGT", 2: "ACGT", 3: "née", 4: "x", 6: "@@", 7: "\x01\x02", 8: "the", 9: "MKV"}
    chosen, left = embedding.choose_tokens(words, load_tokenizer(folders["wordpiece"]))
    assert chosen == {"dna": ["ACGT"], "protein": ["MKV"], "english": ["the"]}
    assert left == {"other": 2, "repeated": 2, "unread": 2}


@pytest.mark.parametrize("batch_size, multiple", [(1, 1), (7, 1), (100, 1), (7, 16)])
@pytest.mark.parametrize("architecture", ["gpt2", "bert"])
def test_vectors_equal_those_of_a_slow_loop_whatever_the_padding(
    architecture, batch_size, multiple, base_models, monkeypatch
):
    monkeypatch.setitem(batches.MULTIPLES, "cpu", multiple)
    words = ["the", "ACGT", "ACGTACGTTTGACCA", "MKV", "Brown fox", "ou", "dog"]
    model, tokenizer = load_base_model(base_models[architecture], "eager"), load_tokenizer(base_models[architecture])
    tokens, real = embedding.encode_alone(words, tokenizer)
    assert len(set(tokens.lengths)) > 1  # or there is no padding
    found = np.full((3, len(words), 32), np.nan, np.float32)
    embedding.fill_vectors(model, tokens, real, batch_size, found)
    assert np.allclose(found, slowly(base_models[architecture], words), atol=2e-5)


def test_a_classifiers_body_is_read_from_its_weights(base_models, tmp_path):
    classifier = load_classifier(base_models["gpt2"], ["a", "b"], 1, "eager")
    with torch.no_grad():
        classifier.transformer.ln_f.weight.mul_(3)
    save_model(classifier, load_tokenizer(base_models["gpt2"]), tmp_path / "weights")
    body = load_base_model(tmp_path / "weights", "eager")
    assert torch.equal(body.ln_f.weight, classifier.transformer.ln_f.weight)
