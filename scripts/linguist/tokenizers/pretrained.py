"""Loading from Hugging Face folders: the one place that does it, so that no code of a folder ever runs."""

import json
from pathlib import Path

from linguist.errors import LinguistError

CODE_KEY = "auto_map"  # of a configuration: which classes of the folder's own Python files to load
CONFIGS = ("config*.json", "tokenizer_config*.json")  # transformers also reads config.5.0.0.json and the like


def load_pretrained(auto_class, source, **options):
    """What a class of transformers (of a model, a tokenizer or a configuration) loads from a folder; a `source` of None stands
    for a `state_dict` and a `config` among the options.

    Raises LinguistError for a folder that needs its own code, besides what transformers raises.
    """
    if source is not None:
        refuse_own_code(source)
    return auto_class.from_pretrained(source, trust_remote_code=False, local_files_only=True, **options)


def refuse_own_code(folder, name=None):
    """Raise LinguistError for a model's folder that needs its own Python code; the message calls it `name`, if given. Without
    that code transformers would ask at the terminal whether to run it, or load another architecture in its place."""
    for pattern in CONFIGS:
        for path in sorted(Path(folder).glob(pattern)):
            settings = json.loads(path.read_text(encoding="utf-8"))
            if not isinstance(settings, dict):
                raise LinguistError(f"{path}: is not a JSON object; give a whole Hugging Face folder")
            if CODE_KEY in settings:
                raise LinguistError(
                    f"{name or folder}: this model needs its own code ({CODE_KEY} in {path.name}), which dna-linguist does not "
                    "run; give a model whose architecture is part of transformers"
                )
