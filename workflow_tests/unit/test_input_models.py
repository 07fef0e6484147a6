"""Models and tokenizers that do not fit each other are told when they are fetched; what is odd but harmless changes nothing."""

import re
import shutil

import pandas as pd
import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import LlamaConfig, LlamaModel

from helpers.architectures import WIDTH
from helpers.bad_models import BAD_MODELS, ODD_MODELS, settings, tensors, tokenizer, without
from linguist.errors import LinguistError
from linguist.files import read_json
from linguist.layout import FETCH_WARNINGS
from linguist.report.page import unreadable_tests
from linguist.tokenizers.encoding import tokenize_splits
from linguist.tokenizers.loading import load_tokenizer
from linguist.tokenizers.training import train_tokenizer
from linguist.training.models import fetch_model, load_base_model, load_classifier, load_language_model

CLASSES = ("different", "same")


@pytest.fixture
def source(base_models, tmp_path):
    """A copy of a BERT's folder, for the test to change."""
    return shutil.copytree(base_models["bert"], tmp_path / "source")


def fetched(source):
    target = source.with_name("fetched")
    shutil.rmtree(target, ignore_errors=True)
    fetch_model("m", target, path=source)
    return target


@pytest.mark.parametrize("name", BAD_MODELS)
def test_what_does_not_fit_is_one_line(name, source):
    change, words = BAD_MODELS[name]
    change(source)
    with pytest.raises(LinguistError, match=rf"^models/m: .*{words}.*") as caught:
        fetched(source)
    assert re.search("; (give|name) ", str(caught.value))
    assert "\n" not in str(caught.value) and "trust_remote_code" not in str(caught.value)
    assert [path.name for path in source.parent.iterdir()] == ["source"]


@pytest.mark.parametrize("name", ODD_MODELS)
def test_what_is_odd_but_whole_is_the_same_model(name, base_models, tmp_path):
    architecture, change = ODD_MODELS[name]
    source = shutil.copytree(base_models[architecture], tmp_path / "source")
    change(source)
    found, expected = (
        dict(load_base_model(folder, "eager").named_parameters())
        for folder in (fetched(source), base_models[architecture])
    )
    assert found.keys() == expected.keys()
    assert all(torch.equal(found[name], expected[name]) for name in found if "pooler" not in name)
    assert 0.95 < load_classifier(fetched(source), CLASSES, 1, "eager").loaded_share < 1


def test_a_weight_that_looks_like_a_mask_may_not_be_missing(base_models, tmp_path):
    """Transformers ignores "attn.bias" in a GPT-2, which is part of "c_attn.bias", too."""
    source = shutil.copytree(base_models["gpt2"], tmp_path / "source")
    tensors(lambda held: without(held, "h.1.attn.c_attn.bias"))(source)
    with pytest.raises(LinguistError, match=r"lack 1 tensor \(transformer\.h\.1\.attn\.c_attn\.bias\)"):
        fetched(source)


@pytest.mark.parametrize("longest", [10**30, 0, -1, None])
def test_a_tokenizers_maximal_length_changes_nothing(longest, source, easy_pairs):
    def encoded(folder, name):
        tokenize_splits(folder, {"test": easy_pairs}, 64, source.parent / name)
        return (source.parent / name / "test.npz").read_bytes()

    before = encoded(source, "before")
    settings("tokenizer_config.json", model_max_length=longest)(source)
    assert encoded(fetched(source), "after") == before


def add_end(spec, about):
    about["eos_token"] = "[SEP]"


def drop_pairs(spec, about):
    spec["post_processor"] = None


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            lambda folder: [settings("config.json", eos_token_id=2)(folder), tokenizer(add_end)(folder)],
            r"eos_token_id 2 .*\[SEP\].*; give the tokenizer",
        ),
        (tokenizer(drop_pairs), "no separator .*; if the model knows one, add"),
    ],
)
def test_what_may_be_wrong_is_a_warning_in_the_log_and_beside_the_weights(change, words, source, caplog):
    with caplog.at_level("WARNING"):
        fetched(source)
        assert caplog.messages == []
        change(source)
        folder = fetched(source)
    assert len(caplog.messages) == 1
    assert re.search(words, caplog.messages[0])
    assert [message.endswith(read_json(folder / FETCH_WARNINGS)[0]) for message in caplog.messages] == [True]


def test_without_a_configured_padding_token_it_is_that_of_the_tokenizer(source):
    """Llama 3.1 names several end tokens, of which none can be the padding."""
    settings("config.json", pad_token_id=None, eos_token_id=[3, 4])(source)
    model, tokens = load_classifier(fetched(source), CLASSES, 1, "eager"), load_tokenizer(source)
    assert model.config.pad_token_id == tokens.pad_token_id is not None


def test_a_head_is_left_behind_and_named(source, caplog):
    held = load_file(source / "model.safetensors")
    heads = {"classifier.weight": torch.ones(2, 32), "qa_outputs.bias": torch.ones(2)}
    save_file(held | heads, source / "model.safetensors", metadata={"format": "pt"})
    with caplog.at_level("INFO"):
        assert load_file(fetched(source) / "model.safetensors").keys() == held.keys()
    assert "2 tensors (classifier.weight, qa_outputs.bias)" in caplog.text


def test_a_language_model_without_its_head_is_no_language_model(tokenizers, tmp_path):
    """It would be drawn at random. As a classifier it is whole."""
    config = LlamaConfig(vocab_size=500, pad_token_id=0, **WIDTH)
    LlamaModel(config).save_pretrained(tmp_path / "source")
    load_tokenizer(tokenizers["bert"]).save_pretrained(tmp_path / "source")
    folder = fetched(tmp_path / "source")
    assert load_classifier(folder, CLASSES, 1, "eager").loaded_share > 0.9
    with pytest.raises(LinguistError, match=r"lack 1 tensor \(lm_head.weight\); give"):
        load_language_model(folder, "eager")


def test_dna_that_a_tokenizer_cannot_read_is_counted(tmp_path):
    """A vocabulary of lower-case letters makes one [UNK] of each sequence."""
    train_tokenizer("wordpiece", ["the cat sat on the mat"] * 9, tmp_path / "words", vocab_size=20)
    rows = pd.DataFrame({"id": ["a", "b"], "sequence": ["ACGT" * 20, "the cat"], "label": [0, 1]})
    tokenize_splits(tmp_path / "words", {"test": rows}, 64, tmp_path / "tokens")
    report = read_json(tmp_path / "tokens/tokens.json")
    assert report["test"]["unknown"] == 1
    assert list(unreadable_tests({"t, m": report})) == ["t, m"]
