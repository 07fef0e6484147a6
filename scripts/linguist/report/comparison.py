"""A paper's figures beside ours: differences cell by cell."""

import numpy as np
import pandas as pd

from linguist.config.published import common_cells, paper_name, setup_differences


def compare_published(summary, study, tables):
    """A study's figures beside those of the published tables that it names: a data frame, a row for each cell in common.

    Args: `summary` as of `metrics.summarize`; the study's part of the config; `tables` of `read_published`. theirs is the
    paper's main figure and theirs_best its best seed's: the same number where `statistic` is best, since the paper prints
    no other. mean_difference is our mean less theirs; best_difference our best seed less theirs_best, the like with like
    (yet the more seeds, the luckier the best). theirs_sd is NaN where none is printed. outside: theirs is not in our
    interval [low, high], which is that of a mean: a best of seeds may well lie above it.
    """
    ours = summary.set_index(["model", "trainset", "test"])
    rows = []
    for name in study["published"]["tables"]:
        table = tables[name]
        for model, trainset, test, figure in common_cells(study, table):
            row = ours.loc[(model, trainset, test)]
            if not isinstance(figure, dict):
                figure = {"best": figure}
            theirs, best = figure.get(table["statistic"]), figure["best"]
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
                    "theirs_sd": figure.get("sd", np.nan),
                    "theirs_best": best,
                    "mean_difference": row["accuracy"] - theirs,
                    "best_difference": row["best"] - best,
                    "outside": not row["low"] <= theirs <= row["high"],
                }
            )
    return pd.DataFrame(rows)


def beside_paper(config, name, summary, published):
    """What the page's section "Beside the paper" shows: rows, their sources by table, and the conditions that differ."""
    study = config["studies"][name]
    rows = compare_published(summary, study, published["tables"])
    return {
        "rows": rows.to_dict("records"),
        "tables": {table: published["tables"][table] for table in study["published"]["tables"]},
        "conditions": setup_differences(config, name, published),
    }
