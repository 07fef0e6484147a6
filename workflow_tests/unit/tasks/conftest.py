"""A tiny model that knows two easy tasks, tuned once for all tests of tasks."""

import random

import pytest

from helpers.instructions import TASKS, prompt_row, tune_on_rows


@pytest.fixture(autouse=True)
def one_thread():
    import torch

    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def rows():
    """Rows of an instruction set, the two tasks in turn."""
    draw = random.Random(5)
    return [prompt_row(draw, number, task) for number in range(72) for task in TASKS]


@pytest.fixture(scope="session")
def tuned(base_models, rows, tmp_path_factory):
    """Folder of a run whose tiny model has learned the task "rich"."""
    from linguist.tasks.prompts import write_prompt_rows

    folder = tmp_path_factory.mktemp("results") / "runs/tiny/easy/seed-1"
    folder.mkdir(parents=True)
    write_prompt_rows(folder / "train.jsonl", rows)
    write_prompt_rows(folder / "dev.jsonl", rows)
    options = {"learning_rate": 5e-3, "batch_size": 16, "epochs": 40, "schedule": "linear", "warmup": 0.1}
    options |= {"weight_decay": 0.0, "max_grad_norm": 1.0, "select_by": "accuracy", "precision": "fp32"}
    tune_on_rows(base_models["gpt2"], folder, folder, options | {"attention": "auto", "checkpoint_minutes": 10})
    return folder
