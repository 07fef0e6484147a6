"""The figures of every run and test of a study, what its runs are compared with, and where their errors are."""

from linguist.files import write_table
from linguist.logs import start_log
from linguist.statistics.metrics import break_down, compare, compute_metrics, read_kinds, read_scores


def main(smk):
    start_log(smk.log[0])
    runs = [(*run, path) for run, path in zip(smk.params.runs, smk.input, strict=True)]
    scores = read_scores(smk.params.tests, runs)
    tables = {
        smk.output.metrics: compute_metrics(smk.wildcards.study, scores),
        smk.output.comparisons: compare(scores, smk.params.comparisons),
        smk.output.kinds: break_down(scores, read_kinds(smk.params.tests, smk.input[0])),
    }
    for path, table in tables.items():
        write_table(path, table)


if "snakemake" in globals():
    main(snakemake)  # noqa: F821
