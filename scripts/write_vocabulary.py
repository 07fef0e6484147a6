"""The page and the figure of a tokenizer."""

from linguist.config.published import read_published
from linguist.files import read_json
from linguist.logs import start_log
from linguist.report.page import inline, render, synthetic_sources
from linguist.report.plots.style import save
from linguist.report.plots.tokenizer import vocabulary_figure
from linguist.report.tokenizer import published_composition, tokenizer_page


def main(smk):
    start_log(smk.log[0])
    vocabulary, manifest = read_json(smk.input.vocabulary), read_json(smk.input.manifest)
    published = published_composition(vocabulary, manifest, read_published(smk.input.published))
    synthetic = synthetic_sources(manifest, smk.params.synthetic)
    save(vocabulary_figure(vocabulary, published), smk.output.figure)
    values = tokenizer_page(smk.params.tokenizer, vocabulary, manifest, synthetic, published)
    figure = inline(smk.output.figure, "figure-vocabulary")
    render(smk.output.page, smk.input.template, name=smk.wildcards.tokenizer, figure=figure, **values)


if "snakemake" in globals():
    main(snakemake)  # noqa: F821
