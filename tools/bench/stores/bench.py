"""tools/bench/store, once everything it needs is built: starts the stores, loads them in turns, prints the table.
What the figures mean is in tools/bench/README.md."""

import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import time

import loads
import long_run
import servers

FOLDER = pathlib.Path(__file__).resolve().parent
PIPELINE = 16
STORES = {'norn': servers.Norn, 'etcd': servers.Etcd, 'redis': servers.Redis}


def parse():
    parser = argparse.ArgumentParser(prog='tools/bench/store', description='Norn, etcd and Redis under the same load.')
    parser.add_argument('--clients', default='1,16,64,256', help='how many at once, one row each (%(default)s)')
    parser.add_argument('--seconds', type=float, default=2, help='of each run (%(default)s)')
    parser.add_argument('--rounds', type=int, default=3, help='runs of each; medians are printed (%(default)s)')
    parser.add_argument('--only', default='norn,etcd,redis', help='which stores (%(default)s)')
    parser.add_argument('--norn', default='', metavar='OPTIONS', help="for Norn's replicas, such as '--norn=--thrift 3ms'")
    parser.add_argument('--long', type=int, metavar='SECONDS',
                        help='Norn alone, written for so long: its worst second, memory a key, disk')
    parser.add_argument('--picture', default='build/store-long.svg', help='of --long (%(default)s)')
    options = parser.parse_args()
    servers.Norn.options = options.norn.split()
    try:
        options.clients = [int(word) for word in options.clients.split(',')]
        options.only = [STORES[word] for word in options.only.split(',')]
        if min(options.clients) < 1 or options.seconds <= 0 or options.rounds < 1:
            raise ValueError
    except (ValueError, KeyError):
        parser.error('--clients takes numbers from 1, --only some of norn,etcd,redis, --seconds and --rounds '
                     'more than 0')
    return options


def points_of(clients):
    """What is measured, a row of the table each: kind, clients, pipeline."""
    points = [(kind, count, 1) for kind in ('set', 'get') for count in clients]
    return points + [(kind, 64, PIPELINE) for kind in ('set', 'get')]


def measure(stores, load, points, rounds, limits_program):
    """Samples by (point, name), one a round; and the machine's limits, one a round."""
    samples = {}
    limits = []
    for number in range(rounds):
        limits.append(json.loads(loads.run([str(limits_program), str(FOLDER.parents[2] / 'build')], 5)))
        for point in points:
            for store in stores:
                if point[2] > 1 and not store.speaks_resp:
                    continue
                store.check()
                samples.setdefault((point, store.name), []).append(load.measure(store, *point))
        print(f'round {number + 1} of {rounds} done', file=sys.stderr)
    return samples, limits


def median(samples, field):
    return statistics.median(getattr(sample, field) for sample in samples)


def ratio(samples, point, other):
    """How many times Norn's rate the other's is, in the same round: the median of the rounds."""
    ours, theirs = samples.get((point, 'Norn')), samples.get((point, other))
    if not ours or not theirs:
        return None
    return statistics.median(a.rate / b.rate for a, b in zip(ours, theirs))


def cell(value, digits, width):
    return f'{value:{width},.{digits}f}' if value is not None else f'{"-":>{width}}'


def print_table(samples, points, names):
    group = lambda title, width: f'{title:^{width * len(names)}}'
    print(f'{"":13}|{group("operations a second", 9)}|{group("p50, ms", 7)}|{group("p99, ms", 7)}'
          f'|{group("CPU us/op", 6)}| {"Norn to":^13}')
    header = ''.join('|' + ''.join(f'{name:>{width}}' for name in names) for width in (9, 7, 7, 6))
    print(f'{"clients":13}{header}|{"etcd":>7}{"Redis":>7}')
    for point in points:
        kind, clients, pipeline = point
        columns = []
        for field, digits, width in (('rate', 0, 9), ('p50', 2, 7), ('p99', 2, 7), ('cpu', 0, 6)):
            values = [median(samples[point, name], field) if (point, name) in samples else None for name in names]
            columns.append(''.join(cell(value, digits, width) for value in values))
        label = f'{kind.upper()} {clients}' + (f' x{pipeline}' if pipeline > 1 else '')
        ratios = ''.join(cell(ratio(samples, point, other), 2, 7) for other in ('etcd', 'Redis'))
        print(f'{label:13}|{"|".join(columns)}|{ratios}')


def aims(samples, limits):
    """Lines of what was to be reached: text, figure, aim, reached; those that this run can tell."""
    def ratio_of(kind, clients, other):
        return ratio(samples, (kind, clients, 1), other)
    rate = lambda kind: ((kind, 64, PIPELINE), 'Norn') in samples and median(
        samples[(kind, 64, PIPELINE), 'Norn'], 'rate')
    rows = [(f'{kind.upper()}, {clients} clients, to {other}', ratio_of(kind, clients, other), aim)
            for kind, clients, other, aim in (
                ('set', 64, 'etcd', 4), ('set', 64, 'Redis', 0.75), ('get', 64, 'etcd', 6),
                ('get', 64, 'Redis', 0.75), ('set', 1, 'etcd', 3))]
    rows += [('SET a second, pipelined', rate('set'), 80_000), ('GET a second, pipelined', rate('get'), 200_000)]
    rows = [(text, value, f'at least {aim:,}', value >= aim) for text, value, aim in rows if value]
    lone = samples.get((('set', 1, 1), 'Norn'))
    if lone:
        p50 = median(lone, 'p50')
        most = 2 * (limits['sync'] + 2 * limits['round_trip']) / 1000
        rows.append(('SET, 1 client, p50 in ms', p50, f'at most {most:.2f}', p50 <= most))
    return rows


def print_limits(samples, limits):
    middle = {name: statistics.median(limit[name] for limit in limits) for name in ('sync', 'round_trip')}
    print(f'\nthis machine: one fdatasync {middle["sync"]:.0f} us, one loopback round trip '
          f'{middle["round_trip"]:.0f} us (medians, measured between the rounds)')
    for text, value, aim, reached in aims(samples, middle):
        print(f'  {text:30} {value:10,.2f}  {aim:18} {"reached" if reached else "MISSED"}')


def compare(options, build):
    stores = [store() for store in options.only]
    points = points_of(options.clients)
    load = loads.Loads(build / 'etcd_load', options.seconds)
    began = time.monotonic()
    try:
        for store in stores:
            store.start()
            load.fill(store)
        samples, limits = measure(stores, load, points, options.rounds, build / 'store_limits')
    finally:
        for store in stores:
            store.stop()
    print(f'three replicas of Norn, three of etcd, one Redis that syncs each write; keys of 16 bytes, values of '
          f'{loads.VALUE_SIZE};\nmedians of {options.rounds} runs of {options.seconds:g} s each, in turns; '
          f'{time.monotonic() - began:.0f} s in all\n')
    print_table(samples, points, [store.name for store in stores])
    print_limits(samples, limits)


def main():
    options = parse()
    try:
        if options.long:
            long_run.run(options.long, options.picture)
        else:
            compare(options, servers.cluster.BUILD)
    except KeyboardInterrupt:
        return 3
    except (RuntimeError, TimeoutError, subprocess.TimeoutExpired) as error:
        print(f'tools/bench/store: {error}', file=sys.stderr)
        return 1
    return 0


sys.exit(main())
