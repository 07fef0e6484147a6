"""What checks of a configuration say of a mistake: the key, the cause and the cure. Without the packages that check a schema, which a
job lacks that needs no more than the shapes of models."""

import difflib

from linguist.errors import LONGEST, LinguistError, show


def refuse(key, problem):
    """Raise LinguistError for a problem at a key; the problem ends with its cure."""
    raise LinguistError(f"config: {key}: {problem}")


def suggestion(word, known):
    """`; did you mean 'x'?` for a near miss, else the known words."""
    text = str(word) if word is None or isinstance(word, str) else show(word)
    close = difflib.get_close_matches(text[:LONGEST], [str(k) for k in known], n=1)
    if close:
        return f"; did you mean '{close[0]}'?"
    return f"; known: {', '.join(str(k) for k in known) or 'none'}"


def must_know(config, key, name, section):
    """Raise LinguistError unless `name` (found at `key`) is defined in the config's `section`."""
    if name not in config[section]:
        refuse(key, f"{show(name)} is not in {section}{suggestion(name, config[section])}")


def must_have_splits(config, key, pairset, splits):
    """Raise LinguistError if a pair set (named at `key`) is a table that lacks one of the splits."""
    missing = [split for split in splits if split not in config["pairsets"][pairset].get("files", splits)]
    if missing:
        refuse(key, f"{pairset} has no split '{missing[0]}'; add it to pairsets.{pairset}.files")
