"""Replicas as the processes people would deploy: started, killed, paused and watched by the tests here and by
tools/bench/store. Everything lives in a folder of its own under build/, a real disk and not a tmpfs; everything
that was started is stopped by its process id when the `with` block ends, however it ends.

    with Cluster() as cluster:
        leader = cluster.wait_leader()
        cluster.kill(leader)
        cluster.start(leader)
"""

import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

import resp

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get('NORN_BUILD', ROOT / 'build' / 'release'))
REPLICA = BUILD / 'replica'
KV = BUILD / 'kv'
SIM = BUILD / 'sim'


def environment(**more):
    """For a replica: without what the tests' own environment says in Norn's names, which are all options to it."""
    return {**{name: value for name, value in os.environ.items() if not name.startswith('NORN_')}, **more}


class Skip(Exception):
    """A test cannot be run here; its text says why."""


def free_ports(count):
    """Ports free for UDP and TCP, below those that the system gives to outgoing connections: a replica can be
    started again on its own while thousands of clients come and go."""
    ports = []
    for port in random.sample(range(12000, 32000), 10_000):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp, socket.socket() as tcp:
            try:
                udp.bind(('', port))
                tcp.bind(('', port))
            except OSError:
                continue
        ports.append(port)
        if len(ports) == count:
            return ports
    raise OSError(f'there are no {count} free ports')


def wait_until(what, condition, timeout=15.0, pause=0.02):
    """What `condition` returns once that is true; TimeoutError naming `what` after `timeout` seconds."""
    end = time.monotonic() + timeout
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > end:
            raise TimeoutError(f'{what}: not within {timeout} s')
        time.sleep(pause)


def make_folder(name):
    (ROOT / 'build').mkdir(exist_ok=True)
    return pathlib.Path(tempfile.mkdtemp(prefix=f'{name}-', dir=ROOT / 'build'))


class Cluster:
    """`options` are given to every replica, `options_of[id]` to one; `prefix_of[id]` stands before its command
    (a namespace), `environment_of[id]` is added to its environment; `hosts` and `resp_hosts` are the addresses for
    peers and for Redis clients, in order. The folder is kept when the block ends by an exception, or NORN_KEEP is
    set."""

    def __init__(self, size=3, options=(), options_of=None, prefix_of=None, environment_of=None, hosts=None,
                 resp_hosts=None):
        self.ids = list(range(1, size + 1))
        self.options = list(options)
        self.options_of = options_of or {}
        self.prefix_of = prefix_of or {}
        self.environment_of = environment_of or {}
        self.folder = make_folder('real')
        ports = free_ports(2 * size)
        self.hosts = dict(zip(self.ids, hosts or ['127.0.0.1'] * size))
        self.resp_hosts = dict(zip(self.ids, resp_hosts or ['127.0.0.1'] * size))
        self.udp = dict(zip(self.ids, ports[:size]))
        self.ports = dict(zip(self.ids, ports[size:]))
        self.processes = {}

    def __enter__(self):
        try:
            self.start(*self.ids)
            for replica in self.ids:
                self.wait_listening(replica)
        except BaseException as error:
            self.__exit__(type(error))
            raise
        return self

    def __exit__(self, failed=None, *_):
        for process in self.processes.values():
            if process.poll() is None:
                process.kill()
                process.wait()
        if failed or os.environ.get('NORN_KEEP'):
            print(f'kept: {self.folder}', file=sys.stderr)
        else:
            shutil.rmtree(self.folder, ignore_errors=True)

    # ---- processes

    def cluster_option(self):
        return ','.join(f'{i}={self.hosts[i]}:{self.udp[i]}' for i in self.ids)

    def data(self, replica):
        return self.folder / f'data-{replica}'

    def command(self, replica):
        return [*self.prefix_of.get(replica, []), str(REPLICA), 'serve', '--id', str(replica),
                '--cluster', self.cluster_option(), '--data', str(self.data(replica)),
                '--resp', f'{self.resp_hosts[replica]}:{self.ports[replica]}', *self.options,
                *self.options_of.get(replica, [])]

    def start(self, *replicas):
        for replica in replicas:
            with open(self.folder / f'log-{replica}', 'ab') as log:
                self.processes[replica] = subprocess.Popen(
                    self.command(replica), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                    env=environment(**self.environment_of.get(replica, {})))

    def kill(self, *replicas):
        """SIGKILL: to all of them first, then their ends are waited for."""
        for replica in replicas:
            self.processes[replica].kill()
        for replica in replicas:
            self.processes[replica].wait()

    def terminate(self, replica, timeout=10.0):
        """SIGTERM; returns the exit status and the seconds that it took."""
        began = time.monotonic()
        self.processes[replica].terminate()
        status = self.processes[replica].wait(timeout)
        return status, time.monotonic() - began

    def pause(self, replica):
        self.processes[replica].send_signal(signal.SIGSTOP)

    def resume(self, replica):
        self.processes[replica].send_signal(signal.SIGCONT)

    def running(self):
        return [i for i in self.ids if i in self.processes and self.processes[i].poll() is None]

    def log(self, replica):
        return (self.folder / f'log-{replica}').read_text(errors='replace')

    # ---- what a replica says of itself

    def connect(self, replica, timeout=10.0):
        return resp.Connection(self.ports[replica], self.resp_hosts[replica], timeout)

    def wait_listening(self, replica, timeout=15.0):
        def listens():
            if self.processes[replica].poll() is not None:
                raise RuntimeError(f'replica {replica} ended: {self.log(replica)[-2000:]}')
            try:
                self.connect(replica).close()
                return True
            except OSError:
                return False
        wait_until(f'replica {replica} listens', listens, timeout)

    def info(self, replica, timeout=5.0):
        """INFO's raft section as a dictionary; empty when there is no answer."""
        try:
            with self.connect(replica, timeout) as connection:
                text = connection.ask('INFO', 'raft').decode()
        except (OSError, resp.Closed, resp.Error):
            return {}
        return dict(line.split(':', 1) for line in text.splitlines() if ':' in line and line[0] != '#')

    def leader(self):
        """The replica that says it leads, in the highest term; None when none does."""
        leading = [(int(info['raft_term']), i) for i in self.running()
                   if (info := self.info(i)).get('raft_role') == 'leader']
        return max(leading)[1] if leading else None

    def wait_leader(self, timeout=15.0, other_than=None):
        return wait_until('a leader', lambda: (found := self.leader()) != other_than and found, timeout)

    def wait_writable(self, replica, timeout=15.0):
        """Until a write through this replica is acknowledged; returns the seconds that took."""
        def writes():
            try:
                with self.connect(replica) as connection:
                    return connection.ask('SET', 'writable', '1') == b'OK'
            except (OSError, resp.Closed, resp.Error):
                return False
        began = time.monotonic()
        wait_until(f'a write through replica {replica}', writes, timeout)
        return time.monotonic() - began

    def term(self):
        """The highest that a running replica knows."""
        return max(int(info['raft_term']) for i in self.running() if (info := self.info(i)))

    def wait_caught_up(self, timeout=30.0):
        """Until all that run have applied the same index."""
        def same():
            applied = {self.info(i).get('raft_applied_index') for i in self.running()}
            return len(applied) == 1 and None not in applied
        wait_until('every replica has applied the same', same, timeout, 0.1)
