"""Which runs a configuration asks for, and on what each is tested.

A run is one fine-tuning, as (model, training set, seed). An arm is a run without its seed: one (model, training set).
"""

from linguist.kinds import KINDS
from linguist.training.controls import CONTROLS, UNTRAINED, is_control

# ── studies ──


def is_of_tasks(config, study):
    """Whether a study is one of tasks, and not one of pair sets."""
    return config["studies"][study]["tests"][0] in config["tasks"]


def pair_studies(config):
    """The studies of pair sets: {name: study}."""
    return {name: study for name, study in config["studies"].items() if not is_of_tasks(config, name)}


def task_studies(config):
    """The studies of tasks: {name: study}."""
    return {name: study for name, study in config["studies"].items() if is_of_tasks(config, name)}


def pair_tests(config):
    """The pair sets on which studies test, each once."""
    return list(dict.fromkeys(test for study in pair_studies(config).values() for test in study["tests"]))


def published_studies(config):
    """The studies that ask for a paper's results beside their own."""
    return [name for name, study in pair_studies(config).items() if "published" in study]


def titles_of(blocks):
    """{name: title} of studies or of comparisons of token vectors."""
    return {name: block["title"] for name, block in blocks.items()}


def has_no_study(config):
    """Whether a config has neither a study nor a comparison of vectors; all of its pair sets and models are then built."""
    return not config["studies"] and not config["vectors"]


# ── arms and runs ──


def main_arms(study):
    """The arms of a study's hypotheses: its models by its training sets."""
    return [(model, trainset) for model in study["models"] for trainset in study["trainsets"]]


def all_arms(study):
    """The arms of a study's hypotheses, then their controls, each once."""
    controls = [CONTROLS[control].arm(*arm) for control in study["controls"] for arm in main_arms(study)]
    return list(dict.fromkeys([*main_arms(study), *controls]))


def all_models(study):
    """The models of a study, and the models with random weights that are their controls."""
    return list(dict.fromkeys(model for model, _ in all_arms(study)))


def study_runs(config, study):
    """All runs of a study in the order of the config, its controls last."""
    block = config["studies"][study]
    return [(*arm, seed) for arm in all_arms(block) for seed in block["seeds"]]


def vector_runs(config, vectors):
    """The runs of a comparison of token vectors."""
    block = config["vectors"][vectors]
    return [(model, block["trainset"], seed) for model in block["models"] for seed in block["seeds"]]


def all_runs(config):
    """The runs of all studies and comparisons of vectors, each once, in the order of the config."""
    runs = [run for study in config["studies"] for run in study_runs(config, study)]
    return list(dict.fromkeys(runs + [run for vectors in config["vectors"] for run in vector_runs(config, vectors)]))


def trained_runs(runs):
    """The runs among `runs` that are trained."""
    return [run for run in runs if run[1] != UNTRAINED]


def seeds_of_arm(config, model, trainset):
    """The seeds of all runs of an arm."""
    return [seed for m, t, seed in all_runs(config) if (m, t) == (model, trainset)]


def tests_of_arm(config, model, trainset):
    """The sets on which the runs of an arm are tested: the tests of all studies that have it, each once.

    A classifier of a task is tested on that task, an instruction-tuned model on the tasks of its instruction set.
    """
    tests = (
        test for study in config["studies"].values() if (model, trainset) in all_arms(study) for test in study["tests"]
    )
    if trainset in config["tasks"]:
        tests = (test for test in tests if test == trainset)
    elif trainset in config["instructions"]:
        tests = (test for test in tests if test in config["instructions"][trainset]["tasks"])
    return list(dict.fromkeys(tests))


# ── jobs of several runs ──


def shared_jobs(config, arms):
    """{seeds: arms} of the jobs that make several runs: up to `runs_per_job` seeds of an arm, in ascending order, and all seeds
    of an arm that is not trained, since these have nearly all computations in common.

    A seed that is left over has a job of its own. So has each run whose weights something else reads: finished runs
    are kept without their weights, so that an added seed would train all runs of the job again.
    """
    seeds_of, found = {}, {}
    for model, trainset, seed in all_runs(config):
        seeds_of.setdefault((model, trainset), []).append(seed)
    for arm in arms:
        seeds = sorted(seeds_of[arm])
        size = len(seeds) if arm[1] == UNTRAINED else config["runs_per_job"]
        for part in (tuple(seeds[start : start + size]) for start in range(0, len(seeds), size)):
            if len(part) > 1 and not are_weights_read(config, *arm):
                found.setdefault(part, []).append(arm)
    return found


def are_weights_read(config, model, trainset):
    """Whether something reads the weights of an arm's runs after their predictions are written."""
    if trainset == UNTRAINED:
        return False
    vectors = [(m, block["trainset"]) for block in config["vectors"].values() for m in block["models"]]
    best = config["keep_weights"] == "best" and not is_control(model, trainset)
    return (model, trainset) in vectors or trainset in config["instructions"] or best or config["keep_weights"] == "all"


def name_of_seeds(seeds):
    """A name of several seeds, for files: 1to3-7 for 1, 2, 3 and 7."""
    spans = []
    for seed in seeds:
        if spans and seed == spans[-1][-1] + 1:
            spans[-1].append(seed)
        else:
            spans.append([seed])
    return "-".join(f"{span[0]}to{span[-1]}" if len(span) > 2 else "-".join(map(str, span)) for span in spans)


# ── who reads what ──


def study_inputs(config, study):
    """The inputs of a study's models: (test, model)."""
    block = config["studies"][study]
    return [(test, model) for model in block["models"] for test in block["tests"]]


def classifier_inputs(config, study):
    """The inputs of a study's classifiers: (task, model). A control with random weights reads what its original reads."""
    return [(trainset, model) for model, trainset in main_arms(config["studies"][study]) if trainset in config["tasks"]]


def instruction_sets(config, study):
    """The instruction sets that a study trains on."""
    return [name for name in config["studies"][study]["trainsets"] if name in config["instructions"]]


def own_tests(config, study):
    """The tests of a study of pair sets on which it also trains, and whose rows are biological sequences."""
    block = config["studies"][study]
    return [
        test
        for test in block["tests"]
        if test in block["trainsets"] and not KINDS[config["pairsets"][test]["kind"]].is_text
    ]


def other_trainsets(config, test):
    """The other pair sets that the runs tested on `test` are trained on, in the order of the config."""
    found = {t for study in config["studies"].values() if test in study["tests"] for t in study["trainsets"]}
    return [name for name in config["pairsets"] if name in found - {test}]


def tokenizer_of(config, model):
    """Name of a model's tokenizer: a trained one, or the model's own, which has the model's name."""
    spec = config["models"][model]
    return tokenizer_of(config, spec["random_of"]) if "random_of" in spec else spec.get("tokenizer", model)


def tokenizers_of(config, pairset):
    """Names of the tokenizers with which the runs of a pair set read it."""
    blocks = [study for study in config["studies"].values() if pairset in (*study["trainsets"], *study["tests"])]
    blocks += [block for block in config["vectors"].values() if block["trainset"] == pairset]
    return list(dict.fromkeys(tokenizer_of(config, model) for block in blocks for model in block["models"]))
