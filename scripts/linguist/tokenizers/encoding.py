"""Tokenizers: training them, loading them without their traps, and encoding a pair set once for all its runs."""

import re
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from textwrap import shorten
from zipfile import BadZipFile

import numpy as np
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

from linguist.corpora.mixture import read_split
from linguist.errors import LinguistError
from linguist.files import atomic_path, read_json, write_json

# GPT-2 has one special token for everything; the specials of gene_eng_gpt2 (paper 1) keep padding apart from it.
BPE_SPECIALS = {"bos_token": "<|endoftext|>", "eos_token": "<|endoftext|>", "pad_token": "<pad>", "unk_token": "<unk>"}
WORDPIECE_SPECIALS = {
    "pad_token": "[PAD]",
    "unk_token": "[UNK]",
    "cls_token": "[CLS]",
    "sep_token": "[SEP]",
    "mask_token": "[MASK]",
}
# WordPiece turns any word of more than 100 characters into one [UNK], and a 150 bp sequence is one word.
LONGEST_WORD = 1_000_000


def train_tokenizer(kind, texts, vocab_size, folder, *, k=None, max_token_length=None):
    """Train a byte-level BPE ("bpe", for GPT-2) or a WordPiece ("wordpiece", for BERT), or list all k-mers ("kmer", for
    BERT, as in DNABERT), and save it as a folder.

    Args: `texts` yields strings (k-mers need none); `vocab_size` counts tokens with specials (k-mers: 4**k + specials, or
    None); `max_token_length` in characters bounds what BPE merges. The folder loads with AutoTokenizer; its one
    `tokenizer.json` is what training and inference both use, and the same texts give the same bytes.
    Raises LinguistError if the texts cannot fill the size, or their characters alone exceed it.
    """
    # BPE is unbounded by default, as the authors' is: 3.3 % of their 18,856 tokens of DNA exceed 20 bp (parts of Alu and
    # L1 repeats), 0.6 % exceed 32. With 6 MB of chrX and 6 MB of English a bound of 20 changes the share of DNA tokens by
    # 0.001, and the bases a token spans by 0.4 %. It is for texts that repeat one another, as homologous proteins and the
    # two sides of similar pairs: there whole sequences become tokens.
    options = {"kmer": {"k": k}, "bpe": {"max_token_length": max_token_length}}.get(kind, {})
    train = {"bpe": _train_bpe, "wordpiece": _train_wordpiece, "kmer": _list_kmers}[kind]
    backend, specials = train(texts, vocab_size, **options)
    size = backend.get_vocab_size()
    if kind == "kmer" and vocab_size not in (None, size):
        raise LinguistError(f"{k}-mers are {size} tokens with the special ones; leave out vocab_size ({vocab_size})")
    if kind != "kmer" and size < vocab_size:
        raise LinguistError(f"the text yields only {size} of {vocab_size} tokens; lower vocab_size or add text")
    if kind != "kmer" and size > vocab_size:
        raise LinguistError(f"characters and special tokens alone are {size} tokens; raise vocab_size ({vocab_size})")
    with atomic_path(folder) as temporary:
        _wrap(backend, specials, k=k).save_pretrained(temporary)


def balanced(text_path, sources_path, sample=None, kinds=None):
    """The documents of a corpus split, so that each kind of source gives the same number of bytes: `sample`, or with None
    what the smallest has. The last document of a kind is cut. `kinds` are the sources' by number (None: each its own), so
    that three genomes count as one.

    A corpus is shuffled: its first documents are a fair sample, and what comes after them is not read.
    Raises LinguistError naming the kind (or source number) whose text is smaller than `sample`.
    """
    numbers = np.unique(np.load(sources_path, mmap_mode="r")).tolist()
    kinds = kinds or {number: f"source {number}" for number in numbers}
    if sample is None:
        sizes = {kinds[number]: 0 for number in numbers}
        for number, document in read_split(text_path, sources_path):
            sizes[kinds[number]] += len(document.encode())
        sample = min(sizes.values(), default=0)
    left = {kinds[number]: sample for number in numbers}
    for number, document in read_split(text_path, sources_path):
        kind = kinds[number]
        if kind in left:
            text = document.encode()
            yield document if len(text) <= left[kind] else text[: left[kind]].decode(errors="ignore")
            left[kind] -= len(text)
            if left[kind] <= 0:
                del left[kind]
            if not left:
                return
    for kind, rest in left.items():
        raise LinguistError(
            f"{text_path}: {kind} has only {sample - rest} of {sample} bytes; lower sample or raise its bytes"
        )


