"""What a study tests, on what, against which controls: a record made once from the configuration, which pages read."""

from dataclasses import dataclass

from linguist.config.plan import all_models, main_arms, pair_studies, study_runs, trained_runs
from linguist.config.published import setup_differences
from linguist.config.settings import has_random_weights, weights_origin
from linguist.config.used import (
    bases_of,
    built_tasks,
    corpus_pairsets,
    has_synthetic_sentences,
    is_balanced,
    is_synthetic,
    used_instructions,
    used_models,
    used_pairsets,
)
from linguist.kinds import KINDS
from linguist.pairs.recipes import RECIPES
from linguist.training.controls import CONTROLS

# Keys of a pair set along which tests make a curve.
CURVE_AXES = {"divergence": "divergence (events a base)", "length": "length of a sequence"}


@dataclass(frozen=True)
class StudyModel:
    """A model before fine-tuning.

    origin: a phrase, where its weights come from
    pretrained: whether they are not random
    synthetic: whether it is pretrained on a corpus with synthetic sentences
    """

    name: str
    origin: str
    pretrained: bool
    synthetic: bool


@dataclass(frozen=True)
class StudySet:
    """A pair set or a task that a study trains or tests on.

    kind: its kind of pairs; "task" for a task
    synthetic: whether its sentences are those of the demo's grammar
    spec: its entry in the final configuration
    """

    name: str
    kind: str
    recipe: str
    synthetic: bool
    spec: dict


@dataclass(frozen=True)
class StudyDesign:
    """A study, or a comparison of token vectors, which has one training set and no tests.

    models: its models by name, without controls; `random_models` are the names of the controls with random weights
    sets: pair sets and tasks by name: those trained on, those tested on, then other tasks of its instruction sets
    trainsets, tests: names of sets; a training set may be an instruction set, too
    instructions: instruction sets, as in the final configuration
    differences: what differs from the paper's setup (`published.setup_differences`); empty without published results
    spec: its entry in the final configuration: its title, question, seeds, controls and published tables
    """

    name: str
    models: dict[str, StudyModel]
    random_models: tuple[str, ...]
    sets: dict[str, StudySet]
    trainsets: tuple[str, ...]
    tests: tuple[str, ...]
    instructions: dict[str, dict]
    differences: list[tuple[str, str]]
    spec: dict

    @property
    def synthetic_sets(self):
        """Names of its sets whose sentences are synthetic."""
        return [name for name, data in self.sets.items() if data.synthetic]

    @property
    def synthetic_models(self):
        """Names of its models that are pretrained on synthetic sentences."""
        return [name for name, model in self.models.items() if model.synthetic]

    @property
    def random_start(self):
        """Names of its models, without controls, whose weights are random before fine-tuning."""
        return [name for name, model in self.models.items() if not model.pretrained]


def describe_study(config, name, published=None):
    """The StudyDesign of a study, or of a comparison of token vectors.

    Args: the final `config`, or its `page_config`; `published` as from `published.read_published`, needed for `differences`.
    """
    is_study = name in config["studies"]
    spec = config["studies" if is_study else "vectors"][name]
    trainsets = spec["trainsets"] if is_study else [spec["trainset"]]
    tests = spec.get("tests", [])
    instructions = {t: config["instructions"][t] for t in trainsets if t in config["instructions"]}
    tasks = [task for entry in instructions.values() for task in entry["tasks"]]
    sets = [s for s in dict.fromkeys([*trainsets, *tests, *tasks]) if s not in instructions]
    compared = published and is_study and "published" in spec
    return StudyDesign(
        name=name,
        models={model: describe_study_model(config, model) for model in spec["models"]},
        random_models=tuple(m for m in (all_models(spec) if is_study else []) if m not in spec["models"]),
        sets={s: describe_study_set(config, s) for s in sets},
        trainsets=tuple(trainsets),
        tests=tuple(tests),
        instructions=instructions,
        differences=setup_differences(config, name, published) if compared else [],
        spec=spec,
    )


def describe_study_model(config, name):
    """The StudyModel of a model that is no control."""
    spec = config["models"][name]
    synthetic = "corpus" in spec and has_synthetic_sentences(config, spec["corpus"])
    return StudyModel(name, weights_origin(spec), not has_random_weights(spec), synthetic)


def describe_study_set(config, name):
    """The StudySet of a pair set or task."""
    if name in config["tasks"]:
        spec = config["tasks"][name]
        return StudySet(name, "task", spec["recipe"], False, spec)
    spec = config["pairsets"][name]
    return StudySet(name, spec["kind"], spec["recipe"], is_synthetic(config, name), spec)


def caveats(config):
    """Why the studies of a config cannot answer their questions, a sentence for each reason."""
    models = {name: config["models"][name] for name in used_models(config)}
    found = {
        "Synthetic sentences (no evidence about natural language)": [
            name for name in used_pairsets(config) if is_synthetic(config, name)
        ],
        "Models pretrained on synthetic sentences (no evidence about pretraining)": [
            name
            for name, model in models.items()
            if "corpus" in model and has_synthetic_sentences(config, model["corpus"])
        ],
        "Models with random weights (no evidence about pretraining)": [
            name for name, model in models.items() if has_random_weights(model) and "random_of" not in model
        ],
    }
    return [f"{reason}: {', '.join(names)}." for reason, names in found.items() if names]


