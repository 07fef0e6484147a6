"""Asking a tuned model: an answer with its probability, free text as it comes, a small conversation."""

import shlex
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from math import exp
from pathlib import Path

import numpy as np
import torch
from transformers import TextStreamer

from linguist.errors import LinguistError
from linguist.files import clean, read_json
from linguist.sequences.blast import neighbours
from linguist.sequences.fasta import foreign_letter, read_sequences
from linguist.tasks.generation import BEYOND, encode_answer, reply
from linguist.tasks.instruction_tuning import INFO, check_room, encode_prompts
from linguist.tasks.neighbours import nearest, read_hits
from linguist.tasks.prompts import begins_with
from linguist.tasks.store import read_task
from linguist.tokenizers.encoding import encode_sequences, load_tokenizer
from linguist.training.finetuning import CLASSES
from linguist.training.loop import choose_attention, make_accelerator
from linguist.training.models import load_classifier, load_language_model

SHORTEST, MOSTLY = 10, 0.8  # letters, and share of bases among them, of a line that is taken for a sequence


@dataclass
class Answer:
    """What a model says of a sequence: the likeliest answer, its probability among those of its task, by text; where it
    begins otherwise, what the model generates; and where the question left the task open, the one that was taken, with the
    probability of its answers among those of all tasks."""

    text: str
    probability: float
    among: dict[str, float]
    said: str = ""
    task: str = ""
    share: float = 0.0


def run(options, out):
    """Do what the command line asks (see scripts/ask.py), writing to `out`. Raises LinguistError for a user's mistake."""
    sequences = given_sequences(options)
    model = open_model(options.model)
    examples = Examples(options.task, model.tasks, options.examples) if options.examples else None
    if sequences:
        for name, sequence in sequences:
            try:
                solved = examples.near(sequence) if examples else []
                if examples and not solved:
                    print(f"note: {name or 'the sequence'} has no neighbour in {options.task}", file=sys.stderr)
                print(show(model.ask(options.question, sequence, solved), name), file=out, flush=True)
            except LinguistError as error:
                raise LinguistError(f"{name}: {error}" if name else str(error)) from None
    elif options.question:
        if examples:
            raise LinguistError("--examples are found for a sequence; give --sequence or --fasta")
        model.talk(options.question, options.tokens, options.temperature, out)
    else:
        converse(model, examples, options, out)


def open_model(folder):
    """The model in a folder: a classifier (Classifier) or one that goes on with a text (Teller)."""
    try:
        names = read_json(Path(folder, "config.json")).get("architectures") or [""]
    except (ValueError, AttributeError):
        raise LinguistError(f"{folder}: its config.json cannot be read; give another model") from None
    return (Classifier if names[0].endswith("ForSequenceClassification") else Teller)(folder)


def given_sequences(options):
    """(name, upper-case sequence) of each sequence on the command line."""
    if options.sequence is not None:
        return [("", check_sequence("--sequence", options.sequence))]
    if options.fasta is None:
        return []
    return [(record.name, record.sequence.upper()) for record in read_sequences(options.fasta, "dna")]


def check_sequence(where, text):
    sequence = "".join(text.split()).upper()
    if not sequence:
        raise LinguistError(f"{where}: is empty; give bases, as ACGTACGT")
    if letter := foreign_letter(sequence, "dna"):
        raise LinguistError(
            f"{where}: {letter!r} is not a letter of DNA; give bases, as ACGTACGT (N where one is unknown)"
        )
    return sequence


