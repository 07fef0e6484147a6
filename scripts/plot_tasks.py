"""Accuracy of a study of tasks."""

from linguist.logs import start_log
from linguist.report.plots.style import save
from linguist.report.plots.tasks import tasks_figure
from linguist.report.tasks import main_rows, way_of
from linguist.statistics.task_metrics import read_task_metrics, summarize_tasks


def main(smk):
    start_log(smk.log[0])
    shown = main_rows(summarize_tasks(read_task_metrics(smk.input[0])))
    ways = dict.fromkeys(zip(shown["model"], shown["method"], strict=True))
    save(tasks_figure(shown, {way: way_of(*way) for way in ways}), smk.output[0])


if "snakemake" in globals():
    main(snakemake)  # noqa: F821
