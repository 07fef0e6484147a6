"""The page of a study, its table with verdicts, and its claims."""

import json
from pathlib import Path

import pandas as pd

from linguist.config.design import describe_study
from linguist.config.published import read_published
from linguist.files import read_json, write_table
from linguist.logs import start_log
from linguist.report.audit import best_baselines, find_problems, read_audits
from linguist.report.page import collect_facts, inline, render, unreadable_tests
from linguist.report.study import study_page
from linguist.statistics.tables import read_results
from linguist.statistics.verdicts import control_rows, read_study_tables


def main(smk):
    start_log(smk.log[0])
    published = read_published(smk.input.published) if smk.input.get("published") else None
    study = describe_study(json.loads(smk.params.config), smk.wildcards.study, published)
    audits = read_audits(study.tests, smk.input.audits)
    tables = read_study_tables(smk.input.metrics, smk.input.comparisons, best_baselines(audits))
    write_table(smk.output.table, pd.concat([tables.judged, control_rows(tables.summary)]))
    write_table(smk.output.claims, tables.claims)
    tokens = {name: read_json(path) for name, path in zip(smk.params.readings, smk.input.tokens, strict=True)}
    facts = collect_facts([read_json(path) for path in smk.input.runs], tokens)
    parts = map(read_results, (smk.input.kinds, smk.input.identity))
    values = study_page(study, tables, tuple(parts), facts, published)
    figures = {name: inline(Path(smk.input.figures, f"{name}.svg"), f"figure-{name}") for name in smk.params.figures}
    values |= {"figures": figures, "unreadable": unreadable_tests(tokens), "problems": find_problems(audits)}
    if published:
        values["paper_figure"] = inline(smk.input.comparison, "figure-published")
    render(smk.output.page, smk.input.template, **values)


if "snakemake" in globals():
    main(snakemake)  # noqa: F821
