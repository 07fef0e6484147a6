"""BLAST neighbours of a task's rows among its train rows."""

from collections import defaultdict

import pandas as pd

COLUMNS = ["id", "neighbour", "bitscore"]


def read_neighbours(path):
    """BLAST hits as written by `-outfmt "6 qseqid sseqid bitscore"`: a data frame with columns id, neighbour, bitscore."""
    return pd.read_csv(path, sep="\t", names=COLUMNS, dtype={"id": str, "neighbour": str}, keep_default_na=False)


def rank_neighbours(hits):
    """{id: its neighbours, each once, highest bit score first, ties by name}."""
    best = hits.groupby(["id", "neighbour"], sort=False)["bitscore"].max().reset_index()
    found = defaultdict(list)
    for row in best.sort_values(["id", "bitscore", "neighbour"], ascending=[True, False, True]).itertuples():
        found[row.id].append(row.neighbour)
    return found
