"""Speed of cutting a genome into segments, against bedtools: `python workflow_tests/benchmarks/segments.py`.

The genome is a real chromosome (70 Mb of human X, 66 Mb without N). It is cut into all segments of 500 bases on the forward
strand. Needs the real data of the tests (DNA_LINGUIST_DATA) and bedtools. `bedtools getfasta` gets our own BED file, so that
it cuts the same segments; it is spared `bedtools makewindows` and windows of N, and writes neither places nor upper case.
Without headers and in upper case, its FASTA must be our text. bedtools 2.30 reads no compressed FASTA, hence three lines:

    the same plain FASTA, with a .fai, for both
    bgzip, which the workflow uses, for us; plain FASTA for bedtools
    from the downloaded chromosome (.fa.gz): with our index step; with gunzip and faidx

Each step is a new process, in turn, with its files in the page cache. Ratio: wall time of bedtools divided by ours, the
median of the rounds and their range. Report the ratio: absolute times depend on the machine and its load.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[2]
TARGETS = {"ratio": 3, "memory": 300}  # at least; at most, in MB
LENGTH = 500
INDEX = (
    "from linguist.sequences.fasta import read_sequences; from linguist.sequences.indexed import write_indexed_fasta; "
    "write_indexed_fasta(read_sequences({!r}, 'dna'), {!r})"
)
SEGMENT = (
    "from linguist.corpora.segments import SegmentOptions, segment_genome; "
    "options = SegmentOptions(lengths=({length}, {length}), strands='forward', seed=1, dev=0.01); "
    "segment_genome({!r}, 'ours.txt', 'ours.bed', options)"
)
READ = (
    "from linguist.sequences.indexed import open_indexed\n"
    "for record in open_indexed({!r}):\n"
    "    for start in range(0, len(record), 2**17): record[start : min(start + 2**17, len(record))]"
)


def python(code):
    return [sys.executable, "-c", code]


def run(folder, command, target=None):
    """Wall seconds of a process and its largest memory in MB; its output goes to the file `target`."""
    start = time.perf_counter()
    with open(folder / (target or "output.txt"), "wb") as output:
        path = {"PYTHONPATH": str(ROOT / "scripts"), "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        process = subprocess.Popen(command, cwd=folder, stdout=output, env=os.environ | path)
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"segments: exit {process.returncode} of {command}")
    return time.perf_counter() - start, usage.ru_maxrss / 1024


def measure(folder, chromosome, rounds):
    """{step: (seconds, MB) of each round}."""
    steps = {
        "index": (python(INDEX.format(str(chromosome), "x.fa.gz")),),
        "ours, bgzip": (python(SEGMENT.format("x.fa.gz", length=LENGTH)),),
        "gunzip": (["gunzip", "-c", str(chromosome)], "x.fa"),
        "faidx": (python("import pysam; pysam.faidx('x.fa')"),),
        "ours, plain": (python(SEGMENT.format("x.fa", length=LENGTH)),),
        "bedtools": (["bedtools", "getfasta", "-fi", "x.fa", "-bed", "ours.bed"], "bedtools.fa"),
        "reading bgzip once": (python(READ.format("x.fa.gz")),),
        "importing": (python("import linguist.corpora.segments"),),
    }
    found = {name: [] for name in steps}
    for _ in range(rounds):
        for name, step in steps.items():
            found[name].append(run(folder, *step))
            if name == "bedtools":
                check(folder)
    return found


def check(folder):
    """Compare the texts; the number of segments."""
    n = 0
    with open(folder / "ours.txt") as ours, open(folder / "bedtools.fa") as theirs:
        for n, line in enumerate(ours, 1):
            next(theirs)
            if line != next(theirs).upper():
                sys.exit(f"segments: segment {n} differs from bedtools")
        if next(theirs, None) is not None:
            sys.exit("segments: bedtools gives more segments")
    return n


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds
    data = Path(os.environ.get("DNA_LINGUIST_DATA", ROOT.parent / "shared/data"))
    chromosome = data / "genome/hs37chrXtrunc.fa.gz"
    if not chromosome.is_file() or not shutil.which("bedtools"):
        sys.exit(f"segments: needs bedtools and {chromosome}; set DNA_LINGUIST_DATA")
    with tempfile.TemporaryDirectory() as name:
        found = measure(Path(name), chromosome.resolve(), rounds)
        n = check(Path(name))
    print(f"{n:,} segments of {LENGTH} bases, all the same as bedtools'; {rounds} rounds")
    for step, measured in found.items():
        seconds, memory = zip(*measured, strict=True)
        print(f"{step:>18}: {median(seconds):5.2f} s ({min(seconds):.2f}-{max(seconds):.2f}), {max(memory):.0f} MB")
    for title, ours, theirs in (
        ("plain FASTA for both", ["ours, plain"], ["bedtools"]),
        ("bgzip for us, plain FASTA for bedtools", ["ours, bgzip"], ["bedtools"]),
        ("from .fa.gz, with the index", ["index", "ours, bgzip"], ["gunzip", "faidx", "bedtools"]),
    ):
        ratios = [
            sum(found[step][at][0] for step in theirs) / sum(found[step][at][0] for step in ours)
            for at in range(rounds)
        ]
        spread = f"{min(ratios):.2f}-{max(ratios):.2f}"
        print(f"{title}: {median(ratios):.2f} times as fast as bedtools ({spread}; target {TARGETS['ratio']})")
    most = max(memory for step in ("ours, plain", "ours, bgzip") for _, memory in found[step])
    print(f"largest process {most:.0f} MB (target {TARGETS['memory']})")


if __name__ == "__main__":
    main()
