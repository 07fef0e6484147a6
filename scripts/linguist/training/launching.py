"""Starting a pretraining in one process, or in several with torchrun."""

import ctypes
import logging
import os
import signal
import subprocess
import sys
from pathlib import Path

import torch

from linguist.errors import LinguistError
from linguist.files import read_json, write_json
from linguist.provenance import SCRIPTS
from linguist.training.pretraining import PretrainingJob, pretrain

PR_SET_PDEATHSIG = 1  # of prctl(2)


def launch(job, processes, folder):
    """Run a PretrainingJob in this process, or in several that torchrun starts on this machine.

    They read the job from `folder`/job.json. For several machines set torchrun's own variables (PET_NNODES, PET_RDZV_ENDPOINT
    ...) and run `torchrun --module linguist.training.launching job.json` on the others.
    Raises LinguistError if it fails, with the error of a process if there is one, or if there are too few GPUs.
    """
    if processes < 2:
        return pretrain(job)
    gpus = torch.cuda.device_count()
    if 0 < gpus < processes:
        raise LinguistError(
            f"the job asks for {processes} GPUs, but this machine has {gpus}; lower --set-resources pretrain:gpu="
        )
    path = Path(folder) / "job.json"
    write_json(path, vars(job))
    torchrun = [sys.executable, "-m", "torch.distributed.run", f"--nproc-per-node={processes}"]
    if "PET_RDZV_ENDPOINT" not in os.environ:
        torchrun.append("--standalone")
    library = os.pathsep.join([str(SCRIPTS), *os.environ.get("PYTHONPATH", "").split(os.pathsep)])
    # On a CPU accelerate connects the processes only with this variable. Otherwise each would train alone.
    variables = {"PYTHONPATH": library} | ({} if gpus else {"ACCELERATE_USE_CPU": "true"})
    errors = []
    try:
        with subprocess.Popen(
            [*torchrun, "--module", "linguist.training.launching", str(path)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=os.environ | variables,
            preexec_fn=end_with_parent,
        ) as run:
            for line in run.stdout:
                print(line, end="", flush=True)
                errors += [line.strip().removeprefix("error: ")] if line.startswith("error: ") else []
    finally:
        path.unlink()
    if run.returncode:
        raise LinguistError(errors[0] if errors else f"torchrun with {processes} processes failed; see the lines above")


def end_with_parent():
    """Let the kernel end this process when its parent dies. Otherwise it would continue beside a second attempt."""
    if hasattr(ctypes.CDLL(None), "prctl"):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def main(path):
    """Run the job in a JSON file, as one of torchrun's processes. The first one writes the log."""
    logging.basicConfig(format="%(asctime)s %(message)s", datefmt="%H:%M:%S", level=logging.WARNING, stream=sys.stdout)
    if os.environ["RANK"] == "0":
        logging.getLogger("linguist").setLevel(logging.INFO)
    try:
        pretrain(PretrainingJob(**read_json(path)))
    except LinguistError as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main(sys.argv[1])
