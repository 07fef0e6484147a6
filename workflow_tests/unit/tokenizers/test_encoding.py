"""Tokenizers give back what went in, lose no long word, and encode pairs as Hugging Face does."""

import gzip
import json
import random
import time
from itertools import groupby
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import AutoTokenizer, BertConfig, BertModel, BertTokenizer, GPT2Config, GPT2Tokenizer

from helpers.data import SENTENCES, write_corpus
from linguist.errors import LinguistError
from linguist.tokenizers.encoding import PairTokens, encode_pairs, tokenize_splits
from linguist.tokenizers.kmers import spell, unspell
from linguist.tokenizers.loading import load_encoder, load_tokenizer
from linguist.tokenizers.training import read_balanced_sample, train_tokenizer
from linguist.training.models import save_model

DNA = "".join(random.Random(3).choices("ACGT", k=150))


@pytest.fixture(params=["bpe", "wordpiece"])
def kind(request):
    return request.param


@pytest.fixture(scope="module")
def dna_and_english(real_data):
    """(segments of the X chromosome, lines of Wikipedia), about 1 MB each."""
    with gzip.open(real_data / "genome/hs37chrXtrunc.fa.gz", "rt") as handle:
        handle.seek(4_000_000)
        dna = handle.read(1_000_000).replace("\n", "").upper().replace("N", "")
    english = (real_data / "text/wikitext2.valid.txt").read_text(encoding="utf-8")[:1_000_000].splitlines()
    return [dna[at : at + 600] for at in range(0, len(dna), 600)], english


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


def test_same_texts_give_the_same_bytes(kind, texts, tmp_path, monkeypatch):
    """With one thread and with many."""
    draw = random.Random(8)
    texts = [*texts, *(draw.choice(SENTENCES)[: draw.randint(9, 60)] for _ in range(2000))]
    for copy, parallel in zip("abcd", ("false", "false", "true", "true"), strict=True):
        monkeypatch.setenv("TOKENIZERS_PARALLELISM", parallel)
        train_tokenizer(kind, iter(texts), tmp_path / copy, vocab_size=500)
    assert len({(tmp_path / copy / "tokenizer.json").read_bytes() for copy in "abcd"}) == 1


def test_same_real_texts_give_the_same_bytes(kind, dna_and_english, tmp_path, monkeypatch):
    monkeypatch.setenv("TOKENIZERS_PARALLELISM", "true")
    texts = [text[:150] for half in dna_and_english for text in half][::3]
    for copy in "ab":
        train_tokenizer(kind, iter(texts), tmp_path / copy, vocab_size=3000)
    assert len({(tmp_path / copy / "tokenizer.json").read_bytes() for copy in "ab"}) == 1


@pytest.mark.parametrize(("size", "cure"), [(1_000_000, "lower vocab_size"), (50, "raise vocab_size")])
def test_an_impossible_size_is_one_line(kind, texts, size, cure, tmp_path):
    with pytest.raises(LinguistError, match=cure) as caught:
        train_tokenizer(kind, texts, tmp_path / "tokenizer", vocab_size=size)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "tokenizer").exists()


@pytest.mark.parametrize("bound", [None, 6])
def test_the_length_of_tokens_is_bounded_where_asked(bound, texts, tmp_path):
    train_tokenizer("bpe", [*texts, *[DNA] * 30], tmp_path, vocab_size=500, max_token_length=bound)
    longest = max(len(token) for token in load_tokenizer(tmp_path).get_vocab() if token.strip("ACGT") == "")
    assert longest > 20 if bound is None else longest <= bound


def test_real_dna_and_english_share_the_vocabulary(dna_and_english, tmp_path):
    """Either class has a fair part of what 1 MB of each gives, and DNA comes back as it went in."""
    segments, english = dna_and_english
    train_tokenizer("bpe", [*segments, *english], tmp_path, vocab_size=8000)
    tokenizer = load_tokenizer(tmp_path)
    share = sum(token.strip("ACGT") == "" for token in tokenizer.get_vocab()) / 8000
    assert 0.2 < share < 0.8
    assert tokenizer.batch_decode(tokenizer(segments[:50])["input_ids"]) == segments[:50]


