"""Draw the windows of a genome or proteome that BLAST searches for."""

from linguist.files import write_text
from linguist.homologs import sample_windows
from linguist.logs import start_log


def main(smk):
    start_log(smk.log[0])
    spec = smk.params.spec
    windows = sample_windows(
        smk.input[0], spec["kind"], spec["length"], spec["rules"]["windows"], spec["seed"], spec["rules"]["max_masked"]
    )
    write_text(smk.output[0], "".join(f">{name}\n{text}\n" for name, text in windows))


if "snakemake" in globals():
    main(snakemake)  # noqa: F821
