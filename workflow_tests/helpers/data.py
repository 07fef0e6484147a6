"""Made-up sequences and sentences, slow reference methods, and the shell rules of BLAST as Snakemake runs them."""

import ast
import re
import subprocess
from collections import defaultdict
from pathlib import Path
from types import SimpleNamespace

SENTENCES = [
    "The quick brown fox, number 27, jumps over the lazy dog's back.",
    "Der Übergang über die Brücke dauerte länger als fünf Minuten.",
    "El niño comió piñas mañana y después durmió una siesta.",
    "L'été dernier, nous avons mangé des crêpes près de la forêt.",
    "彼は東京で生まれ、京都の大学で学んだ。",
    "그는 서울에서 태어나 부산에서 자랐다.",
    "他出生在北京,后来搬到了上海。",
]
SHAPES = {
    "bert": {
        "hidden_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "intermediate_size": 64,
        "max_position_embeddings": 128,
    },
    "gpt2": {"n_embd": 32, "n_layer": 2, "n_head": 2, "n_positions": 128},
}
ROOT = Path(__file__).resolve().parents[2]
RESIDUES = "ACDEFGHIKLMNPQRSTVWY"
RULES = {
    "min_similarity": 0.85,
    "max_negative_similarity": 0.55,
    "max_length_difference": 0.1,
    "max_evalue": 1e-5,
    "max_hits": 20,
    "max_masked": 0.5,
    "windows": 10_000,
    "identical": 0.0,
    "contained": 0.0,
}


def letters(draw, n, alphabet="ACGT"):
    return "".join(draw.choices(alphabet, k=n))


def substituted(text, count):
    """The text with another letter at so many places, five apart, so that words of BLAST are left at the ends."""
    at = {5 * i + 20 for i in range(count)}
    return "".join(("C" if letter == "A" else "A") if i in at else letter for i, letter in enumerate(text))


def backwards(text):
    """Reverse complement, by hand."""
    return "".join({"A": "T", "C": "G", "G": "C", "T": "A"}[letter] for letter in reversed(text))


def make_rows(recipe, spec, files):
    """{split: rows} of a Recipe, without its counts."""
    from linguist.tally import Tally

    return recipe.build(spec, files, defaultdict(Tally))


def indexed(folder, records, kind="dna"):
    """An indexed FASTA of {name: sequence}."""
    from linguist.sequences.fasta import read_sequences
    from linguist.sequences.indexed import write_indexed_fasta

    plain, target = folder / "plain.fa", folder / f"{kind}.fa.gz"
    plain.write_text("".join(f">{name} more words\n{text}\n" for name, text in records.items()))
    write_indexed_fasta(read_sequences(plain, kind), target)
    return target


def align(text1, text2, score=lambda one, other: 2 if one == other else -3, first=7, more=2):
    """(score, identities) of the best local alignment (Smith & Waterman, affine gaps), by plain dynamic programming.

    Each cell holds (score, identities); among equal scores the one with more identities wins.
    """
    nothing, never = (0, 0), (-(10**6), 0)
    best, above, gap_above = nothing, [nothing] * (len(text2) + 1), [never] * (len(text2) + 1)
    for one in text1:
        row, gap_left = [nothing], never
        for at, other in enumerate(text2, 1):
            met = (above[at - 1][0] + score(one, other), above[at - 1][1] + (one == other))
            gap_left = max((row[-1][0] - first, row[-1][1]), (gap_left[0] - more, gap_left[1]))
            gap_above[at] = max((above[at][0] - first, above[at][1]), (gap_above[at][0] - more, gap_above[at][1]))
            row.append(max(met, gap_left, gap_above[at], nothing))
        above, best = row, max(best, *row)
    return best


def hit_table(rows):
    """Hits from (window, resource, record, start, end); start > end is the reverse strand."""
    import pandas as pd

    from linguist.pairs.search import HIT_COLUMNS

    full = [(resource, window, record, 1, 150, a, b, 140, 1e-30, 200.0) for window, resource, record, a, b in rows]
    return pd.DataFrame(full, columns=HIT_COLUMNS)


def slow_families(rows):
    """The families by definition: windows that overlap, themselves or their hits, by more than half of the shorter."""
    places, group = {}, {row[0]: {row[0]} for row in rows}
    for window in group:
        resource, record, start, end = re.fullmatch(r"(\w+):(.+):(\d+)-(\d+)", window).groups()
        places.setdefault((resource, record), set()).add((window, int(start), int(end)))
    for window, resource, record, *ends in rows:
        places.setdefault((resource, record), set()).add((window, min(ends) - 1, max(ends)))
    for here in places.values():
        for window1, low1, high1 in here:
            for window2, low2, high2 in here:
                half = min(high1 - low1, high2 - low2) / 2
                if min(high1, high2) - max(low1, low2) > half and group[window1] is not group[window2]:
                    merged = group[window1] | group[window2]
                    group.update(dict.fromkeys(merged, merged))
    return {frozenset(members) for members in group.values()}


