"""The page and the figure of a tokenizer."""

from linguist.files import read_json
from linguist.logs import start_log
from linguist.report.plots.style import save
from linguist.report.plots.tokenizer import vocabulary_figure
from linguist.report.tokenizer import published_of, write_vocabulary


def main(smk):
    start_log(smk.log[0])
    vocabulary, manifest = read_json(smk.input.vocabulary), read_json(smk.input.manifest)
    save(vocabulary_figure(vocabulary, published_of(vocabulary, manifest)), smk.output.figure)
    write_vocabulary(
        smk.output.page,
        smk.wildcards.tokenizer,
        smk.params.tokenizer,
        vocabulary,
        manifest,
        smk.params.grammar,
        smk.output.figure,
        smk.input.template,
    )


if "snakemake" in globals():
    main(snakemake)  # noqa: F821
