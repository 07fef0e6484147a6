"""What a tokenizer is made of, and how it does on the dev split of a corpus."""

import json
from collections import Counter
from pathlib import Path

import numpy as np
from tokenizers import decoders

from linguist.corpora.store import read_split
from linguist.errors import LinguistError, one_line
from linguist.files import read_json, write_json
from linguist.tokenizers.kmers import spell, unspell
from linguist.tokenizers.loading import kmer_of, load_encoder

CLASSES = ("dna", "protein", "english", "other")
RESIDUES = frozenset("ACDEFGHIKLMNPQRSTVWY")
DOCUMENTS = 2000  # of each source at most: a corpus is shuffled, its first documents are a fair sample
CHARACTERS = 5_000_000  # of each source at most, documents may be books
LONGEST = 10  # tokens listed of each class


def classify(word):
    """Class of a word: "dna" if only ACGT, else "protein" if only the 20 amino acids, else "english" if ASCII; "other"
    is what is not, or has fewer than two characters (the authors' rule for word vectors)."""
    if len(word) < 2 or not word.isascii():
        return "other"
    return "dna" if set(word) <= set("ACGT") else "protein" if set(word) <= RESIDUES else "english"


def read_words(folder):
    """The words of a tokenizer.json by id: {id: word}, byte-level letters decoded and the marks of spaces and of inner
    pieces taken off; special tokens are left out. Raises LinguistError for a tokenizer without such a file."""
    path = Path(folder) / "tokenizer.json"
    try:
        spec = read_json(path)
        vocabulary = spec["model"]["vocab"].items()
        special = {token["content"] for token in spec["added_tokens"]}
        byte_level = "ByteLevel" in json.dumps([spec["pre_tokenizer"], spec["decoder"]])
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise LinguistError(f"{path}: no vocabulary can be read ({one_line(error)}); train it again") from None
    decoder = decoders.ByteLevel()
    words = ((i, decoder.decode([token]) if byte_level else token) for token, i in vocabulary if token not in special)
    return {i: word.strip() if byte_level else word.removeprefix("##") for i, word in words}


def describe_words(words):
    """{class: tokens, share, lengths (how many tokens have how many characters), longest} of an iterable of words."""
    classes = {name: [] for name in CLASSES}
    for word in words:
        classes[classify(word)].append(word)
    total = sum(map(len, classes.values()))
    return {
        name: {
            "tokens": len(members),
            "share": len(members) / max(total, 1),
            "lengths": {str(n): count for n, count in sorted(Counter(map(len, members)).items())},
            "longest": sorted(members, key=lambda word: (-len(word), word))[:LONGEST],
        }
        for name, members in classes.items()
    }


def describe_source(documents, encoder, tokenizer):
    """How a tokenizer does on a list of documents.

    Args: `encoder` is as from `load_encoder`, which corpora are encoded with; `tokenizer` is what transformers loads from
    the same folder. Round trip is the share of documents that the decoded tokens give back to the letter.
    Raises LinguistError if the two give different tokens.
    """
    k, backend = kmer_of(encoder), encoder.backend_tokenizer
    texts = documents if k is None else [spell(document, k) for document in documents]
    backend.encode_special_tokens = True
    encoded = [encoding.ids for encoding in backend.encode_batch_fast(texts, add_special_tokens=False)]
    loaded = tokenizer(texts, add_special_tokens=False, split_special_tokens=True)["input_ids"] if texts else []
    for document, ours, theirs in zip(documents, encoded, loaded, strict=True):
        if ours != theirs:
            raise LinguistError(
                f"transformers reads '{one_line(document[:60])}' as other tokens than tokenizer.json; train it again"
            )
    decoded = tokenizer.batch_decode(loaded, clean_up_tokenization_spaces=False) if texts else []
    if k is not None:
        decoded = [unspell(text, k) for text in decoded]
    counts = np.array([len(ids) for ids in encoded])
    tokens, characters = int(counts.sum()), sum(map(len, documents))
    unknown = sum(ids.count(encoder.unk_token_id) for ids in encoded)
    same = sum(one == other for one, other in zip(documents, decoded, strict=True))
    return {
        "documents": len(documents),
        "characters": characters,
        "tokens": tokens,
        "characters_per_token": characters / max(tokens, 1),
        "tokens_per_document": tokens / max(len(documents), 1),
        "unknown": unknown / max(tokens, 1),
        "round_trip": same / max(len(documents), 1),
    }


def sample_documents(text_path, sources_path, count):
    """Lists of the first documents of each of `count` sources: up to DOCUMENTS, until they have CHARACTERS."""
    chosen, sizes = [[] for _ in range(count)], [0] * count
    for number, document in read_split(text_path, sources_path):
        if len(chosen[number]) < DOCUMENTS and sizes[number] < CHARACTERS:
            chosen[number].append(document)
            sizes[number] += len(document)
    return chosen


def describe_tokenizer(kind, folder, text_path, sources_path, names, target):
    """Write and return the report on a tokenizer of type `kind`: type, vocab_size, classes (`describe_words`) and sources, by name
    (`describe_source`). `names` are the sources of the corpus split, by number."""
    from transformers import AutoTokenizer

    words, encoder, tokenizer = read_words(folder), load_encoder(folder), AutoTokenizer.from_pretrained(folder)
    documents = sample_documents(text_path, sources_path, len(names))
    try:
        sources = {name: describe_source(here, encoder, tokenizer) for name, here in zip(names, documents, strict=True)}
    except LinguistError as error:
        raise LinguistError(f"{folder}: {error}") from None
    report = {
        "type": kind,
        "vocab_size": encoder.backend_tokenizer.get_vocab_size(),
        "classes": describe_words(words.values()),
        "sources": sources,
    }
    write_json(target, report)
    return report
