"""Draw the windows of a genome or proteome that BLAST searches for."""

from linguist.files import write_text
from linguist.logs import start_log
from linguist.windows import sample_windows


def main(smk):
    start_log(smk.log[0])
    drawn = smk.params
    windows = sample_windows(smk.input[0], drawn.kind, drawn.length, drawn.windows, drawn.seed, drawn.max_masked)
    write_text(smk.output[0], "".join(f">{name}\n{text}\n" for name, text in windows))


if "snakemake" in globals():
    main(snakemake)  # noqa: F821
