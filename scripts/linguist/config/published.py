"""Published results: what is printed, which of it a study has too, and what differs from the paper's setup."""

from linguist.config.settings import tuning_settings, weights_origin
from linguist.config.used import has_synthetic_sentences, is_synthetic
from linguist.files import ROOT, read_yaml
from linguist.kinds import KINDS
from linguist.recipe import DROP

PUBLISHED = ROOT / "resources/published.yaml"
PAWSX = "x-final/"  # the folder of PAWS-X's archive
REBUILT = {  # recipes that rebuild a set of the paper, and what differs
    "homologs": "similarity is this project's (the paper's formula was not published), and negatives pair the positives' own "
    "sequences anew, matched in length and composition (the paper's negatives are random)",
    "coding": "windows of coding sequences without introns, and negatives of this project (the paper has LucaOne's genes)",
}
STATISTICS = {"best": "the best of several seeds", "mean": "the mean over several seeds"}


def read_published(path=PUBLISHED):
    """Published results: {"dnahlm", "tasks", "task_rows", "setup", "tables", "vectors", …}, as in resources/published.yaml."""
    return read_yaml(path)


def dnahlm_accuracies(published):
    """What the paper of DNAHLM prints, and what its authors' files have: [{"task", "classification", "instruction", "rows"}].

    The last row is the mean over the tasks of the files; its `rows` are the test rows of the instruction-tuned model, those of
    the other rows None. Both are shown, since they contradict each other.
    """
    found = [record | {"rows": None} for record in published["dnahlm"]]
    files = {"classification": [], "instruction": []}
    for records in published["tasks"].values():
        for record in records:
            if "way" in record:
                files[record["way"]].append(record)
    means = {way: sum(record["accuracy"] for record in records) / len(records) for way, records in files.items()}
    return [*found, {"task": "", **means, "rows": sum(record["test"] for record in files["instruction"])}]


def paper_name(asked, model):
    """The paper's name for a model of ours; `asked` is a study's key `published`."""
    return asked.get("as", {}).get(model, model)


def common_cells(study, table):
    """The cells of a published table that a study has too: [(model, trainset, test, result)], in the study's order.

    Args: `study` is its entry in the config, with the key `published`; `table` is one of `read_published`.
    """
    rows = {(row["model"], row["trainset"]): row["accuracy"] for row in table["rows"]}
    return [
        (model, trainset, test, results[test])
        for model in study["models"]
        for trainset in study["trainsets"]
        for results in [rows.get((paper_name(study["published"], model), trainset), {})]
        for test in study["tests"]
        if test in results
    ]


def setup_differences(config, name, published):
    """What differs between a study and the paper whose results stand beside it: [(topic, difference)], computed.

    Args: the `config`, or the study's `design.page_config`; the study's name; `published` as from `read_published`.
    """
    study, setup = config["studies"][name], published["setup"]
    sets = {p: config["pairsets"][p] for p in dict.fromkeys([*study["trainsets"], *study["tests"]])}
    found = [("results", seeds_line(study, published["tables"]))]
    found += [("model", line) for model in study["models"] for line in model_lines(config, study, model, setup)]
    found += [("pair sets", line) for line in set_lines(config, sets, setup)]
    found += [("training rows", line) for line in size_lines(sets, study, setup)]
    longest = config["tokens"]["max_length"]
    if longest != setup["max_length"]:
        found.append(("tokens", f"inputs are cut at {longest} tokens, the paper's at {setup['max_length']}"))
    return found + [("fine-tuning", line) for line in tuning_lines(config, study, setup)]


def seeds_line(study, tables):
    """Which statistic over how many seeds stands beside the paper's."""
    count = len(study["seeds"])
    ours = f"the mean over {count} seeds, and the best of them" if count > 1 else "from one seed"
    kinds = dict.fromkeys(tables[name]["statistic"] for name in study["published"]["tables"])
    theirs = " or ".join(STATISTICS[kind] for kind in kinds)
    return f"ours are {ours}; the paper's are {theirs}, and the paper does not say how many"