def page_config(config, name):
    """The part of a config on which the page of a study, or of a comparison of token vectors, depends, in the form of a config:
    other changes of the config do not rerun the page."""
    section = "studies" if name in config["studies"] else "vectors"
    alone = config | {"studies": {}, "vectors": {}} | {section: {name: config[section][name]}}
    models = used_models(alone)
    corpora = {config["models"][model].get("corpus") for model in models} - {None}
    pairsets = {*used_pairsets(alone), *(p for corpus in corpora for p in corpus_pairsets(config, corpus))}
    for pairset, spec in reversed(config["pairsets"].items()):  # a set stands below those that it is made from
        pairsets |= set(bases_of(spec)) if pairset in pairsets else set()
    wanted = {"models": models, "corpora": corpora, "pairsets": pairsets}
    wanted |= {"instructions": used_instructions(alone), "tasks": built_tasks(alone)}
    parts = {key: {n: v for n, v in config[key].items() if n in names} for key, names in wanted.items()}
    return parts | {key: alone[key] for key in ("studies", "vectors", "finetuning", "tokens")}


# ── what is compared with what ──


def groups_of_tests(config, study, trainset):
    """The tests of a study that make one question, by kind and, where it matters, by recipe: {name: tests}. The training set
    itself, and the sets that it is made from, are no transfer and are in no group."""
    pairsets, found = config["pairsets"], {}
    own = {trainset, *bases_of(pairsets[trainset])}
    for test in (test for test in config["studies"][study]["tests"] if test not in own):
        spec = pairsets[test]
        name = ", ".join(filter(None, [KINDS[spec["kind"]].label, RECIPES[spec["recipe"]].variant]))
        found.setdefault(name, []).append(test)
    return found


def comparisons_of(config, study):
    """What the arms of a study are compared with, a dict for each (model, training set) of a hypothesis.

    arm; controls by name, and groups of tests by name; balanced: tests with as many positives as negatives by construction;
    across: tests of sequences where the arm is trained on sentences; primary: the group of the study's primary hypothesis, if
    it is of this arm, else None.
    """
    block, kinds = config["studies"][study], {name: KINDS[spec["kind"]] for name, spec in config["pairsets"].items()}
    primary = block.get("primary", {})
    return [
        {
            "arm": [model, trainset],
            "controls": {control: list(CONTROLS[control].arm(model, trainset)) for control in block["controls"]},
            "groups": groups_of_tests(config, study, trainset),
            "balanced": [test for test in block["tests"] if is_balanced(config, test)],
            "across": [test for test in block["tests"] if kinds[trainset].is_text and not kinds[test].is_text],
            "primary": primary["group"]
            if [model, trainset] == [primary.get("model"), primary.get("trainset")]
            else None,
        }
        for model, trainset in main_arms(block)
    ]


def study_designs(config):
    """What the errors and the power of the studies of pair sets depend on: for each its title, the number of its seeds and
    its comparisons."""
    return [
        {"title": block["title"], "seeds": len(block["seeds"]), "comparisons": comparisons_of(config, name)}
        for name, block in pair_studies(config).items()
    ]


def curves_of(config, study):
    """Along which keys the tests of a study make curves: {(key, group of tests): {test: place on the axis}}, each of at least
    two places; of tests at one place (dna150, dna150s) the first."""
    block, found = config["studies"][study], {}
    for trainset in block["trainsets"]:
        for group, tests in groups_of_tests(config, study, trainset).items():
            for key in CURVE_AXES:
                at = {config["pairsets"][t][key]: t for t in reversed(tests) if key in config["pairsets"][t]}
                places = {test: place for place, test in sorted(at.items())}
                if len(places) > 1:
                    found.setdefault((key, group), {}).update(places)
    return found


# ── the result in short ──


def main_study(config):
    """The study whose result a run's abstract says: the first of pair sets with a primary hypothesis; else the first that
    trains on sentences, else the first. None without a study of pair sets."""
    studies = pair_studies(config)

    def rank(name):
        return "primary" not in studies[name], not trains_on(config, studies[name], text=True)

    return min(studies, key=rank, default=None)


def trains_on(config, study, text):
    """Whether a study has a training set of sentences (`text`), or one of sequences."""
    return any(KINDS[config["pairsets"][trainset]["kind"]].is_text == text for trainset in study["trainsets"])


def abstract_studies(config):
    """The studies that a run's abstract reads: the main one, and those that train one of its models on sequences, which shows
    what can be learned from such pairs."""
    main, studies = main_study(config), pair_studies(config)
    if main is None:
        return []
    found = [
        name
        for name, study in studies.items()
        if name != main
        and trains_on(config, study, text=False)
        and not set(study["models"]).isdisjoint(studies[main]["models"])
    ]
    return [main, *found]


def abstract_tests(config):
    """The tests of the studies of `abstract_studies`, each once."""
    return list(dict.fromkeys(test for name in abstract_studies(config) for test in config["studies"][name]["tests"]))


def abstract_runs(config):
    """The fine-tunings of the studies of `abstract_studies`, each once."""
    return trained_runs(dict.fromkeys(run for name in abstract_studies(config) for run in study_runs(config, name)))


def abstract_design(config):
    """What a run's abstract says of its studies besides their tables.

    studies: title, question, models, training sets, tests, seeds and controls of each, the main one first
    models: where the weights of each come from
    sets: of each training set and test its kind, the variant of its recipe, and the base from which a variant is made
    """
    keys = ("title", "question", "models", "trainsets", "tests", "seeds", "controls")
    studies = {name: {key: config["studies"][name][key] for key in keys} for name in abstract_studies(config)}
    models = dict.fromkeys(model for study in studies.values() for model in study["models"])
    names, sets = dict.fromkeys(n for study in studies.values() for n in (*study["trainsets"], *study["tests"])), {}
    for name in names:
        spec = config["pairsets"][name]
        variant = RECIPES[spec["recipe"]].variant
        base = bases_of(spec)[0] if variant else None
        sets[name] = {"kind": spec["kind"], "variant": variant, "base": base}
    return {
        "studies": studies,
        "models": {model: weights_origin(config["models"][model]) for model in models},
        "sets": sets,
    }
