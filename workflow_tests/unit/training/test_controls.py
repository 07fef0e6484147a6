"""Controls are other runs than those that they control, and change the rows as they say."""

import numpy as np
import pytest

from linguist.tokenizers.encoding import PairTokens
from linguist.training.changes import CHANGES, GIVEN, row_change, source_set
from linguist.training.controls import CONTROLS, is_control

LABELS = np.array([1, 1, 1, 0, 0, 1, 0, 0] * 4, np.int8)
OFFSETS = np.cumsum([0, *np.arange(len(LABELS)) % 5 + 2])
ROWS = PairTokens(
    np.arange(OFFSETS[-1], dtype=np.int32),
    np.zeros(OFFSETS[-1], np.int8),
    OFFSETS,
    LABELS,
    np.array(["x"] * len(LABELS)),
)


def changed(which, seed=1):
    return CHANGES[which](ROWS, np.random.default_rng(seed))


def made(which, seed=1):
    return changed(which, seed).labels


def test_labels_are_changed_as_their_name_says():
    assert (made(GIVEN) == LABELS).all() and (made("flipped") == 1 - LABELS).all()
    assert sorted(made("shuffled")) == sorted(LABELS) and (made("shuffled") != LABELS).any()
    assert (made("shuffled") == made("shuffled")).all() and (made("shuffled") != made("shuffled", 2)).any()


@pytest.mark.parametrize("which", CHANGES)
def test_changed_rows_stay_rows_of_the_same_types(which):
    rows = changed(which)
    for name, given in vars(ROWS).items():
        assert getattr(rows, name).dtype == given.dtype
    assert rows.offsets[-1] == len(rows.ids) == len(rows.types) and len(rows.offsets) == len(rows.names) + 1
    assert set(rows.labels) <= {0, 1} and len(rows) == len(rows.names)


def test_a_control_is_another_run_than_the_one_it_controls_and_all_others():
    arms = [control.arm("m", "en") for control in CONTROLS.values()]
    assert len({*arms, ("m", "en")}) == len(CONTROLS) + 1
    assert all(is_control(*arm) for arm in arms) and not is_control("m", "en")


@pytest.mark.parametrize("control", CONTROLS.values(), ids=CONTROLS)
def test_a_control_names_what_the_workflow_has(control):
    assert control.change in CHANGES
    _, trainset = control.arm("m", "en")
    assert not control.is_trained or (source_set(trainset), row_change(trainset)) == ("en", control.change)
