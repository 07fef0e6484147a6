"""Choose the positives of a pair set among BLAST's hits, and assign them to splits by family."""

from linguist.errors import naming
from linguist.logs import start_log
from linguist.pairs.homologs import choose_positives, write_homologs


def main(smk):
    start_log(smk.log[0])
    with naming(f"pairs/{smk.wildcards.pairset}"):
        write_homologs(smk.output[0], choose_positives(smk.params.spec, dict(smk.input.items())))


if "snakemake" in globals():
    main(snakemake)  # noqa: F821
