"""Clients that mean harm, or behave as if: garbage, sizes without bounds, half requests, answers that are never read,
connections by the ten thousand, and garbage in datagrams. None of it may end a replica, grow its memory without
bound, or keep another client from being served."""

import contextlib
import random
import resource
import socket
import threading
import time

from cluster import Cluster, Skip
from resp import Closed, Connection, Error, request

PATIENCE = 5.0  # seconds: no other client waits longer for an answer, on two cores that are busy with the attack


class Witness:
    """Another client, at work all the while, in a thread: with Witness(cluster, replica) as witness: ..."""

    def __init__(self, cluster, replica):
        self.cluster, self.replica = cluster, replica
        self.worst, self.done, self.trouble = 0.0, 0, None
        self.ending = threading.Event()
        self.thread = threading.Thread(target=self.work)

    def work(self):
        try:
            with self.cluster.connect(self.replica) as connection:
                while not self.ending.is_set():
                    began = time.monotonic()
                    assert connection.ask('SET', 'witness', self.done) == b'OK'
                    assert int(connection.ask('GET', 'witness')) == self.done
                    self.worst = max(self.worst, time.monotonic() - began)
                    self.done += 1
        except Exception as error:  # pylint: disable=broad-except
            self.trouble = error

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, failed, *_):
        self.ending.set()
        self.thread.join()
        if failed is None:
            assert self.trouble is None, f'another client met {self.trouble!r}'
            assert self.done > 0 and self.worst < PATIENCE, f'another client waited {self.worst:.2f} s'

    def __str__(self):
        return f'{self.done} pairs of another client meanwhile, {self.worst * 1000:.0f} ms at worst'


@contextlib.contextmanager
def attacked():
    """A cluster, the replica to be attacked (its leader, where it hurts most), and the witness on it."""
    with Cluster() as cluster:
        leader = cluster.wait_leader()
        cluster.wait_writable(leader)
        with Witness(cluster, leader) as witness:
            yield cluster, leader, witness
        assert cluster.running() == cluster.ids, 'a replica ended'


def says(port, data):
    """What comes back until the server closes or has nothing more to say for a tenth of a second."""
    found = b''
    with socket.create_connection(('127.0.0.1', port), 5) as stream:
        stream.settimeout(0.1)
        try:
            stream.sendall(data)
            while chunk := stream.recv(1 << 16):
                found += chunk
        except (TimeoutError, ConnectionError):
            pass
    return found


def garbage(options):
    chance = random.Random(options.seed)
    with attacked() as (cluster, leader, witness):
        port = cluster.ports[leader]
        for size in (b'*2147483647', b'*-2147483648', b'*99999999999999999999', b'*1\r\n$536870913', b'*1\r\n$-7',
                     b'*1\r\n$99999999999999999999', b'*x', b'*1\r\n:5', b'*3\r\n+a'):
            found = says(port, size + b'\r\n')
            assert found.startswith(b'-ERR Protocol error') or size == b'*-2147483648', (size, found)
        assert says(port, b'x' * (1 << 20)).startswith(b'-ERR Protocol error: too big')
        assert says(port, b'\0' * 100) == b''  # an inline command that has not ended
        for _ in range(50):
            says(port, chance.randbytes(chance.randrange(1, 3000)))
            words = [chance.randbytes(chance.randrange(40)) for _ in range(chance.randrange(1, 5))]
            damaged = bytearray(request('SET', *words))
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
            says(port, bytes(damaged))
    return str(witness)


def half_requests(_):
    """Hundreds of connections that stop in the middle of a request, each holding some of its bytes."""
    with attacked() as (cluster, leader, witness), contextlib.ExitStack() as stack:
        whole = request('SET', 'half', b'v' * 100_000)
        for i in range(500):
            half = stack.enter_context(Connection(cluster.ports[leader]))
            half.send(whole[:1 + i * 199 % (len(whole) - 1)])
        time.sleep(0.5)
    return str(witness)


def never_reads(_):
    """Asks for gigabytes and takes nothing: the server stops reading from it, and holds a bounded part."""
    with attacked() as (cluster, leader, witness):
        with cluster.connect(leader) as connection:
            connection.ask('SET', 'large', b'v' * 500_000)
        before = memory(cluster, leader)
        greedy = [socket.create_connection(('127.0.0.1', cluster.ports[leader])) for _ in range(30)]
        asked = request('GET', 'large') * 1000
        for stream in greedy:
            stream.setblocking(False)
        end = time.monotonic() + 2
        while time.monotonic() < end:
            for stream in greedy:
                with contextlib.suppress(OSError):
                    stream.send(asked)
            time.sleep(0.05)
        time.sleep(1.1)  # the replica looks at its memory once a second
        grown = memory(cluster, leader) - before
        for stream in greedy:
            stream.close()
        assert grown < 250 << 20, f'{grown >> 20} MiB for thirty clients that do not read'
    return f'{grown >> 20} MiB held; {witness}'


def memory(cluster, replica):
    with cluster.connect(replica) as connection:
        text = connection.ask('INFO', 'memory').decode()
    return int(text.split('used_memory:')[1].split()[0])


def idle_connections(_):
    count = 10_000
    needed = count + 200
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < needed:
        raise Skip(f'{needed} open files are needed, {hard} are allowed (ulimit -Hn)')
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, needed), hard))
    with attacked() as (cluster, leader, witness), contextlib.ExitStack() as stack:
        before = memory(cluster, leader)
        idle = [stack.enter_context(Connection(cluster.ports[leader])) for _ in range(count)]
        for connection in idle[::100]:
            assert connection.ask('PING') == b'PONG'
        time.sleep(1.1)
        each = (memory(cluster, leader) - before) / count
        with cluster.connect(leader) as connection:
            for i in range(500):
                connection.ask('SET', f'k{i}', i)
        assert each < 20_000, f'{each:.0f} bytes for an idle connection'
    return f'{each:.0f} bytes each; {witness}'


def datagrams(options):
    chance = random.Random(options.seed)
    with attacked() as (cluster, leader, witness), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        to = ('127.0.0.1', cluster.udp[leader])
        before = int(cluster.info(leader)['raft_datagrams_refused'])
        for i in range(20_000):
            stranger.sendto(chance.randbytes(chance.choice((0, 1, 23, 24, 100, 1400, 9000))), to)
            if i % 100 == 0:
                time.sleep(0.001)
        refused = int(cluster.info(leader)['raft_datagrams_refused']) - before
        assert refused > 5000, f'{refused} of 20,000 were counted'
        stranger.settimeout(0.2)
        try:
            raise AssertionError(f'garbage was answered with {stranger.recv(1000)!r}')
        except TimeoutError:
            pass
    return f'{refused} counted; {witness}'


def turned_away(_):
    """Beyond --resp-connections-max."""
    with Cluster(options=['--resp-connections-max', '10']) as cluster, contextlib.ExitStack() as stack:
        cluster.wait_leader()
        for _ in range(10):
            assert stack.enter_context(cluster.connect(1)).ask('PING') == b'PONG'
        try:
            raise AssertionError(f'an eleventh was answered {stack.enter_context(cluster.connect(1)).ask("PING")}')
        except (Error, Closed) as error:
            assert isinstance(error, Closed) or 'max number of clients' in str(error), error


CASES = (garbage, half_requests, never_reads, idle_connections, datagrams, turned_away)
