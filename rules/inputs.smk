"""The functions that tell rules their inputs, as paths made from the configuration."""


def shipped(path):
    """A file of the workflow's own as an input: relative, so that a folder can be moved and nothing reruns."""
    return os.path.relpath(f"{workflow.basedir}/{path}")


# ── pair sets ──


def recipe_of(pairset):
    return RECIPES[config["pairsets"][pairset]["recipe"]]


def resource_of(reference):
    """Where the file that `resource` or `resource:member` names comes from: the resource, or its unpacked folder."""
    name, _, member = reference.partition(":")
    return f"<results>/unpacked/{name}" if member else f"<results>/resources/{name}"


def fasta_of(pairset, resource):
    return f"<results>/sequences/{config['pairsets'][pairset]['kind']}/{resource}.fa.gz"


def query_files(pairset):
    """The sequences that a pair set's windows are drawn from, and what masks them beside their own lower case."""
    spec = config["pairsets"][pairset]
    masked = spec["kind"] == "dna" and spec["rules"]["masking"] == "windowmasker"
    return {"sequences": fasta_of(pairset, spec["queries"])} | (
        {"masks": f"<results>/masks/{spec['queries']}.txt"} if masked else {}
    )


def hits_of(pairset):
    """BLAST's hits of a pair set's windows, from all jobs of its search."""
    search = plan.search_of(config, pairset)
    parts = gather.queries("{scatteritem}.tsv")
    names = config["pairsets"][pairset]["search"]
    return [f"<results>/hits/{search}/{name}/{part}" for name in names for part in parts]


def version_files(pairset):
    """The versions of the programs that searched for a pair set, or for the sets that it is derived from."""
    spec = config["pairsets"][pairset]
    if not plan.is_searched(spec):
        return [path for base in recipe_of(pairset).bases(spec) for path in version_files(base)]
    found = [*hits_of(pairset), *filter(None, [query_files(pairset).get("masks")])]
    return [os.path.splitext(path)[0] + ".version" for path in found]


def homolog_files(pairset):
    """What the positives of a pair set are chosen from, and the sets that it must not share a family with."""
    spec, earlier = config["pairsets"][pairset], plan.earlier_of(config, pairset)
    hits = hits_of(pairset)
    earlier_hits = dict.fromkeys(path for name in earlier for path in hits_of(name))
    return {
        "queries": fasta_of(pairset, spec["queries"]),
        "databases": [fasta_of(pairset, name) for name in spec["search"]],
        "hits": hits,
        "earlier_hits": [path for path in earlier_hits if path not in hits],  # a search may be shared
        "earlier_positives": [f"<results>/positives/{name}.tsv" for name in earlier],
    }


def pair_files(pairset):
    """What a pair set's recipe reads, as it names it: {name: path or list of paths}."""
    spec = config["pairsets"][pairset]
    match spec["recipe"]:
        case "homologs":
            return {"positives": f"<results>/positives/{pairset}.tsv"}
        case "table":
            return {split: [resource_of(r) for r in references] for split, references in spec["files"].items()}
        case "coding":
            return {key: f"<results>/resources/{spec[key]}" for key in ("sequences", "proteins") if key in spec}
        case "grammar":
            return {"grammar": [shipped(f"resources/grammar/{name}.yaml") for name in ("frames", spec["language"])]}
        case "union":
            return {split: [splits_of(name)[split] for name in spec["of"]] for split in SPLITS}
        case _:
            return splits_of(spec["of"])


def splits_of(pairset, folder="pairs", ending="tsv"):
    """The three split files of a pair set, by split."""
    return {split: f"<results>/{folder}/{pairset}/{split}.{ending}" for split in SPLITS}


def audit_of(pairset):
    return f"<results>/pairs/{pairset}/audit.json"


def audits_of(study):
    """The audits of a study's tests, in their order."""
    return [audit_of(test) for test in config["studies"][study]["tests"]]


def published_files(wildcards):
    """A paper's figures beside those of a study, where it asks for them."""
    if wildcards.study not in plan.published_studies(config):
        return {}
    return {
        "published": shipped("resources/published.yaml"),
        "beside": f"<results>/report/{wildcards.study}/published.svg",
    }


# ── tasks ──


def task_files(task):
    """What a task's recipe reads, as it names it: {name: path or list of paths}."""
    spec = config["tasks"][task]
    if "folder" in spec:
        return spec["files"]
    if spec["recipe"] == "table":
        return {split: [resource_of(r) for r in references] for split, references in spec["files"].items()}
    return {"sequences": f"<results>/resources/{spec['sequences']}"}


