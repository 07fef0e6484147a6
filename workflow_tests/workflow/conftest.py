"""Fixtures for tests of whole runs: a small study that is finished, once for all of them."""

import os
import shutil
from pathlib import Path

import pytest

from helpers.runs import STUDY
from linguist.files import open_locked


@pytest.fixture(scope="session")
def finished(make_checkout, snakemake, tmp_path_factory):
    """A checkout in which the study has run; tests must leave its results as they are. Of the processes of pytest-xdist, the first
    one that needs it makes it for all."""
    common = tmp_path_factory.getbasetemp()
    common = common.parent if "PYTEST_XDIST_WORKER" in os.environ else common
    with open_locked(common / "finished.txt") as place:
        place.seek(0)
        if made := place.read():
            return Path(made)
        folder = make_checkout()
        run = snakemake(folder, "--cores", "2", "--configfile", STUDY)
        assert run.returncode == 0, run.stderr[-4000:]
        place.write(str(folder))
        return folder


@pytest.fixture
def copy(finished, tmp_path):
    """A copy of the finished checkout that a test may change; times are kept."""
    return shutil.copytree(finished, tmp_path / "copy", symlinks=True)
