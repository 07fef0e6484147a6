"""The figure of a study of tasks: accuracy by task and method."""

from linguist.logs import start_log
from linguist.report.plots.style import save
from linguist.report.plots.tasks import tasks_figure
from linguist.report.tasks import main_rows
from linguist.report.ways import method_name
from linguist.statistics.summaries import summarize_tasks
from linguist.statistics.tables import read_results


def main(smk):
    start_log(smk.log[0])
    shown = main_rows(summarize_tasks(read_results(smk.input[0])))
    methods = dict.fromkeys(zip(shown["model"], shown["method"], strict=True))
    save(tasks_figure(shown, {key: method_name(*key) for key in methods}), smk.output[0])


if "snakemake" in globals():
    main(snakemake)  # noqa: F821