def _train_bpe(texts, vocab_size, max_token_length):
    tokenizer = Tokenizer(models.BPE(unk_token=BPE_SPECIALS["unk_token"]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size,
        special_tokens=list(dict.fromkeys(BPE_SPECIALS.values())),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        max_token_length=max_token_length,
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer, BPE_SPECIALS


def _train_wordpiece(texts, vocab_size):
    """The trainer numbers inner letters ("##a") as a hash map hands them out, and breaks ties by number: two trainings
    would differ. So a first pass, of characters alone, lists the inner letters; the second is told their order."""
    texts, specials = list(texts), list(WORDPIECE_SPECIALS.values())

    def vocabulary(size, first):
        tokenizer = _make_wordpiece({})
        trainer = trainers.WordPieceTrainer(vocab_size=size, special_tokens=first, show_progress=False)
        tokenizer.train_from_iterator(texts, trainer)
        return tokenizer.get_vocab()

    inner = sorted(token for token in vocabulary(0, specials) if token.startswith("##"))
    tokenizer = _make_wordpiece(vocabulary(vocab_size, specials + inner))
    tokenizer.add_special_tokens(specials)
    tokenizer.post_processor = _cls_and_sep(tokenizer)
    return tokenizer, WORDPIECE_SPECIALS


def _cls_and_sep(tokenizer):
    marks = [(mark, tokenizer.token_to_id(mark)) for mark in ("[CLS]", "[SEP]")]
    return processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=marks
    )


def _make_wordpiece(vocabulary):
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]", max_input_chars_per_word=LONGEST_WORD))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=False, strip_accents=False)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    return tokenizer


