"""The page and the table of a study of tasks."""

import json

from linguist.config.design import describe_study
from linguist.config.published import read_published
from linguist.files import read_json, write_table
from linguist.logs import start_log
from linguist.report.audit import find_problems, read_audits
from linguist.report.page import collect_facts, inline, render, unreadable_tests
from linguist.report.tasks import read_task_tables, task_page
from linguist.statistics.tables import read_results


def main(smk):
    start_log(smk.log[0])

    def by_name(names, paths):
        return {name: read_json(path) for name, path in zip(names, paths, strict=True)}

    study = describe_study(json.loads(smk.params.config), smk.wildcards.task_study)
    tables = read_task_tables(smk.input.metrics, smk.input.comparisons)
    tokens = by_name(smk.params.readings, smk.input.tokens)
    reports = {
        "baselines": by_name(smk.params.tests, smk.input.baselines),
        "instructions": by_name(smk.params.sets, smk.input.instructions),
        "identity": read_results(smk.input.identity),
        "overlaps": read_json(smk.input.overlaps),
        "facts": collect_facts([read_json(path) for path in smk.input.runs], tokens),
        "published": read_published(smk.input.published),
    }
    problems = find_problems(read_audits(study.tests, smk.input.audits))
    values = task_page(study, tables, reports) | {"unreadable": unreadable_tests(tokens), "problems": problems}
    render(smk.output.page, smk.input.template, figure=inline(smk.input.figure, "figure-tasks"), **values)
    write_table(smk.output.table, tables[0])


if "snakemake" in globals():
    main(snakemake)  # noqa: F821
