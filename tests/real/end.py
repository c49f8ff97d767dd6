"""SIGTERM and SIGINT: a replica ends within a second with status 0, and a leader hands over before, so that its
clients' writes go on sooner than an election would let them."""

import signal
import statistics

from cluster import Cluster
from load import Load

WITHIN = 1.0  # seconds


def end(cluster, replica):
    status, took = cluster.terminate(replica)
    assert status == 0, f'status {status}: {cluster.log(replica)[-1000:]}'
    assert took < WITHIN, f'ended after {took:.2f} s'
    return took


def leaders_and_followers(options):
    outages = []
    # An election takes at least 2 s here: whoever leads before that was handed leadership.
    slow = ['--election-timeout-min', '2s', '--election-timeout-max', '4s', '--heartbeat-interval', '100ms']
    with Cluster(options=slow) as cluster, Load(cluster, seed=options.seed) as load:
        for kind in ('leader', 'follower', 'leader', 'leader'):
            leader = cluster.wait_leader()
            ended = leader if kind == 'leader' else next(i for i in cluster.ids if i != leader)
            end(cluster, ended)
            outage = cluster.wait_writable(cluster.running()[0])
            assert outage < 1.5, f'no write for {outage:.2f} s after a {kind} ended'
            outages.append(outage)
            cluster.start(ended)
            cluster.wait_listening(ended)
            cluster.wait_writable(ended)
            cluster.wait_caught_up()
        summary = load.finish()
    return f'writable {statistics.median(outages):.3f} s after the end; {summary["ok"]} ok, {summary["info"]} info'


def everybody(_):
    """All at once: nobody is left to hand over to, and nothing is lost."""
    with Cluster() as cluster:
        cluster.wait_leader()
        with cluster.connect(1) as connection:
            connection.ask('SET', 'k', 'v')
        for process in cluster.processes.values():
            process.send_signal(signal.SIGINT)
        for replica, process in cluster.processes.items():
            assert process.wait(5) == 0, cluster.log(replica)
        cluster.start(*cluster.ids)
        for replica in cluster.ids:
            cluster.wait_listening(replica)
            cluster.wait_writable(replica)
        with cluster.connect(2) as connection:
            assert connection.ask('GET', 'k') == b'v'


CASES = (leaders_and_followers, everybody)
