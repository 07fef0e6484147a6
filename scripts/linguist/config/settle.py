"""Reading, completing and checking the configuration: every user's mistake becomes one line that names its key."""

import difflib
import json
import os
from decimal import Decimal, InvalidOperation

import yaml
from jsonschema import Draft202012Validator
from jsonschema.validators import extend

from linguist.config.published import PUBLISHED, common_cells, paper_name, read_published
from linguist.config.settings import is_genome
from linguist.errors import LinguistError
from linguist.files import ROOT, open_text
from linguist.kinds import KINDS
from linguist.pairs.recipes import RECIPES
from linguist.splits import SPLITS
from linguist.tasks.recipes import RECIPES as TASK_RECIPES
from linguist.tokenizers.types import TYPES, check_options, masked_types
from linguist.training.controls import CONTROLS, RANDOM_ENDING

CONFIG_FOLDER = ROOT / "config"
# Names of controls, baselines, ways to answer and averages, which stand where these names do.
RESERVED = (*CONTROLS, "majority", "chance", "k-mers", "classification", "average")
JSON_TYPES = {
    "object": "a mapping of keys to values",
    "array": "a list",
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "null": "null",
}
# What a shape may have, the sizes first: fields of the architecture's own configuration in transformers, which takes seconds
# to import, without those that come from the tokenizer.
SHAPES = {
    "gpt2": (
        *("n_layer", "n_embd", "n_head", "n_positions", "n_inner", "initializer_range", "activation_function"),
        *("resid_pdrop", "embd_pdrop", "attn_pdrop", "layer_norm_epsilon", "tie_word_embeddings", "use_cache"),
        *("scale_attn_weights", "scale_attn_by_inverse_layer_idx", "reorder_and_upcast_attn", "add_cross_attention"),
        *("summary_type", "summary_use_proj", "summary_activation", "summary_proj_to_labels", "summary_first_dropout"),
    ),
    "bert": (
        *("num_hidden_layers", "hidden_size", "num_attention_heads", "max_position_embeddings", "intermediate_size"),
        *("initializer_range", "hidden_act", "hidden_dropout_prob", "attention_probs_dropout_prob", "layer_norm_eps"),
        *("classifier_dropout", "type_vocab_size", "tie_word_embeddings", "use_cache", "is_decoder"),
        "add_cross_attention",
    ),
}
WIDTH, HEADS = 768, 12  # of both architectures, where a shape does not say
# JSON Schema takes 50.0 for an integer; Python's range and BLAST's command line do not.
Validator = extend(
    Draft202012Validator,
    type_checker=Draft202012Validator.TYPE_CHECKER.redefine("integer", lambda _, value: type(value) is int),
)


def settle(study, defaults=CONFIG_FOLDER / "defaults.yaml", schema=CONFIG_FOLDER / "schemas/config.schema.yaml"):
    """The full configuration: a study's keys laid over the defaults, checked against the schema and for sense.

    Args: `study` is the parsed study file (a dict); the other two are paths. Returns a new dict.
    Raises LinguistError, one line: the key, what is wrong, what would be right.
    """
    with open_text(defaults) as handle:
        config = merge(yaml.safe_load(handle), study)
    with open_text(schema) as handle:
        check_schema(config, yaml.safe_load(handle))
    check_rules(config)
    check_names(config)
    config = complete(config)
    for check in (
        check_models,
        check_pairsets,
        check_corpora,
        check_tokenizers,
        check_tasks,
        check_instructions,
        check_studies,
        check_vectors,
        check_paths,
    ):
        check(config)
    return config


