"""Speed of training a tokenizer on DNA and English, and of encoding a corpus, against the bare `encode_batch` of tokenizers.

The text is real (DNA_LINGUIST_DATA): segments of 300 to 1000 bp of the human X chromosome, and the English there is (some
6 MB; more in the file that --english names, a paragraph a line). `python workflow_tests/benchmarks/tokenization.py`:

    training: seconds, memory of the whole process and the share of DNA tokens
    encoding: MB/s of `encode_corpus`, from the text to the files, over the bare call on the same text in a list of
    strings; the median of rounds in turn

Quote the ratio: absolute figures depend on the machine and on what else it is doing.
"""

import argparse
import gzip
import json
import os
import random
import resource
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

from linguist.corpora.store import escape  # noqa: E402
from linguist.tokenizers.loading import load_encoder  # noqa: E402
from linguist.tokenizers.packed import encode_corpus  # noqa: E402
from linguist.tokenizers.training import train_tokenizer  # noqa: E402
from linguist.tokenizers.vocabulary import describe_tokens, read_vocabulary  # noqa: E402

TARGETS = {"seconds": 90, "memory": 2000, "ratio": 0.8}  # at most, at most (MB), at least
ROUNDS = 3
COMPLEMENT = str.maketrans("ACGT", "TGCA")


def read_genome(paths):
    """The letters ACGT of FASTA files, end to end."""
    letters = []
    for path in paths:
        with gzip.open(path, "rt") if path.suffix == ".gz" else open(path) as handle:
            letters += [line.strip().upper() for line in handle if line[0] != ">"]
    return "".join(letters).replace("N", "")


def cut_segments(genome, size, draw):
    """Segments of 300 to 1000 bp of the genome, in its order, and of its reverse complement where it is too short."""
    if len(genome) < size:
        genome += genome[: size - len(genome)][::-1].translate(COMPLEMENT)
    at, segments = 0, []
    while at < min(size, len(genome)):
        segments.append(genome[at : min(at + draw.randint(300, 1000), size)])
        at += len(segments[-1])
    return segments


def read_english(paths, size):
    """Paragraphs of about 600 characters and more, until they are `size` bytes."""
    paragraphs, paragraph, total = [], [], 0
    for path in paths:
        with open(path, encoding="utf-8") as lines:
            for line in lines:
                paragraph.append(line.strip())
                if sum(map(len, paragraph)) >= 600:
                    paragraphs.append(" ".join(paragraph))
                    paragraph, total = [], total + len(paragraphs[-1].encode())
                if total >= size:
                    return paragraphs
    return paragraphs


def measure_encoding(folder, documents):
    """(MB/s of encode_corpus, MB/s of encode_batch) in each round; a fresh tokenizer, for its cache fills as it works."""
    text, sources = folder / "train.txt", folder / "train.sources.npy"
    text.write_text("".join(escape(document) + "\n" for document in documents), encoding="utf-8")
    np.save(sources, np.zeros(len(documents), np.uint8))
    size = sum(len(document.encode()) for document in documents) / 1e6
    for _ in range(ROUNDS):
        start = time.perf_counter()
        encode_corpus(folder / "tokenizer", text, sources, folder / "train.bin", folder / "train.json")
        ours = size / (time.perf_counter() - start)
        backend = load_encoder(folder / "tokenizer").backend_tokenizer
        start = time.perf_counter()
        encodings = backend.encode_batch(documents)
        yield ours, size / (time.perf_counter() - start)
        del encodings


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=float, default=20, help="of DNA, and of English as far as there is so much")
    parser.add_argument("--vocabulary", type=int, default=50_000)
    parser.add_argument("--english", type=Path, action="append", default=[], help="a file of more English")
    parser.add_argument("--encode", type=float, default=12, help="megabytes to encode, half of them DNA; 0: none")
    options = parser.parse_args()
    data = Path(os.environ.get("DNA_LINGUIST_DATA", ROOT.parent / "shared/data"))
    chromosome = data / "genome/hs37chrXtrunc.fa.gz"
    if not chromosome.is_file():
        sys.exit(f"tokenizers: needs {chromosome}; set DNA_LINGUIST_DATA")
    size, draw = int(options.megabytes * 1e6), random.Random(1)
    others = sorted((data / "genome").glob("**/*.fa")) if size > 66e6 else []
    dna = cut_segments(read_genome([chromosome, *others]), size, draw)
    english = read_english([*sorted((data / "text").glob("*.txt")), *options.english], size)
    documents = [*dna, *english]
    draw.shuffle(documents)
    sizes = [sum(len(text.encode()) for text in texts) / 1e6 for texts in (dna, english)]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        start = time.perf_counter()
        train_tokenizer("bpe", iter(documents), folder / "tokenizer", vocab_size=options.vocabulary)
        seconds = time.perf_counter() - start
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
        classes = describe_tokens(read_vocabulary(folder / "tokenizer").values())
        shares = {name: round(members["share"], 3) for name, members in classes.items()}
        longer = sum(count for n, count in classes["dna"]["lengths"].items() if int(n) > 20)
        print(f"BPE of {options.vocabulary} tokens on {sizes[0]:.1f} MB of DNA and {sizes[1]:.1f} MB of English:")
        print(
            f"{seconds:.0f} s (target {TARGETS['seconds']} for 20 + 20 MB), {memory:.0f} MB (target {TARGETS['memory']})"
        )
        print(f"vocabulary {json.dumps(shares)}; {longer} tokens of DNA over 20 bp", flush=True)
        half = len(documents) * options.encode / sum(sizes)
        if half >= 1:
            rounds = list(measure_encoding(folder, documents[: int(half)]))
            ratio = statistics.median(ours / bare for ours, bare in rounds)
            for ours, bare in rounds:
                print(f"encode_corpus {ours:.2f} MB/s, bare encode_batch {bare:.2f} MB/s")
            print(f"ratio {ratio:.2f} (target {TARGETS['ratio']}), {os.cpu_count()} cores")


if __name__ == "__main__":
    main()
