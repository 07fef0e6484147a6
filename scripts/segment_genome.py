"""Cut a genome into segments, and sample them."""

import logging

from linguist.corpora.segments import read_excluded, segment_genome
from linguist.logs import start_log

logger = logging.getLogger("linguist")


def main(smk):
    start_log(smk.log[0])
    source = smk.params.source
    excluded = read_excluded(
        smk.input.files[0],
        places=source["exclude"]["places"],
        beds=smk.input.get("beds", []),
        pairs=smk.input.get("pairs", []),
        resource=source["resources"][0],
    )
    counts = segment_genome(
        smk.input.files[0],
        smk.output.text,
        smk.output.bed,
        lengths=source["lengths"],
        strands=source["strands"],
        seed=smk.params.seed,
        dev=smk.params.dev,
        size=source.get("bytes"),
        share=source.get("share"),
        excluded=excluded,
    )
    logger.info("%s", counts)


if "snakemake" in globals():
    main(snakemake)  # noqa: F821