class Classifier:
    """A model of classification tuning: it answers one question, whatever is asked."""

    tasks = {}

    def __init__(self, folder):
        self.accelerator, _ = make_accelerator("auto")
        attention = choose_attention("auto", self.accelerator.device)
        self.model = load_classifier(folder, None, 0, attention).to(self.accelerator.device).eval()
        self.tokenizer = load_tokenizer(folder)
        if tuple(self.model.config.id2label.values()) == CLASSES:
            raise LinguistError(
                f"{folder}: compares two sequences; give a classifier of a task, or an instructed model"
            )

    def ask(self, question, sequence, examples=()):
        if examples:
            raise LinguistError("a classifier reads no examples; leave out --examples")
        ids = encode_sequences([sequence], self.tokenizer)[0]
        check_room(self.model, len(ids))
        with torch.inference_mode():
            logits = self.model(input_ids=torch.tensor([ids], device=self.model.device)).logits[0].float()
        shares = logits.softmax(0).tolist()
        among = {self.model.config.id2label[label]: share for label, share in enumerate(shares)}
        best = max(among, key=among.get)
        return Answer(best, among[best], among)

    def talk(self, *_):
        raise LinguistError("a classifier has no words but its classes; give a --sequence, or an instructed model")


class Teller:
    """A language model; one of instruction tuning knows the answers of its tasks."""

    def __init__(self, folder):
        self.accelerator, _ = make_accelerator("auto")
        attention = choose_attention("auto", self.accelerator.device)
        self.model = load_language_model(folder, attention).to(self.accelerator.device).eval()
        self.tokenizer = load_tokenizer(folder)
        self.tasks = getattr(self.model.config, INFO, {})

    def ask(self, question, sequence, examples=()):
        """The likeliest answer of the task that the question is a phrasing of, or else of the likeliest task.

        Raises LinguistError for no question, a model that knows no tasks, or too long a sequence.
        """
        if not question:
            known = "; ".join(f"{task}: {about['phrasings'][0]}" for task, about in self.tasks.items())
            raise LinguistError("no question; ask one" + (f" it was taught ({known})" if known else ""))
        if not self.tasks:
            raise LinguistError(
                "this model was not instructed; name one that was, as results/runs/MODEL/SET/best, or leave out the sequence for free text"
            )
        ids = encode_prompts([{"instruction": question, "input": sequence, "examples": examples}], self.tokenizer)
        answers = list(dict.fromkeys(answer for about in self.tasks.values() for answer in about["answers"]))
        longest = max(len(encode_answer(self.tokenizer, answer)) for answer in answers)
        check_room(self.model, len(ids[0]) + longest + BEYOND)
        (said,), (scores,) = reply(self.model, self.tokenizer, ids, answers, self.accelerator)
        logs = dict(zip(answers, scores.astype(float), strict=True))
        meant = {task: about for task, about in self.tasks.items() if is_phrasing(question, about)}
        open_to = {}  # the tasks that may be meant, by their answers: some have the same
        for task, about in (meant or self.tasks).items():
            open_to.setdefault(tuple(about["answers"]), []).append(task)
        # However a question is put that is no phrasing: its task is the one whose answers are likeliest together.
        totals = {texts: np.logaddexp.reduce([logs[text] for text in texts]) for texts in open_to}
        taken = max(totals, key=totals.get)
        among = {text: exp(logs[text] - totals[taken]) for text in taken}
        best = max(among, key=among.get)
        answer = Answer(best, among[best], among, "" if begins_with(said, [best]) == 0 else said)
        if not meant or len(open_to) > 1:
            answer.task = ", ".join(open_to[taken])
            answer.share = exp(totals[taken] - np.logaddexp.reduce(list(logs.values())))
        return answer

    def talk(self, question, most, temperature, out):
        """Write how the model goes on with a question, or with a text where it was not instructed, as it comes."""
        row = {"instruction": question, "input": "", "examples": []}
        ids = (
            encode_prompts([row], self.tokenizer)[0] if self.tasks else encode_sequences([question], self.tokenizer)[0]
        )
        room = check_room(self.model, len(ids) + 1)
        most = most if room is None else min(most, room - len(ids))
        inputs = torch.tensor([ids], device=self.model.device)
        draw = {"do_sample": True, "temperature": temperature} if temperature > 0 else {"do_sample": False}
        with self.accelerator.autocast():
            self.model.generate(
                input_ids=inputs,
                attention_mask=torch.ones_like(inputs),
                max_new_tokens=most,
                pad_token_id=self.tokenizer.pad_token_id,
                streamer=Stream(self.tokenizer, out),
                **draw,
            )


