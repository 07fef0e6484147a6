"""The page of errors and power of all studies of pair sets."""

import json

from linguist.logs import start_log
from linguist.pairs.store import read_pairs
from linguist.report.page import render
from linguist.report.power import power_page, study_power
from linguist.statistics.scores import majority_accuracy


def main(smk):
    start_log(smk.log[0])
    labels = {name: read_pairs(path)["label"] for name, path in zip(smk.params.tests, smk.input.tests, strict=True)}
    sets = {name: (len(label), majority_accuracy(label)) for name, label in labels.items()}
    designs = json.loads(smk.params.studies)
    studies = {study["title"]: study_power(study["comparisons"], study["seeds"], sets) for study in designs}
    render(smk.output[0], smk.input.template, **power_page(studies))


if "snakemake" in globals():
    main(snakemake)  # noqa: F821
