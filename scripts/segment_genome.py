"""Cut a genome into segments, and sample them."""

import logging

from linguist.corpora.copies import copied_regions
from linguist.corpora.exclusions import excluded_regions
from linguist.corpora.segments import SegmentOptions, bases_left_out, segment_genome
from linguist.files import write_json
from linguist.logs import start_log

logger = logging.getLogger("linguist")


def main(smk):
    start_log(smk.log[0])
    source, fasta, pairs = smk.params.source, smk.input.files[0], smk.input.get("pairs", [])
    excluded = excluded_regions(
        fasta,
        places=source["exclude"]["places"],
        beds=smk.input.get("beds", []),
        tables=pairs,
        resource=source["resources"][0],
    )
    options = SegmentOptions(
        lengths=source["lengths"],
        strands=source["strands"],
        seed=smk.params.seed,
        dev=smk.params.dev,
        size=source.get("bytes"),
        share=source.get("share"),
    )
    copies = copied_regions(fasta, pairs, smk.params.kinds, options.lengths[1])
    counts = segment_genome(fasta, smk.output.text, smk.output.bed, options, excluded, copies)
    write_json(smk.output.rows, bases_left_out(counts).record())
    logger.info("%s", counts)


if "snakemake" in globals():
    main(snakemake)  # noqa: F821
