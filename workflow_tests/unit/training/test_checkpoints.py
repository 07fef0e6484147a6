"""A run is trained by one process at a time, and a checkpoint that does not fit is named."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from linguist.errors import LinguistError
from linguist.training.checkpoints import Checkpoint, take_lock

LIBRARY = str(Path(__file__).resolve().parents[3] / "scripts")
HOLDER = """
import sys, time
from pathlib import Path
from linguist.training.checkpoints import Checkpoint
with Checkpoint(Path(sys.argv[1]), {}).locked():
    print("held", flush=True)
    time.sleep(600)
"""
# Each process takes the lock again and again, and while it holds it no other may be inside.
SECOND = """
import os, sys
from pathlib import Path
from linguist.errors import LinguistError
from linguist.training.checkpoints import Checkpoint
checkpoint, inside, held = Checkpoint(Path(sys.argv[1]), {}), Path(sys.argv[1] + ".inside"), 0
while held < 60:
    try:
        with checkpoint.locked():
            os.close(os.open(inside, os.O_CREAT | os.O_EXCL))
            inside.unlink()
            held += 1
    except LinguistError:
        pass
"""


def start(code, path, **options):
    return subprocess.Popen(
        [sys.executable, "-c", code, str(path)], env=os.environ | {"PYTHONPATH": LIBRARY}, **options
    )


def test_a_second_process_is_refused_and_the_lock_ends_with_the_first(tmp_path):
    checkpoint = Checkpoint(tmp_path / "run/checkpoint.pt", {})
    with start(HOLDER, checkpoint.path, stdout=subprocess.PIPE) as first:
        try:
            assert first.stdout.readline() == b"held\n"
            with pytest.raises(LinguistError) as caught, checkpoint.locked():
                raise AssertionError("two at once")
            for word in (str(first.pid), socket.gethostname(), "checkpoint.lock"):
                assert word in str(caught.value)
            assert "\n" not in str(caught.value)
        finally:
            first.send_signal(signal.SIGKILL)
    with checkpoint.locked():
        assert [path.name for path in (tmp_path / "run").iterdir()] == ["checkpoint.lock"]
    assert not list((tmp_path / "run").iterdir())


def test_of_many_that_try_one_is_inside(tmp_path):
    """Also while the file of the lock is deleted and made again."""
    others = [start(SECOND, tmp_path / "c.pt", stderr=subprocess.PIPE) for _ in range(3)]
    for other in others:
        _, told = other.communicate(timeout=120)
        assert other.returncode == 0, told.decode()
    assert not list(tmp_path.iterdir())


def test_a_file_system_without_locks_is_told_and_does_not_stop_a_training(tmp_path, monkeypatch, caplog):
    def refuse(*_):
        raise OSError(38, "Function not implemented")

    monkeypatch.setattr("fcntl.flock", refuse)
    caplog.set_level("INFO", "linguist")
    take_lock(tmp_path / "c.lock").close()
    assert "c.lock" in caplog.text and "Function not implemented" in caplog.text


def parts(width=3):
    net = torch.nn.Linear(2, width)
    return {"model": net, "optimizer": torch.optim.AdamW(net.parameters())}


@pytest.mark.parametrize("change", ["shape", "part", "position", "history"])
def test_a_checkpoint_that_does_not_fit_is_named(change, tmp_path):
    checkpoint = Checkpoint(tmp_path / "c.pt", {"seed": 1})
    checkpoint.save(parts(4 if change == "shape" else 3), (0, 5), history={}, losses=[])
    content = torch.load(checkpoint.path)
    content.pop({"part": "optimizer"}.get(change, change), None)
    torch.save(content, checkpoint.path)
    with pytest.raises(LinguistError, match=r"c\.pt: damaged \(.+\); delete it and run again") as caught:
        checkpoint.load(parts())
    assert "\n" not in str(caught.value)


def test_a_disk_that_is_full_leaves_the_last_checkpoint(tmp_path):
    """The limit of a process on the size of a file stands for the disk."""
    checkpoint = Checkpoint(tmp_path / "c.pt", {"seed": 1})
    checkpoint.save(parts(), (0, 5), history={}, losses=[])
    saved = checkpoint.path.read_bytes()
    code = """
import resource, signal, sys
from pathlib import Path
import torch
from linguist.logs import start_log
from linguist.training.checkpoints import Checkpoint
start_log(sys.argv[1] + ".log")
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
Checkpoint(Path(sys.argv[1]), {}).save({"model": torch.nn.Linear(300, 300)}, (1, 0), history={}, losses=[])
"""
    with start(code, checkpoint.path) as run:
        assert run.wait(120) != 0
    told = (tmp_path / "c.pt.log").read_text().splitlines()
    assert len(told) == 1 and told[0].startswith("error: no room to write (")
    assert checkpoint.path.read_bytes() == saved and not checkpoint.partial.exists()
