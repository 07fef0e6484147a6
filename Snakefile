"""dna-linguist: does what a language model learned from natural language carry over to DNA and protein?"""

import os
import sys

from snakemake.utils import min_version

min_version("9.19")
if not isinstance(workflow.current_basedir, os.PathLike):
    sys.exit("error: Snakemake fetches single files from Git; name workflow/Snakefile in the module, which fetches all")


# --configfile names another study: it replaces the demo and is never merged with it. Without one, a working folder may have
# a config/config.yaml of its own.
if not workflow.overwrite_configfiles:
    demo = f"{workflow.current_basedir}/config/config.yaml"

    configfile: "config/config.yaml" if os.path.exists("config/config.yaml") else demo


report: "reports/workflow.rst"


include: "rules/common.smk"
include: "rules/jobs.smk"


# It comes first, so that it is the target by default, but not of a workflow that has this one as a module.
rule all:
    input:
        inputs.requested_files(config),
        "<results>/report/methods.html",
        "<results>/report/costs.html",
    localrule: True


include: "rules/resources.smk"
include: "rules/pairs.smk"
include: "rules/corpora.smk"
include: "rules/tokenizers.smk"
include: "rules/pretraining.smk"
include: "rules/finetuning.smk"
include: "rules/evaluation.smk"
include: "rules/tasks.smk"
include: "rules/vectors.smk"
include: "rules/report.smk"
include: "rules/methods.smk"
include: "rules/commands.smk"
include: "rules/preview.smk"
include: "rules/hooks.smk"
