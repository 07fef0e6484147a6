"""Which files a rule reads, as paths made from the final configuration."""

from linguist import layout
from linguist.config import plan, settings, used
from linguist.kinds import KINDS
from linguist.pairs.recipes import RECIPES
from linguist.splits import CORPUS_SPLITS, SPLITS
from linguist.tasks.recipes import RECIPES as TASK_RECIPES
from linguist.training.changes import source_set
from linguist.training.controls import UNTRAINED, is_control


def recipe_files(config, section, name):
    """What the recipe of a pair set or task reads: {input name: path or list of paths}."""
    spec = config[section][name]
    return (RECIPES if section == "pairsets" else TASK_RECIPES)[spec["recipe"]].files(spec, name)


# ── pair sets ──


def query_files(config, pairset):
    """The sequences that a pair set's windows are drawn from, and the intervals that mask them besides lower case."""
    spec = config["pairsets"][pairset]
    files = {"sequences": layout.sequences_file(spec["kind"], spec["queries"])}
    if KINDS[spec["kind"]].repeats_masked and spec["rules"]["masking"] == "windowmasker":
        files["masks"] = f"<results>/masks/{spec['queries']}.txt"
    return files


def hit_files(config, pairset):
    """BLAST's hits of a pair set's windows, from all jobs of its search."""
    search, names = used.shared_search(config, pairset), config["pairsets"][pairset]["search"]
    return [f"<results>/hits/{search}/{name}/{part}.tsv" for name in names for part in used.search_parts(config)]


def version_files(config, pairset):
    """The versions of the programs that searched for a pair set, or for the sets that it is made from."""
    spec = config["pairsets"][pairset]
    if not used.is_searched(spec):
        return [path for base in used.bases_of(spec) for path in version_files(config, base)]
    files = [*hit_files(config, pairset), *filter(None, [query_files(config, pairset).get("masks")])]
    return [layout.version_file(path) for path in files]


def homolog_files(config, pairset):
    """What a pair set's positives are chosen from, and the hits and positives of the sets whose splits it keeps to."""
    spec, earlier = config["pairsets"][pairset], used.earlier_searched(config, pairset)
    hits = hit_files(config, pairset)
    earlier_hits = dict.fromkeys(path for name in earlier for path in hit_files(config, name))
    return {
        "queries": layout.sequences_file(spec["kind"], spec["queries"]),
        "databases": [layout.sequences_file(spec["kind"], name) for name in spec["search"]],
        "hits": hits,
        "earlier_hits": [path for path in earlier_hits if path not in hits],  # a search may be shared
        "earlier_positives": [layout.positives_file(name) for name in earlier],
    }


def training_rows(config, pairset):
    """The train and dev rows of the other sets that a pair set's runs are trained on, with which its audit compares it."""
    others = plan.other_trainsets(config, pairset)
    return [layout.pair_splits(name)[split] for name in others for split in ("train", "dev")]


def set_reports(config, pairset):
    """What each tokenizer made of a pair set."""
    return [f"<results>/tokens/{pairset}.{name}/tokens.json" for name in plan.tokenizers_of(config, pairset)]


def searched_kinds(config, pairset):
    """The kinds of a pair set's sequences that BLAST searches for in its train rows; none for text."""
    sides = KINDS[config["pairsets"][pairset]["kind"]].sides
    return [kind for kind in dict.fromkeys(sides) if KINDS[kind].blast]


def pair_neighbours(config, pairset):
    """BLAST's hits of a pair set's test sequences among its train sequences, a file for each of `searched_kinds`."""
    return [f"<results>/neighbours/{pairset}/{kind}.tsv" for kind in searched_kinds(config, pairset)]


def audit_settings(config, pairset):
    """How the audit of a pair set takes its files: the kinds of the other sets that it is compared with, the tokenizers, the
    kinds that BLAST searched for, and the number of files with versions."""
    return {
        "kind": config["pairsets"][pairset]["kind"],
        "trained_on": {name: config["pairsets"][name]["kind"] for name in plan.other_trainsets(config, pairset)},
        "tokenizers": plan.tokenizers_of(config, pairset),
        "searched": searched_kinds(config, pairset),
        "versions": len(version_files(config, pairset)),
    }


def identity_files(config, study):
    """How near each test row is to the train rows, for `plan.own_tests` of a study."""
    return [layout.identity_file("pairs", test) for test in plan.own_tests(config, study)]


# ── tasks ──


def task_rows(tasks):
    """The split files of tasks, task by task."""
    return [path for task in tasks for path in layout.task_splits(task).values()]


def neighbour_file(task, split):
    """BLAST's hits of a task's split among the task's train rows."""
    return f"<results>/neighbours/{task}/{split}.tsv"


