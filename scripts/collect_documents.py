"""Collect the documents of a text or protein source."""

import logging
from pathlib import Path

from linguist.corpora.documents import collect_documents, records_of_pairs
from linguist.logs import start_log

logger = logging.getLogger("linguist")


def members(source, places):
    """The files that a source names: each place, or the member of the unpacked archive there."""
    return [Path(place, ref.partition(":")[2]) for ref, place in zip(source["resources"], places, strict=True)]


def main(smk):
    start_log(smk.log[0])
    source = smk.params.source
    excluded = {
        name for resource in source.get("resources", []) for name in records_of_pairs(smk.input.pairs, resource)
    }
    kind, paths = (
        ("pairs", smk.input.files) if "pairsets" in source else (source["kind"], members(source, smk.input.files))
    )
    counts = collect_documents(paths, kind, source.get("bytes"), smk.output[0], excluded, source.get("share", 1.0))
    logger.info("%s", counts)


if "snakemake" in globals():
    main(snakemake)  # noqa: F821
