"""The metrics of every run and test of a study, its paired comparisons, and accuracy by kind of pair and by identity."""

from linguist.files import write_table
from linguist.logs import start_log
from linguist.sequences.neighbours import read_identity
from linguist.statistics.comparisons import compare_arms
from linguist.statistics.scores import compute_metrics
from linguist.statistics.summaries import summarize_identity, summarize_kinds
from linguist.statistics.tables import read_row_types, read_scores


def main(smk):
    start_log(smk.log[0])
    runs = [(*run, path) for run, path in zip(smk.params.runs, smk.input.runs, strict=True)]
    scores = read_scores(smk.params.tests, runs)
    identity = {
        test: read_identity(path)["identity"] for test, path in zip(smk.params.own, smk.input.identity, strict=True)
    }
    tables = {
        smk.output.metrics: compute_metrics(smk.wildcards.study, scores),
        smk.output.comparisons: compare_arms(scores, smk.params.comparisons),
        smk.output.kinds: summarize_kinds(scores, read_row_types(smk.params.tests, smk.input.runs[0])),
        smk.output.identity: summarize_identity(scores, identity),
    }
    for path, table in tables.items():
        write_table(path, table)


if "snakemake" in globals():
    main(snakemake)  # noqa: F821
