"""The page and the table of a comparison of word vectors."""

from linguist.config.published import read_published
from linguist.files import read_json
from linguist.logs import start_log
from linguist.report.vectors import read_distances, write_vectors_page, write_vectors_table


def main(smk):
    start_log(smk.log[0])
    name, runs = smk.wildcards.vectors, smk.params.runs
    table = read_distances(runs, smk.input.before, smk.input.after)
    models = smk.params.config["vectors"][name]["models"]
    write_vectors_page(
        smk.output.page,
        name,
        smk.params.config,
        table,
        {model: read_json(path) for model, path in zip(models, smk.input.before, strict=True)},
        [read_json(path) for path in smk.input.runs],
        read_published(smk.input.published)["vectors"],
        {"words": smk.input.words, "distances": smk.input.distances},
        template=smk.input.template,
    )
    write_vectors_table(table, smk.output.table)


if "snakemake" in globals():
    main(snakemake)  # noqa: F821
