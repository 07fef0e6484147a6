"""The figures of every run of a study of tasks, and differences between its methods."""

from linguist.files import write_table
from linguist.logs import start_log
from linguist.statistics.task_metrics import compare, compute_task_metrics, read_runs


def main(smk):
    start_log(smk.log[0])
    runs = [(*run, path) for run, path in zip(smk.params.runs, smk.input.runs, strict=True)]
    answers = smk.params.answers
    called = read_runs(runs, dict(zip(answers, smk.input.baselines, strict=True)), answers, smk.params.every)
    metrics = compute_task_metrics(smk.wildcards.task_study, called, answers)
    for path, table in ((smk.output.metrics, metrics), (smk.output.comparisons, compare(called))):
        write_table(path, table)


if "snakemake" in globals():
    main(snakemake)  # noqa: F821
