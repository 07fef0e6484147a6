"""Draw the windows of a genome or proteome that BLAST searches for, and divide them among the jobs of the search."""

from linguist.files import write_text
from linguist.logs import start_log
from linguist.sequences.windows import WindowOptions, read_masks, sample_windows


def main(smk):
    start_log(smk.log[0])
    drawn, masks = smk.params, smk.input.get("masks")
    rules = drawn.rules
    options = WindowOptions(drawn.kind, drawn.length, rules["windows"], drawn.seed, rules["max_masked"])
    sampled = sample_windows(smk.input.sequences, options, read_masks(masks) if masks else None)
    windows = [f">{drawn.resource}:{region}\n{text}\n" for region, text in sampled]
    for part, path in enumerate(smk.output):
        write_text(path, "".join(windows[part :: len(smk.output)]))


if "snakemake" in globals():
    main(snakemake)  # noqa: F821
