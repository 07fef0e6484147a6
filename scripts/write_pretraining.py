"""The page and the figure of a pretrained model."""

import pandas as pd

from linguist.files import read_json
from linguist.logs import start_log
from linguist.report.plots.pretraining import pretraining_figure
from linguist.report.plots.style import save
from linguist.report.pretraining import write_pretraining


def main(smk):
    start_log(smk.log[0])
    curve, metrics = pd.read_csv(smk.input.curve, sep="\t"), read_json(smk.input.metrics)
    save(pretraining_figure(curve, metrics), smk.output.figure)
    write_pretraining(
        smk.output.page,
        smk.wildcards.model,
        smk.params.model,
        curve,
        metrics,
        read_json(smk.input.manifest),
        smk.params.grammar,
        smk.output.figure,
        smk.input.template,
    )


if "snakemake" in globals():
    main(snakemake)  # noqa: F821
