"""Encoding: pair sets and tasks once for each tokenizer, to be used by all runs; and the documents of corpora."""

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from linguist.files import atomic_path, reading_result, write_json
from linguist.tokenizers.loading import kmer_of, load_encoder


@dataclass(frozen=True)
class PairTokens:
    """An encoded split of a pair set or task: all inputs in one array, with their special tokens.

    `ids` and `types` (token type: 1 in the second sentence of a BERT's pair) are flat arrays; input i is at
    offsets[i]:offsets[i + 1]; `labels` and `names` (ids of the rows) have an entry per input.
    """

    ids: np.ndarray
    types: np.ndarray
    offsets: np.ndarray
    labels: np.ndarray
    names: np.ndarray

    def __len__(self):
        return len(self.labels)

    @property
    def lengths(self):
        """Tokens of each input, special tokens included."""
        return np.diff(self.offsets)

    def save(self, path):
        with atomic_path(path) as temporary, open(temporary, "wb") as handle:
            np.savez(handle, **vars(self))

    @classmethod
    def load(cls, path):
        """What `save` wrote. Raises LinguistError if it is damaged."""
        with reading_result(path), np.load(path) as arrays:
            return cls(**arrays)


def encode_texts(tokenizer, *sides, max_length=None):
    """Encode texts, or the pairs of two lists of texts, with special tokens and without padding: Encodings of `tokenizers`.

    `tokenizer` is an Encoder or one of transformers. Inputs longer than `max_length` tokens lose the end of their longer side.
    """
    backend, sides = tokenizer.backend_tokenizer, [prepare_texts(tokenizer, side) for side in sides]
    backend.no_padding()
    backend.no_truncation()
    if max_length is not None:
        backend.enable_truncation(max_length, strategy="longest_first")
    encodings = backend.encode_batch(list(zip(*sides, strict=True)) if len(sides) > 1 else list(sides[0]))
    backend.no_truncation()
    return encodings


def encode_documents(tokenizer, documents):
    """Encode documents of a corpus, whole and without special tokens; "[SEP]" in a document is text. Encodings have no offsets."""
    backend = tokenizer.backend_tokenizer
    backend.no_padding()
    backend.no_truncation()
    backend.encode_special_tokens = True
    return backend.encode_batch_fast(prepare_texts(tokenizer, documents), add_special_tokens=False)


def prepare_texts(tokenizer, texts):
    """Texts as the tokenizer reads them: with DNA separated into k-mers if its tokens are k-mers."""
    k = kmer_of(tokenizer)
    return texts if k is None else [spell(text, k) for text in texts]


def spell(text, k):
    """A text as a k-mer tokenizer reads it: each run of at least `k` letters of ACGT becomes its overlapping k-mers, with
    spaces between them."""

    def words(run):
        run = run.group()
        return " " + " ".join([run[i : i + k] for i in range(len(run) - k + 1)]) + " "

    return re.sub(f"[ACGT]{{{k},}}", words, text).strip()


def unspell(text, k):
    """Overlapping k-mers joined again. For a sequence of DNA it is the inverse of `spell`."""
    runs = []
    for word in text.split(" "):
        if runs and len(word) == k <= len(runs[-1]) and runs[-1].endswith(word[:-1]):
            runs[-1] += word[-1]
        else:
            runs.append(word)
    return " ".join(runs)


def pack(encodings, labels, ids):
    """(Encodings as PairTokens, with the labels and ids of their rows; a bool array that marks special tokens)."""
    lengths = [len(encoding.ids) for encoding in encodings]

    def joined(what, dtype):
        return np.fromiter((i for encoding in encodings for i in getattr(encoding, what)), dtype, sum(lengths))

    offsets = np.cumsum([0, *lengths], dtype=np.int64)
    tokens = PairTokens(joined("ids", np.int32), joined("type_ids", np.int8), offsets, labels, ids)
    return tokens, joined("special_tokens_mask", bool)


def encode_pairs(frame, tokenizer, max_length):
    """Encode the rows of a pair set or task. Pairs are joined as the tokenizer does it: with [SEP] for BERT, with nothing in
    between for GPT-2.

    Inputs longer than `max_length` tokens lose the end of their longer sentence. Returns (PairTokens, {"inputs"; "tokens",
    without special tokens, after truncation; "unknown", tokens that are [UNK]; "truncated", inputs}).
    """
    sides = [frame[side] for side in ("sentence1", "sentence2", "sequence") if side in frame]
    encodings = encode_texts(tokenizer, *sides, max_length=max_length)
    tokens, special = pack(encodings, frame["label"].to_numpy(np.int8), frame["id"].to_numpy(str))
    cut = [
        sum(len(rest.ids) - sum(rest.special_tokens_mask) for rest in encoding.overflowing) for encoding in encodings
    ]
    unknown = 0 if tokenizer.unk_token_id is None else int((tokens.ids[~special] == tokenizer.unk_token_id).sum())
    counts = {"inputs": len(frame), "tokens": int((~special).sum()), "unknown": unknown}
    return tokens, counts | {"truncated": sum(n > 0 for n in cut)}


def tokenize_splits(tokenizer_folder, frames, max_length, folder):
    """Encode the splits of a pair set or task, {split: data frame}. Writes {split}.npz and tokens.json to `folder`."""
    tokenizer = load_encoder(tokenizer_folder)
    report = {"max_length": max_length}
    for split, frame in frames.items():
        tokens, counts = encode_pairs(frame, tokenizer, max_length)
        tokens.save(Path(folder) / f"{split}.npz")
        report[split] = counts | {"longest": int(tokens.lengths.max(initial=0))}
    write_json(Path(folder) / "tokens.json", report)