def versions_of_searches():
    """The version files of all searches of a run: those of its pair sets, and those of its tasks' neighbours."""
    found = [path for pairset in plan.used_pairsets(config) for path in version_files(pairset)]
    sets = [name for study in plan.task_studies(config) for name in plan.sets_of(config, study)]
    found += [os.path.splitext(path)[0] + ".version" for name in sets for path in instruction_files(name)["hits"]]
    return list(dict.fromkeys(found))


def hits_of_task(task, split):
    """BLAST's hits of a task's split among its train rows, where an instruction set asks for them; else nothing."""
    return f"<results>/neighbours/{task}/{split}.tsv" if task in plan.searched_tasks(config) else []


def instruction_files(instructions):
    """The rows of an instruction set's tasks, and their hits where it retrieves by BLAST, in the order of SPLITS."""
    spec = config["instructions"][instructions]
    return {"rows": [path for task in spec["tasks"] for path in splits_of(task, "tasks").values()]} | {
        "hits": (
            [hits_of_task(task, split) for task in spec["tasks"] for split in SPLITS] if plan.retrieves(spec) else []
        )
    }


def page_files(wildcards):
    """What the page of a study of tasks tells of its baselines, instruction sets and runs."""
    study = wildcards.task_study
    return {
        "baselines": [f"<results>/baselines/{task}.json" for task in tests_of_study(wildcards)],
        "instructions": [f"<results>/instructions/{name}/about.json" for name in plan.sets_of(config, study)],
        "runs": trained_metrics_of(study),
        "tokens": [f"{tokens_of(*cell)}/tokens.json" for cell in plan.task_readings(config, study)],
        # An instructed model can be asked: the best one stays, whatever else is kept.
        "best": [f"<results>/runs/{m}/{t}/best" for m, t in plan.taught(config, study)],
    }


def tests_of_study(wildcards):
    return config["studies"][wildcards.task_study]["tests"]


# ── corpora ──


def source_of(wildcards):
    return config["corpora"][wildcards.corpus]["sources"][wildcards.source]


def source_files(wildcards):
    """What a corpus's source is read from, and what says which of it to leave out."""
    source = source_of(wildcards)
    if plan.is_genome(source):
        files = [f"<results>/sequences/dna/{source['resources'][0]}.fa.gz"]
    else:
        files = [splits_of(pairset)["train"] for pairset in source.get("pairsets", [])]
        files += [resource_of(reference) for reference in source.get("resources", [])]
    return {
        "files": files,
        "beds": [f"<results>/resources/{bed}" for bed in source["exclude"]["beds"]],
        "pairs": [splits_of(pairset)["test"] for pairset in source["exclude"]["pairsets"]],
    }


def documents_of(corpus):
    """The documents of a corpus's sources: segments of a genome, or what their files hold."""
    sources = config["corpora"][corpus]["sources"].items()
    folders = {name: "segments" if plan.is_genome(source) else "documents" for name, source in sources}
    return [f"<results>/{folder}/{corpus}/{name}.txt" for name, folder in folders.items()]


def corpus_of(entry, name):
    """A file of the corpus that an entry of the config (a tokenizer or a model) names."""
    return f"<results>/corpora/{entry['corpus']}/{name}"


def pretraining_files(wildcards):
    """What a model is pretrained on: its corpus in its tokens, and where each document comes from."""
    model = config["models"][wildcards.model]
    tokens = f"<results>/tokens/{model['corpus']}.{model['tokenizer']}"
    found = {"tokenizer": tokenizer_folder(model["tokenizer"]), "manifest": corpus_of(model, "manifest.json")}
    for split in CORPUS_SPLITS:
        found |= {split: f"{tokens}/{split}.bin", f"{split}_info": f"{tokens}/{split}.json"}
        found |= {f"{split}_sources": corpus_of(model, f"{split}.sources.npy")}
    return found


# ── models and runs ──


def tokenizer_folder(tokenizer):
    """A trained tokenizer's folder, or the model's whose own it is."""
    section = "tokenizers" if tokenizer in config["tokenizers"] else "models"
    return f"<results>/{section}/{tokenizer}"


