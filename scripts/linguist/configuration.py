"""Reading, completing and checking the configuration: every user's mistake becomes one line that names its key."""

import difflib
from pathlib import Path

import yaml
from jsonschema import Draft202012Validator

from linguist.errors import LinguistError
from linguist.files import open_text
from linguist.plan import UNTRAINED
from linguist.recipes import RECIPES

CONFIG_FOLDER = Path(__file__).resolve().parents[2] / "config"


def settle(study, defaults=CONFIG_FOLDER / "defaults.yaml", schema=CONFIG_FOLDER / "schemas/config.schema.yaml"):
    """The full configuration: a study's keys laid over the defaults, checked against the schema and for sense.

    Args: `study` is the parsed study file (a dict); the other two are paths. Returns a new dict.
    Raises LinguistError, one line: the key, what is wrong, what would be right.
    """
    with open_text(defaults) as handle:
        config = merge(yaml.safe_load(handle), study)
    with open_text(schema) as handle:
        check_schema(config, yaml.safe_load(handle))
    config = complete(config)
    for check in (check_models, check_pairsets, check_tokenizers, check_studies, check_paths):
        check(config)
    return config


def complete(config):
    """The config with what a pair set or study leaves out filled in."""
    pairsets = {name: merge(config["pairs"], spec) for name, spec in config["pairsets"].items()}
    studies = {name: {"controls": []} | study for name, study in config["studies"].items()}
    return config | {"pairsets": pairsets, "studies": studies}


def merge(under, over):
    """`over` laid on `under`: mappings are merged key by key, anything else is replaced."""
    if not (isinstance(under, dict) and isinstance(over, dict)):
        return over
    return {key: merge(under.get(key), over[key]) if key in over else under[key] for key in under | over}


def check_schema(config, schema):
    validator = Draft202012Validator(schema)
    error = min(validator.iter_errors(config), key=lambda e: (len(e.absolute_path), str(e.absolute_path)), default=None)
    if error is not None:
        raise LinguistError(f"config: {key_of(error.absolute_path)}{explain(error)}")


def key_of(path):
    """`studies.transfer.seeds[0]` from a sequence of keys and positions; with a colon and a space if not empty."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".")
    return f"{text}: " if text else ""


def explain(error):
    """What is wrong and what would be right, for one jsonschema error."""
    value, rule = error.instance, error.validator_value
    match error.validator:
        case "additionalProperties":
            known = list(error.schema.get("properties", {}))
            unknown = next(key for key in value if key not in known)
            return f"unknown key '{unknown}'{suggestion(unknown, known)}"
        case "propertyNames":
            return f"'{value}' is not a name: use lower-case letters, digits and hyphens"
        case "required":
            missing = next(key for key in rule if key not in value)
            return f"missing key '{missing}'; add it ({error.schema['properties'][missing]['description']})"
        case "dependentRequired":
            given, missing = next((k, m) for k, ms in rule.items() if k in value for m in ms if m not in value)
            return f"missing key '{missing}', which '{given}' needs; add it"
        case "type":
            names = [rule] if isinstance(rule, str) else rule
            return f"is {value!r}, but must be of type {' or '.join(names)} ({describe(error)})"
        case "enum":
            return f"is {value!r}{suggestion(value, rule)}"
        case "oneOf" | "anyOf":
            return f"{describe(error)}"
        case "minItems" | "minProperties":
            return f"is empty; give at least one ({describe(error)})"
        case "uniqueItems":
            return "holds the same value twice; give each once"
        case "pattern":
            return f"is {value!r}, but must look like {rule} ({describe(error)})"
        case _:
            return f"{error.message} ({describe(error)})"


def describe(error):
    return error.schema.get("description", "see config/README.md")


def suggestion(word, known):
    """`; did you mean 'x'?` for a near miss, else the known words."""
    close = difflib.get_close_matches(str(word), [str(k) for k in known], n=1)
    if close:
        return f"; did you mean '{close[0]}'?"
    return f"; known: {', '.join(str(k) for k in known) or 'none'}"


def must_know(config, key, name, section):
    """Raise unless `name` (found at `key`) is defined in the config's `section`."""
    if name not in config[section]:
        raise LinguistError(f"config: {key}: '{name}' is not in {section}{suggestion(name, config[section])}")


def check_models(config):
    for name, model in config["models"].items():
        if "tokenizer" in model:
            must_know(config, f"models.{name}.tokenizer", model["tokenizer"], "tokenizers")
    both = sorted(set(config["models"]) & set(config["tokenizers"]))
    if both:
        raise LinguistError(f"config: tokenizers.{both[0]}: a model has the same name; give the tokenizer another one")


def check_tokenizers(config):
    for name, tokenizer in config["tokenizers"].items():
        for pairset in tokenizer["pairsets"]:
            must_know(config, f"tokenizers.{name}.pairsets", pairset, "pairsets")


def check_pairsets(config):
    if UNTRAINED in config["pairsets"]:
        raise LinguistError(f"config: pairsets.{UNTRAINED}: this name stands for a control; choose another")
    for name, pairset in config["pairsets"].items():
        recipe = RECIPES[pairset["recipe"]]
        if pairset["kind"] not in recipe.kinds:
            allowed = " or ".join(recipe.kinds)
            raise LinguistError(
                f"config: pairsets.{name}.kind: recipe '{pairset['recipe']}' makes {allowed} pairs, not {pairset['kind']}"
            )
        for key in recipe.needs:
            if key not in pairset:
                raise LinguistError(
                    f"config: pairsets.{name}: missing key '{key}', which recipe '{pairset['recipe']}' needs"
                )
        for key in pairset.keys() - {"kind", "recipe", "sizes", "rules", "seed", *recipe.needs}:
            raise LinguistError(
                f"config: pairsets.{name}: recipe '{pairset['recipe']}' has no key '{key}'{suggestion(key, recipe.needs)}"
            )
        for reference in recipe.resources(pairset):
            must_know(config, f"pairsets.{name}", reference.partition(":")[0], "resources")


def check_studies(config):
    for name, study in config["studies"].items():
        for key, section in (("models", "models"), ("trainsets", "pairsets"), ("tests", "pairsets")):
            for item in study[key]:
                must_know(config, f"studies.{name}.{key}", item, section)


def check_paths(config):
    """Files and folders that the user says are there."""
    for section, what in (("resources", "file"), ("models", "folder")):
        for name, entry in config[section].items():
            if "path" in entry and not Path(entry["path"]).exists():
                raise LinguistError(f"config: {section}.{name}.path: no such {what}: {entry['path']}; correct the path")
