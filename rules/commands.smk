"""What the preview needs to know of Snakemake: the commands that it gives, and which files rules leave."""

from snakemake.io import strip_wildcard_constraints


def preview_commands(wildcards):
    """Snakemake's commands for this study: `run`, the preview itself; `cut` and `whole`, which list the jobs of the preview and
    of the whole run."""
    given, deployment = dict(workflow.config_settings.config), workflow.deployment_settings
    command = [sys.executable, "-m", "snakemake", "--snakefile", workflow.main_snakefile]
    command += ["--cores", str(workflow.cores or 1)]  # a profile of a cluster gives no cores
    if workflow.overwrite_configfiles:
        command += ["--configfile", *map(str, workflow.overwrite_configfiles)]
    if deployment.deployment_method:
        command += ["--sdm", *(str(method) for method in deployment.deployment_method)]
    if deployment.conda_prefix:
        command += ["--conda-prefix", str(deployment.conda_prefix)]

    def with_config(values):
        options = [f"{key}={one_line_json(value)}" for key, value in values.items()]
        return [*command, *(["--config", *options] if options else [])]

    cut = with_config(given | {"preview": given.get("preview", {}) | {"cut": True}})
    listed = ["--summary", "--nolock"]
    return {"run": cut, "cut": cut + listed, "whole": with_config(given) + listed}


def rule_files(wildcards):
    """{rule: the fields of a `Step`} of the rules that leave files."""

    def place(path):
        return path and strip_wildcard_constraints(str(path))

    def outputs(name):
        """Those of a job of several runs or pair sets have the patterns of jobs of one."""
        return found[several.get(name, {"of": name})["of"]].output

    found = {name: proxy.rule for name, proxy in rules._rules.items() if len(proxy.rule.log) and len(proxy.rule.output)}
    return {
        # The parts of a search have other numbers in the preview.
        name: (
            [re.sub(r"\d+\\-of\\-\d+", r"\\d+-of-\\d+", path.regex().pattern) for path in outputs(name)],
            place(step.log[0]),
            place(step.benchmark),
            several.get(name, {}).get("of"),
        )
        for name, step in found.items()
    }