def _list_kmers(_, vocab_size, k):
    if not 1 <= (k or 0) <= 10:
        raise LinguistError(f"k-mers of {k} letters cannot be listed; set k to 1 … 10")
    specials = list(WORDPIECE_SPECIALS.values())
    words = [*specials, *map("".join, product("ACGT", repeat=k))]
    tokenizer = Tokenizer(models.WordLevel({word: i for i, word in enumerate(words)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()  # takes a spelled-out [SEP] apart, as WordPiece's
    tokenizer.add_special_tokens(specials)
    tokenizer.post_processor = _cls_and_sep(tokenizer)
    return tokenizer, WORDPIECE_SPECIALS


def spell(text, k):
    """A text as a k-mer tokenizer reads it: runs of ACGT of at least `k` letters become their overlapping k-mers."""

    def words(run):
        run = run.group()
        return " " + " ".join([run[i : i + k] for i in range(len(run) - k + 1)]) + " "

    return re.sub(f"[ACGT]{{{k},}}", words, text).strip()


def unspell(text, k):
    """Overlapping k-mers joined again; `spell` undone for a sequence (words of one letter's difference would join)."""
    runs = []
    for word in text.split(" "):
        if runs and len(word) == k <= len(runs[-1]) and runs[-1].endswith(word[:-1]):
            runs[-1] += word[-1]
        else:
            runs.append(word)
    return " ".join(runs)


def kmer_of(tokenizer):
    """The k of a k-mer tokenizer (an Encoder, or one of transformers), else None: its texts must be spelled first."""
    return tokenizer.k if isinstance(tokenizer, Encoder) else tokenizer.init_kwargs.get("kmer")


def load_tokenizer(folder):
    """The tokenizer of a folder, ready for long sequences and for padding (GPT-2 has no pad token: eos stands in).

    Raises LinguistError if there is none.
    """
    from transformers import AutoTokenizer, PreTrainedTokenizerFast  # 3 s, which encoding does without

    named, ready = ((Path(folder) / name).is_file() for name in ("config.json", "tokenizer.json"))
    try:
        usual = AutoTokenizer.from_pretrained(folder) if named or not ready else None
        tokenizer = PreTrainedTokenizerFast.from_pretrained(folder) if ready else usual
    except Exception as error:  # tokenizers raises bare Exception for a broken file
        raise LinguistError(f"{folder}: no tokenizer can be loaded ({one_line(error)}); add tokenizer.json") from None
    if not tokenizer.is_fast:
        raise LinguistError(f"{folder}: only a slow tokenizer is there; add its tokenizer.json")
    backend = lift_word_limit(tokenizer.backend_tokenizer)
    specials = tokenizer.special_tokens_map
    if usual is not None:  # the oldest folders of the hub leave the names to the class of their architecture
        vocabulary = tokenizer.get_vocab()
        specials = {k: v for k, v in usual.special_tokens_map.items() if str(v) in vocabulary} | specials
    specials.setdefault("pad_token", specials.get("eos_token"))
    return _wrap(backend, specials, tokenizer.model_max_length, kmer_of(tokenizer))


def lift_word_limit(backend):
    model = backend.model
    if isinstance(model, models.WordPiece):
        model.max_input_chars_per_word = LONGEST_WORD
        backend.model = model
    return backend


@dataclass(frozen=True)
class Encoder:
    """What encoding needs of a tokenizer; the names are those of transformers, whose tokenizers will do as well."""

    backend_tokenizer: Tokenizer
    unk_token_id: int | None
    k: int | None = None


def load_encoder(folder):
    """The Encoder of a folder: from its tokenizer.json without the import of transformers, else by `load_tokenizer`."""
    path = Path(folder) / "tokenizer.json"
    if not path.is_file():
        return load_tokenizer(folder)
    try:
        backend = lift_word_limit(Tokenizer.from_file(str(path)))
    except Exception as error:  # tokenizers raises bare Exception for a broken file
        raise LinguistError(f"{folder}: no tokenizer can be loaded ({one_line(error)}); add tokenizer.json") from None
    model = read_json(path)["model"]
    unknown = model["unk_id"] if "unk_id" in model else backend.token_to_id(model.get("unk_token") or "")
    config = Path(folder) / "tokenizer_config.json"
    return Encoder(backend, unknown, read_json(config).get("kmer") if config.is_file() else None)


def _wrap(backend, specials, longest=None, k=None):
    """The plain tokenizer of transformers around a tokenizer.json. The classes of one architecture (BertTokenizer,
    GPT2Tokenizer) rebuild theirs from the vocabulary and lose its word limit and its splitting, on every load."""
    from transformers import PreTrainedTokenizerFast

    backend.no_truncation()
    backend.no_padding()
    types = ["token_type_ids"] if isinstance(backend.model, models.WordPiece | models.WordLevel) else []
    return PreTrainedTokenizerFast(
        tokenizer_object=backend,
        model_max_length=longest,
        model_input_names=["input_ids", *types, "attention_mask"],
        **specials,
        **({} if k is None else {"kmer": k}),
    )


def one_line(error):
    """An exception's message on one line of bearable length."""
    return shorten(str(error), 300, placeholder=" …")


@dataclass(frozen=True)
class PairTokens:
    """A split of a pair set, encoded: all inputs end to end, special tokens in place.

    `ids` and `types` (token type: 1 in the second sentence of a BERT) are flat arrays; input i lies at
    offsets[i]:offsets[i + 1]; `labels` has one entry an input; `names` are the rows' ids.
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
        """Tokens of each input, specials included."""
        return np.diff(self.offsets)

    def save(self, path):
        with atomic_path(path) as temporary, open(temporary, "wb") as handle:
            np.savez(handle, **vars(self))

    @classmethod
    def load(cls, path):
        try:
            with np.load(path) as arrays:
                return cls(**arrays)
        except (ValueError, OSError, EOFError, TypeError, BadZipFile) as error:
            raise LinguistError(f"{path}: not a token file ({one_line(error)}); delete it and run again") from None


def encode_texts(tokenizer, *sides, max_length=None):
    """Encodings (of `tokenizers`) of texts, or of the pairs of two lists of them, as the tokenizer's model reads them: in
    k-mers where it wants them, not padded, and cut to `max_length` tokens from the end of the longer side, if that is given.

    `tokenizer` is an Encoder, or one of transformers.
    """
    backend, k = tokenizer.backend_tokenizer, kmer_of(tokenizer)
    if k is not None:
        sides = [[spell(text, k) for text in side] for side in sides]
    backend.no_padding()
    backend.no_truncation()
    if max_length is not None:
        backend.enable_truncation(max_length, strategy="longest_first")
    encodings = backend.encode_batch(list(zip(*sides, strict=True)) if len(sides) > 1 else list(sides[0]))
    backend.no_truncation()
    return encodings


def pack(encodings, labels, ids):
    """Encodings as PairTokens, with the labels and ids of their rows; and a bool array beside its token ids: which of these
    are special tokens."""
    lengths = [len(encoding.ids) for encoding in encodings]

    def joined(what, kind):
        return np.fromiter((i for encoding in encodings for i in getattr(encoding, what)), kind, sum(lengths))

    offsets = np.cumsum([0, *lengths], dtype=np.int64)
    tokens = PairTokens(joined("ids", np.int32), joined("type_ids", np.int8), offsets, labels, ids)
    return tokens, joined("special_tokens_mask", bool)


def encode_pairs(frame, tokenizer, max_length):
    """Encode a data frame as its model reads it. Pairs: BERT with [SEP], GPT-2 joined with no separator; or the sequences
    of a task, each by itself.

    Inputs longer than `max_length` tokens lose the end of their longer sentence. Returns (PairTokens, counts), where
    counts has: inputs, tokens (specials left out, after truncation), unknown (tokens that are [UNK]), truncated (inputs).
    """
    sides = [frame[side] for side in ("sentence1", "sentence2", "sequence") if side in frame]
    encodings = encode_texts(tokenizer, *sides, max_length=max_length)
    tokens, special = pack(encodings, frame["label"].to_numpy(np.int8), frame["id"].to_numpy(str))
    cut = [
        sum(len(rest.ids) - sum(rest.special_tokens_mask) for rest in encoding.overflowing) for encoding in encodings
    ]
    unknown = 0 if tokenizer.unk_token_id is None else int((tokens.ids[~special] == tokenizer.unk_token_id).sum())
    counts = {
        "inputs": len(frame),
        "tokens": int((~special).sum()),
        "unknown": unknown,
        "truncated": sum(n > 0 for n in cut),
    }
    return tokens, counts


def encode_sequences(texts, tokenizer):
    """Token ids of texts as `encode_pairs` reads the sequences of a task, at any length: a list of lists."""
    return [encoding.ids for encoding in encode_texts(tokenizer, texts)]


def tokenize_splits(tokenizer_folder, frames, max_length, folder):
    """Encode the splits of a pair set or task, {split: data frame}. Writes {split}.npz and tokens.json."""
    tokenizer = load_encoder(tokenizer_folder)
    report = {"max_length": max_length}
    for split, frame in frames.items():
        tokens, counts = encode_pairs(frame, tokenizer, max_length)
        tokens.save(Path(folder) / f"{split}.npz")
        report[split] = counts | {"longest": int(tokens.lengths.max(initial=0))}
    write_json(Path(folder) / "tokens.json", report)