# ── the sample of a corpus ──


def take(corpus, sample=None):
    """What `balanced` gives, as {source number: its text}."""
    numbers = {document[0]: number for number, document in corpus[1]}
    given = {}
    for document in filter(None, read_balanced_sample(*corpus[0], sample)):
        given[numbers[document[0]]] = given.get(numbers[document[0]], "") + document
    return given


@pytest.fixture
def corpus(tmp_path):
    """(files, documents) of a split of three sources whose letters tell them apart."""
    draw = random.Random(7)
    documents = [(n, "aé日"[n] * draw.randint(1, 40)) for n in (0, 0, 0, 1, 1, 2) for _ in range(20)]
    draw.shuffle(documents)
    return write_corpus(tmp_path, documents), documents


@pytest.mark.parametrize("sample", [None, 1, 60, 300])
def test_each_source_gives_the_same_bytes(sample, corpus):
    whole = {n: "".join(text for number, text in corpus[1] if number == n) for n in range(3)}
    wanted = sample or min(len(text.encode()) for text in whole.values())
    for number, text in take(corpus, sample).items():
        assert whole[number].startswith(text)
        assert wanted - 2 <= len(text.encode()) <= wanted


def test_nothing_is_read_after_the_sample(corpus, monkeypatch):
    def read_split(*_):
        yield from corpus[1]
        pytest.fail("read to the end")

    monkeypatch.setattr("linguist.tokenizers.training.read_split", read_split)
    assert len(take(corpus, 10)) >= 2


def test_a_source_too_small_is_one_line(corpus, tmp_path):
    size = len("".join(text for number, text in corpus[1] if number == 2).encode())
    message = f"source 2 has only {size} of 100000 bytes; lower sample"
    documents = [*corpus[1], (0, "a" * 100_000), (1, "é" * 50_000)]
    with pytest.raises(LinguistError, match=message):
        train_tokenizer(
            "bpe",
            read_balanced_sample(*write_corpus(tmp_path, documents), 100_000),
            tmp_path / "tokenizer",
            vocab_size=300,
        )


# ── k-mers ──


@pytest.fixture(scope="module")
def kmers(tmp_path_factory):
    """Folder of a 3-mer tokenizer."""
    folder = tmp_path_factory.mktemp("kmers") / "tokenizer"
    train_tokenizer("kmer", (), folder, k=3)
    return folder


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


def test_kmers_survive_a_model_folder(kmers, tmp_path):
    load_tokenizer(kmers).save_pretrained(tmp_path)
    assert load_encoder(tmp_path).k == 3
    assert (tmp_path / "tokenizer.json").read_bytes() == (kmers / "tokenizer.json").read_bytes()


@pytest.mark.parametrize("k", [0, 11])
def test_impossible_kmers_are_one_line(k, tmp_path):
    with pytest.raises(LinguistError, match="set k to 1") as caught:
        train_tokenizer("kmer", (), tmp_path / "tokenizer", k=k)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "tokenizer").exists()


# ── loading ──


@pytest.mark.parametrize("architecture", ["bert", "gpt2"])
def test_every_loader_gives_the_ids_of_training_time(architecture, tokenizers, bodies, texts):
    """Also beside a config.json, by which AutoTokenizer would choose a class that splits otherwise."""
    trained = load_tokenizer(tokenizers[architecture])
    assert len(trained) == 500
    for loaded in map(AutoTokenizer.from_pretrained, (tokenizers[architecture], bodies[architecture])):
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
    with pytest.raises(LinguistError, match="not a token file") as caught:
        PairTokens.load(path)
    assert "\n" not in str(caught.value)


def test_tokenize_splits_writes_splits_and_report(tokenizers, easy_pairs, tmp_path):
    tokenize_splits(tokenizers["bert"], {"dev": easy_pairs}, 30, tmp_path / "tokens")
    tokens = PairTokens.load(Path(tmp_path / "tokens" / "dev.npz"))
    assert len(tokens) == len(easy_pairs)
    assert tokens.lengths.max() <= 30
    assert (tmp_path / "tokens" / "tokens.json").is_file()
