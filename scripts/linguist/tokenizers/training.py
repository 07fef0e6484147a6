"""Training a tokenizer, on the same amount of text of each kind."""

import numpy as np

from linguist.corpora.store import read_sources, read_split
from linguist.errors import LinguistError
from linguist.files import atomic_path
from linguist.tokenizers.loading import wrap_backend
from linguist.tokenizers.types import TYPES


def train_tokenizer(type_name, texts, folder, **options):
    """Train a tokenizer of type `type_name` (a name in TYPES) and save it as a folder that AutoTokenizer loads.

    `texts` yields strings; `options` are those that the type reads. Training and inference use the same tokenizer.json, and
    the same texts give the same bytes.
    Raises LinguistError if the texts do not fill `vocab_size`, or if their characters alone exceed it.
    """
    backend, special_tokens, settings = TYPES[type_name].train(texts, **options)
    size, wanted = backend.get_vocab_size(), options.get("vocab_size")
    if wanted is not None and size < wanted:
        raise LinguistError(f"the text yields only {size} of {wanted} tokens; lower vocab_size or add text")
    if wanted is not None and size > wanted:
        raise LinguistError(f"characters and special tokens alone are {size} tokens; raise vocab_size ({wanted})")
    with atomic_path(folder) as temporary:
        wrap_backend(backend, special_tokens, settings).save_pretrained(temporary)


def read_balanced_sample(text_path, sources_path, sample=None, kinds=None):
    """Yield documents of a corpus split such that each kind of source gives the same number of bytes.

    Args: `sample` is the number of bytes per kind (None: the size of the smallest kind); `kinds` gives each source's kind by
    number (None: every source is a kind), so that three genomes count as one. The last document of a kind is cut. The corpus
    is shuffled, so its first documents are a fair sample; reading stops when all kinds are complete.
    Raises LinguistError naming the kind (or source number) that has fewer bytes than `sample`.
    """
    numbers = np.unique(read_sources(sources_path)).tolist()
    kinds = kinds or {number: f"source {number}" for number in numbers}
    if sample is None:
        sizes = {kinds[number]: 0 for number in numbers}
        for number, document in read_split(text_path, sources_path):
            sizes[kinds[number]] += len(document.encode())
        sample = min(sizes.values(), default=0)
    missing = {kinds[number]: sample for number in numbers}
    for number, document in read_split(text_path, sources_path):
        kind = kinds[number]
        if kind in missing:
            text = document.encode()
            yield document if len(text) <= missing[kind] else text[: missing[kind]].decode(errors="ignore")
            missing[kind] -= len(text)
            if missing[kind] <= 0:
                del missing[kind]
            if not missing:
                return
    for kind, rest in missing.items():
        raise LinguistError(
            f"{text_path}: {kind} has only {sample - rest} of {sample} bytes; lower sample or raise its bytes"
        )
