"""The types of tokenizers: each module of this package has one, as TYPE, and is found by itself."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pkgutil import iter_modules

from linguist.errors import LinguistError


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


_FOUND = [import_module(f"{__name__}.{module.name}").TYPE for module in iter_modules(__path__)]
TYPES = {found.name: found for found in _FOUND}


def check_options(key, entry):
    """Raise LinguistError unless a tokenizer's entry in the config, found at `key`, has the options that its type reads."""
    own = TYPES[entry["type"]]
    for option in entry:
        readers = [other.name for other in TYPES.values() if option in other.options]
        if readers and own.name not in readers:
            raise LinguistError(
                f"config: {key}.{option}: is for type {' or '.join(readers)}, not {own.name}; remove it"
            )
    for option in own.needs:
        if option not in entry:
            raise LinguistError(f"config: {key}: missing key '{option}', which type '{own.name}' needs; add it")
