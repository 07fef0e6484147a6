"""dna-linguist: does what a language model learned from natural language carry over to DNA and protein?"""

from snakemake.utils import min_version

min_version("9.19")


# --configfile names another study: it replaces the demo and is never merged with it.
if not workflow.overwrite_configfiles:

    configfile: "config/config.yaml"


report: "reports/workflow.rst"


include: "rules/common.smk"
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
include: "rules/hooks.smk"


rule all:
    default_target: True
    input:
        inputs.requested_files(config),
        "<results>/report/methods.html",
        "<results>/report/costs.html",
    localrule: True
