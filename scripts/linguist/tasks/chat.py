"""The command line of ask.py: answers about sequences, with solved examples if wanted; free text; a small conversation."""

import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from linguist.errors import LinguistError
from linguist.files import clean, write_lines
from linguist.sequences.fasta import foreign_letter, read_sequences
from linguist.sequences.neighbours import rank_neighbours, read_neighbours, search_command
from linguist.tasks.answering import open_model, without_controls
from linguist.tasks.store import read_task

MIN_BASES, MIN_SHARE = 10, 0.8  # a line is taken for a sequence from this length, and above this share of bases


def answer_command(options, out):
    """Do what the command line asks (see scripts/ask.py), writing to `out`. Raises LinguistError for a user's mistake."""
    sequences = _read_given_sequences(options)
    model = open_model(options.model)
    finder = ExampleFinder(options.task, model.tasks, options.examples) if options.examples else None
    if sequences:
        for name, sequence in sequences:
            try:
                solved = finder.near(sequence) if finder else []
                if finder and not solved:
                    print(f"note: {name or 'the sequence'} has no neighbour in {options.task}", file=sys.stderr)
                print(answer_line(model.ask(options.question, sequence, solved), name), file=out, flush=True)
            except LinguistError as error:
                raise LinguistError(f"{name}: {error}" if name else str(error)) from None
    elif options.question:
        if finder:
            raise LinguistError("--examples are found for a sequence; give --sequence or --fasta")
        model.talk(options.question, options.tokens, options.temperature, out)
    else:
        _converse(model, finder, options, out)


def answer_line(answer, name=""):
    """A ModelAnswer on one line, tab-separated: name of the sequence, answer, probability (with the other answers' and what the
    model generates instead), and the task with its share where the question does not settle it."""
    others = ", ".join(f"{text} {share:.3f}" for text, share in answer.among.items() if text != answer.text)
    generated = f"; generated: {clean(answer.generated) or 'nothing'!r}" if answer.generated else ""
    task = f"{answer.task} {answer.share:.3f}" if answer.task else ""
    fields = [name, answer.text, f"{answer.probability:.3f} ({others}{generated})", task]
    return "\t".join(without_controls(field) for field in fields if field)


def _read_given_sequences(options):
    """(name, upper-case sequence) of each sequence on the command line."""
    if options.sequence is not None:
        return [("", _check_sequence("--sequence", options.sequence))]
    if options.fasta is None:
        return []
    return [(record.name, record.sequence.upper()) for record in read_sequences(options.fasta, "dna")]


def _check_sequence(where, text):
    """The text as upper-case DNA without blanks."""
    sequence = "".join(text.split()).upper()
    if not sequence:
        raise LinguistError(f"{where}: is empty; give bases, as ACGTACGT")
    if letter := foreign_letter(sequence, "dna"):
        raise LinguistError(
            f"{where}: {letter!r} is not a letter of DNA; give bases, as ACGTACGT (N for an unknown one)"
        )
    return sequence


def _converse(model, finder, options, out):
    """Answer questions from standard input until it ends. A line of bases sets the sequence that they are about."""
    print("Type a question. A line of bases sets the sequence, an empty line clears it. Ctrl-D ends.", file=out)
    sequence = ""
    while True:
        print("> ", end="", file=out, flush=True)
        raw = sys.stdin.buffer.readline()
        if not raw:
            print(file=out)
            return
        try:
            line = _decode(raw).strip()
            if not line:
                sequence = ""
            elif len(line) >= MIN_BASES and sum(map(line.upper().count, "ACGTN")) > MIN_SHARE * len(line):
                sequence = _check_sequence("the sequence", line)
                print(f"({len(sequence)} bases)", file=out)
            elif sequence:
                print(answer_line(model.ask(line, sequence, finder.near(sequence) if finder else [])), file=out)
            else:
                model.talk(line, options.tokens, options.temperature, out)
        except LinguistError as error:
            print(f"error: {error}", file=out)


def _decode(raw):
    """A line of standard input as text, whatever the terminal is set to."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        raise LinguistError("the line is not UTF-8 text; set the terminal to UTF-8, or convert the text") from None


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
        command = [*shlex.split(search_command()), "-db", f"{self.scratch.name}/db"]
        write_lines(hits, _run_blast(command, f">asked\n{sequence}\n").splitlines())
        found = rank_neighbours(read_neighbours(hits)).get("asked", [])
        solved = [self.rows[name] for name in found if self.rows[name][0] != sequence]
        return solved[: self.count][::-1]


def _run_blast(command, text):
    done = subprocess.run(command, input=text, capture_output=True, text=True)
    if done.returncode:
        raise LinguistError(f"{command[0]} failed: {done.stderr.strip().splitlines()[-1]}")
    return done.stdout
