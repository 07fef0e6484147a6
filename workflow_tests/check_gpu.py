"""Tests and benchmarks of a machine with a GPU, with short settings, in ten minutes: `make gpu`.

`--parts tests grid` runs some of them; `--seconds 600` is the time for all. What does not end in time is stopped, and the rest
left out. All output is written to files as it comes, by default in a new folder; the results are printed at the end, and in
`results.txt` there.
"""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TESTS = ["-m", "pytest", "-p", "no:cacheprovider", "-m", "gpu", "workflow_tests/unit/training/test_gpu.py"]
FILLING = "rows_that_a_gpu_cannot_hold"  # a test that takes all memory of the GPU


def benchmark(name, *options):
    return [f"workflow_tests/benchmarks/{name}.py", *options]


# The most important first; all but the last take about ten minutes. With --quick nothing of fine-tuning is compiled, which takes
# a minute for each model.
PARTS = {
    "tests": [*TESTS, "-n", "4", "-k", f"not {FILLING}"],
    "memory": [*TESTS, "-k", FILLING],
    "grid": benchmark("finetuning", "--shapes", "--grids", "8", "--pairs", "6400", "--epochs", "3"),
    "pretraining-1024": benchmark("pretraining", "--quick", "--context", "1024", "--steps", "40"),
    "finetuning": benchmark("finetuning", "--quick", "--pairs", "6400", "--grids"),
    "pretraining-256": benchmark("pretraining", "--quick", "--context", "256", "--steps", "40"),
    "answers": benchmark("answers", "--prompts", "64"),
    "compiled": benchmark("finetuning", "--shapes", "bert", "gpt2", "--grids", "12", "--epochs", "3"),
}


def run_part(command, output, seconds):
    """Run a part, and stop it with all that it started after so many seconds. Returns how it ended, in words."""
    variables = os.environ | {"PYTHONUNBUFFERED": "1", "PYTHONPATH": str(ROOT / "scripts")}
    begun = time.monotonic()
    with open(output, "w") as log:
        process = subprocess.Popen(
            [sys.executable, *command], cwd=ROOT, env=variables, stdout=log, stderr=log, start_new_session=True
        )
        try:
            ended = {0: "done"}.get(process.wait(seconds), f"FAILED (exit {process.returncode})")
        except subprocess.TimeoutExpired:
            ended = "STOPPED: no time"
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
    return f"{ended}, {time.monotonic() - begun:.0f} s"


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--parts", nargs="*", choices=PARTS, default=list(PARTS))
    parser.add_argument("--seconds", type=float, default=580, help="for all (580)")
    parser.add_argument("--lines", type=int, default=25, help="of the end of each part's output (25)")
    parser.add_argument("--out", type=Path, help="folder for the output (a new one)")
    options = parser.parse_args()
    out, end = options.out or Path(tempfile.mkdtemp(prefix="gpu-")), time.monotonic() + options.seconds
    out.mkdir(parents=True, exist_ok=True)
    results = []
    for part in options.parts:
        left = end - time.monotonic()
        ended = run_part(PARTS[part], out / f"{part}.log", left) if left > 5 else "left out: no time"
        print(f"{part}: {ended}", flush=True)
        lines = (out / f"{part}.log").read_text().splitlines() if (out / f"{part}.log").exists() else []
        results.append("\n".join([f"== {part}: {ended}", *lines[-options.lines :]]))
        (out / "results.txt").write_text("\n\n".join(results) + "\n")
    print(f"\nResults, also in {out}:\n\n" + "\n\n".join(results))
    sys.exit(any("FAILED" in result.partition("\n")[0] for result in results))


if __name__ == "__main__":
    main()