def origin_of(model):
    """What a model with random weights is made from: its tokenizer, or the model of a hub or folder whose control it is."""
    spec = plan.source_of(config, model)
    return f"<results>/models/{spec['random_of']}" if "random_of" in spec else tokenizer_folder(spec["tokenizer"])


def tokens_of(pairset, model):
    """The folder of a pair set's or task's tokens as a model reads them."""
    return f"<results>/tokens/{pairset}.{plan.tokenizer_of(config, model)}"


def weights_of(wildcards):
    """What a run is tested with: its weights; or, untrained, just its model, whose head is drawn from the run's seed."""
    if wildcards.trainset == plan.UNTRAINED:
        return f"<results>/models/{wildcards.model}"
    return f"<results>/runs/{wildcards.model}/{wildcards.trainset}/seed-{wildcards.seed}/weights"


def weights_stay():
    return config["keep_weights"] == "all"


def weights_output(path):
    """A run's weights: they go when its predictions are written, unless the config keeps them."""
    return directory(path) if weights_stay() else temp(directory(path))


def test_files(wildcards):
    """The tests of a run, as its model reads them."""
    tests = plan.tests_of(config, wildcards.model, wildcards.trainset)
    return [f"{tokens_of(test, wildcards.model)}/test.npz" for test in tests]


def run_files(wildcards, name):
    """A file of every seed's run of the wildcards' model and trainset."""
    seeds = plan.seeds_of(config, wildcards.model, wildcards.trainset)
    return [f"<results>/runs/{wildcards.model}/{wildcards.trainset}/seed-{seed}/{name}" for seed in seeds]


def predictions_of(study):
    return [f"<results>/runs/{m}/{t}/seed-{s}/predictions.tsv.gz" for m, t, s in plan.cells(config, study)]


def trained_metrics_of(study):
    """metrics.json of a study's runs, without its controls, which have none."""
    trained = plan.trained(plan.cells(config, study))
    return [f"<results>/runs/{m}/{t}/seed-{s}/metrics.json" for m, t, s in trained]


def seeds_of_study(study):
    """The figure of a study's seeds, where there are enough to see a spread, and few enough tests to see a line."""
    block = config["studies"][study]
    return f"<results>/report/{study}/seeds.svg" if len(block["seeds"]) > 2 and len(block["tests"]) <= 4 else []


def curves_of_study(study):
    """The figure of a study's curves, where its tests make any."""
    return f"<results>/report/{study}/curves.svg" if plan.curves_of(config, study) else []


def bodies_of(vectors, name):
    """A file of the words of each model of a block of vectors, before fine-tuning."""
    return [f"<results>/vectors/{model}/before/{name}" for model in config["vectors"][vectors]["models"]]


def tuned_of(vectors, name, folder="vectors", seeds=None):
    """A file of each run of a block of vectors, or of those with some of its seeds: of its words, or of another folder."""
    chosen = [run for run in plan.vector_runs(config, vectors) if seeds is None or run[2] in seeds]
    return [f"<results>/{folder}/{m}/{t}/seed-{s}/{name}" for m, t, s in chosen]


def first_tuned_of(vectors, name):
    """A file of the words of the first seed's run of each model."""
    return tuned_of(vectors, name, seeds=config["vectors"][vectors]["seeds"][:1])


# ── the whole run ──


def titles_of(blocks):
    """What a summary needs of the studies, or of the comparisons of word vectors, of a config: {name: title}."""
    return {name: block["title"] for name, block in blocks.items()}


def trainings():
    """All trainings of the config as (model, trainset, seed), a pretraining with None for the last two."""
    found = [(model, None, None) for model in plan.pretrained(config)]
    return found + plan.trained(plan.runs(config))


def training_metrics(wildcards):
    return [
        f"<results>/pretraining/{m}/metrics.json" if t is None else f"<results>/runs/{m}/{t}/seed-{s}/metrics.json"
        for m, t, s in trainings()
    ]


def measured_steps(wildcards):
    """For each rule, where its jobs leave a log and a benchmark file, as (pattern, folder), and the part of a GPU that one has, or 0."""

    def place(path):
        return (path.regex().pattern, os.path.dirname(path.constant_prefix()))

    return {
        step.name: {
            "log": place(step.log[0]),
            "benchmark": place(step.benchmark) if step.benchmark else None,
            "gpu": 0 if "gpu" not in step.resources else 1 / config["runs_per_gpu"] if step.name != "pretrain" else 1,
        }
        for step in workflow.rules
        if len(step.log)
    }
