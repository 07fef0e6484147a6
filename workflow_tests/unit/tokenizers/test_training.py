"""Training: the same texts give the same bytes, and each kind of source has its share."""

import gzip
import random

import pytest

from helpers.data import SENTENCES, write_corpus
from linguist.errors import LinguistError
from linguist.tokenizers.loading import load_tokenizer
from linguist.tokenizers.training import read_balanced_sample, train_tokenizer
from linguist.tokenizers.types import TYPES

DNA = "".join(random.Random(3).choices("ACGT", k=150))


@pytest.fixture(params=[name for name, kind in TYPES.items() if "vocab_size" in kind.needs])
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


@pytest.mark.parametrize("k", [0, 11])
def test_impossible_kmers_are_one_line(k, tmp_path):
    with pytest.raises(LinguistError, match="set k to 1") as caught:
        train_tokenizer("kmer", (), tmp_path / "tokenizer", k=k)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "tokenizer").exists()
