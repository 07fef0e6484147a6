"""The types of tokenizers: each module of this package has one, as TYPE, and is found by itself."""

from importlib import import_module
from pkgutil import iter_modules

from linguist.errors import LinguistError

_FOUND = [import_module(f"{__name__}.{module.name}").TYPE for module in iter_modules(__path__)]
TYPES = {found.name: found for found in _FOUND}


def check_options(key, entry):
    """Raise LinguistError unless a tokenizer's entry in the config, found at `key`, has the options that its type reads."""
    kind = TYPES[entry["type"]]
    for option in entry:
        readers = [other.name for other in TYPES.values() if option in other.options]
        if readers and kind.name not in readers:
            raise LinguistError(
                f"config: {key}.{option}: is for type {' or '.join(readers)}, not {kind.name}; remove it"
            )
    for option in kind.needs:
        if option not in entry:
            raise LinguistError(f"config: {key}: missing key '{option}', which type '{kind.name}' needs; add it")


def masked_types():
    """The names of the types that have a mask token, as one text."""
    return " or ".join(kind.name for kind in TYPES.values() if kind.has_mask)
