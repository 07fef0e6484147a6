"""The page of a study of pair sets."""

from linguist.kinds import KINDS
from linguist.pairs.recipes import RECIPES
from linguist.report.identity import identity_rows
from linguist.report.page import name_constant
from linguist.report.published import compare_published
from linguist.report.study_figures import FIGURES
from linguist.statistics.claims import COMPARED, differences_text, significant_differences, study_headline
from linguist.statistics.thresholds import ALPHA, ONE_CLASS
from linguist.statistics.verdicts import VERDICTS, not_learned_warning
from linguist.training.controls import is_control


def study_page(study, tables, parts, facts, published):
    """What the page of a study shows, as values for its template.

    Args: `study` is a StudyDesign; `tables` its StudyTables; `parts` the tables of `summarize_kinds` and
    `summarize_identity`; `facts` as from `collect_facts`; `published` as from `read_published`, or None if the study is
    compared with no paper.
    """
    judged, metrics = tables.judged, tables.metrics
    transfer = judged[judged["test"] != judged["trainset"]]
    above = transfer[transfer["verdict"] == "above"]
    runs = metrics.pivot(index=["model", "trainset", "seed"], columns="test", values="accuracy")
    return {
        "study": study,
        "paper": compare_published(tables.judged, study.spec, published).to_dict("records") if published else [],
        "paper_tables": {name: published["tables"][name] for name in study.spec["published"]["tables"]}
        if published
        else {},
        "headline": study_headline(tables.claims),
        "claims": tables.claims.to_dict("records"),
        "differences_text": differences_text(tables.comparisons),
        "differences": significant_differences(tables.comparisons)[1],
        "tally": {
            "cells": len(transfer),
            "above": len(above),
            "not_above_baseline": int(above["not_above_baseline"].sum()),
            "all": len(judged),
        },
        "groups": [(*arm, rows.to_dict("records")) for arm, rows in judged.groupby(["model", "trainset"], sort=False)],
        "unlearned": not_learned_warning,
        "constant": name_constant(
            (f"{row['model']}, fine-tuned on {row['trainset']}", row["test"], row["constant"], row["seeds"])
            for row in judged.to_dict("records")
        ),
        "verdicts": VERDICTS,
        "compared": COMPARED,
        "alpha": ALPHA,
        "one_class": ONE_CLASS,
        "rows": judged.to_dict("records"),
        "test_pairs": dict(zip(judged["test"], judged["n"], strict=True)),
        "recipes": RECIPES,
        "kinds": KINDS,
        "pair_types": [r for r in parts[0].to_dict("records") if not is_control(r["model"], r["trainset"])],
        "identity": identity_rows(parts[1], lambda row: row["model"]),
        "runs": runs[list(study.tests)],
        "facts": facts,
        "about_figures": FIGURES,
    }
