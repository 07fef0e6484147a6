"""What the benchmarks of models share: the device, its rate of matrix products, and a clock of steps."""

import os
import statistics
import time

GPU_PRECISION = "bf16"


def on_gpu():
    import torch

    return torch.cuda.is_available()


def wait():
    """Wait until the device has done what it was given."""
    import torch

    if on_gpu():
        torch.cuda.synchronize()


def describe_machine(threads=None):
    """The GPU's name with its rate of bare products, or the number of CPU threads."""
    import torch

    if on_gpu():
        return f"{torch.cuda.get_device_name()}, {product_rate(GPU_PRECISION) / 1e12:.0f} TFLOP/s in bare products"
    return f"{threads or len(os.sched_getaffinity(0))} threads"


def product_rate(precision):
    """FLOP/s of bare products of square matrices, large enough for the device (2048 × 2048, on a GPU 8192 × 8192)."""
    import torch

    from linguist.training import utilisation

    if on_gpu():
        return utilisation.product_rate(torch.device("cuda"), precision)
    size, rounds = 2048, 20
    one, other = torch.randn(2, size, size, dtype=torch.bfloat16 if precision == "bf16" else torch.float32)
    one @ other
    begun = time.perf_counter()
    for _ in range(rounds):
        one @ other
    return rounds * 2 * size**3 / (time.perf_counter() - begun)


class Clock:
    """Seconds a step. On a CPU the median of steps without the first; on a GPU, where steps overlap, the mean of the second
    half, so that nothing waits for the device in between."""

    def __init__(self, steps):
        self.steps, self.done, self.times, self.gpu = steps, 0, {}, on_gpu()

    def tick(self):
        """A step has ended, or, on a GPU, was given to it."""
        self.done += 1
        if not self.gpu or self.done in (self.steps // 2, self.steps):
            wait()
            self.times[self.done] = time.perf_counter()

    def seconds(self):
        times = sorted(self.times.items())
        spans = [(after - before) / (n - m) for (m, before), (n, after) in zip(times, times[1:], strict=False)]
        return statistics.median(spans)
