"""The figures of every run and test of a study."""

from linguist.files import write_text
from linguist.logs import start_log
from linguist.metrics import compute_metrics


def main(smk):
    start_log(smk.log[0])
    runs = [(*run, path) for run, path in zip(smk.params.runs, smk.input, strict=True)]
    metrics = compute_metrics(smk.wildcards.study, smk.params.tests, runs)
    write_text(smk.output[0], metrics.to_csv(sep="\t", index=False, float_format="%.6g"))


if "snakemake" in globals():
    main(snakemake)  # noqa: F821
