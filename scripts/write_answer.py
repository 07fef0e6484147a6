"""The report's front page, and the figure of all hypotheses."""

import json

from linguist.logs import start_log
from linguist.report.audit import find_problems, problem_sentence, read_audits
from linguist.report.front import answer_page
from linguist.report.page import inline, render
from linguist.report.plots.front import closest_control_figure
from linguist.report.plots.style import save
from linguist.report.vectors import read_vectors_table
from linguist.statistics.tables import read_results


def main(smk):
    start_log(smk.log[0])
    claims, comparisons, tasks = (
        [read_results(path) for path in paths]
        for paths in (smk.input.claims, smk.input.comparisons, smk.input.task_comparisons)
    )
    studies = dict(zip(smk.params.studies, zip(claims, comparisons, strict=True), strict=True))
    tasks = dict(zip(smk.params.task_studies, tasks, strict=True))
    vectors = dict(zip(smk.params.vectors, map(read_vectors_table, smk.input.vectors), strict=True))
    problems = find_problems(read_audits(smk.params.tests, smk.input.audits))
    said = {study: problem_sentence(tests, problems) for study, tests in smk.params.tests_of.items()}
    values = answer_page(json.loads(smk.params.titles), studies, tasks, vectors, smk.params.kinds, said)
    save(closest_control_figure(dict(zip(studies, claims, strict=True))), smk.output.figure)
    figure = inline(smk.output.figure, "figure-closest-controls") if studies else None
    render(smk.output.page, smk.input.template, caveats=smk.params.caveats, figure=figure, **values)


if "snakemake" in globals():
    main(snakemake)  # noqa: F821
