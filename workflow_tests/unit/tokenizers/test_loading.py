"""Loaded tokenizers are those that were trained: no long word is unknown, no special token is lost."""

import json
import random
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import AutoTokenizer, BertConfig, BertModel, BertTokenizer, GPT2Config, GPT2Tokenizer

from linguist.errors import LinguistError
from linguist.tokenizers.encoding import encode_pairs
from linguist.tokenizers.loading import load_encoder, load_tokenizer
from linguist.tokenizers.training import train_tokenizer
from linguist.training.models import save_model

DNA = "".join(random.Random(3).choices("ACGT", k=150))


def test_bpe_gives_back_every_text(tokenizers, texts):
    for tokenizer in (load_tokenizer(tokenizers["gpt2"]), AutoTokenizer.from_pretrained(tokenizers["gpt2"])):
        for text in [*texts, DNA, "  two  spaces, a\ttab "]:
            assert tokenizer.decode(tokenizer.encode(text)) == text


@settings(max_examples=50, deadline=None)
@given(text=st.text())
def test_bpe_gives_back_any_text(tokenizers, text):
    backend = load_tokenizer(tokenizers["gpt2"]).backend_tokenizer
    if "<" not in text:  # the spelled-out name of a special token is that token
        assert backend.decode(backend.encode(text).ids) == text


@pytest.fixture(scope="module")
def kmers(tmp_path_factory):
    """Folder of a 3-mer tokenizer."""
    folder = tmp_path_factory.mktemp("kmers") / "tokenizer"
    train_tokenizer("kmer", (), folder, k=3)
    return folder


def test_kmers_survive_a_model_folder(kmers, tmp_path):
    load_tokenizer(kmers).save_pretrained(tmp_path)
    assert load_encoder(tmp_path).k == 3
    assert (tmp_path / "tokenizer.json").read_bytes() == (kmers / "tokenizer.json").read_bytes()


@pytest.mark.parametrize("architecture", ["bert", "gpt2"])
def test_every_loader_gives_the_ids_of_training_time(architecture, tokenizers, base_models, texts):
    """Also beside a config.json, by which AutoTokenizer would choose a class that splits otherwise."""
    trained = load_tokenizer(tokenizers[architecture])
    assert len(trained) == 500
    for loaded in map(AutoTokenizer.from_pretrained, (tokenizers[architecture], base_models[architecture])):
        assert loaded.special_tokens_map == trained.special_tokens_map
        for text in [*texts, DNA]:
            assert loaded(text, text)["input_ids"] == trained.backend_tokenizer.encode(text, text).ids


def assert_reads_long_words(tokenizer):
    assert len(tokenizer.tokenize(DNA)) > 10
    assert tokenizer.unk_token not in tokenizer.tokenize(DNA)


def test_a_long_word_is_not_unknown_to_our_wordpiece(tokenizers):
    assert_reads_long_words(load_tokenizer(tokenizers["bert"]))
    assert_reads_long_words(AutoTokenizer.from_pretrained(tokenizers["bert"]))


def bert_of_the_hub(folder):
    """A BERT folder as on the hub: its tokenizer is a BertTokenizer, with a limit of 100 characters and a padding."""
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *"acgt", *(f"##{a}{b}" for a in "acgt" for b in "acgt")]
    vocab = {piece: i for i, piece in enumerate(pieces + [f"##{a}" for a in "acgt"])}
    tokenizer = BertTokenizer(vocab=vocab, do_lower_case=True)
    tokenizer.backend_tokenizer.enable_truncation(12)
    tokenizer.backend_tokenizer.enable_padding(length=12)
    shape = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 1, "intermediate_size": 8}
    BertModel(BertConfig(vocab_size=len(vocab), **shape)).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.mark.parametrize("real", [False, True])
