"""Documents of corpora: texts, proteins and the sentences of pair sets, read from files of any size as a stream."""

import hashlib
import re

import numpy as np

from linguist.corpora.copies import shares_word
from linguist.corpora.store import escape
from linguist.errors import LinguistError
from linguist.files import END, atomic_path, reading
from linguist.kinds import FAMILY_WORD
from linguist.pairs.store import SIDES, read_pairs
from linguist.sequences.fasta import read_sequences
from linguist.sequences.forms import check_form
from linguist.sequences.tables import is_parquet, read_json_lines, read_parquet, text_of
from linguist.tally import Tally, log_tallies, refuse_loss

TEXT = [("text",)]  # the columns that a table of documents must have
BEGINNING = 2**20  # characters that decide the form of a text
BATCH = 2**23  # bytes of documents that are compared with all earlier ones at once
_HEADING = re.compile(r" ?= (?!= ).+ = ?")
# Control characters carry no text and upset some readers; surrogates, which JSON can spell, have no UTF-8.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


def read_documents(path, kind, tally=None):
    """Yield (names, document) for each document of a file, in order: stripped, none empty, inner line breaks kept.

    Documents are excluded by their names: the name of a record of a FASTA file, the sentences of a table; a text has none.
    `kind` is "protein" (FASTA, plain or gzip: each record's sequence in upper case), "sentences" (a table of a
    pair set: its distinct sentences), "pairs" (its positives, each two lines) or "text". The beginning of a text decides its
    form, and all forms but Parquet may be gzip:
    - Parquet (its first four bytes) with a column `text`, as Wikipedia's and OpenWebText's;
    - JSON lines (the first line begins with `{"`) with a key `text`;
    - WikiText (the first line is a heading, ` = Title = `): a document is an article, from one heading to the next.
      A heading stands between blank lines (Merity et al. 2016); formulas that look like a heading do not;
    - else plain text: documents are separated by blank lines if there is one in the first 2**20 characters, and are
      single lines if not.
    Control characters in a text, except tab and line breaks, become blanks. Records of Parquet and JSON lines without
    text are counted in `tally` (a Tally).
    Raises LinguistError for a missing or damaged file, text that is not UTF-8, and a missing column or key.
    """
    parquet, tally = is_parquet(path), tally or Tally()  # also refuses a file that cannot be read
    if kind == "protein":
        yield from (((record.name,), record.sequence.upper()) for record in read_sequences(path, "protein"))
    elif kind == "sentences":
        sentences = read_pairs(path)[[*SIDES]].to_numpy().ravel()
        yield from (((sentence,), sentence) for sentence in dict.fromkeys(sentences))
    elif kind == "pairs":
        frame = read_pairs(path)
        sides = frame.loc[frame["label"] == 1, [*SIDES]].itertuples(index=False, name=None)
        yield from ((pair, "\n".join(pair)) for pair in sides)
    elif kind == "text":
        for where, text in _texts_of(read_parquet(path, TEXT)) if parquet else _read_texts(path):
            document = _CONTROL.sub(" ", text).strip()
            if document:
                yield (), document
            elif where:
                tally.read += 1
                tally.drop("without text", where)
    else:
        raise ValueError(f"no documents of kind {kind!r}")


def collect_documents(paths, kind, size, target, excluded=None, share=1.0, words=()):
    """Write the distinct documents of files to `target`, in order, each as one line (see `store.escape`).

    Stops at the document that completes `size` bytes (of UTF-8, before documents become lines) and reads no further; a
    `size` of None takes all. A `share` below 1 takes that share of the documents, chosen by their digests, so that the
    sample covers the whole of a sorted file. Of equal documents the first is taken. Documents with a name (see
    `read_documents`) in `excluded[path]` are skipped, and proteins that contain one of `words` (of `excluded_words`).
    Memory: 8 bytes a document, and the names of the records of FASTA files.
    Returns counts: documents and bytes written, duplicates and excluded documents skipped; and "rows", the Tally's record of
    the documents that were read.
    Raises LinguistError if the files have no document or fewer bytes than `size`, or if most of their records have no text.
    """
    counts = {"documents": 0, "bytes": 0, "duplicates": 0, "excluded": 0}
    paths, seen = list(paths), Seen()
    tally = Tally(unit="documents")
    stream = _skip_excluded(paths, kind, excluded or {}, words, counts, tally)
    with atomic_path(target) as temporary:
        with open(temporary, "w", encoding="utf-8", newline="\n") as handle:
            while size is None or counts["bytes"] < size:
                # No more than is still missing, since nothing after it may be read.
                batch = _next_batch(stream, BATCH if size is None else min(BATCH, size - counts["bytes"]))
                if not batch:
                    break
                documents, lengths, digests = zip(*batch, strict=True)
                digests = np.frombuffer(b"".join(digests), np.uint64)
                drawn = digests <= np.uint64(min(int(share * 2**64), 2**64 - 1))
                fresh = seen.add(digests) & drawn
                handle.writelines(f"{escape(documents[i])}\n" for i in np.flatnonzero(fresh))
                counts["documents"] += int(fresh.sum())
                counts["duplicates"] += int((drawn & ~fresh).sum())
                tally.leave("not drawn for the share", int((~drawn).sum()))
                counts["bytes"] += int(np.array(lengths)[fresh].sum())
            handle.write(END)
        refuse_loss({"documents": tally})
        _check_enough(paths, size, counts)
    tally.leave("repeated", counts["duplicates"])
    log_tallies({"documents": tally})
    return counts | {"rows": tally.record()}


