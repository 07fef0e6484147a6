"""Solved examples for one sequence: the nearest train rows of a task, found by BLAST."""

import shlex
import shutil
import subprocess
import tempfile
from pathlib import Path

from linguist.errors import LinguistError
from linguist.sequences.blast import neighbours
from linguist.tasks.neighbours import rank_neighbours, read_neighbours
from linguist.tasks.store import read_task


class ExampleFinder:
    """Finds the `count` nearest train rows of the task in `folder`; the BLAST database is made once.

    Args: `tasks` are the tasks that the model knows, {name: {"answers": ...}}.
    Raises LinguistError if the model does not know the task, its train.tsv is missing, or BLAST+ is not installed.
    """

    def __init__(self, folder, tasks, count):
        path, self.count = Path(folder) / "train.tsv", count
        name = Path(folder).name
        if name not in tasks:
            known = ", ".join(tasks) or "none"
            raise LinguistError(
                f"--task {folder}: the model was not tuned on {name!r} (its tasks: {known}); give one of these"
            )
        if not path.is_file():
            raise LinguistError(f"--task {folder}: no train.tsv there; build it: snakemake {path} --cores 2")
        if shutil.which("blastn") is None:
            raise LinguistError("blastn not found; install NCBI BLAST+ (Debian: ncbi-blast+; conda: bioconda::blast)")
        answers = tasks[name]["answers"]
        self.rows = {row.id: (row.sequence, answers[row.label]) for row in read_task(path).itertuples()}
        self.scratch = tempfile.TemporaryDirectory()
        fasta = "".join(f">{name}\n{sequence}\n" for name, (sequence, _) in self.rows.items())
        database = f"{self.scratch.name}/db"
        _run_blast(["makeblastdb", "-in", "-", "-dbtype", "nucl", "-title", "train", "-out", database], fasta)

    def near(self, sequence):
        """The nearest train rows as (sequence, answer), the nearest one last, without rows of the very same sequence."""
        hits = Path(self.scratch.name, "hits.tsv")
        command = [*shlex.split(neighbours()), "-db", f"{self.scratch.name}/db", "-out", str(hits)]
        _run_blast(command, f">asked\n{sequence}\n")
        found = rank_neighbours(read_neighbours(hits)).get("asked", [])
        solved = [self.rows[name] for name in found if self.rows[name][0] != sequence]
        return solved[: self.count][::-1]


def _run_blast(command, text):
    done = subprocess.run(command, input=text, capture_output=True, text=True)
    if done.returncode:
        raise LinguistError(f"{command[0]} failed: {done.stderr.strip().splitlines()[-1]}")
