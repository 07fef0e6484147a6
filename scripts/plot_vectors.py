"""Figures of token vectors before and after fine-tuning: principal components, and distances by layer."""

from linguist.logs import start_log
from linguist.report.plots.style import save
from linguist.report.plots.vectors import distances_figure, read_sample, words_figure
from linguist.report.vectors import read_distances


def main(smk):
    start_log(smk.log[0])
    states = zip(smk.params.models, smk.input.before, smk.input.after, strict=True)
    samples = {model: (read_sample(before), read_sample(after)) for model, before, after in states}
    save(words_figure(samples, smk.params.points), smk.output.words)
    table = read_distances(smk.params.runs, smk.input.distances_before, smk.input.distances_after)
    save(distances_figure(table), smk.output.distances)


if "snakemake" in globals():
    main(snakemake)  # noqa: F821
