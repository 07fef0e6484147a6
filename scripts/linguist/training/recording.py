"""Training steps of a GPU recorded as CUDA graphs: a step of a small model is a thousand kernels of a few microseconds, which
Python launches more slowly than a GPU runs them. A recorded step is launched with one call.

A recording holds for one shape of tensors: inputs are padded to few lengths, and each shape has its own. It does the same
arithmetic as the step that was recorded, with new rows, new learning rates and new random numbers. In a long training the
model is compiled as well, which makes fewer kernels of it.
"""

import logging

import torch

from linguist.errors import one_line
from linguist.training.batches import Staged

logger = logging.getLogger("linguist")
DEVICES = ("cuda",)  # types of devices that record
BACKEND = "inductor"  # of torch.compile
COMPILED_STEPS = 4000  # of a long training: to compile takes up to a minute, and saves about a third of each step


class RecordedSteps:
    """Makes optimizer steps: the first one of each shape as `plain`, later ones from a recording.

    Args: `plain(batch)` makes a step and gives tensors (its loss ...); `work(staged)` does the same for Staged rows, and does
    not wait for the device; `stage(batch)` gives Staged rows; `optimizer` is torch's; `portion` (a memory.Portion) says how
    many rows fit.
    What cannot be recorded is made as `plain`, with a line in the log.
    """

    def __init__(self, plain, work, stage, optimizer, portion):
        self.plain, self.work, self.stage, self.portion = plain, work, stage, portion
        device = optimizer.param_groups[0]["params"][0].device
        self.streams = torch.get_device_module(device)
        # torch records on another stream than the usual one. The plain steps before it must have run there, too.
        self.stream = self.streams.Stream()
        self.seen, self.recordings, self.pool, self.usable = set(), {}, None, True
        self.groups = optimizer.param_groups
        for group in self.groups:  # a recording reads the learning rate from the device
            group["lr"] = torch.as_tensor(group["lr"], dtype=torch.float32, device=device).clone()

    def __call__(self, batch):
        staged = self.stage(batch)
        shape = (len(batch), staged.length)
        if self.portion.most is not None and self.portion.most < len(batch):
            self.usable = False
            self.recordings.clear()  # they keep memory, which is short
        self.stream.wait_stream(self.streams.current_stream())
        with self.streams.stream(self.stream):
            if self.usable and shape in self.seen and shape not in self.recordings and has_room():
                self._record(shape, staged)
            self.seen.add(shape)
            found = self.recordings[shape](staged.rows) if shape in self.recordings else self.plain(batch)
        self.streams.current_stream().wait_stream(self.stream)
        return found

    def _record(self, shape, staged):
        rows = staged.rows.clone()
        try:
            self._set_capturable(True)
            replay, outputs, self.pool = record(lambda: self.work(Staged(rows, staged.length)), self.stream, self.pool)
        except RuntimeError as error:  # torch.OutOfMemoryError is one
            logger.warning("warning: training steps are not recorded, and slower: %s", one_line(error))
            self.usable = False
            self.recordings.clear()
            return
        finally:
            self._set_capturable(False)

        def repeat(new):
            rows.copy_(new)
            replay()
            return tuple(output.clone() for output in outputs)  # the next replay overwrites them

        self.recordings[shape] = repeat

    def _set_capturable(self, value):
        """Torch asks for it while it records, and warns of it in other steps. The fused optimizer computes the same."""
        for group in self.groups:
            group["capturable"] = value


def compile_model(model):
    """Compile a model of transformers without its head, when it is first used, once for all shapes. What cannot be compiled runs
    as it is."""
    torch._dynamo.config.suppress_errors = True
    torch._inductor.config.compile_threads = torch.get_num_threads()
    model.base_model.compile(dynamic=True, backend=BACKEND)


def record(work, stream, pool):
    """Record what `work()` gives to a GPU, without doing it. Returns (a function that does it again, the tensors that `work`
    gave, the memory pool of the recording, which the next one can share). Raises RuntimeError for what cannot be recorded."""
    graph, generator = torch.cuda.CUDAGraph(), torch.cuda.default_generators[stream.device.index]
    before = generator.get_state()
    try:
        with torch.cuda.graph(graph, pool=pool, stream=stream, capture_error_mode="thread_local"):
            outputs = work()
    except RuntimeError:
        fresh = torch.Generator(stream.device)  # the other one still waits for the end of the recording
        fresh.set_state(before)
        generator.graphsafe_set_state(fresh)
        raise
    return graph.replay, outputs, graph.pool()


def has_room():
    """Whether the memory of this process would fit into the GPU a second time: recordings keep as much as a step takes. A model
    that takes more is large, and gains little from them."""
    free, _ = torch.cuda.mem_get_info()
    return torch.cuda.max_memory_reserved() < free
