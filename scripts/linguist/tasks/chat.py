"""The command line of ask.py: answers about sequences, free text, or a small conversation."""

import sys

from linguist.errors import LinguistError
from linguist.files import clean
from linguist.sequences.fasta import foreign_letter, read_sequences
from linguist.tasks.answering import open_model
from linguist.tasks.retrieval import ExampleFinder

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
    """An Answer on one line, tab-separated: name of the sequence, answer, probability (with the other answers' and what the
    model generates instead), and the task with its share where the question does not settle it."""
    others = ", ".join(f"{text} {share:.3f}" for text, share in answer.among.items() if text != answer.text)
    generated = f"; generated: {clean(answer.generated) or 'nothing'!r}" if answer.generated else ""
    task = f"{answer.task} {answer.share:.3f}" if answer.task else ""
    return "\t".join(filter(None, [name, answer.text, f"{answer.probability:.3f} ({others}{generated})", task]))


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


def _looks_like_dna(line):
    return len(line) >= MIN_BASES and sum(line.upper().count(base) for base in "ACGTN") > MIN_SHARE * len(line)


def _converse(model, finder, options, out):
    """Answer questions from standard input until it ends. A line of bases sets the sequence that they are about."""
    print("Type a question. A line of bases sets the sequence, an empty line clears it. Ctrl-D ends.", file=out)
    sequence = ""
    while True:
        print("> ", end="", file=out, flush=True)
        line = sys.stdin.readline()
        if not line:
            print(file=out)
            return
        line = line.strip()
        try:
            if not line:
                sequence = ""
            elif _looks_like_dna(line):
                sequence = _check_sequence("the sequence", line)
                print(f"({len(sequence)} bases)", file=out)
            elif sequence:
                print(answer_line(model.ask(line, sequence, finder.near(sequence) if finder else [])), file=out)
            else:
                model.talk(line, options.tokens, options.temperature, out)
        except LinguistError as error:
            print(f"error: {error}", file=out)
