"""Collect the documents of a text or protein source."""

import logging

from linguist.corpora.copies import excluded_words
from linguist.corpora.documents import collect_documents
from linguist.corpora.exclusions import excluded_records
from linguist.files import write_json
from linguist.layout import files_of_references
from linguist.logs import start_log
from linguist.pairs.store import read_sentences

logger = logging.getLogger("linguist")


def main(smk):
    start_log(smk.log[0])
    source, places = smk.params.source, smk.input.files
    if "pairsets" in source:
        kind, paths, words = source.get("documents", "sentences"), places, ()
        excluded = dict.fromkeys(paths, read_sentences(smk.input.pairs))
    else:
        kind, paths = source["kind"], files_of_references(source["resources"], places)
        records = excluded_records(smk.input.pairs, source["resources"])
        excluded = {path: records[resource] for path, resource in zip(paths, source["resources"], strict=True)}
        words = excluded_words(smk.input.pairs, smk.params.kinds)
    share = source.get("share", 1.0)
    counts = collect_documents(paths, kind, source.get("bytes"), smk.output.text, excluded, share, words)
    write_json(smk.output.rows, counts.pop("rows"))
    logger.info("%s", counts)


if "snakemake" in globals():
    main(snakemake)  # noqa: F821
