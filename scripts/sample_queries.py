"""Draw the windows of a genome or proteome that BLAST searches for, and divide them among the jobs of the search."""

from linguist.files import write_lines
from linguist.logs import start_log
from linguist.sequences.windows import read_masks, sample_windows


def main(smk):
    start_log(smk.log[0])
    drawn, masks = smk.params, smk.input.get("masks")
    masks = read_masks(masks) if masks else None
    sampled = sample_windows(smk.input.sequences, drawn.kind, drawn.length, drawn.rules, drawn.seed, masks)
    windows = [f">{drawn.resource}:{region}\n{text}" for region, text in sampled]
    for part, path in enumerate(smk.output):
        write_lines(path, windows[part :: len(smk.output)])


if "snakemake" in globals():
    main(snakemake)  # noqa: F821
