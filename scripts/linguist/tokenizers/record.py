"""What the workflow knows of a type of tokenizer. `types/` holds one file for each."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class TokenizerType:
    """A type of tokenizer.

    `train(texts, **options)` returns (backend of the package tokenizers, {name: special token}, {name: value} to keep in
    tokenizer_config.json); its options are those of `needs` and `may` but `sample`, which bounds the texts. It imports what it
    needs itself, so that the config can be checked without.
    `label` names the type on pages ("A <label>"), with options in braces; `note` says there what its decoding gives back.
    """

    name: str
    label: str
    train: Callable
    needs: tuple[str, ...]  # options that an entry of the config must have
    may: tuple[str, ...] = ()  # options that it can have
    reads_texts: bool = True  # whether the vocabulary depends on the corpus
    has_mask: bool = False  # whether it has a mask token, which a BERT needs
    lossless: bool = False  # whether decoding gives every text back
    note: str = ""

    @property
    def options(self):
        return (*self.needs, *self.may)