def instruction_files(config, instructions):
    """The rows of an instruction set's tasks, and their BLAST hits if it retrieves by BLAST, in the order of SPLITS."""
    spec = config["instructions"][instructions]
    hits = [neighbour_file(task, split) for task in spec["tasks"] for split in SPLITS]
    return {"rows": task_rows(spec["tasks"]), "hits": hits if used.retrieves(spec) else []}


def audit_files(config, tests):
    """The audits of pair sets and tasks."""
    return [f"<results>/{'pairs' if name in config['pairsets'] else 'tasks'}/{name}/audit.json" for name in tests]


def task_page_files(config, study):
    """What the page of a study of tasks reports on: its test sets, baselines, instruction sets and runs."""
    block, sets = config["studies"][study], plan.instruction_sets(config, study)
    return {
        "audits": audit_files(config, block["tests"]),
        "baselines": [f"<results>/baselines/{task}.json" for task in block["tests"]],
        "instructions": [f"<results>/instructions/{name}/about.json" for name in sets],
        "runs": metrics_files(config, study),
        "tokens": tokens_reports(config, plan.classifier_inputs(config, study)),
        # People can ask an instructed model: its best weights stay whatever `keep_weights` says.
        "best": [f"<results>/runs/{model}/{name}/best" for model in block["models"] for name in sets],
    }


# ── corpora ──


def source_files(config, corpus, name):
    """The files that a corpus's source is read from, and those that say what to leave out."""
    source = config["corpora"][corpus]["sources"][name]
    if settings.is_genome(source):
        files = [layout.sequences_file("dna", source["resources"][0])]
    else:
        files = [layout.pair_splits(pairset)["train"] for pairset in source.get("pairsets", [])]
        files += [layout.resource_or_archive(reference) for reference in source.get("resources", [])]
    return {
        "files": files,
        "beds": [layout.resource_file(bed) for bed in source["exclude"]["beds"]],
        # Sentences of the test splits of a source's own pair sets are left out in any case.
        "pairs": [
            layout.pair_splits(pairset)["test"]
            for pairset in dict.fromkeys([*source.get("pairsets", []), *source["exclude"]["pairsets"]])
        ],
    }


def excluded_kinds(config, corpus, name):
    """The kinds of the pair sets that a corpus's source excludes."""
    return [
        config["pairsets"][excluded]["kind"]
        for excluded in config["corpora"][corpus]["sources"][name]["exclude"]["pairsets"]
    ]


def document_files(config, corpus, ending):
    """The documents of each source of a corpus ("txt"), or the record of what was read for them ("json")."""
    sources = config["corpora"][corpus]["sources"].items()
    folders = {name: "segments" if settings.is_genome(source) else "documents" for name, source in sources}
    return [f"<results>/{folder}/{corpus}/{name}.{ending}" for name, folder in folders.items()]


def corpus_files(config, tokenizer, split):
    """The documents of a split of the corpus that a tokenizer is trained on, and the source of each."""
    corpus = config["tokenizers"][tokenizer]["corpus"]
    return {
        "text": f"<results>/corpora/{corpus}/{split}.txt",
        "sources": f"<results>/corpora/{corpus}/{split}.sources.npy",
    }


def manifest_file(config, section, name):
    """The manifest of the corpus that a tokenizer or a model is trained on."""
    return f"<results>/corpora/{config[section][name]['corpus']}/manifest.json"


def pretraining_files(config, model):
    """What a model is pretrained on: its tokenizer, its corpus in tokens, and the source of each document."""
    corpus, tokenizer = config["models"][model]["corpus"], config["models"][model]["tokenizer"]
    files = {"tokenizer": tokenizer_folder(config, tokenizer), "manifest": manifest_file(config, "models", model)}
    for split in CORPUS_SPLITS:
        tokens = f"<results>/tokens/{corpus}.{tokenizer}/{split}"
        files |= {split: f"{tokens}.bin", f"{split}_info": f"{tokens}.json"}
        files[f"{split}_sources"] = f"<results>/corpora/{corpus}/{split}.sources.npy"
    return files


# ── models and runs ──


def tokenizer_folder(config, tokenizer):
    """The folder of a trained tokenizer, or of the model that has its own."""
    if tokenizer in config["tokenizers"]:
        return f"<results>/tokenizers/{tokenizer}"
    return layout.model_folder(tokenizer)


def initial_files(config, model):
    """What a model with random weights is made from: its tokenizer, or the pretrained model whose shape it has."""
    spec = settings.model_settings(config, model)
    return tokenizer_folder(config, spec.get("random_of") or spec["tokenizer"])


def tokens_reports(config, inputs):
    """The reports on the tokens of (pair set or task, model)."""
    return [f"<results>/tokens/{name}.{plan.tokenizer_of(config, model)}/tokens.json" for name, model in inputs]


def training_files(config, model, trainset):
    """What a run is trained on, and what its epoch is chosen on."""
    tokens = layout.token_splits(source_set(trainset), plan.tokenizer_of(config, model))
    return {split: tokens[split] for split in ("train", "dev")}


