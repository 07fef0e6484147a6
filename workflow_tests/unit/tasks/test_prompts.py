"""Instruction sets: which wordings, which rows are dropped, which examples; and how a reply is read."""

import random

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.data import letters
from linguist.errors import LinguistError
from linguist.files import write_lines
from linguist.sequences.neighbours import identity_bins, identity_of_queries, rank_neighbours
from linguist.tasks.instruction_sets import build_instructions
from linguist.tasks.prompts import match_exact, match_prefix, prompt_text, read_prompt_rows, write_prompt_rows

SPLITS = ("train", "dev", "test")
TASKS = {
    "core": {"answers": ["Non-promoter", "promoter"], "phrasings": ["Core?", "Is it?"], "held_out": "Tell me."},
    "long": {"answers": ["Non-promoter", "promoter"], "phrasings": ["Long?"], "held_out": "Say it."},
    "splice": {"answers": ["A", "B", "C"], "phrasings": ["Which site?"], "held_out": "Name the site."},
}
SPEC = {
    "tasks": list(TASKS),
    "style": "language",
    "examples": 0,
    "retrieval": "blast",
    "disjoint": True,
    "swapped": 2,
    "seed": 1,
}


@pytest.fixture
def frames():
    draw = random.Random(1)
    lengths = {"core": 40, "long": 80, "splice": 60}
    return {
        task: {
            split: pd.DataFrame(
                [(f"{split}-{i}", letters(draw, length), i % len(TASKS[task]["answers"])) for i in range(6)],
                columns=["id", "sequence", "label"],
            )
            for split in SPLITS
        }
        for task, length in lengths.items()
    }


def build(frames, hits=None, **changes):
    return build_instructions("set", SPEC | changes, TASKS, frames, hits or {})


def test_every_row_appears_once_in_training_and_with_each_variant_in_test(frames):
    splits, dropped = build(frames)
    for split in ("train", "dev"):
        assert len(splits[split]) == 18 and {row["variant"] for row in splits[split]} == {"trained"}
    assert all(n == 0 for counts in dropped.values() for n in counts.values())
    rows = pd.DataFrame(splits["test"])
    assert rows.groupby(["task", "variant"]).size().to_dict() == {
        (task, variant): n for task in TASKS for variant, n in (("trained", 6), ("held-out", 6), ("swapped", 2))
    }
    for row in splits["train"] + splits["test"]:
        task, asked = TASKS[row["task"]], TASKS[row["asked"]]
        assert row["output"] == task["answers"][row["label"]]
        if row["variant"] == "held-out":
            assert row["instruction"] == task["held_out"]
        else:
            assert row["instruction"] in asked["phrasings"]
        if row["variant"] == "swapped":  # another task of the same answers would not show whether it is read
            assert set(asked["answers"]).isdisjoint(task["answers"])
        else:
            assert row["asked"] == row["task"]


def test_the_unseen_wording_is_not_in_training(frames):
    splits, _ = build(frames)
    held = {task["held_out"] for task in TASKS.values()}
    assert held.isdisjoint(row["instruction"] for split in ("train", "dev") for row in splits[split])


def test_numbers_instead_of_words(frames):
    splits, _ = build(frames, style="ids")
    assert {(row["task"], row["instruction"]) for row in splits["train"]} == {
        ("core", "Task 1"),
        ("long", "Task 2"),
        ("splice", "Task 3"),
    }
    assert {row["variant"] for row in splits["test"]} == {"trained", "swapped"}


def test_rows_that_a_later_split_of_any_task_holds_are_dropped(frames):
    """A core promoter of train that is cut from a longer one of test, would give its answer away."""
    long = frames["long"]["test"]["sequence"][0]
    frames["core"]["train"].loc[0, "sequence"] = long[10:50]
    frames["splice"]["dev"].loc[1, "sequence"] = frames["splice"]["test"]["sequence"][1]
    splits, dropped = build(frames)
    assert dropped["core"]["train"] == 1 and dropped["splice"]["dev"] == 1
    assert len(splits["train"]) == 17 and len(splits["dev"]) == 17 and len(splits["test"]) == 18 * 2 + 6
    assert all(row["input"] not in long for row in splits["train"])
    splits, dropped = build(frames, disjoint=False)
    assert len(splits["train"]) == 18 and dropped["core"]["train"] == 0


def test_a_set_of_which_nothing_is_left_is_one_line(frames):
    for task in frames.values():
        task["train"] = task["test"]
    with pytest.raises(LinguistError, match="instructions/set: .*'train'"):
        build(frames)


