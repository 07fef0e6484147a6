"""Audit a pair set."""

from linguist.audit import audit
from linguist.files import write_json
from linguist.logs import start_log
from linguist.recipes import SPLITS


def main(smk):
    start_log(smk.log[0])
    write_json(smk.output[0], audit({split: smk.input[split] for split in SPLITS}))


if "snakemake" in globals():
    main(snakemake)  # noqa: F821
