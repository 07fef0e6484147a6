"""Confusion matrices of a study."""

from linguist.logs import start_log
from linguist.report.plots.study import confusion_figure, count_confusions
from linguist.report.plots.style import save


def main(smk):
    start_log(smk.log[0])
    runs = [(*run, path) for run, path in zip(smk.params.runs, smk.input, strict=True)]
    save(confusion_figure(count_confusions(smk.params.tests, runs)), smk.output[0])


if "snakemake" in globals():
    main(snakemake)  # noqa: F821
