"""Audit a pair set."""

from linguist.files import read_json, write_json
from linguist.logs import start_log
from linguist.pairs.audit import audit
from linguist.provenance import read_tool_versions
from linguist.splits import SPLITS


def main(smk):
    start_log(smk.log[0])
    trains, devs = smk.input.trained_on[::2], smk.input.trained_on[1::2]
    trained_on = {
        name: [kind, train, dev]
        for (name, kind), train, dev in zip(smk.params.trained_on.items(), trains, devs, strict=True)
    }
    tokens = dict(zip(smk.params.tokenizers, smk.input.tokens, strict=True))
    found = audit(smk.params.kind, {split: smk.input[split] for split in SPLITS}, trained_on, tokens)
    found |= read_json(smk.input.record)
    software = read_tool_versions(smk.input.versions)
    write_json(smk.output[0], found | ({"software": software} if software else {}))


if "snakemake" in globals():
    main(snakemake)  # noqa: F821
