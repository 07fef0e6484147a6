"""Audit a pair set."""

from linguist.files import read_json, write_json, write_table
from linguist.logs import start_log
from linguist.pairs.audit import audit, identity_of_pairs
from linguist.provenance import read_tool_versions
from linguist.sequences.neighbours import count_bins
from linguist.splits import SPLITS


def main(smk):
    start_log(smk.log[0])
    trains, devs = smk.input.trained_on[::2], smk.input.trained_on[1::2]
    trained_on = {
        name: [kind, train, dev]
        for (name, kind), train, dev in zip(smk.params.trained_on.items(), trains, devs, strict=True)
    }
    tokens = dict(zip(smk.params.tokenizers, smk.input.tokens, strict=True))
    splits = {split: smk.input[split] for split in SPLITS}
    identity = identity_of_pairs(smk.params.kind, splits, dict(zip(smk.params.searched, smk.input.hits, strict=True)))
    found = audit(smk.params.kind, splits, trained_on, tokens) | {"identity": count_bins(identity["identity"])}
    software = read_tool_versions(smk.input.versions)
    found |= read_json(smk.input.record) | ({"software": software} if software else {})
    write_table(smk.output.identity, identity)
    write_json(smk.output.audit, found)


if "snakemake" in globals():
    main(snakemake)  # noqa: F821
