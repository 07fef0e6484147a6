"""The page of a run's costs, with its table and figure."""

from linguist.files import read_json, write_table
from linguist.logs import start_log
from linguist.report.costs import costs_page, find_jobs, tabulate_costs
from linguist.report.page import inline, render
from linguist.report.plots.costs import costs_figure
from linguist.report.plots.style import save


def main(smk):
    start_log(smk.log[0])
    files = zip(smk.params.trainings, smk.input.metrics, strict=True)
    trainings = [(*run, read_json(path)) for run, path in files]
    jobs = find_jobs(smk.params.steps, smk.params.used, smk.params.runs, trainings)
    table = tabulate_costs(jobs)
    write_table(smk.output.table, table)
    save(costs_figure(table), smk.output.figure)
    figure = inline(smk.output.figure, "figure-costs")
    render(smk.output.page, smk.input.template, figure=figure, **costs_page(jobs, trainings))


if "snakemake" in globals():
    main(snakemake)  # noqa: F821
