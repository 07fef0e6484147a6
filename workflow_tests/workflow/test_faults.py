"""Runs that are killed, starved or frozen: one line says what happened, nothing is lost, and the bytes stay the same.

The long forms (`make soak`) take an hour; what they print are the figures of that run.
"""

import os
import random
import re
import shutil
import signal
import subprocess
import time

import pytest

from helpers.runs import COMMAND, RUN, STUDY, digests, error_lines, planned_rules

METRICS = f"{RUN}/metrics.json"
LIMIT = 300  # seconds that a test waits for something at most


def wait_for(condition, what):
    deadline = time.monotonic() + LIMIT
    while not (found := condition()):
        assert time.monotonic() < deadline, f"no {what} after {LIMIT} s"
        time.sleep(0.02)
    return found


def command(*targets):
    """The command of the study, or of some of its files."""
    return [*COMMAND[:3], *targets, *COMMAND[3:]]


def start(folder, *targets):
    """The study as a process in a group of its own."""
    with open(folder / "run.log", "w") as log:
        return subprocess.Popen(command(*targets), cwd=folder, stdout=log, stderr=log, start_new_session=True)


def finish(folder, *targets, limits=""):
    """Run the study to its end, under limits of the shell; returns (exit status, lines with an error, all that it told)."""
    script = f'{limits}\nexec "$0" "$@"'
    run = subprocess.run(
        ["bash", "-c", script, *command(*targets)], cwd=folder, capture_output=True, text=True, timeout=1200
    )
    return run.returncode, list(dict.fromkeys(error_lines(run))), run.stdout + run.stderr


def unlock(folder):
    """What a user types after Snakemake was killed."""
    subprocess.run([*COMMAND, "--unlock"], cwd=folder, check=True, capture_output=True)


def untrained(copy):
    """The copy of the finished study, without the results of its first fine-tuning."""
    shutil.rmtree(copy / RUN)
    return copy


def holder(folder):
    """The process that trains, by the lock that it holds."""
    lock = folder / RUN / "checkpoint.lock"
    found = re.match(r"process (\d+) on ", lock.read_text()) if (folder / RUN / "checkpoint.pt").exists() else None
    return found and int(found[1])


