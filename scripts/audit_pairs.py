"""Audit pair sets."""

from linguist.files import read_json, write_json, write_table
from linguist.logs import start_log
from linguist.pairs.audit import audit, identity_of_pairs
from linguist.provenance import read_tool_versions
from linguist.sequences.neighbours import count_bins
from linguist.splits import SPLITS


def main(smk):
    start_log(smk.log[0])
    paths = {name: iter(smk.input[name]) for name in (*SPLITS, "records", "trained_on", "tokens", "hits", "versions")}
    outputs = zip(smk.output.audits, smk.output.identities, strict=True)
    for spec, (audit_path, identity_path) in zip(smk.params.sets.values(), outputs, strict=True):
        splits = {split: next(paths[split]) for split in SPLITS}
        trained_on = {
            name: [kind, next(paths["trained_on"]), next(paths["trained_on"])]
            for name, kind in spec["trained_on"].items()
        }
        tokens = {tokenizer: next(paths["tokens"]) for tokenizer in spec["tokenizers"]}
        hits = {kind: next(paths["hits"]) for kind in spec["searched"]}
        software = read_tool_versions([next(paths["versions"]) for _ in range(spec["versions"])])
        identity = identity_of_pairs(spec["kind"], splits, hits)
        found = audit(spec["kind"], splits, trained_on, tokens) | {"identity": count_bins(identity["identity"])}
        found |= read_json(next(paths["records"])) | ({"software": software} if software else {})
        write_table(identity_path, identity)
        write_json(audit_path, found)


if "snakemake" in globals():
    main(snakemake)  # noqa: F821
