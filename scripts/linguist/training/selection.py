"""Choosing one of a model's runs by its dev metrics. Imports no torch, which would take longer than the copy."""

import shutil

from linguist.files import atomic_path, read_json


def keep_best_weights(metrics, weights, select_by, target):
    """Copy to `target` the weights of the run with the best dev metric, the first if several are equal. `metrics` and
    `weights` are the runs' paths, in the same order."""
    values = [read_json(path)[f"dev_{select_by}"] for path in metrics]
    best = values.index(min(values) if select_by == "loss" else max(values))
    with atomic_path(target) as temporary:
        shutil.copytree(weights[best], temporary)
