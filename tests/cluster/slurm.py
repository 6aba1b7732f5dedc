"""A real SLURM on one Debian machine, for tests: a login node and two compute nodes, in a folder of its own.

The login node is this machine: the accounting database (MariaDB), slurmdbd and slurmctld run here. Each compute node is
a slurmd in a network namespace and under a host name of its own: it reaches the login node and nothing else, and what
listens on this machine's loopback address is out of its reach, as on a cluster whose compute nodes are offline. All see
the same file system. Ports, keys, sockets, logs and the database are the folder's own; nothing of a SLURM that may be
installed here is touched, and what was started is stopped by process id.

    sudo python tests/cluster/slurm.py install
    sudo python tests/cluster/slurm.py start FOLDER     # then: export SLURM_CONF=FOLDER/slurm.conf
    sudo python tests/cluster/slurm.py stop FOLDER
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

PACKAGES = ["slurm-wlm", "slurmdbd", "munge", "mariadb-server", "iproute2"]
PROGRAMS = ["munged", "mariadbd", "slurmdbd", "slurmctld", "slurmd", "sbatch", "ip", "nsenter", "unshare"]
ACCOUNT = "atlas"
# A network between the login node and each compute node: the addresses of both ends. They are addresses for
# documentation (RFC 5737), which are nobody's.
NODES = {"cpu1": ("198.51.100.1", "198.51.100.2"), "gpu1": ("198.51.100.5", "198.51.100.6")}
DISTRIBUTION = {"DEBIAN_FRONTEND": "noninteractive", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
DEFAULT_FOLDER = Path("/etc/slurm")
PATIENCE_S = 60

SLURM_CONF = """\
ClusterName=test
SlurmctldHost={login}({login_address})
SlurmctldPort={controller_port}
SlurmdPort={node_port}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool-%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd-%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd-%n.log
MpiDefault=none
SwitchType=switch/none
ProctrackType=proctrack/cgroup
TaskPlugin=task/cgroup
ReturnToService=2
# The nodes have what is said here, not what this machine has.
SlurmdParameters=config_overrides
SchedulerParameters=sched_interval=2,bf_interval=2,batch_sched_delay=0
SchedulerType=sched/backfill
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
GresTypes=gpu
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=2
AccountingStorageType=accounting_storage/slurmdbd
AccountingStorageHost=localhost
AccountingStoragePort={database_port}
AccountingStoragePass={folder}/munge.socket
AccountingStorageTRES=gres/gpu
AccountingStoreFlags=job_comment
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
JobRequeue=1
KillWait=5
MinJobAge=300
ReconfigFlags=KeepPartState
NodeName=cpu1 NodeAddr={cpu1} CPUs=8 RealMemory=500000 State=UNKNOWN
NodeName=gpu1 NodeAddr={gpu1} CPUs=8 RealMemory=500000 Gres=gpu:2 State=UNKNOWN
PartitionName=cpu Nodes=cpu1 Default=YES MaxTime=INFINITE State=UP PriorityTier=1
PartitionName=gpu Nodes=gpu1 MaxTime=INFINITE State=UP PriorityTier=1
# Jobs here push those of the partition gpu off the node.
PartitionName=urgent Nodes=gpu1 MaxTime=INFINITE State=UP PriorityTier=100 PreemptMode=OFF
"""
SLURMDBD_CONF = """\
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
DbdHost=localhost
DbdPort={database_port}
SlurmUser=root
LogFile={folder}/slurmdbd.log
PidFile={folder}/slurmdbd.pid
StorageType=accounting_storage/mysql
StorageHost=localhost
StorageUser=slurm
StorageLoc=slurm_acct_db
"""
# A job that takes more memory than it asked for is killed by the kernel.
CGROUP_CONF = """\
CgroupPlugin=autodetect
IgnoreSystemd=yes
ConstrainRAMSpace=yes
ConstrainSwapSpace=no
"""
# Two GPUs: any device file will do to be counted and handed out.
GRES_CONF = "NodeName=gpu1 Name=gpu File=/dev/null\nNodeName=gpu1 Name=gpu File=/dev/zero\n"


class SlurmError(Exception):
    """SLURM cannot be had here, or does not start; says why."""


def why_not() -> str | None:
    """Why no SLURM can be started on this machine, and what would help; None where it can."""
    if os.geteuid() != 0:
        return "starting SLURM needs root (network namespaces, host names): run as root"
    missing = [name for name in PROGRAMS if shutil.which(name, path=DISTRIBUTION["PATH"]) is None]
    if missing:
        return f"{', '.join(missing)}: not installed; `python tests/cluster/slurm.py install` (Debian, as root)"
    return None


def install() -> None:
    """Install the packages of the distribution that are missing.

    Raises:
        SlurmError: no Debian, no root, or the packages cannot be had.
    """
    if all(shutil.which(name, path=DISTRIBUTION["PATH"]) for name in PROGRAMS):
        return
    if not shutil.which("apt-get") or os.geteuid() != 0:
        raise SlurmError(f"installing {', '.join(PACKAGES)} needs Debian and root")
    # Services of the distribution are not to start: the tests start their own.
    policy = Path("/usr/sbin/policy-rc.d")
    ours = not policy.exists()
    if ours:
        policy.write_text("#!/bin/sh\nexit 101\n")
        policy.chmod(0o755)
    try:
        for command in (["update"], ["install", "--yes", "--no-install-recommends", *PACKAGES]):
            run(["apt-get", "-qq", *command], env={**os.environ, **DISTRIBUTION})
    finally:
        if ours:
            policy.unlink()


def run(command: list[str], env: Mapping[str, str] | None = None, text: str | None = None) -> str:
    """Run a command to its end; its output.

    Raises:
        SlurmError: it failed; with what it said.
    """
    done = subprocess.run(
        command, env=env, input=text, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    if done.returncode:
        raise SlurmError(f"{' '.join(command)}: {done.stdout.strip()[-2000:]}")
    return done.stdout


def wait_for(what: str, holds: Callable[[], object], patience_s: float = PATIENCE_S) -> None:
    """Wait until something holds.

    Raises:
        SlurmError: it did not within the time.
    """
    end = time.monotonic() + patience_s
    while not holds():
        if time.monotonic() > end:
            raise SlurmError(f"waited {patience_s:.0f} s in vain: {what}")
        time.sleep(0.2)


class Slurm:
    """A SLURM whose files lie in a folder.

    Args:
        folder: its own; made when missing.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()
        self.conf = self.folder / "slurm.conf"
        self.pids = self.folder / "pids"
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    @property
    def environment(self) -> dict[str, str]:
        """What makes SLURM's commands talk to this one."""
        return {"SLURM_CONF": str(self.conf)}

    def call(self, *command: str) -> str:
        """Run one of SLURM's commands; its output."""
        return run(list(command), env={**os.environ, **self.environment})

    def start(self) -> None:
        """Start everything, and return when jobs can be submitted.

        Raises:
            SlurmError: it cannot be started here; with the reason.
        """
        reason = why_not()
        if reason:
            raise SlurmError(reason)
        DEFAULT_FOLDER.mkdir(exist_ok=True)
        self._write_files()
        try:
            self._start_accounting()
            for node in NODES:
                self._make_host(node)
            self.start_controller()
            for node in NODES:
                self.start_node(node)
            for command in (["add", "account", ACCOUNT], ["add", "user", "root", f"account={ACCOUNT}"]):
                self.call("sacctmgr", "-i", *command)
            wait_for(
                "idle nodes", lambda: self.call("sinfo", "-h", "-N", "-o", "%T").split().count("idle") >= len(NODES)
            )
        except BaseException:
            self.stop()
            raise

    def _write_files(self) -> None:
        for name in ("state", "database", "pids"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        ports = dict(zip(("controller_port", "node_port", "database_port"), _free_ports(3), strict=True))
        filled = {
            "folder": self.folder, "login": socket.gethostname(), "login_address": NODES["cpu1"][0], **ports,
            **{node: there for node, (_, there) in NODES.items()},
        }  # fmt: skip
        self.conf.write_text(SLURM_CONF.format(**filled))
        (self.folder / "gres.conf").write_text(GRES_CONF)
        (self.folder / "cgroup.conf").write_text(CGROUP_CONF)
        database = self.folder / "slurmdbd.conf"
        database.write_text(SLURMDBD_CONF.format(**filled))
        database.chmod(0o600)
        key = self.folder / "munge.key"
        key.write_bytes(os.urandom(128))
        key.chmod(0o400)

    def _start_accounting(self) -> None:
        folder, database = self.folder, self.folder / "database.socket"
        self._start(
            "munged", "munged", "--foreground", "--force", f"--socket={folder}/munge.socket",
            f"--key-file={folder}/munge.key", f"--pid-file={folder}/munge.pid", f"--log-file={folder}/munge.log",
            f"--seed-file={folder}/munge.seed",
        )  # fmt: skip
        data = f"--datadir={folder}/database"
        run(["mariadb-install-db", "--user=root", data, "--auth-root-authentication-method=normal"])
        self._start(
            "mariadbd", "mariadbd", "--no-defaults", "--user=root", data, f"--socket={database}",
            f"--pid-file={folder}/mariadb.pid", "--skip-networking", "--innodb-buffer-pool-size=32M",
            "--innodb-lock-wait-timeout=900",
        )  # fmt: skip
        client = ["mariadb", "--no-defaults", f"--socket={database}", "--user=root"]
        wait_for("MariaDB", lambda: self._answers(*client, "-e", ""))
        run(client, text="create database slurm_acct_db; create user slurm@localhost;")
        run(client, text="grant all on slurm_acct_db.* to slurm@localhost;")
        self._start("slurmdbd", "slurmdbd", "-D", "-s", env={"MYSQL_UNIX_PORT": str(database)})
        wait_for("slurmdbd", lambda: self._answers("sacctmgr", "-n", "show", "cluster"))

    def _make_host(self, node: str) -> None:
        """A host of its own: a name, a network with one neighbour, and no route to anywhere else."""
        login, address = NODES[node]
        holder = self._start(f"host-{node}", "unshare", "--mount", "--net", "--uts", "sleep", "infinity")
        wait_for(f"the namespaces of {node}", lambda: Path(f"/proc/{holder}/comm").read_text() == "sleep\n")
        here, there = f"{node}-login", f"{node}-net"
        self._answers("ip", "link", "delete", here)  # of one that was not stopped
        run(["ip", "link", "add", here, "type", "veth", "peer", "name", there, "netns", str(holder)])
        run(["ip", "address", "add", f"{login}/30", "dev", here])
        run(["ip", "link", "set", here, "up"])
        for command in (
            ["hostname", node],
            # Where SLURM looks by itself: Snakemake's jobs start srun without the variables that begin with SLURM_.
            ["mount", "--bind", str(self.folder), str(DEFAULT_FOLDER)],
            ["ip", "link", "set", "lo", "up"],
            ["ip", "address", "add", f"{address}/30", "dev", there],
            ["ip", "link", "set", there, "up"],
        ):
            run(self._inside(node, command))
        controller = NODES["cpu1"][0]
        if login != controller:
            run(self._inside(node, ["ip", "route", "add", f"{controller}/32", "via", login]))

    def _inside(self, node: str, command: list[str]) -> list[str]:
        return ["nsenter", f"--target={self.pid(f'host-{node}')}", "--mount", "--net", "--uts", *command]

    def start_controller(self) -> None:
        """Start slurmctld; it takes up jobs that ran when it was stopped."""
        self._start("slurmctld", "slurmctld", "-D")
        wait_for("slurmctld", lambda: self._answers("sinfo"))

    def stop_controller(self) -> None:
        """Stop slurmctld alone; jobs run on."""
        self._stop("slurmctld")

    def start_node(self, node: str) -> None:
        """Start a compute node's slurmd."""
        self._start(f"slurmd-{node}", *self._inside(node, ["slurmd", "-D", "-N", node]))

    def stop(self) -> None:
        """Stop everything that was started, jobs included, the last started first."""
        if self.pids.exists():
            if "slurmctld" in self._started():
                self._answers("scancel", "--user=root", "--signal=KILL", "--full")
                self._answers("scancel", "--user=root")
            for name in reversed(self._started()):
                if name.startswith("host-"):
                    self._empty(name)
                self._stop(name)

    def _empty(self, host: str) -> None:
        """End what a job left behind on a compute node: its network would stay with it."""
        holder = self.pid(host)
        own = _network(holder)
        if own == _network(os.getpid()):  # it never got a network of its own: these processes are not ours
            return
        for pid in (int(place.name) for place in Path("/proc").glob("[0-9]*")):
            if own is not None and pid != holder and _network(pid) == own:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)

    def _started(self) -> list[str]:
        return [path.name for path in sorted(self.pids.iterdir(), key=lambda path: path.stat().st_mtime_ns)]

    def _answers(self, *command: str) -> bool:
        """Whether a command succeeds."""
        env = {**os.environ, **self.environment}
        return subprocess.run(command, env=env, capture_output=True, timeout=PATIENCE_S, check=False).returncode == 0

    def pid(self, name: str) -> int:
        """The process id of something that was started."""
        return int((self.pids / name).read_text())

    def _start(self, name: str, *command: str, env: Mapping[str, str] | None = None) -> int:
        program = shutil.which(command[0], path=DISTRIBUTION["PATH"])
        with (self.folder / f"{name}.out").open("ab") as out:
            process = subprocess.Popen(
                [program or command[0], *command[1:]],
                env={"PATH": DISTRIBUTION["PATH"], "LANG": "C.UTF-8", **self.environment, **(env or {})},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.processes[name] = process
        (self.pids / name).write_text(str(process.pid))
        return process.pid

    def _stop(self, name: str) -> None:
        pid, process = self.pid(name), self.processes.pop(name, None)
        for sent in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.kill(pid, sent)
                wait_for(f"the end of {name}", lambda: _is_gone(pid, process), 15)
                break
            except ProcessLookupError:
                break
            except SlurmError:
                continue
        (self.pids / name).unlink()


def _network(pid: int) -> str | None:
    """Which network a process sees; None where it is gone."""
    try:
        return str(Path(f"/proc/{pid}/ns/net").readlink())
    except OSError:
        return None


def _is_gone(pid: int, process: subprocess.Popen[bytes] | None) -> bool:
    if process is not None:  # started here: what is dead stays until it is asked for
        return process.poll() is not None
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def _free_ports(number: int) -> list[int]:
    sockets = [socket.socket() for _ in range(number)]
    for one in sockets:
        one.bind(("", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("what", choices=["install", "start", "stop"])
    options.add_argument("folder", nargs="?", type=Path, help="where its files lie")
    arguments = options.parse_args()
    if arguments.what != "install" and arguments.folder is None:
        options.error(f"{arguments.what} needs a folder")
    try:
        if arguments.what == "install":
            install()
        elif arguments.what == "start":
            Slurm(arguments.folder).start()
            print(f"export SLURM_CONF={arguments.folder.absolute()}/slurm.conf")
        else:
            Slurm(arguments.folder).stop()
    except SlurmError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
