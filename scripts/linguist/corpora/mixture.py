"""Corpora: documents of several sources mixed into one text, one document a line, and split into train and dev."""

import hashlib
import mmap
from contextlib import ExitStack

import numpy as np

from linguist.corpora.store import choose_dev, choose_repeated, escape
from linguist.errors import LinguistError
from linguist.files import END, atomic_path, check_end, write_json
from linguist.splits import CORPUS_SPLITS

COUNTS = ("documents", "bytes", "characters")
# The outputs appear from the last to the first: if the manifest exists, so does all that it describes.
OUTPUTS = ("manifest", "train", "dev", "train_sources", "dev_sources")
MOST_SOURCES = 256  # a source's number is one byte
BLOCK = 2**24  # bytes read or written at once
MOST_LINES = 2**16  # documents written at once; each is a Python object until then


def mix_corpus(sources, outputs, *, dev, seed):
    """Split each source's documents into train and dev, and write each split with the documents of all sources shuffled.

    Args: `sources` is {name: {"path": text with one document a line, as `escape` gives them, and END, and keys that describe it}};
    `outputs` has the paths `train`, `dev` (texts in the same form), `train_sources`, `dev_sources` (.npy, uint8: the
    number of each line's source, in the order of `sources`) and `manifest`; `dev` is the share of each source's
    documents in the dev split. A source's key `repeated` is the share of its documents that stand twice, with a line break
    between; they count as one document.

    The manifest (JSON) has the seed and the share; of each source its own keys without the path, `documents`, `bytes`
    (UTF-8, before they became lines), `characters` and the `sha256` of its text, and the first three for each split; of each
    split these three and the file's sha256; and the totals. Own keys with these names are replaced.
    The same bytes give the same bytes. All outputs appear or none. Memory: 24 bytes a document, and some blocks.
    Raises LinguistError for a source without two documents.
    """
    if len(sources) > MOST_SOURCES:
        raise LinguistError(f"{len(sources)} sources, {MOST_SOURCES} at most; merge some")
    with ExitStack() as stack:
        places = {key: stack.enter_context(atomic_path(outputs[key])) for key in OUTPUTS}
        texts, starts, chosen, twice, manifests, labels, splits = [], [], [], [], {}, {}, {}
        for name, source in sources.items():
            text, lines, counts = _scan(name, source["path"], stack)
            texts.append(text)
            starts.append(lines)
            try:
                chosen.append(choose_dev(counts["documents"], dev, seed))
            except LinguistError as error:
                raise LinguistError(f"{name}: {error}") from None
            twice.append(choose_repeated(counts["documents"], source.get("repeated", 0), seed))
            _count_repeated(text, lines, twice[-1], counts)
            manifests[name] = {key: value for key, value in source.items() if key != "path"} | counts
        in_dev, twice = np.concatenate(chosen), np.concatenate(twice)
        for number, split in enumerate(CORPUS_SPLITS):
            order = np.flatnonzero(in_dev == (split == "dev"))
            np.random.default_rng([seed, number]).shuffle(order)
            splits[split], labels[split] = _write_split(texts, starts, order, twice, places[split])
            with open(places[f"{split}_sources"], "wb") as handle:
                np.save(handle, labels[split])
        _add_splits(manifests, places["dev"], labels["dev"])
        for split in CORPUS_SPLITS:
            splits[split] = _add_up(one["splits"][split] for one in manifests.values()) | {"sha256": splits[split]}
        manifest = {"seed": seed, "dev": dev, "sources": manifests, "splits": splits}
        write_json(places["manifest"], manifest | {"total": _add_up(manifests.values())})