def slow_record_families(rows):
    """The families by definition: the windows of one record, those with hits in one record, and so on."""
    touched = {}
    for window, resource, record, *_ in rows:
        touched.setdefault(window, {window.rpartition(":")[0]}).add(f"{resource}:{record}")
    group = {window: {window} for window in touched}
    for one in touched:
        for other in touched:
            if touched[one] & touched[other]:
                merged = group[one] | group[other]
                group.update(dict.fromkeys(merged, merged))
    return {frozenset(members) for members in group.values()}


def run_rule(rule, log, **names):
    """Run the shell command of a rule, with `names` for what is in its braces."""
    text = (ROOT / "rules/pairs.smk").read_text()
    block = re.search(rf"^rule {rule}:\n(.*?)(?=^rule |^for |\Z)", text, re.S | re.M)[1]
    command = ast.literal_eval("(" + re.search(r"shell:\n(.*)", block, re.S)[1] + ")").format(log=log, **names)
    subprocess.run(["bash", "-euo", "pipefail", "-c", command], check=True, timeout=60)


def blast_database(fasta, resource, kind):
    """BLAST's database of an indexed FASTA, beside it."""
    from linguist.kinds import KINDS
    from linguist.pairs.search import WRITE_SUMS

    folder = fasta.parent / f"{resource}-db"
    wildcards, params = (
        SimpleNamespace(resource=resource),
        SimpleNamespace(dbtype=KINDS[kind].database, sums=WRITE_SUMS),
    )
    run_rule("build_blast_database", f"{folder}.log", input=fasta, output=folder, wildcards=wildcards, params=params)
    return folder


def blast_hits(windows, queries, database, resource, kind, target):
    """BLAST's hits of windows (from `sample_windows` of the resource `queries`) in a database, written to `target`."""
    from linguist.files import REFUSE_CUT, write_lines
    from linguist.kinds import KINDS
    from linguist.pairs.search import BLAST_COLUMNS, CHECK_SUMS

    fasta = target.with_suffix(".fa")
    write_lines(fasta, [f">{queries}:{region}\n{text}" for region, text in windows])
    run_rule(
        "search_homologs",
        target.with_suffix(".log"),
        input=SimpleNamespace(queries=fasta, database=database),
        output=SimpleNamespace(hits=target, version=target.with_suffix(".version")),
        wildcards=SimpleNamespace(resource=resource),
        params=SimpleNamespace(
            program=KINDS[kind].blast,
            evalue=RULES["max_evalue"],
            dbsize=100_000_000,
            targets=100,
            hsps=RULES["max_hits"] + 2,
            columns=" ".join(BLAST_COLUMNS),
            check=REFUSE_CUT,
            check_database=CHECK_SUMS,
        ),
    )
    return target


def neighbour_hits(folder, kind, fasta, train, split):
    """BLAST's hits of a table's sequences of one kind among those of train; `fasta` is the command that reads the tables."""
    from linguist.files import REFUSE_CUT
    from linguist.kinds import KINDS
    from linguist.sequences.neighbours import search_command

    hits = folder / f"{kind}.tsv"
    run_rule(
        "search_pair_neighbours",
        folder / f"{kind}.log",
        threads=1,
        input=SimpleNamespace(train=train, split=split),
        output=SimpleNamespace(hits=hits, version=folder / f"{kind}.version", database=folder / f"{kind}.db"),
        params=SimpleNamespace(
            check=REFUSE_CUT,
            fasta=fasta,
            dbtype=KINDS[kind].database,
            program=KINDS[kind].blast.split()[0],
            blast=search_command(kind=kind),
        ),
    )
    return hits


def write_corpus(folder, documents):
    """The files of a split, from (source number, document)."""
    import numpy as np

    from linguist.corpora.store import escape

    text, sources = folder / "train.txt", folder / "train.sources.npy"
    text.write_bytes("".join(escape(document) + "\n" for _, document in documents).encode())
    np.save(sources, np.array([number for number, _ in documents], np.uint8))
    return text, sources


def genbank(features, sequence):
    """The text of a GenBank file with one record; `features` are (type, place)."""
    lines = [f"LOCUS       TEST1      {len(sequence)} bp    DNA     linear   PRI 01-JAN-2000", "VERSION     TEST1.1"]
    lines += [
        "FEATURES             Location/Qualifiers",
        *[f"     {kind:<16}{place}" for kind, place in features],
        "ORIGIN",
    ]
    for at in range(0, len(sequence), 60):
        block = sequence[at : at + 60].lower()
        lines.append(f"{at + 1:>9} " + " ".join(block[i : i + 10] for i in range(0, len(block), 10)))
    return "\n".join([*lines, "//", ""])
