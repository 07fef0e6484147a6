"""A CUDA graph made up on the CPU: the operations of torch are written down, and repeated on the same memory."""

import torch
from torch.utils._python_dispatch import TorchDispatchMode


class Tape(TorchDispatchMode):
    """Records operations while it is the mode. As while a GPU records, nothing may be read, and nothing has happened
    afterwards: what was changed in place is as before."""

    def __init__(self):
        super().__init__()
        self.operations, self.made, self.before = [], set(), {}

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        if function.overloadpacket.__name__.rpartition(".")[2] in ("_local_scalar_dense", "nonzero", "equal"):
            raise RuntimeError(f"{function} is not permitted when stream is capturing")
        values = [*args, *(kwargs.get(argument.name) for argument in function._schema.arguments[len(args) :])]
        for argument, value in zip(function._schema.arguments, values, strict=True):
            if argument.alias_info is not None and argument.alias_info.is_write:
                for tensor in tensors_in(value):
                    if tensor.untyped_storage()._cdata not in self.made:
                        self.before.setdefault(id(tensor), (tensor, tensor.clone()))
        outputs = function(*args, **kwargs)
        self.operations.append((function, args, kwargs, outputs))
        given = {tensor.untyped_storage()._cdata for value in values for tensor in tensors_in(value)}
        self.made |= {tensor.untyped_storage()._cdata for tensor in tensors_in(outputs)} - given
        return outputs

    def undo(self):
        for tensor, before in self.before.values():
            tensor.copy_(before)

    def replay(self):
        """Repeat the operations, each with its results in the memory where the recording had them."""
        with torch.no_grad():
            for function, args, kwargs, outputs in self.operations:
                again = tensors_in(function(*args, **kwargs))
                for old, new in zip(tensors_in(outputs), again, strict=True):
                    if old.untyped_storage()._cdata != new.untyped_storage()._cdata:
                        old.copy_(new)


def tensors_in(value):
    """The tensors in a value, or in a list or tuple of them."""
    values = value if isinstance(value, (list, tuple)) else [value]
    return [tensor for tensor in values if isinstance(tensor, torch.Tensor)]


def record(work, stream, pool):
    """In place of `recording.record`."""
    with torch.random.fork_rng([]), torch.no_grad(), Tape() as tape, torch.enable_grad():
        outputs = work()
    with torch.no_grad():
        tape.undo()
    return tape.replay, outputs, pool
