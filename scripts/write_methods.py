"""The page of methods: how everything was made."""

from linguist.files import read_json
from linguist.logs import start_log
from linguist.provenance import read_tool_versions
from linguist.report import methods


def main(smk):
    start_log(smk.log[0])
    config, runs = smk.params.config, [read_json(path) for path in smk.input.metrics]
    methods.write_methods(
        smk.output[0],
        config,
        methods.describe_splits(smk.params.pairsets, smk.input.splits),
        methods.read_records(smk.params.resources, smk.input.records),
        methods.describe_models(config, smk.params.models, smk.input.models),
        runs,
        methods.describe_software(
            smk.params.snakemake,
            runs,
            read_tool_versions(smk.input.versions),
            methods.read_pins(smk.input.environments),
        ),
        methods.read_citation(smk.input.citation),
        smk.input.template,
    )


if "snakemake" in globals():
    main(snakemake)  # noqa: F821
