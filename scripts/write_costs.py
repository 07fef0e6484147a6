"""The page of a run's costs, with its table and figure."""

from linguist.files import read_json
from linguist.logs import start_log
from linguist.report.costs import find_jobs, tabulate_costs, write_cost_table, write_costs
from linguist.report.plots.costs import costs_figure
from linguist.report.plots.style import save


def main(smk):
    start_log(smk.log[0])
    files = zip(smk.params.trainings, smk.input.metrics, strict=True)
    trainings = [(*run, read_json(path)) for run, path in files]
    jobs = find_jobs(smk.params.steps, smk.params.used, smk.params.runs, trainings)
    save(costs_figure(tabulate_costs(jobs)), smk.output.figure)
    write_cost_table(smk.output.table, jobs)
    write_costs(smk.output.page, jobs, trainings, smk.output.figure, smk.input.template)


if "snakemake" in globals():
    main(snakemake)  # noqa: F821
