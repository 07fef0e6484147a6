"""The device: a GPU that is here and stays unused is reported once; else the log says nothing."""

import pytest
import torch

from linguist.training import devices

pytestmark = pytest.mark.skipif(torch.cuda.is_available(), reason="torch can use the GPU here")


def warnings_with(monkeypatch, caplog, **variables):
    """The warnings of a process with these variables that prepares its device twice."""
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