def model_lines(config, study, model, setup):
    """What differs about a model: another model altogether, other weights, or another pretraining."""
    spec, theirs = config["models"][model], paper_name(study["published"], model)
    paper = setup["models"].get(theirs, {})
    if "hub" in paper and spec.get("hub") != paper["hub"]:
        yield f"{model} stands for {theirs} ({paper['hub']}), but is another model: {weights_origin(spec)}"
    elif theirs != model and "hub" not in spec:
        yield f"{model} stands for {theirs}, but is another model: {weights_origin(spec)}"
    if "corpus" in spec:
        sources = config["corpora"][spec["corpus"]]["sources"].items()
        sizes = ", ".join(f"{name} {size_of(source)}" for name, source in sources)
        text = f"{model} is pretrained here, on the corpus {spec['corpus']} ({sizes})"
        text += f"; the paper's {theirs} on {paper['corpus']}" if "corpus" in paper else ""
        yield text + ("; its sentences are synthetic" if has_synthetic_sentences(config, spec["corpus"]) else "")


def size_of(source):
    """How much a source of a corpus gives at most."""
    if "bytes" not in source:
        return "whole"
    return f"{source['bytes'] / 1e9:.2g} GB" if source["bytes"] >= 1e8 else f"{source['bytes'] / 1e6:.2g} MB"


def set_lines(config, sets, setup):
    """What differs about pair sets; sets with the same difference share a line."""

    def named(wanted):
        return ", ".join(name for name, spec in sets.items() if wanted(name, spec))

    def is_pawsx(spec):
        return spec["recipe"] == "table" and all(PAWSX in r for files in spec["files"].values() for r in files)

    if names := named(lambda name, spec: is_synthetic(config, name)):
        yield f"{names}: synthetic sentences of this project's grammar; the paper has PAWS-X"
    if names := named(lambda name, spec: spec["recipe"] == "table" and not is_pawsx(spec)):
        yield f"{names}: read from tables other than PAWS-X's"
    if names := named(lambda name, spec: is_pawsx(spec) and spec["rules"].get("disjoint")):
        yield f"{names}: without the train and dev rows that share a sentence with a later split"
    if names := named(lambda name, spec: is_pawsx(spec) and spec["rules"].get("conflicts") == DROP):
        yield f"{names}: without the rows whose labels contradict one another"
    if names := named(lambda name, spec: is_pawsx(spec) and spec["rules"].get("negatives")):
        yield f"{names}: with negatives of other kinds"
    for recipe, difference in REBUILT.items():
        if names := named(lambda name, spec, recipe=recipe: spec["recipe"] == recipe):
            yield f"{names}: rebuilt; {difference}"
    for name, length in setup["lengths"].items():
        if "length" in sets.get(name, {}) and sets[name]["length"] != length:
            yield f"{name}: windows of {sets[name]['length']} letters; the paper's have {length} on average"
    own = {name: spec["recipe"] for name, spec in sets.items() if spec["recipe"] not in ("grammar", "table", *REBUILT)}
    if own:
        yield f"{', '.join(own)}: made by this project's recipe {', '.join(dict.fromkeys(own.values()))}; the paper has none such"


def size_lines(sets, study, setup):
    """Sentence sets that are trained on with fewer or more rows than PAWS-X has."""
    for trainset in study["trainsets"]:
        asked, paper = sets[trainset]["sizes"]["train"], setup["sizes"]["train"]
        if KINDS[sets[trainset]["kind"]].is_text and asked != paper:
            yield f"{trainset} has {asked:,} rows to train on, the paper's {paper:,}"


def tuning_lines(config, study, setup):
    """Fine-tuning options that differ from the paper's, a line for each value, with the models that have it."""
    for option, paper in setup["finetuning"].items():
        values = {}
        for model in study["models"]:
            options = tuning_settings(config, model, study["trainsets"][0])
            values.setdefault(options[option], []).append(model)
        for value, models in values.items():
            if value != paper:
                of = f" of {', '.join(models)}" if len(values) > 1 else ""
                yield f"{option}{of} is {plain_number(value)}, the paper's {plain_number(paper)}"


def plain_number(value):
    """A number without a needless zero, anything else as it is."""
    return f"{value:g}" if isinstance(value, float) else str(value)
