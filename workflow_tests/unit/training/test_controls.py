"""Controls are other runs than those that they control, and have other labels as they say."""

import numpy as np
import pytest

from linguist.training.controls import CONTROLS, is_control
from linguist.training.labels import CHANGES, GIVEN, labels_of, source_set

LABELS = np.array([1, 1, 1, 0, 0, 1, 0, 0] * 4, np.int8)


def made(which, seed=1):
    return CHANGES[which](LABELS, np.random.default_rng(seed))


def test_labels_are_changed_as_their_name_says():
    assert (made(GIVEN) == LABELS).all() and (made("flipped") == 1 - LABELS).all()
    assert sorted(made("shuffled")) == sorted(LABELS) and (made("shuffled") != LABELS).any()
    assert (made("shuffled") == made("shuffled")).all() and (made("shuffled") != made("shuffled", 2)).any()


@pytest.mark.parametrize("which", CHANGES)
def test_changed_labels_stay_labels_of_the_same_type(which):
    assert made(which).dtype == LABELS.dtype and set(made(which)) <= {0, 1} and len(made(which)) == len(LABELS)


def test_a_control_is_another_run_than_the_one_it_controls_and_all_others():
    arms = [control.arm("m", "en") for control in CONTROLS.values()]
    assert len({*arms, ("m", "en")}) == len(CONTROLS) + 1
    assert all(is_control(*arm) for arm in arms) and not is_control("m", "en")


@pytest.mark.parametrize("control", CONTROLS.values(), ids=CONTROLS)
def test_a_control_names_what_the_workflow_has(control):
    assert control.labels in CHANGES
    _, trainset = control.arm("m", "en")
    assert not control.is_trained or (source_set(trainset), labels_of(trainset)) == ("en", control.labels)
