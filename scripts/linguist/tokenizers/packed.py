"""A corpus split as packed tokens: one file of ids that pretraining maps into memory, and a JSON that describes it."""

import hashlib
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from linguist.corpora.store import read_split
from linguist.errors import LinguistError
from linguist.files import atomic_path, damaged, read_json, reading_result, write_json
from linguist.tokenizers.encoding import encode_documents
from linguist.tokenizers.loading import kmer_of, load_encoder

BATCH = 1_000_000  # characters encoded at once: about 100 MB of encodings, and enough work for many threads
BLOCK = 1 << 19  # ids checked at once: they fit into the processor's cache


def encode_corpus(tokenizer_folder, text_path, sources_path, target_bin, target_json):
    """Encode a corpus split: the documents' ids in one file (little-endian uint16, or uint32 above 65,536 tokens).

    A start token stands before each document; a tokenizer with [CLS] and [SEP] puts these around it. Nothing is cut, and a
    special token that is spelled out in a document is text. The JSON has kind, vocab_size, dtype, start (id), tokens (all),
    documents, sha256 (of the file of ids) and sources: {number: documents, tokens (without special ones), characters, bytes,
    unknown (tokens)}. Both files are written whole or not at all.
    Raises LinguistError if there is no document.
    """
    tokenizer = load_encoder(tokenizer_folder)
    backend = tokenizer.backend_tokenizer
    start, end = document_marks(tokenizer_folder, backend)
    with atomic_path(target_bin) as ids_path, atomic_path(target_json) as json_path:
        with open(ids_path, "wb") as handle, ThreadPoolExecutor(1) as pool:
            # Python makes lists and arrays of a batch while the next batch is encoded.
            packer = _Packer(handle, backend.get_vocab_size(), start, end, tokenizer.unk_token_id)
            pending = None
            for numbers, documents in _batches(text_path, sources_path):
                encodings = encode_documents(tokenizer, documents)
                if pending is not None:
                    pending.result()
                pending = pool.submit(packer.write, numbers, documents, encodings)
                del encodings
            if pending is None:
                raise LinguistError(f"{text_path}: no document to encode; raise the corpus' bytes")
            pending.result()
        kind = "kmer" if kmer_of(tokenizer) else type(backend.model).__name__.lower()
        write_json(json_path, {"kind": kind} | packer.describe())


def document_marks(tokenizer_folder, backend):
    """Ids of the tokens before and after a document: ([CLS], [SEP]), or (start token, None) if the tokenizer has no [CLS]."""
    names = read_json(Path(tokenizer_folder) / "tokenizer_config.json")
    if "cls_token" in names:
        return backend.token_to_id(names["cls_token"]), backend.token_to_id(names["sep_token"])
    return backend.token_to_id(names["bos_token"]), None


def _batches(text_path, sources_path):
    """The documents of a split with their source numbers, in lists of about BATCH characters."""
    numbers, documents, size = [], [], 0
    for number, document in read_split(text_path, sources_path):
        numbers.append(number)
        documents.append(document)
        size += len(document)
        if size >= BATCH:
            yield numbers, documents
            numbers, documents, size = [], [], 0
    if documents:
        yield numbers, documents


class _Packer:
    """Writes encodings to a file of ids, and counts documents, tokens, characters and bytes by source."""

    def __init__(self, handle, vocab_size, start, end, unknown):
        self.handle, self.vocab_size, self.start, self.unknown = handle, vocab_size, start, unknown
        self.dtype = np.dtype("<u2" if vocab_size <= 1 << 16 else "<u4")
        self.before, self.after = [start], [] if end is None else [end]
        self.sources, self.tokens, self.digest = {}, 0, hashlib.sha256()

    def write(self, numbers, documents, encodings):
        flat, lengths = [], []
        for encoding in encodings:
            flat += self.before
            flat += encoding.ids
            flat += self.after
            lengths.append(len(flat))
        ids = np.array(flat, self.dtype)
        lengths = np.diff(lengths, prepend=0)
        if np.count_nonzero(ids == self.start) != len(documents):
            raise LinguistError(f"a text contains the start token (id {self.start}); train another tokenizer")
        unknown = np.zeros(len(documents), int)
        if self.unknown not in (None, self.start):
            at = np.flatnonzero(ids == self.unknown)
            unknown += np.bincount(np.searchsorted(np.cumsum(lengths), at, "right"), minlength=len(documents))
        marks = len(self.before) + len(self.after)
        counted = zip(numbers, documents, (lengths - marks).tolist(), unknown.tolist(), strict=True)
        for number, document, tokens, unread in counted:
            here = {"documents": 1, "tokens": tokens, "characters": len(document), "bytes": len(document.encode())}
            self.sources.setdefault(int(number), Counter()).update(here | {"unknown": unread})
        data = ids.tobytes()
        self.digest.update(data)
        self.handle.write(data)
        self.tokens += len(ids)

    def describe(self):
        return {
            "vocab_size": self.vocab_size,
            "dtype": self.dtype.name,
            "start": self.start,
            "tokens": self.tokens,
            "documents": sum(counts["documents"] for counts in self.sources.values()),
            "sha256": self.digest.hexdigest(),
            "sources": {str(number): self.sources[number] for number in sorted(self.sources)},
        }


@dataclass(frozen=True)
class Tokens:
    """A packed split: `ids` (memory-mapped, read-only), `starts` (place of each document's start token, int64) and `info`
    (the JSON of `encode_corpus`)."""

    ids: np.ndarray
    starts: np.ndarray
    info: dict

    def __len__(self):
        return len(self.ids)

    @classmethod
    def open(cls, path, json_path):
        """Map a split into memory. One pass (about 1 GB/s) checks size, checksum and ids, and finds the starts.

        Raises LinguistError if anything differs from the JSON.
        """
        with reading_result(json_path):
            info = read_json(json_path)
            shown = {name: info[name] for name in ("vocab_size", "start", "tokens", "documents", "sha256", "sources")}
            dtype = {"uint16": np.dtype("<u2"), "uint32": np.dtype("<u4")}[info["dtype"]]
        with reading_result(path):
            size = Path(path).stat().st_size
        if size != shown["tokens"] * dtype.itemsize or not size:
            raise damaged(path, f"{size} bytes, not {shown['tokens']} ids of {dtype.name}")
        ids, digest, starts, highest = np.memmap(path, dtype, "r"), hashlib.sha256(), [], 0
        for at in range(0, len(ids), BLOCK):
            block = np.asarray(ids[at : at + BLOCK])
            digest.update(block)
            highest = max(highest, int(block.max()))
            starts.append(at + np.flatnonzero(block == shown["start"]))
        starts = np.concatenate(starts).astype(np.int64)
        if highest >= shown["vocab_size"]:
            raise damaged(path, f"id {highest} in a vocabulary of {shown['vocab_size']}")
        if digest.hexdigest() != shown["sha256"]:
            raise damaged(path, "its SHA-256 differs from its JSON")
        if len(starts) != shown["documents"] or starts[0] != 0:
            raise damaged(path, f"{len(starts)} start tokens for {shown['documents']} documents")
        return cls(ids, starts, info)
