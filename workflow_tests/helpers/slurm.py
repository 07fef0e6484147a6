"""A real Slurm cluster of one node on the loopback address, with its own keys, state and logs in a temporary folder.

The one thing outside of that folder is a link to its configuration in /etc/slurm: the Slurm plugin of Snakemake clears the
environment of job steps, and so SLURM_CONF.
"""

import contextlib
import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

import psutil

SYSTEM = Path("/etc/slurm")
PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "srun", "squeue", "scancel")
GPUS = 2
NAME = "dna-linguist-slurm"  # of the folder and of the cluster
CONFIG = """\
ClusterName={name}
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
SlurmctldPort={ports[0]}
SlurmdPort={ports[1]}
AuthType=auth/munge
AuthInfo=socket={folder}/munge/socket
CryptoType=crypto/munge
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SlurmdParameters=config_overrides
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
MinJobAge=3600
KillWait=5
SchedulerParameters=sched_interval=1,bf_interval=2,batch_sched_delay=1
NodeName={host} NodeAddr=127.0.0.1 CPUs=16 RealMemory=200000{gres} State=UNKNOWN
PartitionName=cpu Nodes={host} Default=YES MaxTime=INFINITE State=UP
PartitionName=gpu Nodes={host} MaxTime=INFINITE State=UP
"""


def reason_to_skip():
    """Why no cluster can be started here, or None."""
    if missing := [program for program in PROGRAMS if not shutil.which(program)]:
        return f"no {missing[0]}: apt-get install slurmctld slurmd slurm-client munge"
    if os.geteuid() != 0:
        return "Slurm needs root"
    config = Path(os.environ.get("SLURM_CONF", SYSTEM / "slurm.conf"))
    ours = config.is_symlink() and Path(os.readlink(config)).parent.name == NAME
    if (config.exists() and not ours) or (ours and is_running(config.resolve().parent / "slurmctld.pid")):
        return f"{config} belongs to another cluster"
    return None


def is_running(pid_file):
    """Whether the daemon that wrote its number here still runs: a killed test leaves its configuration behind."""
    return pid_file.is_file() and Path("/proc", pid_file.read_text().strip(), "stat").is_file()


@contextlib.contextmanager
def cluster(folder, gpus):
    """A running cluster with a partition `cpu` and a partition `gpu`, whose node has GPUS stand-ins of GPUs or none. It
    claims more cores and memory than there are, so that the jobs of real profiles fit."""
    folder = Path(folder) / NAME
    with contextlib.ExitStack() as stack:
        stack.callback(end_leftovers)
        write_config(folder, gpus)
        SYSTEM.mkdir(exist_ok=True)
        for path in folder.glob("*.conf"):
            link = SYSTEM / path.name
            link.unlink(missing_ok=True)
            link.symlink_to(path)
            stack.callback(link.unlink)
        munge = folder / "munge"
        places = [f"--{name}={munge / name}" for name in ("key-file", "pid-file", "seed-file", "log-file")]
        for command in (
            ["munged", "--foreground", "--force", f"--socket={munge / 'socket'}", *places],
            ["slurmctld", "-D"],
            ["slurmd", "-D", "-N", socket.gethostname()],
        ):
            stack.enter_context(daemon(command, folder / f"{command[0]}.out"))
        wait_until_idle(folder)
        yield folder


def end_leftovers():
    """End what is left of cancelled jobs. Without control groups Slurm loses a process whose parent has ended."""
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.environ().get("SLURM_WORKING_CLUSTER", "").startswith(f"{NAME}:127.0.0.1:"):
                process.kill()


def write_config(folder, gpus):
    """Folders, a key, devices that stand for GPUs, and the configuration."""
    for part in ("munge", "state", "spool"):
        (folder / part).mkdir(parents=True)
        (folder / part).chmod(0o755)
    (folder / "munge/key-file").touch(mode=0o600)
    (folder / "munge/key-file").write_bytes(os.urandom(1024))
    for number in range(GPUS if gpus else 0):
        # Slurm refuses plain files. 1, 3 is the null device.
        os.mknod(folder / f"gpu{number}", 0o20666, os.makedev(1, 3))
    gres = f" Gres=gpu:{GPUS}" if gpus else ""
    config = CONFIG.format(name=NAME, host=socket.gethostname(), folder=folder, gres=gres, ports=free_ports(2))
    if gpus:
        config = f"GresTypes=gpu\n{config}"
        (folder / "gres.conf").write_text(f"Name=gpu File={folder}/gpu[0-{GPUS - 1}]\n")
    (folder / "cgroup.conf").write_text("CgroupAutomount=no\n")
    (folder / "slurm.conf").write_text(config)


def free_ports(number):
    """Ports of the loopback address that nothing listens on."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(number)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


@contextlib.contextmanager
def daemon(command, log):
    """A daemon in the foreground of its own process, which is ended by its id."""
    with open(log, "w") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_until_idle(folder, seconds=60):
    """Until the node takes jobs."""
    deadline = time.monotonic() + seconds
    while subprocess.run(["sinfo", "-h", "-o", "%t"], capture_output=True, text=True).stdout.split() != ["idle"]:
        if time.monotonic() > deadline:
            logs = [f"{path.name}: {path.read_text()[-1000:]}" for path in sorted(folder.glob("*.out"))]
            raise RuntimeError("\n".join(["the Slurm cluster does not start", *logs]))
        time.sleep(0.2)
