"""The metrics of every run of a study of tasks, and paired comparisons of its methods."""

from linguist.files import write_table
from linguist.logs import start_log
from linguist.statistics.ways import compare_ways, compute_task_metrics, read_answers


def main(smk):
    start_log(smk.log[0])
    runs = [(*run, path) for run, path in zip(smk.params.runs, smk.input.runs, strict=True)]
    answers = smk.params.answers
    called = read_answers(runs, dict(zip(answers, smk.input.baselines, strict=True)), answers, smk.params.every)
    metrics = compute_task_metrics(smk.wildcards.task_study, called, answers)
    for path, table in ((smk.output.metrics, metrics), (smk.output.comparisons, compare_ways(called))):
        write_table(path, table)


if "snakemake" in globals():
    main(snakemake)  # noqa: F821
