"""What loads the stores: redis-benchmark for those that speak RESP, etcd_load (etcd_load.go) for etcd. Both: random
keys out of KEYS, of 16 bytes, values of 128; every client waits for its answers before it asks again."""

import csv
import dataclasses
import json
import subprocess

import resp
import servers

KEYS = 10_000
VALUE_SIZE = 128


@dataclasses.dataclass
class Sample:
    """One run: operations a second, latencies in milliseconds, server CPU in microseconds an operation."""
    rate: float
    p50: float
    p99: float
    cpu: float


def fill_resp(port, first, end):
    """Writes the keys of these numbers, 256 at a time."""
    with resp.Connection(port, timeout=60) as connection:
        for begin in range(first, end, 256):
            numbers = range(begin, min(begin + 256, end))
            connection.send(b''.join(resp.request('SET', f'key:{n:012d}', 'x' * VALUE_SIZE) for n in numbers))
            for _ in numbers:
                reply = connection.receive()
                if reply != b'OK':
                    raise RuntimeError(f'SET: {reply}')


class Loads:
    def __init__(self, etcd_load, seconds):
        self.etcd_load = etcd_load
        self.seconds = seconds
        self.rates = {}  # of the last run with the same arguments: redis-benchmark wants a count, not a time

    def fill(self, store):
        if store.speaks_resp:
            fill_resp(store.port, 0, KEYS)
        else:
            self.run_etcd(store, 'fill', 64)

    def measure(self, store, kind, clients, pipeline=1):
        """`kind`: set or get."""
        load = self.run_resp if store.speaks_resp else self.run_etcd
        if store.speaks_resp and (store.name, kind, clients, pipeline) not in self.rates:
            self.run_resp(store, kind, clients, pipeline, 40 * clients * pipeline)
        before = {pid: servers.cpu_seconds(pid) for pid in store.pids()}
        operations, rate, p50, p99 = load(store, kind, clients, pipeline)
        used = sum(servers.cpu_seconds(pid) - cpu for pid, cpu in before.items())
        return Sample(rate, p50, p99, used * 1e6 / operations)

    def run_resp(self, store, kind, clients, pipeline, operations=None):
        arguments = (store.name, kind, clients, pipeline)
        operations = operations or max(int(self.rates[arguments] * self.seconds), 2 * clients * pipeline)
        output = run(['redis-benchmark', '-p', str(store.port), '-t', kind, '-c', str(clients), '-P', str(pipeline),
                      '-n', str(operations), '-d', str(VALUE_SIZE), '-r', str(KEYS), '--csv'], self.seconds)
        row = list(csv.DictReader(output.splitlines()))[-1]
        self.rates[arguments] = float(row['rps'])
        return operations, float(row['rps']), float(row['p50_latency_ms']), float(row['p99_latency_ms'])

    def run_etcd(self, store, kind, clients, _pipeline=1):
        kind = {'set': 'put'}.get(kind, kind)
        answer = json.loads(run([str(self.etcd_load), '-endpoint', store.endpoint, '-kind', kind, '-clients',
                                 str(clients), '-keys', str(KEYS), '-size', str(VALUE_SIZE), '-seconds',
                                 str(self.seconds)], self.seconds))
        operations = answer['operations']
        return operations, operations / answer['seconds'], answer['p50'], answer['p99']


def run(arguments, seconds):
    """Standard output of a load that should take that long; it is stopped after ten times as long and a minute."""
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=60 + 10 * seconds)
    if done.returncode != 0:
        raise RuntimeError(f'{arguments[0]} ended with status {done.returncode}: {done.stderr.strip()[-500:]}')
    return done.stdout
