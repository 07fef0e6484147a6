"""What the tokens of a vocabulary are, and how a tokenizer encodes the dev split of its corpus."""

import json
from collections import Counter
from pathlib import Path

from tokenizers import decoders
from transformers import AutoTokenizer

from linguist.corpora.store import read_split
from linguist.errors import LinguistError, one_line
from linguist.files import write_json
from linguist.tokenizers.encoding import encode_documents, prepare_texts, unspell
from linguist.tokenizers.loading import kmer_of, load_encoder
from linguist.tokenizers.pretrained import load_pretrained

CLASSES = ("dna", "protein", "english", "other")
RESIDUES = frozenset("ACDEFGHIKLMNPQRSTVWY")
DOCUMENTS = 2000  # read per source at most: a corpus is shuffled, so its first documents are a fair sample
CHARACTERS = 5_000_000  # read per source at most, since a document may be a book
LONGEST = 10  # tokens listed per class


def classify_token(text):
    """The class of a token's text (the rule of paper 1): "dna" if it has only ACGT, else "protein" if it has only the 20 amino
    acids, else "english" if it is ASCII. Everything else, and texts of fewer than two characters, is "other"."""
    if len(text) < 2 or not text.isascii():
        return "other"
    return "dna" if set(text) <= set("ACGT") else "protein" if set(text) <= RESIDUES else "english"


def read_vocabulary(folder):
    """The texts of a tokenizer's tokens, {id: text}: bytes decoded, marks of spaces and of inner pieces removed, without special
    tokens. Raises LinguistError if the folder has no valid tokenizer.json."""
    path = Path(folder) / "tokenizer.json"
    try:
        spec = json.loads(path.read_text(encoding="utf-8"))
        vocabulary = spec["model"]["vocab"]
        if isinstance(vocabulary, list):  # a unigram model's, with scores
            vocabulary = {token: i for i, (token, _) in enumerate(vocabulary)}
        special = {token["content"] for token in spec["added_tokens"]}
        byte_level = "ByteLevel" in json.dumps([spec["pre_tokenizer"], spec["decoder"]])
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise LinguistError(f"{path}: no vocabulary can be read ({one_line(error)}); train it again") from None
    decoder = decoders.ByteLevel()
    texts = (
        (i, decoder.decode([token]) if byte_level else token) for token, i in vocabulary.items() if token not in special
    )
    return {i: text.strip() if byte_level else text.removeprefix("##") for i, text in texts}


def describe_tokens(texts):
    """{class: {"tokens", "share", "lengths": {characters: tokens}, "longest": [texts]}} of the texts of tokens."""
    classes = {name: [] for name in CLASSES}
    for text in texts:
        classes[classify_token(text)].append(text)
    total = sum(map(len, classes.values()))
    return {
        name: {
            "tokens": len(members),
            "share": len(members) / max(total, 1),
            "lengths": {str(n): count for n, count in sorted(Counter(map(len, members)).items())},
            "longest": sorted(members, key=lambda text: (-len(text), text))[:LONGEST],
        }
        for name, members in classes.items()
    }


def describe_source(documents, encoder, tokenizer):
    """How a tokenizer encodes a list of documents: counts, characters per token, shares of [UNK] and of documents that decoding
    gives back exactly ("round_trip").

    Args: `encoder` (of `load_encoder`) encodes corpora; `tokenizer` is what transformers loads from the same folder.
    Raises LinguistError if the two give different tokens.
    """
    encoded = [encoding.ids for encoding in encode_documents(encoder, documents)]
    texts, k = prepare_texts(encoder, documents), kmer_of(encoder)
    loaded = tokenizer(texts, add_special_tokens=False, split_special_tokens=True)["input_ids"] if texts else []
    for document, ours, theirs in zip(documents, encoded, loaded, strict=True):
        if ours != theirs:
            raise LinguistError(
                f"transformers reads '{one_line(document[:60])}' as other tokens than tokenizer.json; train it again"
            )
    decoded = tokenizer.batch_decode(loaded, clean_up_tokenization_spaces=False) if texts else []
    if k is not None:
        decoded = [unspell(text, k) for text in decoded]
    tokens, characters = sum(map(len, encoded)), sum(map(len, documents))
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
    """For each of `count` sources, a list of its first documents: at most DOCUMENTS, and until they have CHARACTERS."""
    chosen, sizes = [[] for _ in range(count)], [0] * count
    for number, document in read_split(text_path, sources_path):
        if len(chosen[number]) < DOCUMENTS and sizes[number] < CHARACTERS:
            chosen[number].append(document)
            sizes[number] += len(document)
    return chosen


def describe_tokenizer(type_name, folder, text_path, sources_path, names, target):
    """Write and return the report on a tokenizer of type `type_name`: {"type", "vocab_size", "classes" (`describe_tokens`), "sources"
    ({name: `describe_source`})}. `names` are the sources of the corpus split, by number."""
    encoder, tokenizer = load_encoder(folder), load_pretrained(AutoTokenizer, folder)
    documents = sample_documents(text_path, sources_path, len(names))
    try:
        sources = {name: describe_source(here, encoder, tokenizer) for name, here in zip(names, documents, strict=True)}
    except LinguistError as error:
        raise LinguistError(f"{folder}: {error}") from None
    report = {
        "type": type_name,
        "vocab_size": encoder.backend_tokenizer.get_vocab_size(),
        "classes": describe_tokens(read_vocabulary(folder).values()),
        "sources": sources,
    }
    write_json(target, report)
    return report
