"""What runs on a GPU, where there is one: each way of training and using a model, and the same on the CPU beside it.

Both compute in float32, but sum in another order, and AdamW divides by small numbers: the differences grow from step to step.
Hence TOLERANCE of losses after some twenty steps. Accuracies are not compared: one row of a test may lie on the threshold.
"""

import json
import logging
import os
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from accelerate.state import AcceleratorState

from helpers.instructions import TASKS, prompt_row, tune_on_rows
from helpers.pretraining import FEW, KINDS, encode_sample, job_of
from helpers.stops import stopped_after
from helpers.vectors import make_reader, measure
from linguist.files import read_json
from linguist.statistics.tables import read_predictions
from linguist.tasks.answering import open_model
from linguist.tasks.instruction_tuning import write_answers
from linguist.tasks.prompts import write_prompt_rows
from linguist.training import loop, recording
from linguist.training.batches import Staged, place
from linguist.training.checkpoints import RandomState
from linguist.training.devices import describe_device, prepare_environment
from linguist.training.finetuning import SavedClassifier, finetune, write_predictions
from linguist.training.memory import Portion
from linguist.training.pretraining import PretrainingJob, launch, pretrain
from linguist.training.tuning import Run

GPU = "cuda"
pytestmark = [pytest.mark.gpu, pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")]
ARCHITECTURES = pytest.mark.parametrize("architecture", ["bert", "gpt2"])
TOLERANCE = {"rtol": 2e-2, "atol": 2e-2}
LIBRARY = str(Path(sys.modules["linguist"].__path__[0]).parent)


@pytest.fixture
def use(monkeypatch):
    """A function that chooses the device of what follows: GPU or "cpu"."""

    def choose(device):
        monkeypatch.setenv("ACCELERATE_USE_CPU", str(device == "cpu"))
        AcceleratorState._reset_state(reset_partial_state=True)
        assert prepare_environment("fp32")[1].device.type == device

    yield choose
    AcceleratorState._reset_state(reset_partial_state=True)


@pytest.fixture
def options(options):
    return options | {"checkpoint_minutes": 9, "epochs": 3, "attention": "sdpa"}


@pytest.fixture(autouse=True)
def without_dropout(request, monkeypatch):
    """Dropout draws from the generator of its device: no two devices drop the same. Tests that ask for dropout have it."""
    if "dropout" not in request.fixturenames:
        real = torch.nn.functional.dropout
        monkeypatch.setattr(torch.nn.functional, "dropout", lambda x, p=0.5, training=True, inplace=False: real(x, 0.0))
        attention = torch.nn.functional.scaled_dot_product_attention
        monkeypatch.setattr(
            torch.nn.functional,
            "scaled_dot_product_attention",
            lambda *given, dropout_p=0.0, **named: attention(*given, **named),
        )
        monkeypatch.setattr("linguist.training.cpu.drop", lambda x, p, bits: x)


@pytest.fixture
def dropout():
    """Asks for dropout."""


def run_of(model, folder, options):
    names = {"metrics": "metrics.json", "curve": "curve.tsv", "weights": "weights"}
    outputs = {name: folder / path for name, path in names.items()}
    folder.mkdir(exist_ok=True)
    return Run(model, 1, options, outputs, folder / "checkpoint.pt", threads=1)


def losses_in(folder):
    return pd.read_csv(folder / "curve.tsv", sep="\t").filter(like="loss")


def tune_classifier(model, files, folder, options):
    """Fine-tune a tiny classifier; returns the losses of its curve (a table)."""
    finetune(run_of(model, folder, options), (files["train"], files["dev"]))
    return losses_in(folder)


@ARCHITECTURES
def test_fine_tuning_and_predictions_agree_with_the_cpu(architecture, base_models, encoded, options, tmp_path, use):
    curves, scores = {}, {}
    for device in ("cpu", GPU):
        use(device)
        curves[device] = tune_classifier(base_models[architecture], encoded[architecture], tmp_path / device, options)
        assert read_json(tmp_path / device / "metrics.json")["device"] == describe_device(torch.device(device))
        classifier = SavedClassifier(tmp_path / "cpu/weights", precision="fp32")  # the same weights on both
        write_predictions(classifier, {"dev": encoded[architecture]["dev"]}, {1: tmp_path / f"{device}.tsv.gz"}, 1)
        scores[device] = read_predictions(tmp_path / f"{device}.tsv.gz")[["score0", "score1"]]
    pd.testing.assert_frame_equal(curves[GPU], curves["cpu"], **TOLERANCE)
    np.testing.assert_allclose(scores[GPU], scores["cpu"], rtol=1e-3, atol=1e-4)


@ARCHITECTURES
@pytest.mark.parametrize("compiled", [False, True])
def test_recorded_steps_are_plain_steps(architecture, compiled, base_models, encoded, options, tmp_path, monkeypatch):
    if compiled:
        monkeypatch.setattr(loop, "COMPILED_STEPS", 0)
    given, record, made, curves = (base_models[architecture], encoded[architecture]), recording.record, [], []
    monkeypatch.setattr(recording, "record", lambda *given: (made.append(1), record(*given))[1])
    for devices in ((), (GPU,)):
        monkeypatch.setattr(loop, "DEVICES", devices)
        curves.append(tune_classifier(*given, tmp_path / str(len(devices)), options))
        assert bool(made) == bool(devices)
    pd.testing.assert_frame_equal(*curves, **TOLERANCE)


def test_a_recorded_step_draws_new_numbers_from_the_generator(dropout):
    """And reads new rows and a new learning rate; and the same again from a generator that is restored."""
    table = torch.nn.Parameter(torch.ones(9, 1000, device=GPU))
    optimizer, randomness = torch.optim.AdamW([table], fused=True, weight_decay=0.0), RandomState(table.device, None)

    def work(staged):
        table.grad = None
        drawn = torch.nn.functional.dropout(table[staged.rows], 0.5)
        drawn.sum().backward()
        optimizer.step()
        return drawn.detach(), table.detach()

    def stage(rows):
        return Staged(place(rows, table.device), 1)

    steps = recording.RecordedSteps(lambda rows: work(stage(rows)), work, stage, optimizer, Portion(None))
    rows = [np.array([number]) for number in range(9)]
    first, _ = steps(rows[0])
    optimizer.param_groups[0]["lr"].fill_(0.0)
    second, _ = steps(rows[1])
    assert len(steps.recordings) == 1
    state = randomness.state_dict()
    third, before = steps(rows[2])
    assert not any(torch.equal(one, other) for one, other in ((first, second), (second, third)))
    randomness.load_state_dict(state)
    again, _ = steps(rows[2])
    assert torch.equal(third, again)
    optimizer.param_groups[0]["lr"].fill_(0.5)
    _, after = steps(rows[5])
    assert (after[5] - before[5]).abs().max() > 0.1


def test_a_step_that_waits_for_the_gpu_is_not_recorded_and_goes_on(dropout, caplog):
    table = torch.nn.Parameter(torch.ones(9, 1000, device=GPU))
    optimizer = torch.optim.AdamW([table], fused=True)

    def work(staged):
        drawn = torch.nn.functional.dropout(table.detach()[staged.rows], 0.5)
        return drawn, torch.tensor(float(drawn.sum()), device=GPU)

    def stage(rows):
        return Staged(place(rows, table.device), 1)

    steps = recording.RecordedSteps(lambda rows: work(stage(rows)), work, stage, optimizer, Portion(None))
    torch.manual_seed(1)
    found = [steps(np.array([number]))[0] for number in range(4)]
    assert not steps.recordings and "not recorded" in caplog.text
    torch.manual_seed(1)
    for number in range(4):
        assert torch.equal(found[number], work(stage(np.array([number])))[0])


@ARCHITECTURES
@pytest.mark.parametrize("precision", ["auto", "fp32"])
def test_gradient_checkpointing_changes_no_loss(
    architecture, precision, base_models, encoded, options, tmp_path, dropout
):
    options |= {"precision": precision, "attention": "auto"}
    curves = [
        tune_classifier(
            base_models[architecture],
            encoded[architecture],
            tmp_path / str(on),
            options | {"gradient_checkpointing": on},
        )
        for on in (False, True)
    ]
    pd.testing.assert_frame_equal(*curves, **TOLERANCE)


def test_an_interrupted_fine_tuning_goes_on_with_the_random_state_of_the_gpu(
    base_models, encoded, options, tmp_path, caplog, dropout
):
    given = base_models["bert"], encoded["bert"]
    options |= {"checkpoint_minutes": 0}
    whole = tune_classifier(*given, tmp_path / "whole", options)
    with stopped_after(11):
        tune_classifier(*given, tmp_path / "stopped", options)
    torch.rand(7, device=GPU)  # not where it was
    with caplog.at_level(logging.INFO, "linguist"):
        resumed = tune_classifier(*given, tmp_path / "stopped", options)
    assert "resuming at epoch 2, step 3" in caplog.text
    pd.testing.assert_frame_equal(resumed, whole, rtol=1e-4)  # other dropout changes losses by 1e-3


def test_the_generator_of_a_gpu_is_saved_and_restored():
    randomness = RandomState(torch.device(GPU), None)
    state = randomness.state_dict()
    first = torch.rand(5, device=GPU)
    randomness.load_state_dict(state)
    assert torch.equal(torch.rand(5, device=GPU), first)


SHARING = """
import json, sys
from linguist.training.devices import own_gpus
from linguist.training.finetuning import finetune
from linguist.training.tuning import Run

run, files = json.loads(sys.argv[1])
with own_gpus(1, 2):
    print("started", flush=True)
    sys.stdin.readline()  # until the other one has its place, too
    finetune(Run(**run), files)
"""


def test_two_processes_share_a_gpu(base_models, encoded, options, tmp_path, dropout):
    """And each computes what it computes alone."""
    variables = os.environ | {"PYTHONPATH": LIBRARY, "TMPDIR": str(tmp_path)}
    if torch.cuda.device_count() > 1:
        variables["CUDA_VISIBLE_DEVICES"] = os.environ.get("CUDA_VISIBLE_DEVICES", "0").split(",")[0]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    files, processes = {split: str(path) for split, path in encoded["bert"].items()}, []
    for name in ("first", "second"):
        job = json.loads(json.dumps(vars(run_of(base_models["bert"], tmp_path / name, options)), default=str))
        given = json.dumps([job, [files["train"], files["dev"]]])
        processes.append(subprocess.Popen([sys.executable, "-c", SHARING, given], env=variables, **pipes))
    try:
        for process in processes:
            assert process.stdout.readline() == "started\n", process.communicate()[1]
        for process in processes:
            process.stdin.write("\n")
            process.stdin.flush()
        for process in processes:
            assert process.wait(300) == 0, process.stderr.read()
    finally:
        for process in processes:
            process.kill()
            process.communicate()
    alone = tune_classifier(base_models["bert"], encoded["bert"], tmp_path / "alone", options)
    for name in ("first", "second"):
        assert read_json(tmp_path / name / "metrics.json")["device"] == describe_device(torch.device(GPU))
        pd.testing.assert_frame_equal(losses_in(tmp_path / name), alone, **TOLERANCE)


# ── pretraining ──


@pytest.fixture(scope="module")
def corpora(tmp_path_factory):
    return {architecture: encode_sample(architecture, tmp_path_factory.mktemp(architecture)) for architecture in KINDS}


def pretrain_tiny(*arguments, **shape):
    """Pretrain a tiny model; returns (losses of its curve, its metrics)."""
    job = job_of(*arguments, **shape)
    pretrain(PretrainingJob(**job))
    return losses_in(Path(job["outputs"]["curve"]).parent), read_json(job["outputs"]["metrics"])


@ARCHITECTURES
def test_pretraining_agrees_with_the_cpu(architecture, corpora, options, tmp_path, use):
    curves = {}
    for device in ("cpu", GPU):
        use(device)
        curves[device], _ = pretrain_tiny(architecture, corpora, tmp_path / device, options | FEW)
    pd.testing.assert_frame_equal(curves[GPU], curves["cpu"], **TOLERANCE)


@ARCHITECTURES
def test_pretraining_as_it_is_by_default(architecture, corpora, options, tmp_path, dropout):
    """Compiled, in the precision of the device, in unequal parts, and with blocks as long as the kernels want."""
    shape = {"gpt2": {"n_positions": 128}, "bert": {"max_position_embeddings": 128}}[architecture]
    given = options | FEW | {"precision": "auto", "attention": "auto", "compile": True, "context": 128}
    given |= {"batch_size": 8, "micro_batch": 3, "epochs": 6}
    curve, metrics = pretrain_tiny(architecture, corpora, tmp_path, given, **shape)
    assert curve["dev_loss"].iloc[-1] < 0.95 * curve["dev_loss"].iloc[0]
    assert metrics["tokens_per_second"] > 0 and metrics["device"] == describe_device(torch.device(GPU))


@pytest.mark.skipif(torch.cuda.device_count() < 2, reason="one GPU, not two")
def test_two_gpus_pretrain_as_one(corpora, options, tmp_path):
    curves = []
    for processes in (1, 2):
        job = job_of(
            "gpt2", corpora, tmp_path / str(processes), options | FEW, resid_pdrop=0, embd_pdrop=0, attn_pdrop=0
        )
        launch(PretrainingJob(**job), processes, tmp_path / str(processes))
        curves.append(losses_in(tmp_path / str(processes)))
    pd.testing.assert_frame_equal(*curves, **TOLERANCE)


# ── instructions, vectors ──


def test_instruction_tuning_answers_and_questions_agree_with_the_cpu(base_models, options, tmp_path, use, capsys):
    draw, found = random.Random(5), {}
    rows = [prompt_row(draw, number, task) for number in range(24) for task in TASKS]
    for name in ("train", "dev"):
        write_prompt_rows(tmp_path / f"{name}.jsonl", rows)
    answers = {task: about["answers"] for task, about in TASKS.items()}
    for device in ("cpu", GPU):
        use(device)
        folder = tmp_path / device
        folder.mkdir(exist_ok=True)
        tune_on_rows(base_models["gpt2"], tmp_path, folder, options)
        weights = tmp_path / "cpu/weights"  # the same on both
        write_answers(weights, tmp_path / "dev.jsonl", answers, options, folder / "answers.tsv.gz", 1)
        model = open_model(weights)
        answer = model.ask(TASKS["rich"]["phrasings"][0], "ACGTACGT")
        model.talk("GC?", 5, 0.0, sys.stdout)
        found[device] = losses_in(folder), read_predictions(folder / "answers.tsv.gz"), answer, capsys.readouterr().out
    pd.testing.assert_frame_equal(found[GPU][0], found["cpu"][0], **TOLERANCE)
    scores = [found[device][1][["score0", "score1"]] for device in ("cpu", GPU)]
    np.testing.assert_allclose(scores[1], scores[0], rtol=1e-3, atol=1e-3)
    assert found[GPU][2].among == pytest.approx(found["cpu"][2].among, abs=0.05)  # in the precision of each device
    assert found[GPU][3]


@ARCHITECTURES
def test_token_vectors_agree_with_the_cpu(architecture, tmp_path, use):
    model, found = make_reader(architecture, tmp_path), {}
    for device in ("cpu", GPU):
        use(device)
        (tmp_path / f"on-{device}").mkdir(exist_ok=True)
        measure(model, tmp_path / f"on-{device}")
        found[device] = pd.DataFrame(read_json(tmp_path / f"on-{device}/distances.json")["rows"])
    pd.testing.assert_frame_equal(found[GPU], found["cpu"], rtol=1e-3, atol=1e-4)


# ── the device ──


def test_rows_that_a_gpu_cannot_hold_are_halved():
    """What torch raises, and that the memory is free again for the next attempt."""
    free, _ = torch.cuda.mem_get_info()
    portion = Portion(None, "rows")

    def fill(rows):
        return len([torch.empty(free // 5, dtype=torch.int8, device=GPU) for _ in rows])

    assert portion.apply(fill, [np.arange(8)]) == [4, 4]


def test_importing_the_library_does_not_use_a_gpu():
    """Else CUDA_VISIBLE_DEVICES, which a job sets after it, would come too late."""
    program = """
import os
import linguist.training.pretraining, linguist.tasks.instruction_tuning, linguist.vectors.distances
import torch
assert torch.cuda.device_count() > 0
os.environ["CUDA_VISIBLE_DEVICES"] = ""
assert not torch.cuda.is_available()
"""
    run = subprocess.run([sys.executable, "-c", program], env=os.environ | {"PYTHONPATH": LIBRARY}, capture_output=True)
    assert run.returncode == 0, run.stderr.decode()
