"""A paper's accuracies and ours, cell by cell of its tables."""

import numpy as np
import pandas as pd

from linguist.config.published import common_cells, paper_name


def compare_published(summary, study, published):
    """A paper's accuracies and ours: a data frame with a row for each cell that both have.

    Args: `summary` as from `summarize_pairs`; `study` is its entry in the config; `published` as from `read_published`.
    Columns: `theirs` is the paper's accuracy, and `statistic` says whether it is a mean or the best seed; `theirs_best` is its
    best seed, and `theirs_sd` its standard deviation (NaN if not printed). `mean_difference` is our mean minus `theirs`,
    `best_difference` our best seed minus `theirs_best`. `outside`: `theirs` is outside our interval [low, high], which is that of a
    mean; the best of several seeds can lie above it. `n` are our test rows, `their_n` the paper's (NaN if not stated);
    `partial`: ours are fewer.
    """
    tables, stated = published["tables"], published["setup"]["test_rows"]
    ours = summary.set_index(["model", "trainset", "test"])
    rows = []
    for name in study["published"]["tables"]:
        statistic = tables[name]["statistic"]
        for model, trainset, test, result in common_cells(study, tables[name]):
            row = ours.loc[(model, trainset, test)]
            result = result if isinstance(result, dict) else {"best": result}
            theirs, best = result.get(statistic), result["best"]
            cell = {"table": name, "model": model, "their_model": paper_name(study["published"], model)}
            cell |= {"trainset": trainset, "test": test}
            cell |= {
                key: row[key] for key in ("n", "seeds", "constant", "accuracy", "low", "high", "sd", "best", "majority")
            }
            cell |= {"theirs": theirs, "statistic": statistic}
            cell |= {"theirs_sd": result.get("sd", np.nan), "theirs_best": best}
            cell |= {"mean_difference": row["accuracy"] - theirs, "best_difference": row["best"] - best}
            cell |= {"their_n": stated.get(test, np.nan), "partial": bool(row["n"] < stated.get(test, 0))}
            rows.append(cell | {"outside": not row["low"] <= theirs <= row["high"]})
    return pd.DataFrame(rows)