def is_running(process):
    """Whether a process, perhaps of another parent, is there and no zombie."""
    try:
        with open(f"/proc/{process}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_training_that_outlives_snakemake_is_not_joined_by_a_second_one(copy, finished):
    """kill -9 of Snakemake alone, then the same command, while the training goes on."""
    folder = untrained(copy)
    run = start(folder, METRICS)
    trainer = wait_for(lambda: holder(folder) or run.poll() is not None, "checkpoint")
    try:
        os.kill(trainer, signal.SIGSTOP)  # so that it cannot end before the second command
        # Two runs at once: Snakemake's own lock.
        status, _, told = finish(folder, METRICS)
        assert status != 0 and "lock" in told
        os.kill(run.pid, signal.SIGKILL)
        run.wait(LIMIT)
        unlock(folder)
        saved = (folder / RUN / "checkpoint.pt").read_bytes()
        status, errors, told = finish(folder, METRICS)
        assert status != 0 and len(errors) == 1, told
        assert f"checkpoint.lock: process {trainer} on " in errors[0]
        assert (folder / RUN / "checkpoint.pt").read_bytes() == saved
    finally:
        os.kill(trainer, signal.SIGCONT)
    wait_for(lambda: not is_running(trainer), "end of the training")
    status, _, told = finish(folder)
    assert status == 0, told
    assert digests(folder) == digests(finished)
    assert not list((folder / RUN).glob("checkpoint*"))


def test_no_room_is_one_line_and_the_next_run_ends_with_the_same_bytes(copy, finished):
    """A limit on the size of files stands for a full disk."""
    folder = untrained(copy)
    status, errors, told = finish(folder, METRICS, limits="ulimit -f 100")
    assert status != 0 and len(errors) == 1 and errors[0].startswith("error: no room to write ("), told
    assert not list(folder.glob(f"{RUN}/*"))
    status, _, told = finish(folder, METRICS)
    assert status == 0, told
    assert (folder / RUN / "predictions.tsv.gz").read_bytes() == (finished / RUN / "predictions.tsv.gz").read_bytes()


def test_a_clock_that_jumped_reruns_nothing(copy, snakemake):
    """All files at one time in the future, as after a copy by a machine with a wrong clock."""
    ahead = time.time() + 3e7
    for path in sorted(copy.rglob("*")):
        os.utime(path, (ahead, ahead), follow_symlinks=False)
    assert planned_rules(snakemake, copy) == set()


def test_an_input_from_the_future_is_named(copy, finished):
    """A clock that was ahead when a file was made, and is right when another file is made of it."""
    pairs, tokens = (f"results/{part}/train" for part in ("pairs/en", "tokens/en.words"))
    shutil.rmtree((copy / tokens).parent)
    ahead = time.time() + 3600
    os.utime(copy / f"{pairs}.tsv", (ahead, ahead))
    status, errors, told = finish(copy, f"{tokens}.npz")
    assert status != 0 and len(errors) == 1 and f"{pairs}.tsv has a date in the future" in errors[0], told
    os.utime(copy / f"{pairs}.tsv")
    status, _, told = finish(copy, f"{tokens}.npz")
    assert status == 0, told
    assert (copy / f"{tokens}.npz").read_bytes() == (finished / f"{tokens}.npz").read_bytes()


# ── the long forms ──


@pytest.mark.soak
def test_killed_at_random_moments_it_ends_with_the_same_bytes(make_checkout, finished):
    """20 kills: of the whole group, as a machine that fails, and of Snakemake alone, whose jobs run on."""
    seed = int(os.environ.get("SOAK_SEED", time.time()))
    draw, folder, kills, finished_runs = random.Random(seed), make_checkout(), [], 0
    while len(kills) < 20:
        run, span = start(folder), draw.uniform(3, 25)
        try:
            status = run.wait(span)
        except subprocess.TimeoutExpired:
            alone = len(kills) % 2 == 1
            (os.kill if alone else os.killpg)(run.pid, signal.SIGKILL)
            run.wait()
            kills.append(f"{'Snakemake' if alone else 'all'} after {span:.1f} s")
        else:  # all is done, or jobs of a killed run hold their locks
            if status == 0:
                assert digests(folder) == digests(finished), (seed, kills)
                folder, finished_runs = make_checkout(), finished_runs + 1
        unlock(folder)
    for _ in range(30):
        status, errors, told = finish(folder)
        if status == 0:
            break
        assert errors and all("checkpoint.lock" in line for line in errors), (seed, told[-3000:])
        time.sleep(5)
    print(f"seed {seed}, {finished_runs + 1} studies:", *kills, sep="\n  ")
    assert status == 0 and digests(folder) == digests(finished), (seed, kills)


@pytest.mark.soak
@pytest.mark.parametrize("megabytes", [1500, 2500, 3500, 4500, 5500, 7000])
def test_too_little_memory_is_one_line(megabytes, copy, finished):
    """Each limit ends in the finished run, or in a line that says memory."""
    folder = untrained(copy)
    status, errors, told = finish(folder, METRICS, limits=f"export MALLOC_ARENA_MAX=1; ulimit -v {megabytes * 1024}")
    print(f"{megabytes} MB: exit {status}, {errors}")
    assert status == 0 or any(line.startswith("error: out of memory") for line in errors), told[-3000:]
    status, _, told = finish(folder, METRICS)
    assert status == 0, told
    assert (folder / RUN / "predictions.tsv.gz").read_bytes() == (finished / RUN / "predictions.tsv.gz").read_bytes()


@pytest.mark.soak
@pytest.mark.parametrize("fault", ["full", "read-only"])
def test_a_file_system_that_takes_nothing_is_told(fault, copy, finished):
    """A real file system of 300 kB, and one that cannot be written, in the place of the runs of a training set. Of the second,
    Snakemake tells itself, since it makes the folders."""
    folder = untrained(copy)
    mount, line = {"full": ("size=300k", "error: no room to write ("), "read-only": ("ro", "OSError: [Errno 30]")}[
        fault
    ]
    inside = f'mount -t tmpfs -o {mount} tmpfs {os.path.dirname(RUN)} && exec "$0" "$@"'
    mounted = ["unshare", "-Urm", "bash", "-c", inside]
    if subprocess.run([*mounted, "true"], cwd=folder, capture_output=True).returncode:
        pytest.skip("no own mounts here (unshare)")
    run = subprocess.run([*mounted, *command(METRICS)], cwd=folder, capture_output=True, text=True)
    told = [text.strip() for text in run.stderr.splitlines() if text.strip().startswith(line)]
    print(f"{fault}: exit {run.returncode}, {told}")
    assert run.returncode != 0 and len(set(told)) == 1, run.stdout + run.stderr
    status, _, told = finish(folder, METRICS)
    assert status == 0, told
    assert digests(folder) == digests(finished)


@pytest.mark.soak
def test_times_at_random_change_no_byte(copy, finished, snakemake):
    """Each file up to a day old: jobs run again, and give what they gave."""
    seed = int(os.environ.get("SOAK_SEED", time.time()))
    draw = random.Random(seed)
    for path in sorted((copy / "results").rglob("*")):
        at = time.time() - draw.uniform(0, 86400)
        os.utime(path, (at, at), follow_symlinks=False)
    print(f"seed {seed}: {len(planned_rules(snakemake, copy, STUDY))} rules run again")
    status, _, told = finish(copy)
    assert status == 0, told
    assert digests(copy) == digests(finished)
