"""A study file read strictly: what YAML and Snakemake pass over in silence is an error with its line."""

import yaml

from linguist.errors import LONGEST_CAUSE, LinguistError, cut, show
from linguist.files import reading

# With this key Snakemake runs the Python expressions in a file (https://yte-template-engine.github.io), before it reads the
# workflow.
CODE = "__use_yte__"
DEEPEST = 50  # levels of lists and mappings; a study has ten
MOST_VALUES = 1_000_000  # also counting what aliases repeat: a few lines of them can stand for more than memory holds


def check_file(path):
    """Raise LinguistError, one line, for a study file that is missing, not UTF-8, not YAML or JSON, or no mapping; and for a
    key that stands twice in a mapping, since YAML takes the last and drops the first."""
    with reading(path) as handle:
        text = handle.read()
    if text.lstrip().startswith("{"):
        text = text.replace("\t", " ")  # JSON may be indented by tabs, YAML may not
    try:
        # Events and not nodes: libyaml crashes where nodes are nested too deeply.
        events = yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        _check_keys(path, _check_values(path, events))
    except yaml.MarkedYAMLError as error:
        line = (error.problem_mark or error.context_mark).line + 1
        begun = f"{error.context} of line {error.context_mark.line + 1}, " if error.context_mark else ""
        cause = cut(f"{begun}{error.problem}", LONGEST_CAUSE)
        raise LinguistError(f"{path}, line {line}: not YAML ({cause}); correct it") from None
    except yaml.reader.ReaderError as error:
        raise LinguistError(f"{path}: not YAML (character {error.position + 1}: {error.reason}); remove it") from None


def _check_values(path, events):
    """Yield the events. Refuse CODE, too many values, and an alias of a value that it is a part of."""
    values = 0
    open_values = []  # for each open list and mapping, its anchor and the number of values before it
    sizes = {}  # for each anchor, how many values it stands for
    for node in events:
        where = f"{path}, line {node.start_mark.line + 1}"
        if isinstance(node, yaml.CollectionEndEvent):
            anchor, before = open_values.pop()
            sizes[anchor] = values - before
        elif isinstance(node, yaml.AliasEvent):
            if node.anchor in (anchor for anchor, _ in open_values):
                raise LinguistError(f"{where}: *{cut(node.anchor)} is a part of itself; correct it")
            values += sizes.get(node.anchor, 1)
        elif isinstance(node, yaml.NodeEvent):
            if isinstance(node, yaml.CollectionStartEvent):
                open_values.append((node.anchor, values))
            elif node.value == CODE:
                raise LinguistError(f"{where}: with {CODE}, Snakemake runs code in a file before this check; remove it")
            values += 1
        if values > MOST_VALUES:
            raise LinguistError(f"{where}: more than {MOST_VALUES:,} values; correct it")
        yield node


def _check_keys(path, events):
    """Refuse keys that stand twice or are no text, too many levels, and a file that is no mapping."""
    lines = []  # for each open mapping {key: its line}, for each open list None
    is_key = []  # for each of them, whether a key comes next
    is_mapping = False
    for node in events:
        where = f"{path}, line {node.start_mark.line + 1}"
        if isinstance(node, yaml.CollectionEndEvent):
            lines.pop()
            is_key.pop()
        if not isinstance(node, yaml.NodeEvent):
            continue
        if lines and lines[-1] is not None:
            if is_key[-1]:
                _check_key(where, node, lines)
            is_key[-1] = not is_key[-1]
        if isinstance(node, yaml.CollectionStartEvent):
            lines.append({} if isinstance(node, yaml.MappingStartEvent) else None)
            is_key.append(True)
        is_mapping = bool(lines) and lines[0] is not None
        if len(lines) > DEEPEST:
            raise LinguistError(f"{where}: nested too deeply; correct it")
    if not is_mapping:
        raise LinguistError(f"{path}: holds no keys; write `key: value` lines, as in config/config.yaml")


def _check_key(where, node, lines):
    """Refuse a key that is no scalar or stands twice in its mapping; `lines` is of the open mappings."""
    if isinstance(node, yaml.CollectionStartEvent):
        raise LinguistError(f"{where}: a key is a list or a mapping; correct it")
    key = getattr(node, "value", None)
    if key is not None and key in lines[-1]:
        raise LinguistError(
            f"{where}: key {show(key)} is in line {lines[-1][key]}, too, so one of them would be lost; join the two, or "
            "remove one"
        )
    lines[-1][key] = node.start_mark.line + 1
