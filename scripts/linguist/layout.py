"""Where results lie: plain functions that give a path for a name. The rules' outputs have the same paths as patterns.

`<results>` is a path variable of Snakemake and stands for the folder of results.
"""

import os

from linguist.files import ROOT
from linguist.splits import SPLITS

METRICS = "<results>/tables/metrics.tsv"
SUMMARY = "<results>/tables/summary.txt"
ANSWER = "<results>/report/answer.html"
COSTS = "<results>/report/costs.html"
METHODS = "<results>/report/methods.html"


def shipped_file(path):
    """A file that ships with the workflow; relative to the working folder, so that moving both reruns nothing."""
    return os.path.relpath(ROOT / path)


# ── resources and sequences ──


def resource_file(resource):
    return f"<results>/resources/{resource}"


def resource_or_archive(reference):
    """The file of a resource; for `resource:member` the folder into which the resource is unpacked."""
    name, _, member = reference.partition(":")
    return f"<results>/unpacked/{name}" if member else resource_file(name)


def record_file(resource):
    """What was fetched: address, size and checksum."""
    return f"<results>/records/{resource}.json"


def sequences_file(kind, resource):
    """A FASTA resource, compressed for random access."""
    return f"<results>/sequences/{kind}/{resource}.fa.gz"


def blast_database(kind, resource):
    return f"<results>/blast/{kind}/{resource}"


def masks_file(resource):
    """The intervals of a genome that WindowMasker masks."""
    return f"<results>/masks/{resource}.txt"


# ── pair sets and tasks ──


def split_files(name, folder, ending):
    """{split: file} of a folder of results."""
    return {split: f"<results>/{folder}/{name}/{split}.{ending}" for split in SPLITS}


def pair_splits(pairset):
    """{split: file} of a pair set."""
    return split_files(pairset, "pairs", "tsv")


def task_splits(task):
    """{split: file} of a task."""
    return split_files(task, "tasks", "tsv")


def token_splits(name, tokenizer):
    """{split: file} of a pair set or task in the tokens of a tokenizer."""
    return split_files(f"{name}.{tokenizer}", "tokens", "npz")


def tokens_report(name, tokenizer):
    """How many inputs of a pair set or task are cut, and how many tokens are unknown."""
    return f"<results>/tokens/{name}.{tokenizer}/tokens.json"


def hits_file(search, resource, part):
    """BLAST's hits of a part of a search's windows in a resource."""
    return f"<results>/hits/{search}/{resource}/{part}.tsv"


def version_file(path):
    """The version of the program that made a file of hits or masks."""
    return f"{os.path.splitext(path)[0]}.version"


def positives_file(pairset):
    return f"<results>/positives/{pairset}.tsv"


def audit_file(pairset):
    return f"<results>/pairs/{pairset}/audit.json"


def neighbours_file(task, split):
    """BLAST's hits of the rows of a task's split among the task's train rows."""
    return f"<results>/neighbours/{task}/{split}.tsv"


def baselines_file(task, ending):
    """Predictions of a task's baselines (tsv.gz), or what they chose (json)."""
    return f"<results>/baselines/{task}.{ending}"


def instruction_report(instructions):
    """Counts and sources of the rows of an instruction set."""
    return f"<results>/instructions/{instructions}/about.json"


# ── corpora, models and runs ──


def corpus_file(corpus, name):
    return f"<results>/corpora/{corpus}/{name}"


def documents_file(corpus, source, cut):
    """The documents of a source of a corpus: segments where it is `cut` from a genome."""
    return f"<results>/{'segments' if cut else 'documents'}/{corpus}/{source}.txt"


def packed_tokens(corpus, tokenizer, name):
    """A file of a corpus in the tokens of a tokenizer."""
    return f"<results>/tokens/{corpus}.{tokenizer}/{name}"


def tokenizer_folder(tokenizer):
    """The folder of a tokenizer that is trained here."""
    return f"<results>/tokenizers/{tokenizer}"


def model_folder(model):
    """The folder of a model before fine-tuning."""
    return f"<results>/models/{model}"


def pretraining_metrics(model):
    return f"<results>/pretraining/{model}/metrics.json"


def run_file(model, trainset, seed, name):
    """A file (or the folder `weights`) of a run."""
    return f"<results>/runs/{model}/{trainset}/seed-{seed}/{name}"


def best_weights(model, trainset):
    """The weights of the seed that is best on dev."""
    return f"<results>/runs/{model}/{trainset}/best"


def vectors_before(model, name):
    """A file about the token vectors of a model before fine-tuning."""
    return f"<results>/vectors/{model}/before/{name}"


def vectors_after(model, trainset, seed, name):
    """A file about the token vectors of a run."""
    return f"<results>/vectors/{model}/{trainset}/seed-{seed}/{name}"


# ── tables and report ──


def study_table(study, name):
    return f"<results>/tables/{study}.{name}.tsv"


def report_file(name, file):
    """A page, table or figure of a study or of a comparison of token vectors."""
    return f"<results>/report/{name}/{file}"


def report_page(section, name):
    """The page of a pair set (section `pairs`), tokenizer (`tokenizers`) or pretrained model (`models`)."""
    return f"<results>/report/{section}/{name}.html"
