"""The BLAST neighbours of a task's rows among its train rows. Light to import: the rules read it too."""

import csv
from collections import defaultdict

from linguist.files import read_table

COLUMNS = ["id", "neighbour", "bitscore"]
TSV_TO_FASTA = r"""awk -F '\t' 'NR > 1 && NF {{ print ">" $1 "\n" $2 }}'"""  # without the empty line at the end


def search_command(dbsize=100_000_000):
    """The blastn command that searches for neighbours, without -db and -out; the query is on standard input.

    BLAST keeps many hits, from which the best are chosen afterwards. E-values refer to `dbsize` letters, whatever the
    train rows are.
    """
    fixed = f"-dust no -evalue 0.001 -dbsize {dbsize} -max_target_seqs 50"
    return f'blastn -task blastn -query - {fixed} -outfmt "6 qseqid sseqid bitscore"'


def read_neighbours(path):
    """The hits of `search_command`: a data frame with COLUMNS. Raises LinguistError if the file is damaged."""
    types = {"id": str, "neighbour": str, "bitscore": float}
    return read_table(path, names=COLUMNS, dtype=types, keep_default_na=False, quoting=csv.QUOTE_NONE)


def rank_neighbours(hits):
    """{id: its neighbours, each once, highest bit score first, ties by name}."""
    best = hits.groupby(["id", "neighbour"], sort=False)["bitscore"].max().reset_index()
    found = defaultdict(list)
    for row in best.sort_values(["id", "bitscore", "neighbour"], ascending=[True, False, True]).itertuples():
        found[row.id].append(row.neighbour)
    return found
