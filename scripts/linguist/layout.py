"""Where results lie: paths that more than one part of the workflow needs.

`<results>` is a path variable of Snakemake and stands for the folder of results. Outputs of rules have the same paths as
patterns.
"""

import json
import os
import re
from contextlib import suppress
from pathlib import Path

from linguist.files import ROOT
from linguist.splits import SPLITS

FETCH_WARNINGS = "warnings.json"  # in the folder of a fetched model: a list of texts
WORKFLOW = "<workflow>/"  # begins the path of a file that ships with the workflow


def shipped_file(path):
    """A file that ships with the workflow; relative to the working folder, so that moving both reruns nothing."""
    return os.path.relpath(ROOT / path)


def named_path(path):
    """A path of a study file as seen from the working folder: `<workflow>/...` ships with the workflow."""
    return shipped_file(path.removeprefix(WORKFLOW)) if path.startswith(WORKFLOW) else path


def resource_file(resource):
    return f"<results>/resources/{resource}"


_FROM_OUTSIDE = re.compile(r"(\S*?)(?:resources|unpacked|sequences/[a-z]+)/([^\s/,:;]+)(?:/[^\s,:;]*)?")


def with_source(message):
    """A message with the user's own file, or the address, behind the first resource that it names, if its record is there:
    "results/resources/mine (from data/mine.tsv), line 2: ..."."""
    if found := _FROM_OUTSIDE.search(message):
        results, name = found.groups()
        with suppress(OSError, ValueError, KeyError):
            record = Path(f"{results}records/{name.removesuffix('.fa.gz')}.json").read_text(encoding="utf-8")
            source = json.loads(record)["source"]
            return f"{message[: found.end()]} (from {source}){message[found.end() :]}"
    return message


def resource_or_archive(reference):
    """The file of a resource; for `resource:member` the folder into which the resource is unpacked."""
    name, _, member = reference.partition(":")
    return f"<results>/unpacked/{name}" if member else resource_file(name)


def files_of_references(references, places):
    """The files that references name: each place (from `resource_or_archive`), or the member of the unpacked archive there."""
    return [Path(place, name.partition(":")[2]) for name, place in zip(references, places, strict=True)]


def sequences_file(kind, resource):
    """A FASTA resource, compressed for random access."""
    return f"<results>/sequences/{kind}/{resource}.fa.gz"


def split_files(name, folder, ending):
    """{split: file} of a folder of results."""
    return {split: f"<results>/{folder}/{name}/{split}.{ending}" for split in SPLITS}


def pair_splits(pairset):
    return split_files(pairset, "pairs", "tsv")


def task_splits(task):
    return split_files(task, "tasks", "tsv")


def record_file(folder, name):
    """What was read and dropped for a pair set (folder "pairs") or a task ("tasks")."""
    return f"<results>/{folder}/{name}/rows.json"


def identity_file(folder, name):
    """How near each test row of a pair set (folder "pairs") or a task ("tasks") is to its train rows."""
    return f"<results>/{folder}/{name}/identity.tsv"


def token_splits(name, tokenizer):
    """{split: file} of a pair set or task in the tokens of a tokenizer."""
    return split_files(f"{name}.{tokenizer}", "tokens", "npz")


def version_file(path):
    """The version of the program that made a file of hits or masks."""
    return f"{os.path.splitext(path)[0]}.version"


def positives_file(pairset):
    return f"<results>/positives/{pairset}.tsv"


def model_folder(model):
    """The folder of a model before fine-tuning."""
    return f"<results>/models/{model}"
