"""Checks a configuration against its schema: the first mistake becomes one line with its key, its cause and its cure."""

import math
import re
from decimal import Decimal, InvalidOperation

from jsonschema import Draft202012Validator, ValidationError
from jsonschema.validators import extend

from linguist.config.mistakes import suggestion
from linguist.errors import LONGEST, LinguistError, one_line, show

JSON_TYPES = {
    "object": "a mapping of keys to values",
    "array": "a list",
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "null": "null",
}
BOUNDS = {"minimum": "at least", "maximum": "at most", "exclusiveMinimum": "above", "multipleOf": "a multiple of"}
# What no text may hold: control characters but line break and tab, halves of characters, and what XML forbids.
UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")

PLAIN = re.compile(r"[\w-]{1,80}")  # a key that needs no quotes in a message


def is_whole(_, value):
    """Whether a value is an integer of 64 bits, as numpy, torch and BLAST take. JSON Schema also takes 50.0, which Python's
    range and BLAST's command line do not."""
    return type(value) is int and -(2**63) <= value < 2**63


def is_number(_, value):
    """Whether a value is a finite number. YAML's .nan and .inf pass every bound, and fail in training."""
    return is_whole(_, value) or (type(value) is float and math.isfinite(value))


def is_text(_, value):
    return isinstance(value, str) and not UNPRINTABLE.search(value)


def check_pattern(validator, pattern, value, _):
    """The schema's keyword `pattern`: the whole text must match, since `$` also matches before a line break at the end."""
    if isinstance(value, str) and not re.fullmatch(pattern, value):
        yield ValidationError(f"must look like {pattern}")


def check_length(validator, least, value, _):
    """The schema's keyword `minLength`: a text of blanks is empty."""
    if isinstance(value, str) and len(value.strip()) < least:
        yield ValidationError("is empty")


Validator = extend(
    Draft202012Validator,
    {"pattern": check_pattern, "minLength": check_length},
    type_checker=Draft202012Validator.TYPE_CHECKER.redefine_many(
        {"integer": is_whole, "number": is_number, "string": is_text}
    ),
)


def check_schema(config, schema):
    """Raise LinguistError for the mistake that is nearest to the top of the config, if there is one."""

    def check_section(validator, section, value, node):
        """The schema's keyword `section`: a value must be a name in that section of the config."""
        if isinstance(value, str) and validator.is_type(config[section], "object"):
            name = value.partition(":")[0] if node.get("members") else value
            if name not in config[section]:
                yield ValidationError(f"{show(name)} is not in {section}{suggestion(name, config[section])}")

    errors = extend(Validator, {"section": check_section})(schema).iter_errors(config)
    error = min(errors, key=lambda e: (len(e.absolute_path), str(e.absolute_path)), default=None)
    if error is not None:
        raise LinguistError(f"config: {key_of(error.absolute_path)}{explain(error)}")


def key_of(path):
    """`studies.transfer.seeds[0]: ` from a sequence of keys and positions; empty if there are none."""
    parts = [part if isinstance(part, int) or PLAIN.fullmatch(str(part)) else show(part) for part in path]
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in parts).lstrip(".")
    return f"{text}: " if text else ""


def explain(error):
    """What is wrong and what would be right, for one error of jsonschema."""
    value, rule = error.instance, error.validator_value
    if "propertyNames" in error.absolute_schema_path:
        return f"{show(value)} is not a name; use {meaning_of(error.schema)}"
    match error.validator:
        case "additionalProperties":
            known = list(error.schema.get("properties", {}))
            unknown = next(key for key in value if key not in known)
            return f"unknown key {show(unknown)}{suggestion(unknown, known)}"
        case "required":
            missing = next(key for key in rule if key not in value)
            return f"missing key '{missing}'; add it ({meaning_of(error.schema['properties'][missing])})"
        case "dependentRequired":
            given, missing = next((k, m) for k, ms in rule.items() if k in value for m in ms if m not in value)
            return f"missing key '{missing}', which '{given}' needs; add it"
        case "type":
            names = [rule] if isinstance(rule, str) else rule
            right = " or ".join(type_words(name, value) for name in names)
            return f"is {show(value)}, but must be {right} ({meaning_of(error.schema)}){unquoted(value, names)}"
        case "enum":
            return f"is {show(value)}{suggestion(value, rule)}"
        case "oneOf":
            return f"has {' and '.join(map(show, value)) or 'no key'}, but must be {meaning_of(error.schema)}"
        case "anyOf":
            return meaning_of(error.schema)
        case "section":
            return error.message
        case "not":
            return rule["description"]
        case "minItems" | "minProperties" if not value:
            return f"is empty; give at least {'one' if rule == 1 else rule} ({meaning_of(error.schema)})"
        case "minItems":
            return f"has {len(value)}, but must have at least {rule} ({meaning_of(error.schema)})"
        case "uniqueItems":
            return "holds the same value twice; give each once"
        case "minLength":
            return f"is empty; give text ({meaning_of(error.schema)})"
        case "maxLength":
            return f"has {len(value):,} characters, but must have at most {rule:,} ({meaning_of(error.schema)})"
        case "pattern":
            return f"is {show(value)}, but must be this: {meaning_of(error.schema)}"
        case bound if bound in BOUNDS:
            return f"is {show(value)}, but must be {BOUNDS[bound]} {rule} ({meaning_of(error.schema)})"
        case _:
            return f"{one_line(error.message)} ({meaning_of(error.schema)})"


def meaning_of(node):
    """What the schema says about a key, with its values if there are few; `node` is its part of the schema."""
    values = f": {', '.join(map(str, node['enum']))}" if "enum" in node else ""
    return node.get("description", "see config/README.md") + values


def type_words(name, value):
    """What a value of a type is; for a value that is nearly one, what it lacks."""
    match name, value:
        case "string", str():
            return "text without control characters and incomplete characters"
        case ("number", float()):
            return "a finite number"
        case ("number" | "integer", int()) if type(value) is int:
            return f"{JSON_TYPES[name]} of at most 64 bits"
        case _:
            return JSON_TYPES[name]


def unquoted(value, types):
    """A cure for a number that YAML reads as text: one in quotes, or like 1e-5, without a dot or the exponent's sign. And for
    a text that YAML reads as something else: no, on, 007."""
    if types == ["string"] and isinstance(value, bool | int | float):
        return "; put it in quotes" + ", since YAML reads no, yes, on and off as true or false" * isinstance(
            value, bool
        )
    if isinstance(value, str) and {"integer", "number"} & set(types):
        try:
            number = Decimal(value)
        except InvalidOperation:
            return ""
        if number.is_finite() and abs(number.adjusted()) < LONGEST // 2 and len(value) < LONGEST // 2:
            return f"; YAML reads this as text, write {number:f}"
    return ""
