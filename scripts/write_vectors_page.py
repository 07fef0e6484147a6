"""The page and the table of a comparison of token vectors."""

from linguist.config.design import describe_study
from linguist.config.published import read_published
from linguist.files import read_json
from linguist.logs import start_log
from linguist.report.vectors import read_distances, write_vectors_page, write_vectors_table


def main(smk):
    start_log(smk.log[0])
    study = describe_study(smk.params.config, smk.wildcards.vectors)
    table = read_distances(smk.params.runs, smk.input.before, smk.input.after)
    before = {model: read_json(path) for model, path in zip(study.models, smk.input.before, strict=True)}
    reports = {"before": before, "runs": [read_json(path) for path in smk.input.runs]}
    reports["published"] = read_published(smk.input.published)
    figures = {"words": smk.input.words, "distances": smk.input.distances}
    write_vectors_page(smk.output.page, study, table, reports, figures, smk.input.template)
    write_vectors_table(table, smk.output.table)


if "snakemake" in globals():
    main(snakemake)  # noqa: F821
