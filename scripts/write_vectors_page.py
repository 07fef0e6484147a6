"""The page and the table of a comparison of token vectors."""

import json

from linguist.config.design import describe_study
from linguist.config.published import read_published
from linguist.files import read_json, write_table
from linguist.logs import start_log
from linguist.report.page import inline, render
from linguist.report.vectors import read_distances, vectors_page


def main(smk):
    start_log(smk.log[0])
    study = describe_study(json.loads(smk.params.config), smk.wildcards.vectors)
    table = read_distances(smk.params.runs, smk.input.before, smk.input.after)
    before = {model: read_json(path) for model, path in zip(study.models, smk.input.before, strict=True)}
    reports = {"before": before, "runs": [read_json(path) for path in smk.input.runs]}
    reports["published"] = read_published(smk.input.published)
    figures = {name: inline(smk.input[name], f"figure-{name}") for name in ("words", "distances")}
    render(smk.output.page, smk.input.template, figures=figures, **vectors_page(study, table, reports))
    write_table(smk.output.table, table)


if "snakemake" in globals():
    main(snakemake)  # noqa: F821
