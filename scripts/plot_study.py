"""A figure of a study."""

from linguist.logs import start_log
from linguist.report.plots.style import save
from linguist.report.study_figures import draw_figure


def main(smk):
    start_log(smk.log[0])
    save(draw_figure(smk.wildcards.figure, smk.input, smk.params.settings), smk.output[0])


if "snakemake" in globals():
    main(snakemake)  # noqa: F821