def test_a_long_word_is_not_unknown_to_a_pretrained_bert(real, tmp_path, request):
    source = request.getfixturevalue("checkpoint") if real else bert_of_the_hub(tmp_path / "hub")
    plain = AutoTokenizer.from_pretrained(source)
    assert plain.tokenize(DNA) == ["[UNK]"], "the trap is gone from transformers: drop our own care"
    loaded = load_tokenizer(source)
    assert_reads_long_words(loaded)
    save_model(BertModel.from_pretrained(source), loaded, tmp_path / "saved")
    again = AutoTokenizer.from_pretrained(tmp_path / "saved")
    assert_reads_long_words(again)
    assert dict(again("ACGT a", "CC ggt")) == dict(plain("ACGT a", "CC ggt", padding=False))


def gpt2_of_the_hub(folder):
    letters = [*"ACGT", "Ġ"]
    vocab = {piece: i for i, piece in enumerate([*letters, "AC", "<|endoftext|>"])}
    GPT2Tokenizer(vocab=vocab, merges=[("A", "C")]).save_pretrained(folder)
    GPT2Config(vocab_size=len(vocab), bos_token_id=6, eos_token_id=6).save_pretrained(folder)
    return folder


def test_special_tokens_that_no_file_names_are_those_of_the_architecture(tmp_path):
    """bert-base-cased and gpt2 on the hub: the tokenizer_config.json has next to nothing in it."""
    bert, gpt2 = bert_of_the_hub(tmp_path / "bert"), gpt2_of_the_hub(tmp_path / "gpt2")
    bare = {bert: {"do_lower_case": False, "model_max_length": 512}, gpt2: {"model_max_length": 1024}}
    names = ("unk", "pad", "cls", "sep", "mask", "bos", "eos")
    expected = {bert: [1, 0, 2, 3, 4, None, None], gpt2: [6, 6, None, None, None, 6, 6]}
    for folder, content in bare.items():
        (folder / "tokenizer_config.json").write_text(json.dumps(content))
        loaded = load_tokenizer(folder)
        loaded.save_pretrained(folder / "saved")
        again = AutoTokenizer.from_pretrained(folder / "saved")
        for tokenizer in (loaded, again):
            assert [getattr(tokenizer, f"{name}_token_id") for name in names] == expected[folder]
            assert tokenizer.model_max_length == content["model_max_length"]
            assert len(tokenizer) == len(AutoTokenizer.from_pretrained(folder))
        assert again(DNA, DNA)["input_ids"] == loaded(DNA, DNA)["input_ids"]
        assert len(set(loaded(DNA)["input_ids"]) - {6}) > 3
    assert_reads_long_words(load_tokenizer(bert))
    assert encode_pairs(frame_of([("ACGT ☃", "☃")]), load_tokenizer(bert), 500)[1]["unknown"] == 2


def test_special_tokens_that_the_vocabulary_lacks_are_not_added(tokenizers, tmp_path):
    """Their ids would lie past the end of the model's embedding."""
    BertConfig().save_pretrained(tmp_path)
    (tmp_path / "tokenizer.json").write_bytes((Path(tokenizers["gpt2"]) / "tokenizer.json").read_bytes())
    loaded = load_tokenizer(tmp_path)
    assert len(loaded) == 500
    assert loaded.mask_token is None


def test_a_vocabulary_file_is_enough(tmp_path):
    source = bert_of_the_hub(tmp_path)
    vocab = AutoTokenizer.from_pretrained(source).get_vocab()
    (source / "vocab.txt").write_text("\n".join(sorted(vocab, key=vocab.get)))
    expected = load_tokenizer(source)(DNA)["input_ids"]
    (source / "tokenizer.json").unlink()
    assert load_tokenizer(source)(DNA)["input_ids"] == expected


@pytest.mark.parametrize("content", [None, "{", "{}"])
def test_no_tokenizer_is_one_line(content, tmp_path):
    if content:
        (tmp_path / "tokenizer.json").write_text(content)
    with pytest.raises(LinguistError, match="tokenizer.json") as caught:
        load_tokenizer(tmp_path)
    assert "\n" not in str(caught.value)


def frame_of(pairs):
    rows = [(f"p{i}", first, second, i % 2) for i, (first, second) in enumerate(pairs)]
    return pd.DataFrame(rows, columns=["id", "sentence1", "sentence2", "label"])