class Seen:
    """The 8-byte digests added so far, in 8 bytes each: sorted arrays, each less than half as long as the one before.

    The probability that two of n different documents have the same digest is n² / 2 ** 65: 1 in 40,000 for 30 million.
    """

    def __init__(self):
        self.runs = []

    def add(self, digests):
        """Add an array (n,) of uint64; returns a boolean array (n,), true where a digest comes for the first time."""
        distinct, first = np.unique(digests, return_index=True)
        new = np.ones(len(distinct), bool)
        for run in self.runs:
            new &= run[np.searchsorted(run, distinct).clip(max=len(run) - 1)] != distinct
        if new.any():
            self.runs.append(distinct[new])
        while len(self.runs) > 1 and len(self.runs[-2]) < 2 * len(self.runs[-1]):
            # A stable sort merges two arrays that are sorted already.
            self.runs[-2:] = [np.sort(np.concatenate(self.runs[-2:]), kind="stable")]
        fresh = np.zeros(len(digests), bool)
        fresh[first[new]] = True
        return fresh


def _next_batch(stream, size):
    """The next documents, until they have `size` bytes: [(document, bytes, digest)]."""
    batch, total = [], 0
    for document in stream:
        data = document.encode()
        batch.append((document, len(data), hashlib.blake2b(data, digest_size=8).digest()))
        total += len(data)
        if total >= size:
            break
    return batch


def _skip_excluded(paths, kind, excluded, words, counts, tally):
    for path in paths:
        names = excluded.get(path, ())
        for own, document in read_documents(path, kind, tally):
            tally.read += 1
            if any(name in names for name in own):
                tally.leave("excluded by name" if kind == "protein" else "with a sentence of a test split")
            elif len(words) and shares_word(document, words):
                tally.leave(f"with {FAMILY_WORD['protein']} residues in a row of an excluded protein")
            else:
                yield document
                continue
            counts["excluded"] += 1


def _check_enough(paths, size, counts):
    where = f"{paths[0]} and {len(paths) - 1} more" if len(paths) > 1 else "".join(map(str, paths))
    if size is not None and counts["bytes"] < size:
        skipped = [f"{counts[key]:,} {key}" for key in ("duplicates", "excluded") if counts[key]]
        why = f" ({' and '.join(skipped)} skipped)" if skipped else ""
        raise LinguistError(f"{where}: only {counts['bytes']:,} of {size:,} bytes{why}; lower bytes or add resources")
    if not counts["documents"]:
        why = (
            f"all {counts['excluded']:,} are excluded"
            if counts["excluded"]
            else "the files are empty, or share is too low"
        )
        raise LinguistError(f"{where}: no document: {why}; add resources")


# ── forms of text ──


def _read_texts(path):
    """Yield (where, text): `where` is the place of a record of a table, None for a document of a text."""
    check_form(path, "text", "fasta", "fastq", "genbank", "gff", "vcf")
    with reading(path) as handle:
        beginning = handle.read(BEGINNING)
        if "\0" in beginning[:512]:  # as in an archive
            raise LinguistError(f"{path}: binary data, not text; unpack it, or save it as UTF-8")
    lines = beginning.strip().split("\n")
    with reading(path) as handle:
        if re.match(r'{\s*"', lines[0]):
            yield from _texts_of(read_json_lines(path, handle, TEXT))
        elif _HEADING.fullmatch(lines[0]):
            yield from ((None, article) for article in _read_articles(handle))
        elif all(line.strip() for line in lines):
            yield from ((None, line) for line in handle)
        else:
            yield from ((None, block) for block in _read_blocks(handle))


def _texts_of(records):
    for where, record in records:
        yield where, text_of(where, record, "text")


def _read_articles(handle):
    article, blank = [], True
    line = next(handle, None)
    while line is not None:
        following = next(handle, None)
        if blank and _HEADING.fullmatch(line.rstrip("\n")) and not (following or "").strip():
            yield "".join(article)
            article = []
        article.append(line)
        blank, line = not line.strip(), following
    yield "".join(article)


def _read_blocks(handle):
    block = []
    for line in handle:
        if line.strip():
            block.append(line)
        elif block:
            yield "".join(block)
            block = []
    yield "".join(block)
