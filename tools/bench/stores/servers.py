"""The three stores under load: what they are started with, who leads, what they cost. All keep their data on the
project's own disk and sync before they answer."""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import urllib.request

import cluster
import resp

TICK = 1 / os.sysconf('SC_CLK_TCK')


def cpu_seconds(pid):
    """utime + stime of a process, all its threads."""
    fields = pathlib.Path(f'/proc/{pid}/stat').read_text().rsplit(')', 1)[1].split()
    return (int(fields[11]) + int(fields[12])) * TICK


def resident_bytes(pid):
    return int(pathlib.Path(f'/proc/{pid}/statm').read_text().split()[1]) * os.sysconf('SC_PAGE_SIZE')


def disk_bytes(folder):
    """What the files of a folder take, holes not counted."""
    total = 0
    for path in pathlib.Path(folder).rglob('*'):
        try:
            total += path.stat().st_blocks * 512
        except FileNotFoundError:  # it was there a moment ago
            pass
    return total


class Norn:
    name = 'Norn'
    speaks_resp = True
    options = ()  # of its replicas, besides those that they need

    def start(self):
        self.cluster = cluster.Cluster(options=self.options)
        self.cluster.__enter__()
        self.leader = self.cluster.wait_leader()
        self.port = self.cluster.ports[self.leader]

    def stop(self):
        self.cluster.__exit__()

    def pids(self):
        return [process.pid for process in self.cluster.processes.values()]

    def check(self):
        """The leader is still who it was: a round that lost its leader measures something else."""
        leader = self.cluster.leader()
        if leader != self.leader:
            print(f'Norn: the leader changed from {self.leader} to {leader}', file=sys.stderr)
            self.leader = self.cluster.wait_leader()
            self.port = self.cluster.ports[self.leader]


class Processes:
    """Servers in a folder of their own, stopped by process id."""

    def __init__(self):
        self.folder = None
        self.processes = []

    def launch(self, number, arguments):
        with open(self.folder / f'log-{number}', 'wb') as log:
            self.processes.append(subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=log, stderr=log))

    def stop(self):
        for process in self.processes:
            process.kill()
            process.wait()
        if self.folder:
            shutil.rmtree(self.folder, ignore_errors=True)

    def pids(self):
        return [process.pid for process in self.processes]

    def check(self):
        for process in self.processes:
            if process.poll() is not None:
                raise RuntimeError(f'{process.args[0]} ended with status {process.returncode}')


class Etcd(Processes):
    name = 'etcd'
    speaks_resp = False

    def start(self):
        self.folder = cluster.make_folder('etcd')
        ports = cluster.free_ports(6)
        self.clients = [f'127.0.0.1:{port}' for port in ports[:3]]
        peers = [f'http://127.0.0.1:{port}' for port in ports[3:]]
        members = ','.join(f'n{i}={peer}' for i, peer in enumerate(peers))
        for i, (client, peer) in enumerate(zip(self.clients, peers)):
            self.launch(i, [
                'etcd', '--name', f'n{i}', '--data-dir', str(self.folder / f'data-{i}'), '--logger', 'zap',
                '--log-level', 'error', '--listen-client-urls', f'http://{client}', '--advertise-client-urls',
                f'http://{client}', '--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer,
                '--initial-cluster', members, '--initial-cluster-state', 'new', '--quota-backend-bytes',
                str(8 << 30)])
        self.endpoint = cluster.wait_until('etcd has a leader', self.find_leader, 30)

    def find_leader(self):
        for client in self.clients:
            try:
                request = urllib.request.Request(f'http://{client}/v3/maintenance/status', b'{}')
                with urllib.request.urlopen(request, timeout=5) as answer:
                    status = json.load(answer)
            except OSError:
                continue
            if status.get('leader') == status['header']['member_id']:
                return client
        return None

    def check(self):
        super().check()
        self.endpoint = cluster.wait_until('etcd has a leader', self.find_leader, 30)


class Redis(Processes):
    name = 'Redis'
    speaks_resp = True

    def start(self):
        self.folder = cluster.make_folder('redis')
        self.port = cluster.free_ports(1)[0]
        self.launch(0, ['redis-server', '--bind', '127.0.0.1', '--port', str(self.port), '--dir', str(self.folder),
                        '--appendonly', 'yes', '--appendfsync', 'always', '--save', ''])
        cluster.wait_until('redis-server listens', self.listens)

    def listens(self):
        try:
            resp.Connection(self.port).close()
            return True
        except OSError:
            return False
