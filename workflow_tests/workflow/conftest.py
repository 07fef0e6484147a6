"""Fixtures for tests of whole runs: a small study that is finished, once for all of them."""

import shutil

import pytest

from helpers.runs import STUDY


@pytest.fixture(scope="session")
def finished(make_checkout, snakemake):
    """A checkout in which the study has run; tests must leave its results as they are."""
    folder = make_checkout()
    run = snakemake(folder, "--cores", "2", "--configfile", STUDY)
    assert run.returncode == 0, run.stderr[-4000:]
    return folder


@pytest.fixture
def copy(finished, tmp_path):
    """A copy of the finished checkout that a test may change; times are kept."""
    return shutil.copytree(finished, tmp_path / "copy", symlinks=True)