def is_phrasing(question, about):
    """Whether a question is one of a task's phrasings, trained or held out, but for blanks around it and upper case.

    Models that were tuned by older versions know those that were trained alone.
    """
    known = [*about["phrasings"], *about.get("held_out", [])]
    return question.strip().casefold() in (text.strip().casefold() for text in known)


class Stream(TextStreamer):
    """Text that goes to a file as it is generated."""

    def __init__(self, tokenizer, out):
        super().__init__(tokenizer, skip_prompt=True, skip_special_tokens=True)
        self.out = out

    def on_finalized_text(self, text, stream_end=False):
        print(text, end="\n" if stream_end else "", file=self.out, flush=True)


def show(answer, name=""):
    """An answer on one line: name of the sequence, answer, its probability, the others', and what is generated instead; and
    the task with its share, where that was not the question's to tell."""
    others = ", ".join(f"{text} {share:.3f}" for text, share in answer.among.items() if text != answer.text)
    said = f"; it says {clean(answer.said) or 'nothing'!r}" if answer.said else ""
    task = f"{answer.task} {answer.share:.3f}" if answer.task else ""
    return "\t".join(filter(None, [name, answer.text, f"{answer.probability:.3f} ({others}{said})", task]))


class Examples:
    """Solved examples from a task's train rows, found by BLAST; the database is made once."""

    def __init__(self, folder, tasks, count):
        self.path, self.count = Path(folder) / "train.tsv", count
        name = Path(folder).name
        if name not in tasks:
            known = ", ".join(tasks) or "none"
            raise LinguistError(
                f"--task {folder}: the model was not taught {name!r} (it knows: {known}); name one of these"
            )
        if not self.path.is_file():
            raise LinguistError(f"--task {folder}: no train.tsv there; build it: snakemake {self.path} --cores 2")
        if shutil.which("blastn") is None:
            raise LinguistError("blastn not found; install NCBI BLAST+ (Debian: ncbi-blast+; conda: bioconda::blast)")
        answers = tasks[name]["answers"]
        self.rows = {row.id: (row.sequence, answers[row.label]) for row in read_task(self.path).itertuples()}
        self.room = tempfile.TemporaryDirectory()
        fasta = "".join(f">{name}\n{sequence}\n" for name, (sequence, _) in self.rows.items())
        self.blast(
            ["makeblastdb", "-in", "-", "-dbtype", "nucl", "-title", "train", "-out", f"{self.room.name}/db"], fasta
        )

    def near(self, sequence):
        """The nearest rows of train as (sequence, answer), the nearest one last; not the sequence itself."""
        hits = Path(self.room.name, "hits.tsv")
        command = [*shlex.split(neighbours()), "-db", f"{self.room.name}/db", "-out", str(hits)]
        self.blast(command, f">asked\n{sequence}\n")
        found = nearest(read_hits(hits)).get("asked", [])
        solved = [self.rows[name] for name in found if self.rows[name][0] != sequence]
        return solved[: self.count][::-1]

    def blast(self, command, text):
        done = subprocess.run(command, input=text, capture_output=True, text=True)
        if done.returncode:
            raise LinguistError(f"{command[0]} failed: {done.stderr.strip().splitlines()[-1]}")


def converse(model, examples, options, out):
    """Read questions from the terminal until it ends: a line of bases is the sequence that the next questions are about."""
    print(
        "Ask away; a line of bases sets the sequence that is asked about, an empty one clears it. Ctrl-D ends.",
        file=out,
    )
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
            elif len(line) >= SHORTEST and sum(line.upper().count(base) for base in "ACGTN") > MOSTLY * len(line):
                sequence = check_sequence("the sequence", line)
                print(f"({len(sequence)} bases)", file=out)
            elif sequence:
                print(show(model.ask(line, sequence, examples.near(sequence) if examples else [])), file=out)
            else:
                model.talk(line, options.tokens, options.temperature, out)
        except LinguistError as error:
            print(f"error: {error}", file=out)