def complete(config):
    """The config with what a pair set or study leaves out filled in; of the rules, those that the set's recipe reads."""
    pairsets = {}
    for name, spec in config["pairsets"].items():
        recipe = RECIPES[spec["recipe"]]
        full = merge(config["pairs"], spec)
        full["rules"] = {rule: full["rules"][rule] for rule in recipe.rules}
        bases = [pairsets[base] for base in (recipe.bases(spec) if "of" in spec else []) if base in pairsets]
        if bases:
            sizes = {split: sum(base["sizes"][split] for base in bases) for split in SPLITS}
            full["sizes"] = sizes | spec.get("sizes", {})
        pairsets[name] = full
    corpora = {name: complete_corpus(config["corpus"], corpus) for name, corpus in config["corpora"].items()}
    studies = {name: {"controls": []} | study for name, study in config["studies"].items()}
    controls = {
        f"{model}{RANDOM_ENDING}": {"random_of": model}
        for study in studies.values()
        for model in study["models"]
        if any(CONTROLS[control].random_weights for control in study["controls"])
    }
    tasks = {name: complete_task(name, config["task"] | task) for name, task in config["tasks"].items()}
    instructions = {name: config["instruction"] | spec for name, spec in config["instructions"].items()}
    sections = config | {"pairsets": pairsets, "corpora": corpora, "tasks": tasks, "instructions": instructions}
    sections |= {"models": config["models"] | controls, "studies": studies}
    return {
        key: {name: ordered(entry) for name, entry in part.items()} if isinstance(part, dict) else part
        for key, part in sections.items()
    }


def complete_task(name, task):
    """A task with what it leaves out filled in; a folder's tables are its {split}.csv, as GUE has them."""
    if {"files", "folder"} <= task.keys():
        raise LinguistError(f"config: tasks.{name}: has both files and folder; give one")
    if "folder" in task:
        return task | {"files": {split: [os.path.join(task["folder"], f"{split}.csv")] for split in SPLITS}}
    return task


def complete_corpus(defaults, corpus):
    """A corpus with what it leaves out filled in, from the defaults of all."""
    cutting = {key: defaults[key] for key in ("lengths", "strands")}
    nothing = {"exclude": {"places": [], "beds": [], "pairsets": []}}
    sources = {
        name: merge((cutting if is_genome(source) else {}) | nothing, source)
        for name, source in corpus["sources"].items()
    }
    return {key: defaults[key] for key in ("seed", "dev")} | corpus | {"sources": sources}


def ordered(value):
    """A mapping with its keys sorted, at every depth: how a file orders them must not look like a change."""
    return {key: ordered(value[key]) for key in sorted(value)} if isinstance(value, dict) else value


def merge(under, over):
    """`over` laid on `under`: mappings are merged key by key, anything else is replaced."""
    if not (isinstance(under, dict) and isinstance(over, dict)):
        return over
    return {key: merge(under.get(key), over[key]) if key in over else under[key] for key in under | over}


def check_schema(config, schema):
    errors = Validator(schema).iter_errors(config)
    error = min(errors, key=lambda e: (len(e.absolute_path), str(e.absolute_path)), default=None)
    if error is not None:
        raise LinguistError(f"config: {key_of(error.absolute_path)}{explain(error)}")


def key_of(path):
    """`studies.transfer.seeds[0]` from a sequence of keys and positions; with a colon and a space if not empty."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".")
    return f"{text}: " if text else ""


def explain(error):
    """What is wrong and what would be right, for one jsonschema error."""
    value, rule = error.instance, error.validator_value
    if "propertyNames" in error.absolute_schema_path:
        return f"{show(value)} is not a name; use {describe(error)}"
    match error.validator:
        case "additionalProperties":
            known = list(error.schema.get("properties", {}))
            unknown = next(key for key in value if key not in known)
            return f"unknown key {show(unknown)}{suggestion(unknown, known)}"
        case "required":
            missing = next(key for key in rule if key not in value)
            return f"missing key '{missing}'; add it ({error.schema['properties'][missing]['description']})"
        case "dependentRequired":
            given, missing = next((k, m) for k, ms in rule.items() if k in value for m in ms if m not in value)
            return f"missing key '{missing}', which '{given}' needs; add it"
        case "type":
            names = [rule] if isinstance(rule, str) else rule
            right = " or ".join(JSON_TYPES[name] for name in names)
            return f"is {show(value)}, but must be {right} ({describe(error)}){unquoted(value, names)}"
        case "enum":
            return f"is {show(value)}{suggestion(value, rule)}"
        case "oneOf":
            return f"has {' and '.join(map(show, value)) or 'no key'}, but must be {describe(error)}"
        case "anyOf":
            return describe(error)
        case "minItems" | "minProperties" if not value:
            return f"is empty; give at least {'one' if rule == 1 else rule} ({describe(error)})"
        case "minItems":
            return f"has {len(value)}, but must have at least {rule} ({describe(error)})"
        case "uniqueItems":
            return "holds the same value twice; give each once"
        case "pattern":
            return f"is {show(value)}, but must look like {rule} ({describe(error)})"
        case "minimum" | "maximum" | "exclusiveMinimum":
            bound = {"minimum": "at least", "maximum": "at most", "exclusiveMinimum": "above"}[error.validator]
            return f"is {show(value)}, but must be {bound} {rule} ({describe(error)})"
        case _:
            return f"{error.message} ({describe(error)})"


def describe(error):
    return error.schema.get("description", "see config/README.md")


def show(value):
    """A value on one line: text as Python quotes it, anything else as YAML writes it; shortened."""
    text = repr(value) if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 80 else f"{text[:76]} ..."


def unquoted(value, types):
    """A cure for a number that YAML reads as text: one in quotes, or like 1e-5, without a dot or the exponent's sign."""
    if isinstance(value, str) and {"integer", "number"} & set(types):
        try:
            return f"; YAML reads this as text, write {Decimal(value):f}"
        except InvalidOperation:
            pass
    return ""


