"""Replicas in network namespaces of their own, over links that are cut, with --key-file. Each has two addresses: peers
talk over a bridge, whose links a test cuts; Redis clients come by links of their own, so that they reach a replica
that is cut off."""

import os
import subprocess
import time

from cluster import KV, REPLICA, Cluster, Skip, wait_until
from load import Load
from resp import Error

SEPARATE = ('--mount', '--net')


def ip(words):
    subprocess.run(['ip', *words.split()], check=True, capture_output=True, text=True, timeout=10)


class Network(Cluster):
    """Made in the network namespace that the test runs in; it goes when that does."""

    def __init__(self):
        super().__init__(hosts=[f'10.77.0.{i}' for i in (1, 2, 3)], resp_hosts=[f'10.78.{i}.1' for i in (1, 2, 3)],
                         options=['--log-level', 'info'])
        key = self.folder / 'cluster.key'
        subprocess.run([str(REPLICA), 'keygen', str(key)], check=True, timeout=10)
        # Redis clients have no password here, and come over a network.
        self.options += ['--key-file', str(key), '--insecure-network']
        self.key = key

    def __enter__(self):
        try:
            self.build()
        except FileNotFoundError as error:
            raise Skip('there is no ip (Debian: iproute2)') from error
        except subprocess.CalledProcessError as error:
            raise Skip(f'{" ".join(error.cmd)}: {error.stderr.strip()}') from error
        return super().__enter__()

    def build(self):
        if not os.path.ismount('/run/netns'):  # where names of namespaces are; not those of the system's
            os.makedirs('/run/netns', exist_ok=True)
            subprocess.run(['mount', '-t', 'tmpfs', 'netns', '/run/netns'], check=True, capture_output=True, text=True)
        ip('link add peers type bridge')
        ip('link set peers up')
        for i in self.ids:
            ip(f'netns add n{i}')
            ip(f'link add peer{i} type veth peer name peer netns n{i}')
            ip(f'link set peer{i} master peers up')
            ip(f'link add client{i} type veth peer name client netns n{i}')
            ip(f'address add 10.78.{i}.2/24 dev client{i}')
            ip(f'link set client{i} up')
            for words in (f'address add 10.77.0.{i}/24 dev peer', f'address add 10.78.{i}.1/24 dev client',
                          'link set peer up', 'link set client up', 'link set lo up'):
                ip(f'-n n{i} {words}')
            self.prefix_of[i] = ['ip', 'netns', 'exec', f'n{i}']

    def __exit__(self, failed=None, *_):
        super().__exit__(failed)
        for i in self.ids:  # the links by name, as those that go with a namespace go when the kernel comes to it
            for words in (f'link delete peer{i}', f'link delete client{i}', f'netns delete n{i}'):
                subprocess.run(['ip', *words.split()], check=False, capture_output=True)
        subprocess.run(['ip', 'link', 'delete', 'peers'], check=False, capture_output=True)

    def cut(self, *replicas):
        for replica in replicas:
            ip(f'link set peer{replica} down')

    def heal(self, *replicas):
        for replica in replicas:
            ip(f'link set peer{replica} up')


def answer(cluster, replica, *words):
    """The reply, or the error as one, and the seconds it took."""
    began = time.monotonic()
    with cluster.connect(replica) as connection:
        try:
            reply = connection.ask(*words)
        except Error as error:
            reply = error
    return reply, time.monotonic() - began


def cut_links(_):
    """A follower, then the leader, is cut off from its peers: the others go on, a client of the one that is cut off
    is told so in time, and what was seen on both sides is linearizable."""
    figures = []
    with Network() as cluster, Load(cluster) as load:
        for which in ('follower', 'leader'):
            leader = cluster.wait_leader()
            off = leader if which == 'leader' else next(i for i in cluster.ids if i != leader)
            other = next(i for i in cluster.ids if i != off)
            cluster.cut(off)
            outage = cluster.wait_writable(other)
            for words, code in ((('GET', 'writable'), 'NOLEADER'), (('SET', 'cut', 'off'), 'UNKNOWN')):
                reply, took = answer(cluster, off, *words)
                assert isinstance(reply, Error) and reply.code in (code, 'NOLEADER'), reply
                assert took < 8, f'a client of the one that is cut off waited {took:.1f} s'
            cluster.heal(off)
            back = cluster.wait_writable(off)
            figures.append(f'{which}: others writable after {outage:.2f} s, itself {back:.2f} s after it was healed')
        cluster.wait_caught_up()
        summary = load.finish()
    return f'{"; ".join(figures)}; {summary["ok"]} ok, {summary["info"]} info'


def all_apart(_):
    """Nobody reaches anybody; then all do."""
    with Network() as cluster, Load(cluster) as load:
        cluster.wait_leader()
        cluster.cut(*cluster.ids)
        time.sleep(2)
        cluster.heal(*cluster.ids)
        back = max(cluster.wait_writable(i) for i in cluster.ids)
        load.finish()
    return f'writable {back:.2f} s after'


def keys_matter(_):
    """Without the key nobody gets a word."""
    with Network() as cluster:
        cluster.wait_leader()
        command = [*cluster.prefix_of[1], str(KV), '--cluster', cluster.cluster_option(), '--deadline', '1s']
        for key, heard in ((['--key-file', str(cluster.key)], True), ([], False)):
            ended = subprocess.run([*command, *key, 'put', 'k', 'v'], capture_output=True, text=True, timeout=10,
                                   check=False)
            assert (ended.returncode == 0) == heard, (key, ended)
        other = cluster.folder / 'other.key'
        subprocess.run([str(REPLICA), 'keygen', str(other)], check=True, timeout=10)
        kept = cluster.options
        cluster.kill(3)
        cluster.options = [str(other) if option == str(cluster.key) else option for option in kept]
        cluster.start(3)
        cluster.wait_listening(3)
        reply, _ = answer(cluster, 3, 'GET', 'k')
        assert isinstance(reply, Error) and reply.code == 'NOLEADER', reply
        wait_until('its log says why', lambda: 'another key than --key-file' in cluster.log(3))  # every 10 s
        cluster.kill(3)
        cluster.options = kept
        cluster.start(3)
        cluster.wait_listening(3)
        cluster.wait_writable(3)


CASES = (cut_links, all_apart, keys_matter)
