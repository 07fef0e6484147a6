"""The cut configuration of a preview: the same rules, models and sets as the study has, on little data.

The first megabytes of each resource, few rows of each pair set and task, one layer of each model, ten steps of each training, one
or two seeds of each study, and each model and control in the first study that has it. Everything else that decides which code
runs stays: recipes, kinds, lengths, widths, training sets and tests.
"""

import copy

from linguist.config import plan, used
from linguist.config.settings import pretraining_settings, tuning_settings
from linguist.config.shapes import DEPTH, SHAPES
from linguist.kinds import KINDS

FOLDER = "preview"  # of all files of a preview, in the working folder
STEPS = 10  # of each training, about
BATCH, TASK_BATCH = 8, 4  # rows of a step: of pair sets; of tasks, which have longer rows
ROWS = {"train": STEPS * BATCH, "dev": 20, "test": 20}  # of pair sets, at most
TASK_ROWS = {"train": STEPS * TASK_BATCH, "dev": 12, "test": 12}  # of tasks
ROWS_PER_CLASS = 12  # of each split of a task, at least: rows are drawn at random, and each class must be among them
LAYERS = 1
WINDOWS, PARTS = 800, 2  # of each BLAST search
CORPUS = 600_000  # bytes of a corpus; fewer, if less than a megabyte of each resource is fetched
ROW_BYTES, BYTES_PER_TOKEN = 100, 4  # of sentences, about
VOCABULARY = 2000  # tokens, at most
FEW_ARMS = 3  # a study with so few has two seeds, so that what needs several seeds is tried


def cut_config(config):
    """The configuration of a preview of a final one. Entries of resources and models get the key `cut`, which says what is
    fetched of them."""
    cut = copy.deepcopy(config) | {"runs_per_job": 1, "sets_per_job": 1, "threads": 1}
    cut["blast"]["parts"] = min(PARTS, config["blast"]["parts"])
    cut["vector"] |= {"permutations": min(10, config["vector"]["permutations"])}
    copies = homologs_of(config)
    for name, resource in cut["resources"].items():
        resource["cut"] = {"bytes": round(1e6 * config["preview"]["megabytes"]), "copies": copies.get(name, [])}
    for pairset in cut["pairsets"].values():
        pairset.pop("asked", None)  # the beginning of a table may have fewer rows
        pairset["sizes"] = {split: min(size, ROWS[split]) for split, size in pairset["sizes"].items()}
        if "windows" in pairset["rules"]:
            pairset["rules"]["windows"] = min(WINDOWS, pairset["rules"]["windows"])
    for task in cut["tasks"].values():
        task["sizes"] = cut_sizes(task)
    for corpus in cut["corpora"].values():
        cut_corpus(corpus, round(CORPUS * min(1, config["preview"]["megabytes"])))
    for tokenizer in cut["tokenizers"].values():
        tokenizer.pop("sample", None)  # then it is as much as there is
        if "vocab_size" in tokenizer:
            tokenizer["vocab_size"] = min(VOCABULARY, tokenizer["vocab_size"])
    for name in cut["models"]:
        cut_model(cut, config, name)
    for section, batch in (("finetuning", BATCH), ("classification", TASK_BATCH), ("instruction_tuning", TASK_BATCH)):
        cut[section] |= cut_training(config[section], batch)
    for instructions in cut["instructions"].values():
        batch = TASK_BATCH * len(instructions["tasks"])
        instructions["swapped"] = min(4, instructions["swapped"])
        instructions["tuning"] = instructions.get("tuning", {}) | cut_training(config["instruction_tuning"], batch)
    for studies in (plan.pair_studies(cut), plan.task_studies(cut)):
        cut_studies(studies.values())
    for vectors in cut["vectors"].values():
        vectors["seeds"] = vectors["seeds"][:1]
    return cut


def cut_studies(studies):
    """Leave studies of one kind the models and controls that no earlier one has, the first model, and one or two seeds."""
    models, controls = set(), set()
    for study in studies:
        first, *others = study["models"]
        study["models"] = [first, *(model for model in others if model not in models)]
        study["controls"] = [control for control in study["controls"] if control not in controls]
        models |= {*study["models"]}
        controls |= {*study["controls"]}
        arms = len(study["models"]) * len(study["trainsets"]) * (1 + len(study["controls"]))
        study["seeds"] = study["seeds"][: 2 if arms <= FEW_ARMS else 1]


def homologs_of(config):
    """{resource that BLAST searches: [(resource whose windows it searches for, letters of its sequences)]}. The beginnings of
    two genomes need not have homologs."""
    found = {}
    for spec in config["pairsets"].values():
        for name in spec["search"] if used.is_searched(spec) else []:
            entry = (spec["queries"], KINDS[spec["kind"]].letters)
            if entry not in found.setdefault(name, []):
                found[name].append(entry)
    return found


def cut_training(options, batch):
    """Training options that are cut to STEPS steps of `batch` rows."""
    return {"batch_size": batch, "epochs": 1, "warmup": min(options["warmup"], 0.1)}


def cut_sizes(task):
    """The rows of a task in a preview: few, but some of each class."""
    most = {split: max(rows, ROWS_PER_CLASS * len(task["answers"])) for split, rows in TASK_ROWS.items()}
    return {split: min(rows, task.get("sizes", {}).get(split, rows)) for split, rows in most.items()}


def cut_corpus(corpus, size):
    """Give the sources of a corpus `size` bytes together, in their shares, but none less than a quarter of an equal share."""
    asked = sum(source.get("bytes", 0) for source in corpus["sources"].values())
    for source in corpus["sources"].values():
        if "bytes" in source:
            least = size // (4 * len(corpus["sources"]))
            drawn = max(least, round(source["bytes"] / asked * size))
            source["bytes"] = min(source["bytes"], round(drawn * source.get("share", 1)))
    corpus["dev"] = max(0.1, corpus["dev"])


def cut_model(cut, config, name):
    """Leave a model LAYERS layers, and its pretraining about STEPS steps."""
    model = cut["models"][name]
    if "architecture" in model:
        model["shape"] = model["shape"] | {SHAPES[model["architecture"]][0]: LAYERS}
    elif "random_of" not in model:
        model["cut"] = {"layers": LAYERS}
    if "finetuning" in model:
        model["finetuning"] |= cut_training(tuning_settings(config, name, None), BATCH)
    if "corpus" in model:
        options = pretraining_settings(config, name)
        blocks = corpus_bytes(cut, model["corpus"]) / BYTES_PER_TOKEN / options["context"]
        batch = max(1, round(blocks / STEPS))
        own = {"batch_size": batch, "micro_batch": min(batch, options["micro_batch"] or batch), "epochs": 1}
        own |= {"warmup": min(options["warmup"], 0.1), "evaluations": 2, "dev_blocks": min(8, options["dev_blocks"])}
        model["pretraining"] = model.get("pretraining", {}) | own


def corpus_bytes(cut, corpus):
    """The bytes of a corpus of a cut configuration; of a source that does not say how many, CORPUS at most."""
    total = 0
    for source in cut["corpora"][corpus]["sources"].values():
        rows = sum(cut["pairsets"][name]["sizes"]["train"] for name in source.get("pairsets", []))
        total += source.get("bytes", rows * ROW_BYTES if "pairsets" in source else CORPUS)
    return total


def whole_layers(model):
    """The layers of a model from scratch; `model` is its entry in a final configuration."""
    return model["shape"].get(SHAPES[model["architecture"]][0], DEPTH)
