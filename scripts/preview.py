"""Run every rule on a cut of its inputs, and estimate what the whole run will cost."""

import sys
from pathlib import Path

from linguist.config.cut import FOLDER, cut_config
from linguist.logs import start_log
from linguist.report.estimate import Step, estimate, format_estimate, read_jobs, write_estimate
from linguist.report.preview import list_jobs, run_preview


def main(smk):
    start_log(smk.log[0])
    commands, config = smk.params.commands, smk.config
    steps = {rule: Step(*files) for rule, files in smk.params.steps.items()}
    run_preview(smk.params.study, commands["run"])
    jobs = [read_jobs(list_jobs(commands[name]), steps) for name in ("whole", "cut")]
    table = estimate((config, cut_config(config)), jobs, steps, f"{FOLDER}/results")
    text = format_estimate(smk.params.study, table, config["preview"]["gpu_rate"], smk.threads)
    write_estimate(f"{FOLDER}/estimate.tsv", table)
    Path(FOLDER, "estimate.txt").write_text(text, encoding="utf-8")
    print(text, file=sys.__stdout__)


if "snakemake" in globals():
    main(snakemake)  # noqa: F821
