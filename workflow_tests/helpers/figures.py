"""Made-up runs to draw, and the text of a saved figure."""

import xml.etree.ElementTree as ElementTree

import numpy as np
import pandas as pd

from linguist.files import write_table
from linguist.report.plots.style import save
from linguist.training.controls import UNTRAINED

N = 60


def write_runs(folder, models, trainsets, seeds, tests):
    """Made-up predictions: skill falls from test to test, the second test is a constant answer, controls are noise."""
    runs = []
    for at, model in enumerate(models):
        for trainset in trainsets:
            for seed in seeds:
                draw = np.random.default_rng([at, trainset == UNTRAINED, seed])
                parts = []
                for place, test in enumerate(tests):
                    label = np.arange(N) % 2
                    skill = 0 if trainset == UNTRAINED else 2.5 / (1 + place)
                    score = skill * (label - 0.5) + draw.normal(size=N) + 50 * (place == 1 and skill > 0)
                    ids = [f"{test}-{i}" for i in range(N)]
                    columns = {"test": test, "id": ids, "label": label, "score0": -score / 2, "score1": score / 2}
                    parts.append(pd.DataFrame(columns))
                path = folder / f"{model}.{trainset}.{seed}.tsv"
                write_table(path, pd.concat(parts))
                runs.append((model, trainset, seed, path))
    return runs


def texts(figure, path):
    """All text of a saved figure; fails where the file is not well-formed XML."""
    save(figure, path)
    return [element.text for element in ElementTree.parse(path).iter("{http://www.w3.org/2000/svg}text")]