def test_files(config, model, trainset):
    """The tests of a run as its model reads them."""
    tokenizer = plan.tokenizer_of(config, model)
    return [layout.token_splits(test, tokenizer)["test"] for test in plan.tests_of_arm(config, model, trainset)]


def tested_weights(run):
    """What a run is tested with: its weights; if untrained, the model itself, which gets a head drawn from the seed. `run` has
    its wildcards; without a seed it is several untrained runs."""
    if run.trainset == UNTRAINED:
        return layout.model_folder(run.model)
    return run_files([(run.model, run.trainset, run.seed)], "weights")[0]


def run_files(runs, name):
    """A file of each run."""
    return [f"<results>/runs/{model}/{trainset}/seed-{seed}/{name}" for model, trainset, seed in runs]


def seed_files(config, model, trainset, name):
    """A file of the runs of all seeds of a model and training set."""
    return run_files([(model, trainset, seed) for seed in plan.seeds_of_arm(config, model, trainset)], name)


def prediction_files(config, study):
    return run_files(plan.study_runs(config, study), "predictions.tsv.gz")


def metrics_files(config, study):
    """metrics.json of a study's runs that are trained."""
    return run_files(plan.trained_runs(plan.study_runs(config, study)), "metrics.json")


def training_metrics(config):
    """metrics.json of all trainings, in the order of `used.trainings`."""
    files = [f"<results>/pretraining/{model}/metrics.json" for model in used.pretrained_models(config)]
    return files + run_files(plan.trained_runs(plan.all_runs(config)), "metrics.json")


# ── studies and token vectors ──


def published_files(config, study):
    """Published results and their figure, for a study that asks for them."""
    if study not in plan.published_studies(config):
        return {}
    return {
        "published": layout.shipped_file("resources/published.yaml"),
        "comparison": f"<results>/report/{study}/published.svg",
    }


def files_before_tuning(config, vectors, name):
    """A file about the token vectors of each model of a comparison, before fine-tuning."""
    return [f"<results>/vectors/{model}/before/{name}" for model in config["vectors"][vectors]["models"]]


def files_after_tuning(config, vectors, name, first=False):
    """A file about the token vectors of each run of a comparison, or of each run with the `first` seed alone."""
    seeds = config["vectors"][vectors]["seeds"][: 1 if first else None]
    runs = [run for run in plan.vector_runs(config, vectors) if run[2] in seeds]
    return [f"<results>/vectors/{model}/{trainset}/seed-{seed}/{name}" for model, trainset, seed in runs]


# ── the whole run ──


def fetched_files(config):
    """All that comes from outside: resources, and models that are not made here."""
    models = [layout.model_folder(name) for name in used.fetched_models(config)]
    return [layout.resource_file(name) for name in used.used_resources(config)] + models


def search_versions(config):
    """The version files of all searches: those of the pair sets in use, and those of neighbours of pair sets and tasks."""
    files = [path for pairset in used.used_pairsets(config) for path in version_files(config, pairset)]
    sets = [name for study in plan.task_studies(config) for name in plan.instruction_sets(config, study)]
    hits = [path for pairset in used.used_pairsets(config) for path in pair_neighbours(config, pairset)]
    hits += [neighbour_file(task, "test") for task in used.used_tasks(config)]
    hits += [path for name in sets for path in instruction_files(config, name)["hits"]]
    files += map(layout.version_file, hits)
    return list(dict.fromkeys(files))


def requested_files(config):
    """Everything that the config asks for, without the pages on methods and costs: the pages of its studies, vectors, pair
    sets, tasks, tokenizers and pretrained models, which bring their tables and figures; and the weights that stay."""
    wanted = [f"<results>/report/{name}/page.html" for name in [*config["studies"], *config["vectors"]]]
    wanted += [f"<results>/report/pairs/{pairset}.html" for pairset in used.used_pairsets(config)]
    wanted += [f"<results>/report/tasks/{task}.html" for task in used.used_tasks(config)]
    wanted += [f"<results>/report/tokenizers/{tokenizer}.html" for tokenizer in config["tokenizers"]]
    wanted += [f"<results>/report/models/{model}.html" for model in used.pretrained_models(config)]
    if not plan.has_no_study(config):
        wanted += ["<results>/report/answer.html", "<results>/tables/summary.txt"]
    if config["studies"]:
        wanted.append("<results>/tables/metrics.tsv")
    if plan.pair_studies(config):
        wanted.append("<results>/report/power.html")
    trained = plan.trained_runs(plan.all_runs(config))
    if config["keep_weights"] == "best":
        arms = sorted({run[:2] for run in trained})
        wanted += [
            f"<results>/runs/{model}/{trainset}/best" for model, trainset in arms if not is_control(model, trainset)
        ]
    elif config["keep_weights"] == "all":
        wanted += run_files(trained, "weights")
    return wanted
