"""Speed of building pair sets, against the blastn call they need: `make bench`.

The database and the source of the windows is a real chromosome (66 Mb of human X). Needs the real data of the tests
(DNA_LINGUIST_DATA). Two results:

    all pair rules, from the FASTA file to the audit, as Snakemake runs them, divided by one blastn call with the same
    windows, options, database and threads: ratio of wall times, and the memory of the largest process
    candidate negatives: seconds to check 100,000 pairs of 150 bases

Report the ratio: absolute times depend on the machine and its load.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd
import yaml

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

from linguist.kinds import KINDS  # noqa: E402
from linguist.pairs.search import BLAST_COLUMNS  # noqa: E402
from linguist.sequences.alignment import local_similarity  # noqa: E402

TARGETS = {"ratio": 1.3, "memory": 3000, "candidates": 60}  # at most; MB and seconds
THREADS = 2
CANDIDATES = 100_000
OPTIONS = ["-evalue", "1e-5", "-dbsize", "100000000", "-max_target_seqs", "100", "-max_hsps", "22"]
SIZES = {"train": 400, "dev": 100, "test": 300}


def study(chromosome, windows):
    return {
        "resources": {"chrx": {"path": str(chromosome)}},
        "blast": {"parts": THREADS},
        "pairsets": {
            "dna150": {
                "kind": "dna",
                "recipe": "homologs",
                "queries": "chrx",
                "search": ["chrx"],
                "length": 150,
                "sizes": SIZES,
                "rules": {"windows": windows, "masking": "windowmasker"},
            }
        },
    }


def build(folder, chromosome, windows):
    """Seconds of Snakemake from the FASTA file to the audit, and the largest process in MB."""
    (folder / "study.yaml").write_text(yaml.safe_dump(study(chromosome, windows)))
    command = [sys.executable, "-m", "snakemake", "results/pairs/dna150/audit.json", "--snakefile", ROOT / "Snakefile"]
    command += ["--configfile", "study.yaml", "--cores", str(THREADS), "--quiet", "all"]
    start = time.perf_counter()
    subprocess.run(command, cwd=folder, check=True)
    seconds = time.perf_counter() - start
    used = [pd.read_csv(path, sep="\t", na_values="-")["max_rss"].max() for path in folder.glob("benchmarks/**/*.tsv")]
    return seconds, max(used)


def search(folder):
    """Seconds of one blastn call on all windows."""
    queries = folder / "windows.fa"
    queries.write_bytes(b"".join(path.read_bytes() for path in sorted(folder.glob("results/queries/dna150/*.fa"))))
    command = [*KINDS["dna"].blast.split(), "-query", queries, "-db", folder / "results/blast/dna/chrx/db"]
    command += ["-num_threads", str(THREADS), "-out", "bare.tsv", "-outfmt", "6 " + " ".join(BLAST_COLUMNS)]
    start = time.perf_counter()
    subprocess.run([*command, *OPTIONS], cwd=folder, check=True)
    return time.perf_counter() - start


def check_candidates(folder):
    """Seconds to check CANDIDATES pairs of windows."""
    texts = [line.upper() for line in (folder / "windows.fa").read_text().split() if not line.startswith(">")]
    start = time.perf_counter()
    for i in range(CANDIDATES):
        local_similarity("dna", texts[i % len(texts)], texts[(7919 * i + 1) % len(texts)])
    return time.perf_counter() - start


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--windows", type=int, default=20_000)
    windows = parser.parse_args().windows
    data = Path(os.environ.get("DNA_LINGUIST_DATA", ROOT.parent / "shared/data"))
    chromosome = data / "genome/hs37chrXtrunc.fa.gz"
    if not chromosome.is_file() or not shutil.which("blastn"):
        sys.exit(f"pairs: needs blastn and {chromosome}; set DNA_LINGUIST_DATA")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ours, memory = build(folder, chromosome, windows)
        bare = search(folder)
        seconds = check_candidates(folder)
    print(f"{windows} windows of 150 bp against 66 Mb, {THREADS} threads")
    print(f"all pair rules {ours:.0f} s, bare blastn {bare:.0f} s: ratio {ours / bare:.2f} (target {TARGETS['ratio']})")
    print(f"largest process {memory:.0f} MB (target {TARGETS['memory']})")
    print(f"{CANDIDATES} candidate negatives checked in {seconds:.1f} s (target {TARGETS['candidates']})")


if __name__ == "__main__":
    main()
