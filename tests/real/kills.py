"""SIGKILL under load: of whichever replica, of the leader, of all three at once; and a leader that sleeps for a while.
Clients go on meanwhile, and what they saw must be linearizable, with every acknowledged write there at the end."""

import random
import time

from cluster import Cluster
from load import Load

ROUNDS_OF_A_HISTORY = 10
# The log is cut every second or so: kills also meet snapshots, being written and being sent.
OPTIONS = ('--compact-after-bytes', '512KiB', '--keep-bytes', '64KiB')


def victims(cluster, chance):
    """(kind, replicas)"""
    kind = chance.choices(('leader', 'one', 'all'), (50, 30, 20))[0]
    if kind == 'all':
        return kind, cluster.ids
    return kind, [cluster.wait_leader() if kind == 'leader' else chance.choice(cluster.ids)]


def play_round(cluster, chance, outages):
    time.sleep(chance.uniform(0.1, 0.8))
    kind, killed = victims(cluster, chance)
    cluster.kill(*killed)
    if kind != 'all':  # the others go on without it
        outages[kind].append(cluster.wait_writable(chance.choice(cluster.running())))
    time.sleep(chance.choice((0, chance.uniform(0, 1))))
    cluster.start(*killed)
    for replica in killed:
        cluster.wait_listening(replica)
    recovered = cluster.wait_writable(chance.choice(killed))
    if kind == 'all':
        outages[kind].append(recovered)


def describe(outages, sums):
    parts = [f'{len(times)} of {kind}: writable after {sorted(times)[len(times) // 2]:.2f} s, at most {max(times):.2f}'
             for kind, times in outages.items() if times]
    return '; '.join([*parts, ', '.join(f'{count} {name}' for name, count in sums.items())])


def kills(options):
    chance = random.Random(options.seed)
    outages = {'leader': [], 'one': [], 'all': []}
    sums = dict.fromkeys(('ok', 'fail', 'info', 'lost', 'hung'), 0)
    with Cluster(options=OPTIONS) as cluster:
        cluster.wait_leader()
        for first in range(0, options.rounds, ROUNDS_OF_A_HISTORY):
            with Load(cluster, seed=options.seed + first) as load:
                for _ in range(min(ROUNDS_OF_A_HISTORY, options.rounds - first)):
                    play_round(cluster, chance, outages)
                summary = load.finish()
            for name in sums:
                sums[name] += summary[name]
            cluster.wait_caught_up()
        for replica in cluster.ids:  # a process that was killed leaves no damage worth a word
            assert 'damaged' not in cluster.log(replica), cluster.log(replica)
    return describe(outages, sums)


def sleeping_leader(_):
    """SIGSTOP for longer than an election takes: when it wakes it must not answer as the leader that it was."""
    with Cluster() as cluster, Load(cluster) as load:
        for _ in range(2):
            leader = cluster.wait_leader()
            cluster.pause(leader)
            others = [i for i in cluster.ids if i != leader]
            cluster.wait_writable(others[0])
            time.sleep(0.5)
            cluster.resume(leader)
            cluster.wait_writable(leader)
        summary = load.finish()
    return f'{summary["ok"]} ok, {summary["info"]} info'


CASES = (kills, sleeping_leader)
