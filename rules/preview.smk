"""A preview of a run: every rule on a cut of its inputs, in a folder of its own, and what the whole run will cost."""


# It has no output, so that it runs whenever it is asked for; what the preview has made already stays.
rule preview:
    """running every rule on a cut of its inputs"""
    log:
        "<logs>/preview/all.log",
    localrule: True
    conda:
        "../envs/plots.yaml"
    threads: workflow.resource_settings.cores or 1  # none with --unlock
    params:
        commands=preview_commands,
        steps=rule_files,
        study=str(next(iter(workflow.configfiles), "config")),
        code=code_digest("preview"),
    script:
        "../scripts/preview.py"
