"""The abstract of a run: one figure and a few paragraphs, with the tables, the configuration and the versions behind them."""

import json

from linguist.files import read_json
from linguist.logs import start_log
from linguist.report.abstract_folder import save_abstract
from linguist.report.audit import best_baselines, read_audits
from linguist.report.run_record import describe_run, public_config


def main(smk):
    start_log(smk.log[0])
    design, files = json.loads(smk.params.design), zip(smk.input.metrics, smk.input.comparisons, strict=True)
    baselines = best_baselines(read_audits(smk.params.tests, smk.input.audits))
    trainings = zip(smk.params.runs, map(read_json, smk.input.runs), strict=True)
    records = dict(zip(smk.params.resources, map(read_json, smk.input.records), strict=True))
    run = describe_run(design, baselines, list(trainings), records)
    save_abstract(
        smk.output[0],
        dict(zip(design["studies"], files, strict=True)),
        run,
        public_config(json.loads(smk.params.config)),
    )


if "snakemake" in globals():
    main(snakemake)  # noqa: F821