def suggestion(word, known):
    """`; did you mean 'x'?` for a near miss, else the known words."""
    close = difflib.get_close_matches(str(word), [str(k) for k in known], n=1)
    if close:
        return f"; did you mean '{close[0]}'?"
    return f"; known: {', '.join(str(k) for k in known) or 'none'}"


def must_know(config, key, name, section):
    """Raise unless `name` (found at `key`) is defined in the config's `section`."""
    if name not in config[section]:
        raise LinguistError(f"config: {key}: {show(name)} is not in {section}{suggestion(name, config[section])}")


def check_names(config):
    """Names that stand in the same place of a path must differ."""
    for section, other in (
        ("tokenizers", "models"),
        ("tasks", "pairsets"),
        ("instructions", "pairsets"),
        ("instructions", "tasks"),
        ("vectors", "studies"),
    ):
        if both := sorted(set(config[section]) & set(config[other])):
            raise LinguistError(
                f"config: {section}.{both[0]}: one of {other} has the same name; give one of them another"
            )
    for section in ("pairsets", "tasks", "instructions", "models"):
        for name in config[section]:
            if name in RESERVED or (section == "models" and name.endswith(RANDOM_ENDING)):
                raise LinguistError(f"config: {section}.{name}: this name stands for something else; choose another")


def check_models(config):
    for name, model in config["models"].items():
        for key, section in (("tokenizer", "tokenizers"), ("corpus", "corpora")):
            if key in model:
                must_know(config, f"models.{name}.{key}", model[key], section)
        if "shape" in model:
            check_shape(config, name, model)


def check_shape(config, name, model):
    """What a model from scratch cannot be, as far as its own entry tells: found here, and not after hours of corpus."""
    shape, tokenizer = model["shape"], config["tokenizers"][model["tokenizer"]]
    if model["architecture"] == "bert" and not TYPES[tokenizer["type"]].has_mask:
        raise LinguistError(
            f"config: models.{name}.tokenizer: bert needs one of type {masked_types()}, not {tokenizer['type']}"
        )
    known = SHAPES[model["architecture"]]
    for field in shape:
        if field == "vocab_size" or str(field).endswith("_token_id"):
            raise LinguistError(f"config: models.{name}.shape: {field} comes from the tokenizer; leave it out")
        if field not in known:
            raise LinguistError(f"config: models.{name}.shape: unknown key {show(field)}{suggestion(field, known)}")
    _, wide, many, long, *_ = known
    width, heads, positions = shape.get(wide, WIDTH), shape.get(many, HEADS), shape.get(long)
    if isinstance(width, int) and isinstance(heads, int) and (heads < 1 or width % heads):
        raise LinguistError(
            f"config: models.{name}.shape: {wide} ({width}) must be a multiple of {many} ({heads}); change one of them"
        )
    context = (config["pretraining"] | model.get("pretraining", {}))["context"]
    if "corpus" in model and isinstance(positions, int) and positions < context:
        raise LinguistError(
            f"config: models.{name}.shape: {positions} positions are fewer than pretraining.context ({context}); raise them "
            "or lower context"
        )


