"""The metrics of every run of a study of tasks, and paired comparisons of its methods."""

from linguist.files import write_table
from linguist.logs import start_log
from linguist.sequences.neighbours import read_identity
from linguist.statistics.ways import accuracy_by_identity, compare_ways, compute_task_metrics, read_answers


def main(smk):
    start_log(smk.log[0])
    runs = [(*run, path) for run, path in zip(smk.params.runs, smk.input.runs, strict=True)]
    answers = smk.params.answers
    baselines = dict(zip(answers, smk.input.baselines, strict=True))
    sources = (runs, baselines, answers, smk.params.every)
    called = read_answers(*sources)
    nearness = {task: read_identity(path) for task, path in zip(answers, smk.input.identity, strict=True)}
    write_table(smk.output.metrics, compute_task_metrics(smk.wildcards.task_study, called, answers))
    write_table(smk.output.comparisons, compare_ways(called))
    write_table(smk.output.identity, accuracy_by_identity(*sources, nearness))


if "snakemake" in globals():
    main(snakemake)  # noqa: F821
