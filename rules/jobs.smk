"""Jobs that make several runs, or work on several pair sets, in one process: for small ones, to start another takes longer."""

from typing import NamedTuple

several = {}  # what `measured_steps` says of such jobs, by the name of their rule


def models_of(arms):
    """The expression for the wildcard {model} of paths "{model}/{trainset}..." that takes only these (model, training set)."""
    trainsets = {model: one_of(t for m, t in arms if m == model) for model, _ in arms}
    return "|".join(f"{re.escape(model)}(?=/(?:{found})(?:/|[.]log$))" for model, found in trainsets.items()) or "(?!)"


class Job(NamedTuple):
    """A kind of job that makes one run or several, of the same model and training set."""

    name: str  # of the rule
    seeds: list  # the seeds of its runs, or the wildcard of the only one
    runs: str  # a name for them in paths
    models: str  # the expression for the wildcard {model}


def jobs_of(rule, shared):
    """The kinds of jobs of a rule: its own, for a run each, and one for each list of seeds in `shared` (`plan.shared_jobs`),
    which goes first. What a profile or the command line sets for the rule holds for all of them.

    The outputs of a rule are fixed, so each list of seeds needs a rule of its own; each run has the same files in all of them.
    """
    jobs = [Job(rule, ["{seed}"], "seed-{seed}", one_of(config["models"]))]
    for seeds, arms in shared.items():
        name = plan.name_of_seeds(seeds)
        jobs.append(Job(f"{rule}_seeds_{name.replace('-', '_')}", list(seeds), f"seeds-{name}", models_of(arms)))
        goes_first(jobs[-1].name, rule, "seed", seeds)
    return jobs


def goes_first(name, rule, wildcard, values):
    """Let the jobs of a rule go before those of `rule`, which does the same for one value of a wildcard."""
    rename, given = workflow.modifier.modify_rulename, workflow.resource_settings
    several[name] = {"of": rule, "each": {wildcard: [str(value) for value in values]}}
    workflow.ruleorder(name, rule)
    for settings_of in (given._parsed_overwrite_resources, given._parsed_overwrite_threads):
        if rename(rule) in settings_of:
            settings_of.setdefault(rename(name), settings_of[rename(rule)])


class SetJob(NamedTuple):
    """A kind of job that works on one pair set or on several."""

    name: str  # of the rule
    sets: list  # names of the pair sets, or the wildcard of the only one
    place: str  # a name for them in paths
    tokenizers: str  # the expression for the wildcard {tokenizer}

    def paths(self, pattern):
        """A file of each pair set."""
        return expand(pattern, pairset=self.sets, allow_missing=True)

    def names(self, wildcards):
        return [wildcards.pairset] if "pairset" in wildcards.keys() else self.sets

    def inputs(self, files):
        """An input: the `files(pairset)` of all pair sets, one after another."""
        return lambda wildcards: [path for name in self.names(wildcards) for path in files(name)]

    def params(self, settings):
        """A parameter: the `settings(pairset)` of each pair set by name."""
        return lambda wildcards: {name: settings(name) for name in self.names(wildcards)}


def set_jobs_of(rule, shared):
    """The kinds of jobs of a rule: its own, for a pair set each, and one for each list of pair sets in `shared`
    (`used.shared_sets`), {pair sets: tokenizers}, which goes first."""
    jobs = [SetJob(rule, ["{pairset}"], "{pairset}", one_of([*config["tokenizers"], *config["models"]]))]
    for number, (sets, tokenizers) in enumerate(shared.items(), 1):
        jobs.append(SetJob(f"{rule}_sets_{number}", list(sets), f"sets-{number}", one_of(tokenizers)))
        goes_first(jobs[-1].name, rule, "pairset", sets)
    return jobs


def run_outputs(job, name):
    """A file of each run of a job, as outputs of its rule."""
    return expand("<results>/runs/{model}/{trainset}/seed-{seed}/{name}", seed=job.seeds, name=name, allow_missing=True)
