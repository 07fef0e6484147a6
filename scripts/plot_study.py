"""The figures of a study."""

from pathlib import Path

from linguist.logs import start_log
from linguist.report.plots.style import save
from linguist.report.study_figures import draw_figure


def main(smk):
    start_log(smk.log[0])
    for figure, settings in smk.params.settings.items():
        save(draw_figure(figure, smk.input[figure], settings), Path(smk.output[0], f"{figure}.svg"))


if "snakemake" in globals():
    main(snakemake)  # noqa: F821
