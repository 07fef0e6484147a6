"""What a script that fails leaves in its log: one line for a mistake or a failure of the machine, else a traceback."""

import subprocess
import sys

import pytest

from helpers.data import ROOT

MEMORY, ROOM, REFUSED = "out of memory", "no room to write", "cannot be written"
FAILURES = {
    "numpy": ("import numpy; numpy.ones(10**15)", MEMORY),
    "torch": ("import torch; torch.empty(10**15)", MEMORY),
    "Python": ("limit(RLIMIT_AS, 10**8)\n[bytearray(10**7) for _ in range(99)]", MEMORY),
    "oneDNN": ("raise RuntimeError('could not create a primitive')", MEMORY),
    "a map": ("import mmap; limit(RLIMIT_AS, 10**8)\nmmap.mmap(-1, 10**9)", MEMORY),
    "a cause": ("try: numpy\nexcept NameError: raise ValueError('odd') from MemoryError()", MEMORY),
    "a damaged file, said without memory": ("with reading_result('x'): raise MemoryError", MEMORY),
    "a file": ("limit(RLIMIT_FSIZE, 1000)\nwith open(sys.argv[1] + '.x', 'wb') as f: f.write(bytes(2000))", ROOM),
    "a full device": ("open('/dev/full', 'w').write('x' * 10**5)", ROOM),
    "a mount": ("raise OSError(30, 'Read-only file system', 'results/x')", REFUSED),
    "a mistake": ("raise LinguistError('pairs/en: wrong; mend it')", "pairs/en: wrong; mend it"),
}
START = """
import sys
from resource import RLIMIT_AS, RLIMIT_FSIZE, setrlimit
from linguist.errors import LinguistError
from linguist.files import reading_result
from linguist.logs import start_log

def limit(what, more):
    used = int(open("/proc/self/statm").read().split()[0]) * 4096 if what == RLIMIT_AS else 0
    setrlimit(what, (used + more, used + more))

start_log(sys.argv[1])
"""


def fail(code, log):
    command = [sys.executable, "-c", START + code, str(log)]
    run = subprocess.run(command, cwd=ROOT / "scripts", capture_output=True, text=True, timeout=120)
    assert run.returncode != 0
    return run


@pytest.mark.parametrize("name", FAILURES)
def test_a_failure_is_one_line(name, tmp_path):
    code, said = FAILURES[name]
    fail(code, tmp_path / "log")
    lines = (tmp_path / "log").read_text().splitlines()
    assert len(lines) == 1 and lines[0].startswith(f"error: {said}"), lines
    assert "; " in lines[0]  # a cure follows the cause


def test_a_bug_keeps_its_traceback(tmp_path):
    fail("1 / 0", tmp_path / "log")
    assert (tmp_path / "log").read_text().startswith("Traceback") and "ZeroDivisionError" in (
        tmp_path / "log"
    ).read_text()


def test_a_log_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    run = fail("", tmp_path / "file/log")
    assert len(run.stderr.splitlines()) == 1 and run.stderr.startswith("error: ") and "file/log" in run.stderr


def test_a_log_on_a_full_disk_leaves_the_line_to_standard_error(tmp_path):
    run = fail("raise LinguistError('pairs/en: wrong; mend it')", "/dev/full")
    assert run.stderr == "error: pairs/en: wrong; mend it\n"


def test_an_earlier_process_that_still_writes_overwrites_nothing(tmp_path):
    code = START + "print('before', flush=True)\ninput()\nprint('after')"
    command = [sys.executable, "-c", code, str(tmp_path / "log")]
    with subprocess.Popen(command, cwd=ROOT / "scripts", stdin=subprocess.PIPE, text=True) as first:
        while not (tmp_path / "log").exists() or not (tmp_path / "log").read_text():
            assert first.poll() is None
        fail("raise LinguistError('second')", tmp_path / "log")
        first.communicate("\n", timeout=60)
    assert (tmp_path / "log").read_text().startswith("error: second\nafter\n")


@pytest.mark.parametrize(
    ("said", "named"),
    [
        ("results/resources/mine, line 2: no", "results/resources/mine (from data/mine.tsv), line 2: no"),
        ("pairs/x: results/unpacked/mine/a.tsv: no", "pairs/x: results/unpacked/mine/a.tsv (from data/mine.tsv): no"),
        (
            "b.bed, line 1: results/sequences/dna/mine.fa.gz has",
            "b.bed, line 1: results/sequences/dna/mine.fa.gz (from data/mine.tsv) has",
        ),
        ("results/resources/other, line 2: no", "results/resources/other, line 2: no"),
        ("results/resources/spoilt: no", "results/resources/spoilt: no"),
    ],
)
def test_an_error_names_the_file_that_the_user_gave(said, named, tmp_path):
    (tmp_path / "results/records").mkdir(parents=True)
    (tmp_path / "results/records/mine.json").write_text('{"source": "data/mine.tsv"}')
    (tmp_path / "results/records/spoilt.json").write_text("{")
    code = f"import os; os.chdir({str(tmp_path)!r}); raise LinguistError({said!r})"
    fail(code, tmp_path / "log")
    assert (tmp_path / "log").read_text() == f"error: {named}\n"
