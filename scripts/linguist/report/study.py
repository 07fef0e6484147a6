"""The page of a study of pair sets."""

from linguist.config.synthetic import is_synthetic
from linguist.report.comparison import beside_paper
from linguist.report.facts import describe_model, learned_grammar
from linguist.report.page import REPORTS, inline, render
from linguist.report.pairset import ORIGINS
from linguist.statistics.claims import ALPHA, RIVALS, differences, headline, told_apart
from linguist.statistics.verdicts import VERDICTS, rows_by_arm, unlearned_warning
from linguist.training.controls import is_control


def write_page(
    path,
    study_name,
    config,
    judged,
    claims,
    comparisons,
    metrics,
    kinds,
    figures,
    facts,
    published=None,
    beside=None,
    template=REPORTS / "study.html.j2",
):
    """Write a study's page: one HTML file that holds all it shows and asks nothing of the network.

    Args: the `config`, or its `design.page_config`; tables of `judge_tests`, `claims.judge_claims`, `metrics.compare`, `metrics.compute_metrics` and
    `metrics.break_down`;
    `figures` maps names (accuracy, confusion, lengths) to SVG files; `facts` maps a label to text, a list or a dict
    (versions, device …); `published` as of `published.read_published` and `beside` the SVG file of
    `figures.published_figure`, where the study asks for a paper's figures beside its own.
    """
    study = config["studies"][study_name]
    away = judged[judged["test"] != judged["trainset"]]
    above = away[away["verdict"] == "above"]
    sets = {name: config["pairsets"][name] for name in dict.fromkeys([*study["trainsets"], *study["tests"]])}
    render(
        path,
        template,
        name=study_name,
        study=study,
        groups=[(model, trainset, rows.to_dict("records")) for model, trainset, rows in rows_by_arm(judged)],
        rows=judged.to_dict("records"),
        verdicts=VERDICTS,
        unlearned=unlearned_warning,
        origins=ORIGINS,
        tally={
            "cells": len(away),
            "above": len(above),
            "reached": int(above["baseline_reaches"].sum()),
            "all": len(judged),
        },
        pairsets=sets,
        sizes=dict(zip(judged["test"], judged["n"], strict=True)),
        headline=headline(claims),
        told_apart=told_apart(comparisons),
        differences=differences(comparisons)[2],
        kinds=[row for row in kinds.to_dict("records") if not is_control(row["model"], row["trainset"])],
        claims=claims.to_dict("records"),
        rivals=RIVALS,
        alpha=ALPHA,
        synthetic=[name for name in sets if is_synthetic(config, name)],
        models={model: describe_model(config["models"][model]) for model in study["models"]},
        grammarians=[model for model in study["models"] if learned_grammar(config, model)],
        runs=metrics.pivot(index=["model", "trainset", "seed"], columns="test", values="accuracy")[study["tests"]],
        figures={figure: inline(file, f"figure-{figure}") for figure, file in figures.items()},
        facts=facts,
        beside=beside_paper(config, study_name, judged, published) if published else None,
        beside_figure=inline(beside, "figure-published") if beside else None,
    )