def test_examples_are_the_best_hits_of_train_the_best_one_last_never_the_row_itself(frames, tmp_path):
    hits = {}
    for split in SPLITS:
        hits[split] = tmp_path / f"{split}.tsv"
        rows = [
            (f"{split}-0", f"train-{i}", score, 50, 60)
            for i, score in ((0, 90.0), (1, 50.0), (2, 70.0), (3, 60.0), (2, 40.0))
        ]
        write_lines(hits[split], ["\t".join(map(str, row)) for row in rows])
    splits, _ = build(frames, {"core": hits, "long": hits, "splice": hits}, examples=2)
    train = frames["core"]["train"]
    solved = {row.id: [row.sequence, TASKS["core"]["answers"][row.label]] for row in train.itertuples()}
    found = {(row["id"], row["variant"]): row["examples"] for row in splits["test"] if row["task"] == "core"}
    assert found["test-0", "trained"] == [solved["train-2"], solved["train-0"]]
    assert found["test-1", "trained"] == []  # BLAST found nothing
    own = next(row for row in splits["train"] if row["task"] == "core" and row["id"] == "train-0")
    assert own["examples"] == [solved["train-3"], solved["train-2"]]


def test_random_examples_are_of_the_task_and_never_the_row_itself(frames):
    splits, _ = build(frames, examples=2, retrieval="random")
    for row in splits["train"] + splits["test"]:
        train = frames[row["task"]]["train"]
        answers = dict(zip(train["sequence"], train["label"], strict=True))
        assert len(row["examples"]) == 2 or row["input"] in answers and len(row["examples"]) >= 1
        for sequence, answer in row["examples"]:
            assert sequence != row["input"] and TASKS[row["task"]]["answers"][answers[sequence]] == answer


def test_neighbours_come_once_by_score_and_then_by_name():
    hits = pd.DataFrame([("q", "b", 5.0), ("q", "a", 5.0), ("q", "c", 9.0), ("q", "b", 7.0), ("r", "a", 1.0)])
    hits.columns = ["id", "neighbour", "bitscore"]
    assert rank_neighbours(hits) == {"q": ["c", "b", "a"], "r": ["a"]}


def test_rows_are_binned_by_their_highest_identity():
    hits = [("a", "x", 80, 100), ("a", "y", 100, 100), ("b", "x", 95, 100), ("c", "y", 94, 100), ("d", "x", 20, 100)]
    hits = pd.DataFrame(hits, columns=["id", "neighbour", "identities", "length"])
    identity = identity_of_queries(hits)
    assert identity == {"a": 1, "b": 0.95, "c": 0.94, "d": 0.2}
    assert identity_bins(identity.values()) == ["100 %", "95 % to 100 %", "80 % to 95 %", "below 80 %"]


def test_a_prompt_is_alpacas():
    assert prompt_text("Is it?", "ACGT") == "### Instruction:\nIs it?\n\n### Input:\nACGT\n\n### Response:\n"
    assert prompt_text("Say.") == "### Instruction:\nSay.\n\n### Response:\n"
    solved = prompt_text("Is it?", "ACGT", [["CCC", "no"]])
    assert solved.index("CCC\n\n### Response:\nno") < solved.index("ACGT") and solved.endswith("### Response:\n")


texts = st.text(st.characters(codec="utf-8"), max_size=20)


@given(st.lists(st.fixed_dictionaries({"instruction": texts, "input": texts, "output": texts}), max_size=4))
def test_rows_survive_a_file(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("rows") / "rows.jsonl"
    write_prompt_rows(path, rows)
    assert read_prompt_rows(path) == rows


@pytest.mark.parametrize(
    ("text", "prefix", "strict"),
    [
        ("promoter", 1, 1),
        (" promoter\n", 1, 1),
        ("promoter AGCC GGG", 1, -1),  # the paper's own example
        ("Non-promoter, promoter", 0, -1),
        ("a promoter", -1, -1),
        ("", -1, -1),
    ],
)
def test_how_a_reply_is_read(text, prefix, strict):
    answers = ["Non-promoter", "promoter"]
    assert match_prefix(text, answers) == prefix and match_exact(text, answers) == strict


def test_of_answers_that_begin_alike_the_longest_is_meant():
    assert match_prefix("Sites of splicing", ["Sites", "Sites of splicing"]) == 1


def test_real_rows_of_the_authors_are_read_as_they_say(real_data):
    """Of their 1,000 replies, 838 begin with the right answer, and 50 are it."""
    import json

    rows = json.loads((real_data / "authors/gpt2-small2-sft3.json").read_text())
    answers = list(dict.fromkeys(row["output"] for row in rows))
    right = [
        sum(read(row["model_response"], answers) == answers.index(row["output"]) for row in rows)
        for read in (match_prefix, match_exact)
    ]
    assert right == [838, 50]
