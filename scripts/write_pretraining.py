"""The page and the figure of a pretrained model."""

import json

from linguist.files import read_json, read_table
from linguist.logs import start_log
from linguist.report.page import inline, render, synthetic_sources
from linguist.report.plots.pretraining import pretraining_figure
from linguist.report.plots.style import save
from linguist.report.pretraining import pretraining_page


def main(smk):
    start_log(smk.log[0])
    curve, metrics = read_table(smk.input.curve), read_json(smk.input.metrics)
    manifest = read_json(smk.input.manifest)
    save(pretraining_figure(curve, metrics), smk.output.figure)
    synthetic = synthetic_sources(manifest, smk.params.synthetic)
    values = pretraining_page(json.loads(smk.params.model), curve, metrics, manifest, synthetic)
    figure = inline(smk.output.figure, "figure-pretraining")
    render(smk.output.page, smk.input.template, name=smk.wildcards.model, figure=figure, **values)


if "snakemake" in globals():
    main(snakemake)  # noqa: F821
