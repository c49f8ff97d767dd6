"""Disks whose syncs take long. A slow sync by itself costs no election, be it a follower's or the leader's, since
heartbeats do not wait for the disk; a leader whose disk stalls for longer than an election timeout hands over."""

import time

from cluster import BUILD, Cluster, Skip, wait_until
from load import Load

SHIM = BUILD / 'libslow_sync.so'


class SlowCluster(Cluster):
    def __init__(self):
        super().__init__()
        if not SHIM.exists():
            raise Skip(f'{SHIM} is not built')
        for replica in self.ids:
            self.set_delay(replica, 0)
            self.environment_of[replica] = {'LD_PRELOAD': str(SHIM), 'SLOW_SYNC': str(self.delay_file(replica))}

    def delay_file(self, replica):
        return self.folder / f'delay-{replica}'

    def set_delay(self, replica, milliseconds):
        fresh = self.folder / 'delay-new'
        fresh.write_text(str(milliseconds))
        fresh.rename(self.delay_file(replica))


def without_election(cluster, slow, milliseconds, seconds):
    """Under load; returns the load's summary."""
    term = cluster.term()
    with Load(cluster, seed=milliseconds) as load:
        cluster.set_delay(slow, milliseconds)
        time.sleep(seconds)
        assert cluster.term() == term, f'a sync of {milliseconds} ms on replica {slow} cost an election'
        cluster.set_delay(slow, 0)
        summary = load.finish()
    assert cluster.term() == term
    return summary


def slow_follower(_):
    """Syncs of three election timeouts: nobody waits for them."""
    with SlowCluster() as cluster:
        leader = cluster.wait_leader()
        summary = without_election(cluster, next(i for i in cluster.ids if i != leader), 3000, 7)
    assert summary['silence'] < 1, f'nothing was answered for {summary["silence"]} s'
    return f'longest silence {summary["silence"]} s'


def slow_leader(_):
    """Syncs of nearly an election timeout: the followers' syncs make the majority meanwhile."""
    with SlowCluster() as cluster:
        summary = without_election(cluster, cluster.wait_leader(), 400, 4)
    assert summary['silence'] < 1, f'nothing was answered for {summary["silence"]} s'
    return f'longest silence {summary["silence"]} s'


def stalled_leader(_):
    with SlowCluster() as cluster:
        leader = cluster.wait_leader()
        with Load(cluster) as load:
            cluster.set_delay(leader, 5000)
            wait_until('the leader says that it hands over',
                       lambda: 'the disk stalls: leadership handed over' in cluster.log(leader), 10)
            other = cluster.wait_leader(other_than=leader)
            cluster.wait_writable(other, 5)
            cluster.set_delay(leader, 0)
            cluster.wait_caught_up()
            summary = load.finish()
    assert summary['silence'] < 2, f'nothing was answered for {summary["silence"]} s'
    return f'longest silence {summary["silence"]} s'


CASES = (slow_follower, slow_leader, stalled_leader)
