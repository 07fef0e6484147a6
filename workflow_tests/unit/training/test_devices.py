"""The device: a GPU that is here and stays unused is reported once; jobs share the GPUs of a machine, here made-up ones."""

import multiprocessing.connection
import os
import signal
import tempfile
from collections import Counter

import pytest
import torch

from linguist.training import devices


def warnings_with(monkeypatch, caplog, **variables):
    """The warnings of a process with these variables that prepares its device twice."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    for name in devices.ALLOTTED:
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    devices.warn_of_unused_gpu.cache_clear()
    for _ in range(2):
        _, environment = devices.prepare_environment("fp32")
        assert environment.device.type == "cpu"
    return [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]


@pytest.mark.parametrize("name", devices.ALLOTTED)
def test_an_allotted_gpu_that_torch_cannot_use_gets_one_line(name, monkeypatch, caplog, tmp_path):
    monkeypatch.setattr(devices, "DRIVER", tmp_path / "none")
    (line,) = warnings_with(monkeypatch, caplog, **{name: "2"})
    assert f"{name}=2" in line and torch.__version__ in line and "CPU" in line and "\n" not in line


def test_a_visible_gpu_is_seen_by_its_driver(monkeypatch, caplog, tmp_path):
    monkeypatch.setattr(devices, "DRIVER", tmp_path)
    (line,) = warnings_with(monkeypatch, caplog)
    assert str(tmp_path) in line


@pytest.mark.parametrize("hidden", [{}, *({"CUDA_VISIBLE_DEVICES": value} for value in devices.HIDDEN)], ids=str)
def test_no_gpu_or_a_hidden_one_is_no_reason_to_warn(hidden, monkeypatch, caplog, tmp_path):
    monkeypatch.setattr(devices, "DRIVER", tmp_path / "none" if not hidden else tmp_path)
    assert warnings_with(monkeypatch, caplog, SLURM_JOB_GPUS="0" if hidden else "", **hidden) == []


# ── jobs on one machine ──


@pytest.fixture
def machine(monkeypatch, tmp_path):
    """A function that gives this machine so many GPUs, of which CUDA_VISIBLE_DEVICES names some or says nothing. The lock files
    are in `tmp_path`."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(devices, "WAIT_SECONDS", 0.05)
    for name in ("CUDA_VISIBLE_DEVICES", "SLURM_JOB_ID"):
        monkeypatch.delenv(name, raising=False)

    def make(gpus, named=None):
        monkeypatch.setattr(torch.cuda, "device_count", lambda: gpus)
        if named is not None:
            monkeypatch.setenv("CUDA_VISIBLE_DEVICES", named)

    return make


@pytest.fixture
def start():
    """A function that starts a job in a process of its own, which keeps its GPUs until it is told to end."""
    context, jobs = multiprocessing.get_context("fork"), []

    class Job:
        def __init__(self, *arguments, **options):
            self.pipe, there = context.Pipe()
            self.process = context.Process(target=self.work, args=(there, arguments, options))
            self.process.start()
            jobs.append(self)

        def work(self, there, arguments, options):
            with devices.own_gpus(*arguments, **options):
                there.send(os.environ.get("CUDA_VISIBLE_DEVICES"))
                there.recv()

        def gpus(self):
            """What CUDA_VISIBLE_DEVICES is in the job, once it has its GPUs."""
            assert self.pipe.poll(60), "it still waits"
            return self.pipe.recv()

        def end(self):
            self.pipe.send(None)
            self.process.join()

    yield Job
    for job in jobs:
        job.process.kill()
        job.process.join()


def test_each_job_has_a_gpu_of_its_own_and_a_killed_one_leaves_it(machine, start):
    machine(2)
    first, second = start(1), start(1)
    taken = [first.gpus(), second.gpus()]
    assert sorted(taken) == ["0", "1"]
    third, fourth = start(1), start(1)
    assert not third.pipe.poll(0.5) and not fourth.pipe.poll(0.1)
    os.kill(first.process.pid, signal.SIGKILL)
    waiting = multiprocessing.connection.wait([third.pipe, fourth.pipe], 60)
    assert [pipe.recv() for pipe in waiting] == [taken[0]]
    second.end()
    (last,) = {third.pipe, fourth.pipe} - set(waiting)
    assert last.poll(60) and last.recv() == taken[1]


def test_machines_that_share_a_temporary_folder_do_not_share_gpus(machine, start, monkeypatch):
    machine(1)
    for name in ("node1", "node2"):
        monkeypatch.setattr("socket.gethostname", lambda name=name: name)
        assert start(1).gpus() == "0"


def test_runs_that_share_a_gpu_are_spread_over_all(machine, start):
    machine(2)
    jobs = [start(1, 2) for _ in range(2)]
    assert sorted(job.gpus() for job in jobs) == ["0", "1"]
    jobs += [start(1, 2) for _ in range(2)]
    assert Counter(job.gpus() for job in jobs[2:]) == {"0": 1, "1": 1}
    assert not start(1, 2).pipe.poll(0.5)


def test_a_pretraining_has_whole_gpus(machine, start):
    machine(3)
    small = start(1, 2)
    taken = small.gpus()
    large, other = start(2, 2, whole=True), start(2, 2, whole=True)
    free = ",".join(sorted({"0", "1", "2"} - {taken}))
    (ready,) = multiprocessing.connection.wait([large.pipe, other.pipe], 60)
    assert ready.recv() == free
    beside = start(1, 2)
    assert beside.gpus() == taken, "half of this GPU is free"
    assert not multiprocessing.connection.wait([large.pipe, other.pipe], 0.5)


@pytest.mark.parametrize(
    ("gpus", "named", "count", "left"),
    [
        (0, None, 1, None),  # only CPUs
        (0, "", 1, ""),  # hidden
        (1, "5", 1, "5"),  # as many as a scheduler has given
        (2, "GPU-a,GPU-b", 2, "GPU-a,GPU-b"),
        (2, None, 0, None),  # not asked for
        (2, None, 8, None),  # what it is started for says what is missing
    ],
)
def test_nothing_is_locked_where_there_is_nothing_to_choose(gpus, named, count, left, machine, tmp_path):
    machine(gpus, named)
    for _ in range(2):
        with devices.own_gpus(count), devices.own_gpus(count):
            assert os.environ.get("CUDA_VISIBLE_DEVICES") == left
    assert not [*tmp_path.iterdir()]


def test_of_the_gpus_that_a_user_names_each_job_has_one(machine, start):
    machine(2, "4,6")
    assert sorted(job.gpus() for job in (start(1), start(1))) == ["4", "6"]


def test_the_variable_is_as_it_was_when_the_job_ends(machine):
    machine(2)
    with devices.own_gpus(1):
        assert os.environ["CUDA_VISIBLE_DEVICES"] == "0"
    assert "CUDA_VISIBLE_DEVICES" not in os.environ
