"""tools/bench/store --long: Norn alone under writes for minutes, over many compactions. Does any second stand out,
does memory grow with time or faster than the keys, does disk space come back? And a picture of the series."""

import os
import re
import selectors
import statistics
import subprocess
import time

import chart
import loads
import servers

CLIENTS = 64
KEYS = 100_000
GROWTH = (100_000, 200_000, 400_000, 800_000)
WARM_UP = 3  # seconds not counted
RATE = re.compile(rb'rps=([0-9.]+)')


class Series:
    """A row a second: rate, the largest resident size of a replica, disk use of all three; sizes in MiB."""

    def __init__(self, store):
        self.store = store
        self.rates, self.memory, self.disk = [], [], []

    def add(self, rate):
        self.rates.append(rate)
        self.memory.append(memory_of(self.store) / 2**20)
        self.disk.append(disk_of(self.store) / 2**20)


def memory_of(store):
    return max(servers.resident_bytes(pid) for pid in store.pids())


def disk_of(store):
    return sum(servers.disk_bytes(store.cluster.data(replica)) for replica in store.cluster.ids)


def write_for(store, seconds):
    """redis-benchmark tells its rate four times a second; a second in which it tells nothing had none."""
    series = Series(store)
    benchmark = subprocess.Popen(['redis-benchmark', '-p', str(store.port), '-t', 'set', '-q', '-c', str(CLIENTS),
                                  '-n', str(2**31 - 1), '-d', str(loads.VALUE_SIZE), '-r', str(KEYS)],
                                 stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        with selectors.DefaultSelector() as selector:
            selector.register(benchmark.stdout, selectors.EVENT_READ)
            next_second, told = time.monotonic() + 1, []
            while len(series.rates) < seconds + WARM_UP:
                if selector.select(max(0, next_second - time.monotonic())):
                    output = os.read(benchmark.stdout.fileno(), 1 << 16)
                    if not output:
                        raise RuntimeError(f'redis-benchmark ended with status {benchmark.wait()}')
                    told += [float(rate) for rate in RATE.findall(output)]
                while time.monotonic() >= next_second:
                    series.add(statistics.mean(told) if told else 0.0)
                    next_second, told = next_second + 1, []
    finally:
        benchmark.kill()
        benchmark.wait()
    for column in (series.rates, series.memory, series.disk):
        del column[:WARM_UP]
    return series


def grow(store):
    """Memory as the keys grow; prints a line for each step."""
    print(f'\n{"keys":>10}{"memory, MiB":>14}{"bytes a key":>14}{"disk, MiB":>12}')
    for first, end in zip((0, *GROWTH), GROWTH):
        loads.fill_resp(store.port, first, end)
        time.sleep(3)  # a compaction ends
        memory = memory_of(store)
        print(f'{end:10,}{memory / 2**20:14,.1f}{memory / end:14,.0f}{disk_of(store) / 2**20:12,.1f}')


def report(series, seconds, picture):
    middle, worst = statistics.median(series.rates), min(series.rates)
    tenth = max(1, len(series.memory) // 10)
    print(f'{seconds} s of SET by {CLIENTS} clients, {KEYS:,} keys, values of {loads.VALUE_SIZE}')
    print(f'  operations a second: median {middle:,.0f}, worst second {worst:,.0f} (number '
          f'{series.rates.index(worst) + 1}), {worst / middle:.2f} of the median: '
          f'{"reached" if worst >= middle / 2 else "MISSED"}, at least 0.50')
    print(f'  memory of the largest replica: {statistics.median(series.memory[:tenth]):.1f} MiB in the first tenth, '
          f'{statistics.median(series.memory[-tenth:]):.1f} MiB in the last, {max(series.memory):.1f} MiB at most')
    print(f'  disk of all three: {max(series.disk):.1f} MiB at most, {min(series.disk[tenth:] or series.disk):.1f} MiB '
          f'at least after the first tenth; written: about '
          f'{sum(series.rates) * 3 * (16 + loads.VALUE_SIZE) / 2**20:,.0f} MiB')
    with open(picture, 'w', encoding='utf-8') as file:
        file.write(chart.draw(f'Norn, SET by {CLIENTS} clients', 's', [
            ('operations a second', series.rates), ('memory of the largest replica, MiB', series.memory),
            ('disk of all three, MiB', series.disk)]))
    print(f'  picture: {picture}')


def run(seconds, picture):
    store = servers.Norn()
    try:
        store.start()
        report(write_for(store, seconds), seconds, picture)
        grow(store)
    finally:
        store.stop()
