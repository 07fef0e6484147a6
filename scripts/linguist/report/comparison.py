"""A paper's accuracies and ours, cell by cell of its tables."""

import numpy as np
import pandas as pd

from linguist.config.published import common_cells, paper_name


def compare_published(summary, study, tables):
    """A paper's accuracies and ours: a data frame with a row for each cell that both have.

    Args: `summary` as from `summarize_pairs`; `study` is its entry in the config; `tables` are those of `read_published`.
    Columns: `theirs` is the paper's accuracy, and `statistic` says whether it is a mean or the best seed; `theirs_best` is its
    best seed, and `theirs_sd` its standard deviation (NaN if not printed). `mean_difference` is our mean minus `theirs`,
    `best_difference` our best seed minus `theirs_best`. `outside`: `theirs` is outside our interval [low, high], which is that of a
    mean; the best of several seeds can lie above it.
    """
    ours = summary.set_index(["model", "trainset", "test"])
    rows = []
    for name in study["published"]["tables"]:
        table = tables[name]
        for model, trainset, test, result in common_cells(study, table):
            row = ours.loc[(model, trainset, test)]
            if not isinstance(result, dict):
                result = {"best": result}
            theirs, best = result.get(table["statistic"]), result["best"]
            rows.append(
                {
                    "table": name,
                    "model": model,
                    "their_model": paper_name(study["published"], model),
                    "trainset": trainset,
                    "test": test,
                    "n": row["n"],
                    "seeds": row["seeds"],
                    **{key: row[key] for key in ("accuracy", "low", "high", "sd", "best", "majority")},
                    "theirs": theirs,
                    "statistic": table["statistic"],
                    "theirs_sd": result.get("sd", np.nan),
                    "theirs_best": best,
                    "mean_difference": row["accuracy"] - theirs,
                    "best_difference": row["best"] - best,
                    "outside": not row["low"] <= theirs <= row["high"],
                }
            )
    return pd.DataFrame(rows)


def paper_comparison(study, summary, tables):
    """What a study's page shows of the paper: {"rows", "tables" with their sources, "differences" of the setup}.

    Args: `study` is a StudyDesign; `summary` and `tables` as for `compare_published`.
    """
    return {
        "rows": compare_published(summary, study.spec, tables).to_dict("records"),
        "tables": {name: tables[name] for name in study.published["tables"]},
        "differences": study.differences,
    }