def _scan(name, path, stack):
    """(text, starts, counts) of a source: its file as a memory map, the offset of each line and of one more, COUNTS."""
    check_end(path)
    with open(path, "rb") as handle:
        size = handle.seek(0, 2) - len(END)
        if not size:
            raise LinguistError(f"{name}: {path} is empty; add resources, or remove the source")
        text = stack.enter_context(mmap.mmap(handle.fileno(), size, access=mmap.ACCESS_READ))
    digest, found, marks, extra, at = hashlib.sha256(), [np.zeros(1, np.int64)], 0, 0, 0
    while at < len(text):
        # Blocks end with a line, so that no mark is cut.
        end = text.find(b"\n", at + BLOCK) + 1 or len(text)
        block = text[at:end]
        digest.update(block)
        marks += _count_marks(block)
        values = np.frombuffer(block, np.uint8)
        extra += int(np.count_nonzero(values.view(np.int8) < -64))  # not the first byte of a UTF-8 character
        found.append(np.flatnonzero(values == ord("\n")) + (at + 1))
        at = end
    starts = np.concatenate(found)
    documents = len(starts) - 1
    size = int(starts[-1]) - documents - marks
    counts = {"documents": documents, "bytes": size, "characters": size - extra, "sha256": digest.hexdigest()}
    return text, starts, counts


def _count_marks(data):
    """How many marks of `escape` the bytes have; each is two bytes for one."""
    return data.count(b"\\") - data.count(b"\\\\")


def _count_repeated(text, starts, chosen, counts):
    """Add to a source's COUNTS what the `chosen` documents have more, when they stand twice."""
    for at in np.flatnonzero(chosen).tolist():
        line = text[starts[at] : starts[at + 1] - 1]
        marks = _count_marks(line)
        counts["bytes"] += len(line) - marks + 1
        counts["characters"] += len(line.decode()) - marks + 1


def _write_split(texts, starts, order, twice, path):
    """Write the documents `order` (numbers among the documents of all sources), some `twice` (boolean, of all documents);
    returns the file's SHA-256 and the labels."""
    bounds = np.cumsum([len(lines) - 1 for lines in starts])
    labels = np.empty(len(order), np.uint8)
    mean = sum(map(len, texts)) // bounds[-1] + 1
    step = int(min(max(BLOCK // mean, 1), MOST_LINES))
    digest = hashlib.sha256()
    with open(path, "wb") as handle:
        for at in range(0, len(order), step):
            batch = order[at : at + step]
            labels[at : at + step] = np.searchsorted(bounds, batch, side="right")
            lines = _gather(texts, starts, bounds, batch)
            for place in np.flatnonzero(twice[batch]).tolist():
                lines[place] += escape("\n").encode() + lines[place]
            block = b"\n".join([*lines, b""])
            digest.update(block)
            handle.write(block)
    return digest.hexdigest(), labels


def _gather(texts, starts, bounds, batch):
    """The lines of a batch of documents, in its order: a list."""
    lines = [b""] * len(batch)
    # In the order of the files, so that each page is read once.
    places = np.argsort(batch)
    ordered = batch[places]
    cuts = [0, *np.searchsorted(ordered, bounds).tolist()]
    for number, (text, begins) in enumerate(zip(texts, starts, strict=True)):
        part = slice(cuts[number], cuts[number + 1])
        local = ordered[part] - (bounds[number] - len(begins) + 1)
        ends = begins[local + 1] - 1
        for place, begin, end in zip(places[part].tolist(), begins[local].tolist(), ends.tolist(), strict=True):
            lines[place] = text[begin:end]
    return lines


def _add_splits(manifests, dev_text, labels):
    """Add to each source the counts of its two splits: dev is counted in its text, and train has the rest."""
    counted = np.zeros((len(manifests), len(COUNTS)), np.int64)
    with open(dev_text, "rb") as handle:
        for label, line in zip(labels.tolist(), handle, strict=True):
            marks = _count_marks(line)
            counted[label] += 1, len(line) - 1 - marks, len(line.decode()) - 1 - marks
    for manifest, dev in zip(manifests.values(), counted.tolist(), strict=True):
        train = [manifest[key] - part for key, part in zip(COUNTS, dev, strict=True)]
        parts = zip(CORPUS_SPLITS, (train, dev), strict=True)
        manifest["splits"] = {split: dict(zip(COUNTS, part, strict=True)) for split, part in parts}


def _add_up(parts):
    parts = list(parts)
    return {key: sum(part[key] for part in parts) for key in COUNTS}
