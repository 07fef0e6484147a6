"""What a finished run leaves comes back whole and only if it is made from the same."""

import errno
import os

import pytest

from linguist.training.finished import RESULTS, Finished, digest_sources


def write_results(folder, text):
    folder.mkdir(exist_ok=True)
    for name in RESULTS:
        (folder / name).write_text(f"{name} {text}")


def results_of(folder):
    return [(folder / name).read_text() if (folder / name).exists() else None for name in RESULTS]


@pytest.fixture(params=["links", "copies"])
def run(request, tmp_path, monkeypatch):
    """The folder of a finished run, whose results have been deleted; on a file system with and without links."""

    def refuse(source, target):
        raise OSError(errno.EPERM, "no links here")

    if request.param == "copies":
        monkeypatch.setattr(os, "link", refuse)
    write_results(tmp_path / "run", "first")
    Finished.in_folder(tmp_path / "run", "this").keep()
    for name in RESULTS:
        (tmp_path / "run" / name).unlink()
    return tmp_path / "run"


def test_the_results_come_back(run):
    assert Finished.in_folder(run, "this").restore()
    assert results_of(run) == [f"{name} first" for name in RESULTS]
    assert Finished.in_folder(run, "this").restore()  # and stay


def test_results_of_something_else_do_not_come_back(run):
    assert not Finished.in_folder(run, "other").restore()
    assert results_of(run) == [None] * len(RESULTS)
    write_results(run, "second")
    Finished.in_folder(run, "other").keep()
    assert not Finished.in_folder(run, "this").restore() and Finished.in_folder(run, "other").restore()


@pytest.mark.parametrize("name", [*RESULTS, "record.json"])
@pytest.mark.parametrize("damage", [os.unlink, lambda path: os.truncate(path, 3)])
def test_damaged_results_do_not_come_back(run, name, damage):
    damage(run / "finished" / name)
    assert not Finished.in_folder(run, "this").restore()


def test_nothing_comes_back_to_a_new_run(tmp_path):
    assert not Finished.in_folder(tmp_path / "new", "this").restore()


def test_the_digest_tells_what_a_run_is_made_from(tmp_path):
    model, rows = tmp_path / "model", tmp_path / "train.npz"
    model.mkdir()
    (model / "weights").write_text("w")
    rows.write_text("r")
    digest = digest_sources([rows, model], options={"epochs": 1})
    assert digest == digest_sources([str(rows), str(model)], options={"epochs": 1})
    assert digest != digest_sources([rows, model], options={"epochs": 2})
    assert digest != digest_sources([rows], options={"epochs": 1})
    (model / "weights").write_text("v")
    assert digest != digest_sources([rows, model], options={"epochs": 1})
