"""The page of a study."""

import json
from pathlib import Path

from linguist.config.design import describe_study
from linguist.config.published import read_published
from linguist.files import read_json
from linguist.logs import start_log
from linguist.report.audit import best_baselines, find_problems, read_audits
from linguist.report.page import collect_facts, inline, render, unreadable_tests
from linguist.report.study import study_page
from linguist.statistics.tables import read_results
from linguist.statistics.verdicts import read_study_tables


def main(smk):
    start_log(smk.log[0])
    published = read_published(smk.input.published) if smk.input.get("published") else None
    study = describe_study(json.loads(smk.params.config), smk.wildcards.study, published)
    audits = read_audits(study.tests, smk.input.audits)
    tables = read_study_tables(smk.input.metrics, smk.input.comparisons, best_baselines(audits))
    tokens = {name: read_json(path) for name, path in zip(smk.params.readings, smk.input.tokens, strict=True)}
    facts = collect_facts([read_json(path) for path in smk.input.runs], tokens)
    parts = read_results(smk.input.kinds), read_results(smk.input.identity)
    values = study_page(study, tables, parts, facts, published)
    values["figures"] = {Path(path).stem: inline(path, f"figure-{Path(path).stem}") for path in smk.input.figures}
    values |= {"unreadable": unreadable_tests(tokens), "problems": find_problems(audits)}
    if published:
        values["paper_figure"] = inline(smk.input.comparison, "figure-published")
    render(smk.output[0], smk.input.template, **values)


if "snakemake" in globals():
    main(snakemake)  # noqa: F821
