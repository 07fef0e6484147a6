"""Ask a tuned model about a sequence, or generate text with it: python scripts/ask.py --help"""

import argparse
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
os.environ.setdefault("HF_HUB_OFFLINE", "1")  # the model is a local folder

from linguist.errors import LinguistError, one_line

MOST = {"examples": 1000, "tokens": 100_000}  # the largest values
TEMPERATURES = (0.01, 100)  # below, a softmax divides by nearly nothing; above, all tokens are equally likely

EPILOG = """examples:
  ask.py --model results/runs/gpt2-nano/told/best "Is it a promoter?" --sequence ACGTACGTTT
  ask.py --model results/runs/gpt2-nano/told/best "Is it a promoter?" --fasta my.fa
  ask.py --model results/runs/gpt2-nano/shown/best "Is it a promoter?" --fasta my.fa --examples 2 --task results/tasks/promoter
  ask.py --model results/models/gpt2-nano "Once upon a time"        continue a text
  ask.py --model results/runs/gpt2-nano/told/best                   a small conversation

output, tab-separated:
  1. the name of the sequence (with --fasta)
  2. the likeliest answer of the task
  3. its probability among the answers of the task; in brackets the other answers, and the generated text if it differs
  4. the task and its probability among all tasks, if the question is none of the wordings in the config
     (then the task is the one whose answers are likeliest together)
"""


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one line, as all others."""

    def error(self, message):
        raise LinguistError(f"{one_line(message)}; see ask.py --help")


def parse(arguments):
    parser = Parser(
        prog="ask.py",
        description="Ask a tuned model about sequences, let it generate text, or start a small conversation (no question).",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("question", nargs="?", help="the instruction; a classifier answers without one")
    parser.add_argument("--model", metavar="FOLDER", help="a tuned model: results/runs/MODEL/SET/best or .../weights")
    given = parser.add_mutually_exclusive_group()
    given.add_argument("--sequence", metavar="ACGT", help="the sequence in question")
    given.add_argument("--fasta", metavar="FILE", help="several sequences, answered one by one (plain or gzip)")
    parser.add_argument(
        "--examples",
        type=int,
        default=0,
        metavar="N",
        help="put the N nearest labelled sequences before the question; BLAST finds them",
    )
    parser.add_argument("--task", metavar="FOLDER", help="the task of the examples: results/tasks/TASK")
    parser.add_argument("--tokens", type=int, default=60, metavar="N", help="most tokens of generated text (60)")
    parser.add_argument(
        "--temperature", type=float, default=0.0, help="of generated text; 0 takes the likeliest token (default)"
    )
    return parser.parse_args(arguments)


def check(options):
    """Raise LinguistError for mistakes that are found without loading anything."""
    found = sorted(str(path) for path in Path("results/runs").glob("*/*/best"))
    hint = f"give a tuned model, as {found[0] if found else 'results/runs/MODEL/SET/best'}"
    if not options.model:
        raise LinguistError(f"no model: give --model; {hint}")
    if not Path(options.model, "config.json").is_file():
        raise LinguistError(f"{options.model}: no model there; {hint}")
    if options.examples and not options.task:
        raise LinguistError("--examples needs their task; give --task results/tasks/TASK")
    if not 0 <= options.examples <= MOST["examples"]:
        raise LinguistError(f"--examples: must be from 0 to {MOST['examples']}")
    if not 1 <= options.tokens <= MOST["tokens"]:
        raise LinguistError(f"--tokens: must be from 1 to {MOST['tokens']}")
    low, high = TEMPERATURES
    if options.temperature != 0 and not low <= options.temperature <= high:
        raise LinguistError(f"--temperature: must be 0, or from {low} to {high}")
    for name in ("question", "sequence"):
        if not is_unicode(getattr(options, name) or ""):
            raise LinguistError(f"the {name} is not UTF-8 text; set the terminal to UTF-8, or convert the text")


def is_unicode(text):
    """Whether a text from the terminal is text: Python keeps bytes that are not UTF-8 as halves of characters."""
    return not any("\ud800" <= letter <= "\udfff" for letter in text)


def main(arguments=None):
    try:
        options = parse(arguments)
        check(options)
        from linguist.tasks.chat import answer_command  # loading torch takes seconds

        if hasattr(sys.stdout, "reconfigure"):  # a terminal that lacks a letter shows its code
            sys.stdout.reconfigure(errors="backslashreplace")
        answer_command(options, sys.stdout)
        sys.stdout.flush()
    except BrokenPipeError:  # the reader has closed the pipe, as head does; Python would flush again at exit, and fail
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)  # a shell's code for a program ended by SIGPIPE
    except LinguistError as error:
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
