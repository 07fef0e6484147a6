"""The BLAST neighbours of a task's rows among its train rows. Light to import: the rules read it too."""

import csv
from collections import defaultdict

from linguist.files import read_table

COLUMNS = ["id", "neighbour", "bitscore", "identities", "length"]
# Bins of the identity of a row to its nearest train row, highest first: {name: lowest identity}.
IDENTITY_BINS = {"100 %": 1.0, "95 % to 100 %": 0.95, "80 % to 95 %": 0.8, "below 80 %": 0.0}
TSV_TO_FASTA = r"""awk -F '\t' 'NR > 1 && NF {{ print ">" $1 "\n" $2 }}'"""  # without the empty line at the end


def search_command(dbsize=100_000_000):
    """The blastn command that searches for neighbours, without -db and -out; the query is on standard input.

    BLAST keeps many hits, from which the best are chosen afterwards. E-values refer to `dbsize` letters, whatever the
    train rows are.
    """
    fixed = f"-dust no -evalue 0.001 -dbsize {dbsize} -max_target_seqs 50"
    return f'blastn -task blastn -query - {fixed} -outfmt "6 qseqid sseqid bitscore nident qlen"'


def read_neighbours(path):
    """The hits of `search_command`: a data frame with COLUMNS; `length` is that of the row, in letters. Raises LinguistError if the file is damaged."""
    types = {"id": str, "neighbour": str, "bitscore": float, "identities": int, "length": int}
    return read_table(path, names=COLUMNS, dtype=types, keep_default_na=False, quoting=csv.QUOTE_NONE)


def rank_neighbours(hits):
    """{id: its neighbours, each once, highest bit score first, ties by name}."""
    best = hits.groupby(["id", "neighbour"], sort=False)["bitscore"].max().reset_index()
    found = defaultdict(list)
    for row in best.sort_values(["id", "bitscore", "neighbour"], ascending=[True, False, True]).itertuples():
        found[row.id].append(row.neighbour)
    return found


def bin_rows(hits, ids):
    """Rows by their identity to the nearest train row: {name of IDENTITY_BINS: list of their ids}.

    Identity is the share of a row's letters that are identical in an alignment with a train row, on either strand, the
    highest of all `hits`; 0 without a hit.
    """
    identity = (hits["identities"] / hits["length"]).groupby(hits["id"]).max().to_dict()
    found = {name: [] for name in IDENTITY_BINS}
    for name in ids:
        found[next(key for key, lowest in IDENTITY_BINS.items() if identity.get(name, 0.0) >= lowest)].append(name)
    return found
