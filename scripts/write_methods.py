"""The methods page: how everything in the run was made."""

import json

from linguist.files import read_json
from linguist.logs import start_log
from linguist.provenance import read_tool_versions
from linguist.report import methods
from linguist.report.formulas import read_formulas
from linguist.report.page import render


def main(smk):
    start_log(smk.log[0])
    config, trainings = json.loads(smk.params.config), [read_json(path) for path in smk.input.metrics]
    searches, pins = read_tool_versions(smk.input.versions), methods.read_pins(smk.input.environments)
    resources = dict(zip(smk.params.resources, map(read_json, smk.input.records), strict=True))
    shares = methods.loaded_shares(smk.params.trained_models, trainings)
    models = methods.list_models(config, smk.params.models, smk.input.models, shares)
    render(
        smk.output[0],
        smk.input.template,
        formulas=read_formulas(smk.input.formulas),
        files=methods.count_rows(smk.params.pairsets, smk.input.splits),
        task_files=methods.count_rows(smk.params.tasks, smk.input.task_splits),
        software=methods.list_software(smk.params.snakemake, trainings, searches, pins),
        recipes=smk.params.recipes,
        task_recipes=smk.params.task_recipes,
        citation=methods.read_citation(smk.input.citation),
        **methods.methods_page(config, smk.params.pairsets, resources, models, trainings),
    )


if "snakemake" in globals():
    main(snakemake)  # noqa: F821
