"""Links that lose, delay, duplicate and reorder, by the kernel's netem, with --key-file, on the network of netns.py."""

import subprocess

from cluster import Skip
from load import Load
from netns import SEPARATE, Network  # noqa: F401  pylint: disable=unused-import

LINKS = (
    'loss 10%',
    'delay 10ms 5ms',
    'duplicate 20%',
    'delay 5ms reorder 30% 50%',
    'loss 5% 25% delay 8ms 4ms duplicate 5% reorder 10%',
)


def bad_links(_):
    figures = []
    with Network() as cluster:
        cluster.wait_leader()
        for number, link in enumerate(LINKS):
            for i in cluster.ids:
                shaped = subprocess.run(['ip', 'netns', 'exec', f'n{i}', 'tc', 'qdisc', 'replace', 'dev', 'peer', 'root',
                                         'netem', *link.split()], capture_output=True, text=True, check=False)
                if shaped.returncode != 0:
                    raise Skip(f'tc netem: {shaped.stderr.strip()} (a kernel without CONFIG_NET_SCH_NETEM?)')
            with Load(cluster, seed=number) as load:
                for i in cluster.ids:
                    cluster.wait_writable(i)
                cluster.kill(cluster.wait_leader())
                cluster.wait_writable(cluster.running()[0])
                cluster.start(*(set(cluster.ids) - set(cluster.running())))
                cluster.wait_caught_up()
                summary = load.finish()
            figures.append(f'{link}: {summary["ok"]} ok, silence {summary["silence"]} s')
    return '; '.join(figures)


CASES = (bad_links,)
