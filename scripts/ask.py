"""Ask a model that was tuned here about a sequence, or just talk to it: python scripts/ask.py --help"""

import argparse
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
os.environ.setdefault("HF_HUB_OFFLINE", "1")  # a folder is all it takes

from linguist.errors import LinguistError

EPILOG = """examples:
  ask.py --model results/runs/gpt2-nano/told/best "Is it a promoter?" --sequence ACGTACGTTT
  ask.py --model results/runs/gpt2-nano/told/best "Is it a promoter?" --fasta my.fa
  ask.py --model results/runs/gpt2-nano/shown/best "Is it a promoter?" --fasta my.fa --examples 2 --task results/tasks/promoter
  ask.py --model results/models/gpt2-nano "Once upon a time"        go on with a text
  ask.py --model results/runs/gpt2-nano/told/best                   a small conversation

answers, tab-separated:
  the sequence's name (with --fasta), the likeliest answer, and its probability among its task's answers (in brackets
  the others', and what the model generates where that begins otherwise). The task is the one that the question is a
  phrasing of, trained or held out; for any other question it is the one whose answers are likeliest together, and a
  last column has its name and the probability of its answers among those of all tasks.
"""


def parse(arguments):
    parser = argparse.ArgumentParser(
        prog="ask.py",
        description="Ask a tuned model: about sequences, for free text, or in a small conversation (no question given).",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("question", nargs="?", help="the instruction; a classifier answers without one")
    parser.add_argument("--model", metavar="FOLDER", help="a tuned model: results/runs/MODEL/SET/best or .../weights")
    given = parser.add_mutually_exclusive_group()
    given.add_argument("--sequence", metavar="ACGT", help="the sequence that is asked about")
    given.add_argument("--fasta", metavar="FILE", help="sequences that are asked about, one by one (plain or gzip)")
    parser.add_argument(
        "--examples", type=int, default=0, metavar="N", help="show it the N nearest labelled sequences, found by BLAST"
    )
    parser.add_argument("--task", metavar="FOLDER", help="the task that examples come from: results/tasks/TASK")
    parser.add_argument("--tokens", type=int, default=60, metavar="N", help="length of free text at most (60)")
    parser.add_argument(
        "--temperature", type=float, default=0.0, help="of free text: 0 takes the likeliest token (default)"
    )
    return parser.parse_args(arguments)


def check(options):
    """Raise LinguistError for what can be told without loading anything."""
    found = sorted(str(path) for path in Path("results/runs").glob("*/*/best"))
    hint = f"name one that was tuned, as {found[0] if found else 'results/runs/MODEL/SET/best'}"
    if not options.model:
        raise LinguistError(f"no model: give --model; {hint}")
    if not Path(options.model, "config.json").is_file():
        raise LinguistError(f"{options.model}: no model there; {hint}")
    if options.examples and not options.task:
        raise LinguistError("--examples needs the task that they come from; give --task results/tasks/TASK")
    if options.examples < 0 or options.tokens < 1 or options.temperature < 0:
        raise LinguistError("--examples and --temperature cannot be below 0, nor --tokens below 1")


def main(arguments=None):
    options = parse(arguments)
    try:
        check(options)
        from linguist.tasks import chat as asking  # it takes seconds

        asking.run(options, sys.stdout)
        sys.stdout.flush()
    except BrokenPipeError:  # the reader has seen enough, as head has; what Python flushes at its end would fail again
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)  # what a shell gives for a program that SIGPIPE ended
    except LinguistError as error:
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
