"""MPS is started once for several processes, and ends with the last one, however that ends. A small program stands in for
NVIDIA's."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from linguist.training import mps

LIBRARY = str(Path(sys.modules["linguist"].__path__[0]).parent)
CONTROL = """#!/bin/sh
# As nvidia-cuda-mps-control: -d starts the daemon; else a command comes on standard input.
[ -z "$CUDA_VISIBLE_DEVICES" ] || exit 3
cd "$CUDA_MPS_PIPE_DIRECTORY" || exit 4
if [ "$1" = -d ]; then
    [ "$MPS_BROKEN" != start ] && [ ! -e control ] && echo start >> calls && echo > control
    exit
fi
[ -e control ] || exit 1
read -r command
[ "$command" != quit ] || { echo quit >> calls; rm control; }
"""
JOB = """
import os, sys
from pathlib import Path
from linguist.training import mps

mps.TRIAL, mps.USUAL = sys.argv[2], Path(sys.argv[1]) / "none"
with mps.sharing(Path(sys.argv[1])):
    print(os.environ.get(mps.PIPES), flush=True)
    sys.stdin.readline()
print(os.environ.get(mps.PIPES), flush=True)
"""
WORKS = "import os; assert os.environ['CUDA_VISIBLE_DEVICES'] == '1'"
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="MPS is for Linux")


@pytest.fixture
def start(tmp_path):
    """A function that starts a process which shares GPUs until it gets a line; gives it and its value of PIPES."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / mps.CONTROL).write_text(CONTROL)
    (tmp_path / "bin" / mps.CONTROL).chmod(0o755)
    base = {name: value for name, value in os.environ.items() if name != mps.PIPES}
    base |= {"PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}", "PYTHONPATH": LIBRARY, "CUDA_VISIBLE_DEVICES": "1"}
    started = []

    def begin(trial=WORKS, **variables):
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        command = [sys.executable, "-c", JOB, str(tmp_path / "mps"), trial]
        started.append(subprocess.Popen(command, env=base | variables, **pipes))
        return started[-1], started[-1].stdout.readline().strip()

    yield begin
    for process in started:
        process.kill()
        process.communicate()


def wait_for(condition):
    for _ in range(200):
        if condition():
            return True
        time.sleep(0.05)
    return False


def test_it_is_started_once_and_ends_after_the_last_process(start, tmp_path):
    folder = tmp_path / "mps"
    (first, pipes), (second, others) = start(), start()
    assert pipes == others == str(folder)
    assert first.communicate("\n")[0].strip() == "None"
    third, _ = start()
    second.kill()
    second.wait()
    time.sleep(0.3)
    assert (folder / "calls").read_text() == "start\n", "the third process still needs it"
    third.kill()  # without a farewell
    assert wait_for(lambda: not (folder / "control").exists())
    fourth, pipes = start()  # it can start again, also while the guard is at work
    assert pipes == str(folder) and (folder / "control").exists()
    fourth.communicate("\n")
    assert wait_for(lambda: (folder / "calls").read_text() == "start\nquit\n" * 2)


@pytest.mark.parametrize(
    "trial, variables", [("raise SystemExit(1)", {}), (WORKS, {"MPS_BROKEN": "start"}), (WORKS, {"PATH": os.defpath})]
)
def test_where_it_does_not_work_the_process_goes_on_without_it(trial, variables, start, tmp_path):
    process, pipes = start(trial, **variables)
    assert pipes == "None"
    process.communicate("\n")
    assert process.returncode == 0
    assert wait_for(lambda: not (tmp_path / "mps/control").exists())


def test_what_the_user_has_set_stays(start, tmp_path):
    process, pipes = start(**{mps.PIPES: "mine"})
    assert (pipes, process.communicate("\n")[0].strip()) == ("mine", "mine")
    assert not (tmp_path / "mps").exists()
