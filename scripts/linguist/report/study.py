"""The page of a study of pair sets."""

from linguist.pairs.recipes import RECIPES
from linguist.statistics.claims import ALPHA, RIVALS, differences, headline, told_apart
from linguist.statistics.verdicts import VERDICTS, rows_by_arm, unlearned_warning
from linguist.training.controls import is_control


def study_page(study, tables, pair_types, facts):
    """What the page of a study shows, as values for its template.

    Args: `study` is a StudyDesign; `tables` its StudyTables; `pair_types` the table of `metrics.break_down`; `facts` as from
    `collect_facts`.
    """
    judged, metrics = tables.judged, tables.metrics
    transfer = judged[judged["test"] != judged["trainset"]]
    above = transfer[transfer["verdict"] == "above"]
    runs = metrics.pivot(index=["model", "trainset", "seed"], columns="test", values="accuracy")
    return {
        "study": study,
        "headline": headline(tables.claims),
        "claims": tables.claims.to_dict("records"),
        "told_apart": told_apart(tables.comparisons),
        "differences": differences(tables.comparisons)[2],
        "tally": {
            "cells": len(transfer),
            "above": len(above),
            "reached": int(above["baseline_reaches"].sum()),
            "all": len(judged),
        },
        "groups": [(*arm, rows.to_dict("records")) for *arm, rows in rows_by_arm(judged)],
        "unlearned": unlearned_warning,
        "verdicts": VERDICTS,
        "rivals": RIVALS,
        "alpha": ALPHA,
        "rows": judged.to_dict("records"),
        "test_pairs": dict(zip(judged["test"], judged["n"], strict=True)),
        "recipes": RECIPES,
        "pair_types": [r for r in pair_types.to_dict("records") if not is_control(r["model"], r["trainset"])],
        "runs": runs[list(study.tests)],
        "facts": facts,
    }