def check_corpora(config):
    for name, corpus in config["corpora"].items():
        for source, spec in corpus["sources"].items():
            key = f"corpora.{name}.sources.{source}"
            for reference in spec.get("resources", []):
                must_know(config, f"{key}.resources", reference.partition(":")[0], "resources")
            for pairset in spec.get("pairsets", []):
                must_know(config, f"{key}.pairsets", pairset, "pairsets")
                must_have(config, f"{key}.pairsets", pairset, ("train",))
            for bed in spec["exclude"]["beds"]:
                must_know(config, f"{key}.exclude.beds", bed, "resources")
            for pairset in spec["exclude"]["pairsets"]:
                must_know(config, f"{key}.exclude.pairsets", pairset, "pairsets")
            check_source(key, spec)


def check_source(key, spec):
    """A genome is one file, is cut, and can lack places; texts and proteins are taken as they come."""
    genome = is_genome(spec)
    if genome and len(spec["resources"]) > 1:
        raise LinguistError(f"config: {key}.resources: names {len(spec['resources'])} genomes; make a source of each")
    if genome and ":" in spec["resources"][0]:
        raise LinguistError(f"config: {key}.resources: a genome must be a file of its own; give it as a resource")
    if genome and {"bytes", "share"} <= spec.keys():
        raise LinguistError(f"config: {key}: has both bytes and share; give one")
    if genome and spec["lengths"][0] > spec["lengths"][1]:
        raise LinguistError(f"config: {key}.lengths: is {spec['lengths']}, but the shortest comes first; swap them")
    for option in ("lengths", "strands"):
        if not genome and option in spec:
            raise LinguistError(f"config: {key}.{option}: only a genome is cut; remove it")
    for option in ("places", "beds"):
        if not genome and spec["exclude"][option]:
            raise LinguistError(f"config: {key}.exclude.{option}: only a genome has places; remove it")
    if spec["exclude"]["pairsets"] and (spec["kind"] == "text" or "pairsets" in spec):
        raise LinguistError(
            f"config: {key}.exclude.pairsets: only genomes and protein files can lack windows; remove it"
        )


def check_tokenizers(config):
    for name, tokenizer in config["tokenizers"].items():
        must_know(config, f"tokenizers.{name}.corpus", tokenizer["corpus"], "corpora")
        check_options(f"tokenizers.{name}", tokenizer)


def check_rules(config):
    """A set's own rules are those that its recipe reads, and its sizes are its own."""
    for name, spec in config["pairsets"].items():
        recipe = RECIPES[spec["recipe"]]
        for rule in spec.get("rules", {}):
            if rule not in recipe.rules:
                raise LinguistError(
                    f"config: pairsets.{name}.rules: recipe '{spec['recipe']}' reads no rule '{rule}'"
                    f"{suggestion(rule, recipe.rules)}"
                )
        if "of" in spec and isinstance(spec["of"], list) != recipe.several:
            right = "a list of pair sets" if recipe.several else "one pair set"
            raise LinguistError(
                f"config: pairsets.{name}.of: recipe '{spec['recipe']}' is made from {right}; name it so"
            )
        if "of" in recipe.needs and "sizes" in spec and not recipe.several:
            raise LinguistError(
                f"config: pairsets.{name}.sizes: the set has those of the one it is made from; remove it"
            )


def check_recipe(config, key, recipe, spec, common):
    """A set has the keys that its recipe needs, no others but those `common` to all, and its resources are known."""
    known = recipe.keys
    for need in recipe.needs:
        if need not in spec:
            raise LinguistError(f"config: {key}: missing key '{need}', which recipe '{spec['recipe']}' needs; add it")
    for other in sorted(spec.keys() - {"recipe", "seed", *common, *known}):
        raise LinguistError(f"config: {key}: recipe '{spec['recipe']}' has no key '{other}'{suggestion(other, known)}")
    for reference in recipe.resources(spec):
        resource = reference.partition(":")[0] if recipe.members else reference
        must_know(config, f"{key}.{next(k for k in known if reference in leaves(spec.get(k)))}", resource, "resources")


