"""Speed of nearest neighbours between token vectors, against scikit-learn: `python workflow_tests/benchmarks/vectors.py`.

`--queries 10000 --targets 10000 --width 768` (50000 and 50000 are a vocabulary of 100,000 tokens, half of them DNA); random
float32 vectors around a common centre, as hidden states have. scikit-learn's `NearestNeighbors(n_neighbors=1,
algorithm="brute")` gets the same arrays and threads; distances must agree. Each is a fresh process, in turn; imports and
the making of the arrays are not timed, but are in the memory. Ratio: scikit-learn's wall time over ours, the median of the
rounds and their range. Quote the ratio: absolute figures depend on the machine and on what else it is doing.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
TARGETS = {"ratio": 1, "memory": 2000}  # at least; at most, in MB
MAKE = """
import sys, time
import numpy as np
draw = np.random.default_rng(1)
make = lambda rows: draw.standard_normal((rows, {width}), np.float32) + np.float32(2)
queries, targets = make({queries}), make({targets})
"""
FIND = {
    "ours": """
from linguist.vectors.distances import nearest_rows
start = time.perf_counter()
found, _ = nearest_rows(queries, targets, {metric!r})
""",
    "scikit-learn": """
from sklearn.neighbors import NearestNeighbors
start = time.perf_counter()
search = NearestNeighbors(n_neighbors=1, algorithm="brute", metric={metric!r}).fit(targets)
found = search.kneighbors(queries)[0][:, 0]
""",
}
TELL = """
print(time.perf_counter() - start)
np.save(sys.argv[1], found)
"""


def run(code, target):
    """Seconds that a process reports, and its peak memory in MB; distances go to the file `target`."""
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(target)],
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(ROOT / "scripts")},
    )
    seconds = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"vectors: exit {process.returncode}")
    return float(seconds), usage.ru_maxrss / 1024


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, value in (("queries", 10000), ("targets", 10000), ("width", 768), ("rounds", 3)):
        parser.add_argument(f"--{name}", type=int, default=value)
    options = vars(parser.parse_args())
    rounds = options.pop("rounds")
    print(f"{options['queries']:,} × {options['targets']:,} vectors of {options['width']}; {rounds} rounds")
    with tempfile.TemporaryDirectory() as folder:
        for metric in ("euclidean", "cosine"):
            found = {name: [] for name in FIND}
            for _ in range(rounds):
                for name, code in FIND.items():
                    filled = MAKE.format(**options) + code.format(metric=metric) + TELL
                    found[name].append(run(filled, Path(folder) / f"{name}.npy"))
                ours, theirs = (np.load(Path(folder) / f"{name}.npy") for name in FIND)
                if not np.allclose(ours, theirs, rtol=1e-4, atol=1e-5):
                    sys.exit(f"vectors: {metric} distances are not those of scikit-learn")
            ratios = [theirs[0] / ours[0] for ours, theirs in zip(*found.values(), strict=True)]
            for name, figures in found.items():
                seconds, memory = zip(*figures, strict=True)
                print(f"{metric}, {name}: {median(seconds):.2f} s, {max(memory):.0f} MB")
            print(
                f"{metric}: {median(ratios):.2f} times as fast as scikit-learn ({min(ratios):.2f}-{max(ratios):.2f}; target "
                f"{TARGETS['ratio']}); memory {max(memory for _, memory in found['ours']):.0f} MB (target {TARGETS['memory']})"
            )


if __name__ == "__main__":
    main()
