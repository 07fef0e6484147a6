"""Collect the documents of a text or protein source."""

import logging
from pathlib import Path

from linguist.corpora.documents import collect_documents
from linguist.corpora.exclusions import excluded_records
from linguist.logs import start_log

logger = logging.getLogger("linguist")


def source_files(source, places):
    """The files of a source: each place, or the member of the unpacked archive there."""
    return [Path(place, ref.partition(":")[2]) for ref, place in zip(source["resources"], places, strict=True)]


def main(smk):
    start_log(smk.log[0])
    source, places = smk.params.source, smk.input.files
    excluded = {
        name for resource in source.get("resources", []) for name in excluded_records(smk.input.pairs, resource)
    }
    of_pairs = "pairsets" in source
    kind, paths = ("pairs", places) if of_pairs else (source["kind"], source_files(source, places))
    counts = collect_documents(paths, kind, source.get("bytes"), smk.output[0], excluded, source.get("share", 1.0))
    logger.info("%s", counts)


if "snakemake" in globals():
    main(snakemake)  # noqa: F821
