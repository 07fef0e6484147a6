"""Make a pair set by its recipe."""

from linguist.files import write_json
from linguist.logs import start_log
from linguist.pairs.building import build_pairs
from linguist.pairs.store import write_pairs


def main(smk):
    start_log(smk.log[0])
    record = {}
    splits = build_pairs(smk.wildcards.pairset, smk.params.spec, dict(smk.input.items()), record)
    for split, rows in splits.items():
        write_pairs(smk.output[split], rows)
    write_json(smk.output.record, record)


if "snakemake" in globals():
    main(snakemake)  # noqa: F821
