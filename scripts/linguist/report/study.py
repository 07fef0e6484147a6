"""The page of a study of pair sets."""

from linguist.intervals import SATTERTHWAITE_FROM
from linguist.kinds import KINDS
from linguist.pairs.recipes import RECIPES
from linguist.report.identity import identity_rows
from linguist.report.published import compare_published
from linguist.report.study_figures import FIGURES
from linguist.statistics.claims import COMPARED, differences_text, significant_differences, study_headline
from linguist.statistics.numbers import format_range, whole_percent
from linguist.statistics.power import COLLAPSE
from linguist.statistics.seeds import rank_opposite, seed_count
from linguist.statistics.thresholds import ALPHA, ONE_CLASS, SEEDS_FOR_CLAIM, SEEDS_FOR_TRANSFER
from linguist.statistics.verdicts import VERDICTS, format_auroc, not_learned_warning
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
    runs = metrics.groupby(["model", "trainset", "seed"], sort=False)
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
        "constant": constant_seeds(judged),
        "verdicts": VERDICTS,
        "compared": COMPARED,
        "alpha": ALPHA,
        "collapse": COLLAPSE,
        "satterthwaite_from": SATTERTHWAITE_FROM,
        "seeds_needed": (SEEDS_FOR_CLAIM, SEEDS_FOR_TRANSFER),
        "one_class": ONE_CLASS,
        "rows": judged.to_dict("records"),
        "test_pairs": dict(zip(judged["test"], judged["n"], strict=True)),
        "recipes": RECIPES,
        "kinds": KINDS,
        "pair_types": [r for r in parts[0].to_dict("records") if not is_control(r["model"], r["trainset"])],
        "identity": identity_rows(parts[1], lambda row: row["model"]),
        "runs": [(*run, rows.set_index("test").to_dict("index")) for run, rows in runs],
        "format_auroc": format_auroc,
        "rank_opposite": rank_opposite,
        "seed_count": seed_count,
        "format_range": format_range,
        "whole_percent": whole_percent,
        "facts": facts,
        "about_figures": FIGURES,
    }


def constant_seeds(judged):
    """{arm: {which seeds are constant, and in which class: tests}}, as "seed 2 all same" and "en, dna50"."""
    found = {}
    for row in judged[judged["constant"] > 0].to_dict("records"):
        classes = {"same": row["same_seeds"], "different": row["different_seeds"]}
        which = [f"seed{'s' * (',' in seeds)} {seeds} all {name}" for name, seeds in classes.items() if seeds]
        if row["constant"] == row["seeds"] and len(which) == 1:
            which = [f"every seed all {'same' if row['same_seeds'] else 'different'}"]
        arm = found.setdefault(f"{row['model']}, fine-tuned on {row['trainset']}", {})
        arm.setdefault(" and ".join(which), []).append(row["test"])
    return {arm: {which: ", ".join(tests) for which, tests in cases.items()} for arm, cases in found.items()}