def check_tasks(config):
    published = read_published()["tasks"]
    for name, task in config["tasks"].items():
        key, recipe = f"tasks.{name}", TASK_RECIPES[task["recipe"]]
        check_recipe(config, key, recipe, task, ("answers", "phrasings", "held_out", "published"))
        for split in SPLITS:
            if "folder" in task and not os.path.isfile(task["files"][split][0]):
                raise LinguistError(f"config: {key}.folder: no such file: {task['files'][split][0]!r}; correct it")
            if "sizes" in recipe.needs and split not in task["sizes"]:
                raise LinguistError(f"config: {key}.sizes: missing key '{split}'; add it (rows)")
        if recipe.classes and len(task["answers"]) != recipe.classes:
            cause = f"recipe '{task['recipe']}' has {recipe.classes} classes"
            raise LinguistError(f"config: {key}.answers: {cause}; name {recipe.classes}")
        if "published" in task and task["published"] not in published:
            known = suggestion(task["published"], published)
            raise LinguistError(f"config: {key}.published: {show(task['published'])} is not in {PUBLISHED.name}{known}")
        if task["held_out"] in task["phrasings"]:
            raise LinguistError(f"config: {key}.held_out: is among the phrasings that are trained; take it out of them")
        if task.get("length", 0) % 2:
            raise LinguistError(
                f"config: {key}.length: is {task['length']}, but a window has a middle; give an even one"
            )


def check_instructions(config):
    for name, spec in config["instructions"].items():
        for task in spec["tasks"]:
            must_know(config, f"instructions.{name}.tasks", task, "tasks")


def check_pairsets(config):
    for name, pairset in config["pairsets"].items():
        key, recipe = f"pairsets.{name}", RECIPES[pairset["recipe"]]
        if pairset["kind"] not in recipe.kinds:
            allowed = " or ".join(recipe.kinds)
            raise LinguistError(
                f"config: {key}.kind: recipe '{pairset['recipe']}' makes {allowed} pairs, not {pairset['kind']}"
            )
        check_recipe(config, key, recipe, pairset, ("kind", "sizes", "rules"))
        for base in recipe.bases(pairset):
            must_know(config, f"{key}.of", base, "pairsets")
            check_base(config, name, base)
            must_have(config, f"{key}.of", base, SPLITS)
        if KINDS[pairset["kind"]].translated and pairset.get("length", 0) % 3:
            raise LinguistError(
                f"config: {key}.length: is {pairset['length']}, but must be a multiple of 3 (whole codons)"
            )
        if sum(pairset["rules"].get(share, 0) for share in ("identical", "contained")) > 1:
            raise LinguistError(f"config: {key}.rules: identical and contained are shares; together at most 1")


def check_base(config, name, base):
    """A derived set's base is of its kind and stands above it in the file, so that no set comes from itself."""
    kind, names = config["pairsets"][name]["kind"], list(config["pairsets"])
    if config["pairsets"][base]["kind"] != kind:
        raise LinguistError(f"config: pairsets.{name}.of: {base} is not of kind {kind}; name a set that is")
    if names.index(base) >= names.index(name):
        raise LinguistError(f"config: pairsets.{name}.of: {base} must stand above {name} in the file; move it")


def leaves(value):
    """The innermost values of nested mappings and lists, in a list."""
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return [value] if parts is None else [leaf for part in parts for leaf in leaves(part)]


def check_studies(config):
    for name, study in config["studies"].items():
        key = f"studies.{name}"
        for model in study["models"]:
            must_know(config, f"{key}.models", model, "models")
        named = {*study["tests"], *study["trainsets"]}
        if not named.isdisjoint({*config["tasks"], *config["instructions"]}):
            check_task_study(config, key, study)
            continue
        for part in ("trainsets", "tests"):
            for item in study[part]:
                must_know(config, f"{key}.{part}", item, "pairsets")
        for trainset in study["trainsets"]:
            must_have(config, f"{key}.trainsets", trainset, ("train", "dev"))
        if "published" in study:
            check_published(f"{key}.published", study)


