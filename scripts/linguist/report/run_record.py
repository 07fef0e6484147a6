"""What a run's results were made with, as a record that can be published: nothing in it names a place on this machine."""

import os
import platform
import re
from datetime import UTC, datetime
from pathlib import Path

from linguist.errors import hide_credentials
from linguist.provenance import versions, workflow_version

PRIVATE = ("lock", "preview")  # keys of the final configuration that only this machine needs
# An absolute path within a text: nothing that belongs to a name or an address stands before it.
ABSOLUTE = re.compile(r"(?<![\w/:.~…>])(?:/[\w.@+-]+)+/([\w.@+-]+)")
DEVICE_KEYS = ("device", "precision", "attention", "threads")


def without_places(value):
    """A value of the configuration without paths of this machine, passwords and access tokens: of an absolute path only the
    file's name stays, as "…/name"."""
    if isinstance(value, dict):
        return {key: without_places(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [without_places(part) for part in value]
    if not isinstance(value, str):
        return value
    if os.path.isabs(value) or value.startswith("~"):
        return f"…/{Path(value).name}"
    return hide_credentials(ABSOLUTE.sub(r"…/\1", value))


def public_config(config):
    """The final configuration without what only this machine needs."""
    return without_places({key: part for key, part in config.items() if key not in PRIVATE})


def describe_cpu(path="/proc/cpuinfo"):
    """The kind of this machine's processor; its architecture where the system does not say more."""
    try:
        text = Path(path).read_text(encoding="utf-8", errors="replace")
    except OSError:
        text = ""
    found = re.search(r"^model name\s*:\s*(.+)$", text, re.M)
    return found[1].strip() if found else platform.machine()


def describe_machine():
    """This machine: its processor, cores and memory (GB). On a cluster, the jobs may have run on others."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {"cpu": describe_cpu(), "cores": cores, "memory": round(memory / 1e9)}


def describe_run(design, baselines, trainings, records):
    """The record of a run, which stands beside its tables.

    Args: `design` as from `abstract_design`; `baselines` maps tests to their best baseline; `trainings` are
    ((model, training set, seed), metrics.json) of the fine-tunings, each once; `records` maps resources to the records of their
    downloads.
    """
    every = [metrics for _, metrics in trainings]
    seconds = sum(metrics["seconds"] for metrics in every)
    packages = {name: number for metrics in every for name, number in metrics["versions"].items()}
    return {
        **without_places(design),
        "baselines": {
            test: {k: found[k] for k in ("name", "accuracy", "low", "high")} for test, found in baselines.items()
        },
        "trained": {
            "runs": len(every),
            "hours": round(seconds / 3600, 1),
            "minutes": round(seconds / 60),
            "pairs": {trainset: metrics["train_pairs"] for (_, trainset, _), metrics in trainings},
        }
        | {key: sorted({str(metrics[key]) for metrics in every if key in metrics}) for key in DEVICE_KEYS},
        "resources": {name: {key: record[key] for key in ("bytes", "sha256")} for name, record in records.items()},
        "versions": {"python": platform.python_version()}
        | packages
        | versions(("snakemake", "pandas", "scikit-learn", "scipy")),
        "workflow": workflow_version(),
        "machine": describe_machine(),
        "day": datetime.now(UTC).date().isoformat(),
    }
