"""A user's own files become the rows of a task or pair set, through Snakemake; the example of the README is one of them."""

import random
import re

import pytest
import yaml

from helpers.data import ROOT, letters
from helpers.runs import error_lines

SIZES = {"train": 60, "dev": 10, "test": 20}


def write_fasta(path, records):
    path.write_text("".join(f">{name}\n{text}\n" for name, text in records))


def readme_example():
    blocks = re.findall(r"```yaml\n(.*?)```", (ROOT / "README.md").read_text(), flags=re.DOTALL)
    return next(found for found in map(yaml.safe_load, blocks) if "tasks" in found)


@pytest.fixture
def files(checkout):
    """What people have: sequences by class, a genome with peaks and genes, and pairs in two files."""
    draw = random.Random(2)
    for name in ("promoters", "background"):
        write_fasta(checkout / f"{name}.fa", [(f"{name}{number}", letters(draw, 60)) for number in range(1100)])
    chromosomes = {f"chr{number}": letters(draw, 60_000) for number in range(1, 5)}
    write_fasta(checkout / "genome.fa", chromosomes.items())
    places = [(name, start) for name in chromosomes for start in range(1000, 59_000, 1000)]
    peaks = (f"{name}\t{at}\t{at + 50}\t{('free', 'bound')[at // 1000 % 2]}\n" for name, at in places)
    (checkout / "peaks.bed").write_text("".join(peaks))
    genes = (f"{name}\tx\tgene\t{at}\t{at + 400}\t.\t+\t.\tID={name}.{at}\n" for name, at in places[::2])
    (checkout / "genes.gff3").write_text("##gff-version 3\n" + "".join(genes))
    for name in ("one", "two"):
        write_fasta(checkout / f"{name}.fa", [(f"r{number}", letters(draw, 60)) for number in range(60)])
    return checkout


def test_own_data_are_read_as_the_readme_says(files, snakemake):
    study = readme_example()
    paths = {"genome": "genome.fa", "peaks": "peaks.bed", "genes": "genes.gff3", "one": "one.fa", "two": "two.fa"}
    study["resources"] |= {name: {"path": path} for name, path in paths.items()}
    windows = {"sequences": "genome", "length": 40, "sizes": SIZES}
    study["tasks"]["peaks"] = windows | {
        "recipe": "bed",
        "regions": ["peaks"],
        "class_column": 4,
        "answers": ["free", "bound"],
    }
    study["tasks"]["starts"] = windows | {
        "recipe": "gene-starts",
        "annotation": "genes",
        "answers": ["elsewhere", "start"],
    }
    study["pairsets"] = {"twins": {"kind": "dna", "recipe": "fasta", "sides": ["one", "two"], "sizes": SIZES}}
    study["studies"]["mine"]["tests"] += ["peaks", "starts"]
    study["studies"]["mine"]["trainsets"] += ["peaks", "starts"]
    study["classification"] = {"warmup": 0.1}
    (files / "own.yaml").write_text(yaml.safe_dump(study, sort_keys=False))
    tables = [f"results/tasks/{task}/test.tsv" for task in ("promoter", "peaks", "starts")] + [
        "results/pairs/twins/test.tsv"
    ]
    finished = snakemake(files, *tables, "--cores", "2", "--configfile", "own.yaml")
    assert finished.returncode == 0, finished.stderr[-4000:]
    sizes = {task: spec["sizes"]["test"] for task, spec in study["tasks"].items()} | {"twins": SIZES["test"]}
    for table in tables:
        rows = [line.split("\t") for line in (files / table).read_text().splitlines()[1:] if line]
        assert len(rows) == sizes[table.split("/")[2]]
        assert sum(int(row[-1]) for row in rows) == len(rows) // 2
    assert "116 gene" in (files / "logs/build_task/starts.log").read_text()

    study["tasks"]["promoter"]["classes"].append("one")
    (files / "own.yaml").write_text(yaml.safe_dump(study, sort_keys=False))
    refused = snakemake(files, "-n", "--configfile", "own.yaml")
    assert any("tasks.promoter.classes: names 3 FASTA files for 2 answers" in line for line in error_lines(refused))
