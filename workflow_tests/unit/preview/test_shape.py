"""The shape of a model: parameters, FLOPs and memory."""

import numpy as np
import pytest

from linguist.preview.shape import read_shape
from linguist.training.weights import read_tensors


def test_the_shape_is_that_of_the_weights(preview, parameters):
    folder = preview[2] / "models/small"
    shape = read_shape(folder)
    assert (shape.width, shape.layers, shape.vocabulary) == (16, 1, 2000)
    assert shape.parameters == parameters(1, 2000)
    assert shape.parameters == sum(np.prod(tensor.shape) for tensor in read_tensors(folder).values())


def test_more_layers_and_tokens_have_the_parameters_of_a_model_that_is_made_so(preview, parameters):
    assert read_shape(preview[2] / "models/small").resized(3, 5000).parameters == parameters(3, 5000)


def test_memory_has_the_state_of_adamw_and_grows_with_tokens_layers_and_logits(preview):
    shape = read_shape(preview[2] / "models/small").resized(3, 5000)
    state = 16 * shape.parameters
    assert shape.training_bytes(0, True, False) == state
    assert shape.training_bytes(100, False, False) - state == pytest.approx(100 * 34 * 16 * 3)
    assert shape.training_bytes(100, True, False) - shape.training_bytes(100, False, False) == 100 * 10 * 5000
    assert shape.training_bytes(100, False, True) < shape.training_bytes(100, False, False)
