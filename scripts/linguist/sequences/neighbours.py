"""The BLAST neighbours of rows among train rows, and how near the nearest is. Light to import: the rules read it too."""

import csv
from collections import defaultdict

from linguist.files import read_table
from linguist.kinds import KINDS

COLUMNS = ["id", "neighbour", "bitscore", "identities", "length"]
# Bins of the identity of a row to its nearest train row, highest first: {name: lowest identity}.
IDENTITY_BINS = {"100 %": 1.0, "95 % to 100 %": 0.95, "80 % to 95 %": 0.8, "below 80 %": 0.0}
# A row is similar to others if at least this part of its words of so many letters occur in them.
SHARED_LETTERS, SHARED_PART = 20, 0.5
# Rows of a task under their ids, and sequences of a pair set, each once, under the number of the row and the side. Without
# the empty line at the end.
TASK_TO_FASTA = """awk -F '\\t' 'NR > 1 && NF { print ">" $1 "\\n" $2 }'"""
PAIRS_TO_FASTA = (
    """awk -F '\\t' 'NR > 1 && NF { for (i = %d; i <= %d; i++)"""
    """ if (!seen[$i]++) print ">" NR - 2 "." i - 1 "\\n" $i }'"""
)
# BLAST's correction for composition tells homologs from chance; it hides some identities, and takes six times as long.
PROTEIN_SEARCH = "blastp -task blastp -seg no -comp_based_stats 0"


def pairs_to_fasta(pairset_kind, kind):
    """The command that turns a table of pairs into FASTA with its sequences of one kind."""
    columns = [column for column, side in enumerate(KINDS[pairset_kind].sides, start=2) if side == kind]
    return PAIRS_TO_FASTA % (min(columns), max(columns))


def search_command(dbsize=100_000_000, kind="dna"):
    """The BLAST command that searches for neighbours, without -db and -out; the query is on standard input.

    BLAST keeps many hits, from which the best are chosen afterwards. E-values refer to `dbsize` letters, whatever the
    train rows are.
    """
    program = {"nucl": "blastn -task blastn -dust no", "prot": PROTEIN_SEARCH}[KINDS[kind].database]
    if KINDS[kind].database == "nucl" and not KINDS[kind].both_strands:
        program += " -strand plus"
    fixed = f"-evalue 0.001 -dbsize {dbsize} -max_target_seqs 50"
    return f'{program} -query - {fixed} -outfmt "6 qseqid sseqid bitscore nident qlen"'


def read_neighbours(path):
    """The hits of `search_command`: a data frame with COLUMNS; `length` is the length of the query, in letters.

    Raises LinguistError if the file is damaged.
    """
    types = {"id": str, "neighbour": str, "bitscore": float, "identities": int, "length": int}
    return read_table(path, names=COLUMNS, dtype=types, keep_default_na=False, quoting=csv.QUOTE_NONE)


def rank_neighbours(hits):
    """{id: its neighbours, each once, highest bit score first, ties by name}."""
    best = hits.groupby(["id", "neighbour"], sort=False)["bitscore"].max().reset_index()
    found = defaultdict(list)
    for row in best.sort_values(["id", "bitscore", "neighbour"], ascending=[True, False, True]).itertuples():
        found[row.id].append(row.neighbour)
    return found


def identity_of_queries(hits):
    """{query: the highest share of its letters that are identical in an alignment with a train sequence}; without the
    queries that have no hit. `hits` is as from `read_neighbours`."""
    return (hits["identities"] / hits["length"]).groupby(hits["id"]).max().to_dict()


def read_identity(path):
    """How near each test row is to the nearest train row, as an audit writes it: a data frame of id and identity (0 to 1),
    in the order of the rows."""
    return read_table(path, ["id", "identity"], dtype={"id": str, "identity": float}, keep_default_na=False)


def identity_bins(identity):
    """The name of IDENTITY_BINS of each of some identities, as a list."""
    return [next(name for name, lowest in IDENTITY_BINS.items() if value >= lowest) for value in identity]


def count_bins(identity):
    """{name of IDENTITY_BINS: number of rows}, of the identities of rows; {} without rows."""
    found = identity_bins(identity)
    return {name: found.count(name) for name in IDENTITY_BINS if found}
