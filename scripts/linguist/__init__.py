"""The library behind dna-linguist: what the workflow does, without a word of Snakemake."""
