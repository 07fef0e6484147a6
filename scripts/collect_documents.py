"""Collect the documents of a text or protein source."""

import logging

from linguist.corpora.documents import collect_documents
from linguist.corpora.exclusions import excluded_records
from linguist.layout import files_of_references
from linguist.logs import start_log

logger = logging.getLogger("linguist")


def main(smk):
    start_log(smk.log[0])
    source, places = smk.params.source, smk.input.files
    excluded = {
        name for resource in source.get("resources", []) for name in excluded_records(smk.input.pairs, resource)
    }
    if "pairsets" in source:
        kind, paths = "pairs", places
    else:
        kind, paths = source["kind"], files_of_references(source["resources"], places)
    counts = collect_documents(paths, kind, source.get("bytes"), smk.output[0], excluded, source.get("share", 1.0))
    logger.info("%s", counts)


if "snakemake" in globals():
    main(snakemake)  # noqa: F821
