"""Disks that are full: small tmpfs mounts, filled by another's file. Nothing is acknowledged that is not stored; the
log says so; reads go on; when there is room again writes go on, without a restart; nothing acknowledged is lost."""

import subprocess
import threading
import time

from cluster import Cluster, Skip, wait_until
from load import Load
from resp import Closed, Error

SEPARATE = ('--mount',)
SIZE = 48 << 20  # bytes: a WAL and its 4 MiB allocated ahead, its replacement, and a snapshot
SAYS_FULL = 'disk full: nothing is acknowledged until there is room'
SAYS_ROOM = 'the disk has room again'
VALUE = b'v' * 100_000


class SmallDisks(Cluster):
    def __enter__(self):
        for replica in self.ids:
            self.data(replica).mkdir()
            mounted = subprocess.run(['mount', '-t', 'tmpfs', '-o', f'size={SIZE}', 'small', str(self.data(replica))],
                                     capture_output=True, text=True, check=False)
            if mounted.returncode != 0:
                raise Skip(f'no right to mount a tmpfs: {mounted.stderr.strip()}')
        return super().__enter__()

    def __exit__(self, failed=None, *_):
        for replica in self.ids:
            subprocess.run(['umount', '--lazy', str(self.data(replica))], check=False, capture_output=True)
        super().__exit__(failed)

    def fill(self, replica):
        with open(self.data(replica) / 'filler', 'wb', buffering=0) as file:
            try:
                while file.write(b'\0' * 4096):
                    pass
            except OSError:
                pass

    def make_room(self, replica):
        (self.data(replica) / 'filler').unlink()


def write_until_refused(cluster, replica, prefix, most=200):
    """Large values, until one is not acknowledged. Returns those that were, as keys."""
    written = []
    with cluster.connect(replica) as connection:
        try:
            while len(written) < most:
                connection.ask('SET', f'{prefix}{len(written)}', VALUE)
                written.append(f'{prefix}{len(written)}')
        except Error as error:
            assert error.code in ('UNKNOWN', 'NOLEADER'), error
            return written
    raise AssertionError(f'{len(written)} writes of {len(VALUE)} bytes were acknowledged on full disks')


def assert_there(cluster, replica, keys):
    with cluster.connect(replica) as connection:
        for key in keys:
            assert connection.ask('GET', key) == VALUE, f'{key} was acknowledged, and is not there'


def all_full(_):
    with SmallDisks() as cluster:
        for replica in cluster.ids:
            cluster.wait_writable(replica)  # opens its clients' session, which is a write, and which reads need, too
        for replica in cluster.ids:
            cluster.fill(replica)
        kept = write_until_refused(cluster, 1, 'first-')
        full = [i for i in cluster.ids if SAYS_FULL in cluster.log(i)]
        assert len(full) >= 2, [cluster.log(i) for i in cluster.ids]
        assert cluster.running() == cluster.ids, 'a replica ended because its disk is full'
        assert_there(cluster, 3, kept)  # what may be served is
        for replica in cluster.ids:
            cluster.make_room(replica)
        recovered = max(cluster.wait_writable(i, 10) for i in cluster.ids)
        wait_until('the log says that there is room', lambda: all(SAYS_ROOM in cluster.log(i) for i in full))
        assert_there(cluster, 2, kept)
        cluster.kill(*cluster.ids)
        cluster.start(*cluster.ids)
        for replica in cluster.ids:
            cluster.wait_listening(replica)
            cluster.wait_writable(replica)
        assert_there(cluster, 1, kept)
    return f'{len(kept)} writes kept; writable {recovered:.2f} s after there was room'


def one_full(_):
    """The two others are a majority: whoever's disk is full, a follower's or the leader's, writes go on."""
    figures = []
    with SmallDisks(options=['--compact-after-bytes', '2MiB', '--keep-bytes', '256KiB']) as cluster:
        for which in ('follower', 'leader'):
            leader = cluster.wait_leader()
            victim = leader if which == 'leader' else next(i for i in cluster.ids if i != leader)
            other = next(i for i in cluster.ids if i not in (victim, leader))
            with Load(cluster, seed=victim) as load:
                cluster.fill(victim)
                stop = threading.Event()
                writer = threading.Thread(target=write_on, args=(cluster, other, stop))
                writer.start()
                try:
                    wait_until(f'the {which} says that its disk is full', lambda: SAYS_FULL in cluster.log(victim))
                    time.sleep(1.5)
                    cluster.wait_writable(other, 10)
                finally:
                    stop.set()
                    writer.join()
                cluster.make_room(victim)
                wait_until('it says that there is room', lambda: SAYS_ROOM in cluster.log(victim))
                cluster.wait_caught_up()
                summary = load.finish()
            figures.append(f'{which}: {summary["ok"]} ok, longest silence {summary["silence"]} s')
    return '; '.join(figures)


def write_on(cluster, replica, stop):
    """Large values over a few keys, which the log grows by."""
    i = 0
    while not stop.is_set():
        try:
            with cluster.connect(replica) as connection:
                while not stop.is_set():
                    connection.ask('SET', f'large-{i % 5}', VALUE)
                    i += 1
        except (OSError, Closed, Error):
            time.sleep(0.1)


def compaction_gives_space_back(_):
    """Ten times what the disk holds is written over a few keys: the log is cut in time, by itself."""
    with SmallDisks(options=['--compact-after-bytes', '4MiB', '--keep-bytes', '1MiB']) as cluster:
        cluster.wait_leader()
        with cluster.connect(1) as connection:
            for i in range(10 * SIZE // len(VALUE)):
                connection.ask('SET', f'k{i % 5}', VALUE)
        assert not any(SAYS_FULL in cluster.log(i) for i in cluster.ids), 'a disk was full'


CASES = (all_full, one_full, compaction_gives_space_back)