def check_published(key, study):
    """A paper's tables that are there, each with a cell that the study has too; and names for models of the study."""
    tables, asked = read_published()["tables"], study["published"]
    for name in asked["tables"]:
        if name not in tables:
            raise LinguistError(
                f"config: {key}.tables: {show(name)} is not in {PUBLISHED.name}{suggestion(name, tables)}"
            )
    theirs = list(dict.fromkeys(row["model"] for name in asked["tables"] for row in tables[name]["rows"]))
    for model, name in asked.get("as", {}).items():
        if model not in study["models"]:
            raise LinguistError(
                f"config: {key}.as: {show(model)} is no model of this study{suggestion(model, study['models'])}"
            )
        if name not in theirs:
            raise LinguistError(
                f"config: {key}.as.{model}: {show(name)} is no model of its tables{suggestion(name, theirs)}"
            )
    for name in asked["tables"]:
        if not common_cells(study, tables[name]):
            ours = ", ".join(paper_name(asked, model) for model in study["models"])
            raise LinguistError(
                f"config: {key}.tables: {name} has no cell (model, training set and test) in common with this study, whose "
                f"models it would have to call {ours}; give the paper's names in 'as', or remove it"
            )


def check_task_study(config, key, study):
    """Its tests are tasks; it trains on these, or on instruction sets of them, which need models that go on with a text."""
    for test in study["tests"]:
        must_know(config, f"{key}.tests", test, "tasks")
    for control in study["controls"]:
        if not CONTROLS[control].for_tasks:
            cure = f"take {' or '.join(repr(name) for name, it in CONTROLS.items() if it.for_tasks)}"
            raise LinguistError(f"config: {key}.controls: '{control}' is for studies of pair sets; {cure}")
    if "published" in study:
        raise LinguistError(f"config: {key}.published: is for studies of pair sets; give tasks.*.published instead")
    for trainset in study["trainsets"]:
        if trainset in config["instructions"]:
            for model in study["models"]:
                if config["models"][model].get("architecture") == "bert":
                    cause = f"{model} is a bert, which does not go on with a text"
                    raise LinguistError(f"config: {key}.models: {cause}; {trainset} needs a gpt2")
            tested = config["instructions"][trainset]["tasks"]
        elif trainset in config["tasks"]:
            tested = [trainset]
        else:
            known = suggestion(trainset, [*config["tasks"], *config["instructions"]])
            raise LinguistError(f"config: {key}.trainsets: {show(trainset)} is not in tasks or instructions{known}")
        if set(tested).isdisjoint(study["tests"]):
            raise LinguistError(
                f"config: {key}.trainsets: {trainset} is tested on none of its tests; add one of its tasks"
            )


def check_vectors(config):
    """A block trains on one pair set, and what is published beside it are distances."""
    published = read_published()["vectors"]
    for name, block in config["vectors"].items():
        key = f"vectors.{name}"
        for model in block["models"]:
            must_know(config, f"{key}.models", model, "models")
        must_know(config, f"{key}.trainset", block["trainset"], "pairsets")
        must_have(config, f"{key}.trainset", block["trainset"], ("train", "dev"))
        if "published" in block and block["published"] not in published:
            known = suggestion(block["published"], published)
            cause = f"{show(block['published'])} is not among the vectors of {PUBLISHED.name}"
            raise LinguistError(f"config: {key}.published: {cause}{known}")


def must_have(config, key, pairset, splits):
    """Raise if a pair set that is a table lacks one of the splits, as one that is for testing alone does."""
    missing = [split for split in splits if split not in config["pairsets"][pairset].get("files", splits)]
    if missing:
        raise LinguistError(f"config: {key}: {pairset} has no split '{missing[0]}'; add it to pairsets.{pairset}.files")


def check_paths(config):
    """Files and folders that the user says are there."""
    for section, what, is_there in (("resources", "file", os.path.isfile), ("models", "folder", os.path.isdir)):
        for name, entry in config[section].items():
            if "path" in entry and not is_there(entry["path"]):
                raise LinguistError(f"config: {section}.{name}.path: no such {what}: {entry['path']!r}; correct it")
