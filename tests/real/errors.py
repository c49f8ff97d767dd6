"""What `replica` refuses to start with: exit status 2, one line that names what is wrong, and nothing done."""

import fcntl
import os
import pathlib
import re
import shutil
import socket
import subprocess
import tempfile

from cluster import Cluster, REPLICA, ROOT, environment, free_ports, make_folder


def refused(arguments, pattern, **variables):
    """Runs `replica` with these; its one line must match."""
    ended = subprocess.run([str(REPLICA), *map(str, arguments)], capture_output=True, text=True, timeout=10, check=False,
                           stdin=subprocess.DEVNULL, env=environment(**variables))
    said = f'{" ".join(map(str, arguments))}: status {ended.returncode}, says {ended.stderr!r}'
    assert ended.returncode == 2 and ended.stdout == '', said
    assert re.fullmatch(r'replica: [^\n]+\n', ended.stderr) and re.search(pattern, ended.stderr), f'{said}, not {pattern}'


class Place:
    """Options of a replica that could start, to be changed for the worse one at a time."""

    def __init__(self, folder):
        ports = free_ports(4)
        self.folder = folder
        self.options = {'--id': '1', '--cluster': ','.join(f'{i + 1}=127.0.0.1:{ports[i]}' for i in range(3)),
                        '--data': str(folder / 'data'), '--resp': f'127.0.0.1:{ports[3]}'}

    def serve(self, **changes):
        """--NAME by name, with _ for -; None: the option is left out."""
        options = {**self.options, **{f'--{name.replace("_", "-")}': value for name, value in changes.items()}}
        return ['serve', *(word for name, value in options.items() if value is not None for word in (name, value))]


def bad_options(_):
    with tempfile.TemporaryDirectory() as name:
        place = Place(pathlib.Path(name))
        missing = str(place.folder / 'missing')
        for arguments, pattern in [
                ([], 'serve or keygen'),
                (['sreve'], "'sreve'"),
                (['keygen'], 'name of the file'),
                (['keygen', '--help'], 'name of the file'),
                (['keygen', f'{missing}/key'], f'{missing}/key.*No such file'),
                (place.serve(id=None), '--id is missing'),
                (place.serve(id='4'), '--id: replica 4'),
                (place.serve(id='0'), '--id: 0 is not from 1 to 255'),
                (place.serve(id='256'), '--id: 256'),
                (place.serve(id='x'), "--id: 'x'"),
                (place.serve(cluster=None), '--cluster is missing'),
                (place.serve(cluster='1=127.0.0.1'), '--cluster: .*127.0.0.1'),
                (place.serve(cluster='1=127.0.0.1:1,1=127.0.0.1:2'), 'named before'),
                (place.serve(cluster='1=10.0.0.1:7101,2=10.0.0.2:7101'), '--key-file.*--insecure-network'),
                (place.serve(data=None), '--data is missing'),
                (place.serve(resp='0.0.0.0:7001'), '--requirepass'),
                (place.serve(tls_cert=missing), '--tls-cert and --tls-key'),
                (place.serve(tls_cert=missing, tls_key=missing), f'--tls-cert: .*{missing}'),
                (place.serve(key_file=missing), f'{missing}.*No such file'),
                (place.serve(config=missing), f'--config: .*{missing}: No such file'),
                (place.serve(config=name), f'--config: .*{name}: Is a directory'),
                (place.serve() + ['--insecure-network', 'false'], "'false' is neither an option nor the value"),
                (place.serve() + ['2=127.0.0.1:7102'], "'2=127.0.0.1:7102' is neither.*a list has no blanks"),
                (place.serve(log_level='loud'), '--log-level'),
                (place.serve(heartbeat_interval='2s'), '--heartbeat-interval'),
                (place.serve(election_timeout_min='5'), "--election-timeout-min: '5'"),
                (place.serve(nosuch='1'), 'nosuch'),
                (place.serve(redirect=None) + ['--redirect'], '--resp-peers'),
                (place.serve(datagram_max='100'), '--datagram-max')]:
            refused(arguments, pattern)
        refused(place.serve(), '--read-mode', NORN_READ_MODE='guess')
        refused(place.serve(), "environment's NORN_READMODE is no option", NORN_READMODE='lease')
        config = place.folder / 'config'
        for text, pattern in [
                ('nosuch = 1', 'nosuch'),
                ('redirect', "invalid line 'redirect'"),
                ('requirepass = a\nrequirepass = b', "'requirepass'.*more than once"),
                ('redirect = perhaps', "'perhaps'.*'redirect'"),
                ('config = other', 'another file'),
                ('# of # two#s\n # and\tx#\nid = 1 # one#\nrequirepass = a#b', 'within a value'),
                ('# of # two#s\n # and\tx#\nid = 1 # one#\nnosuch = 1', 'nosuch')]:
            config.write_text(f'{text}\n')
            refused(place.serve(config=str(config)), f'--config: {config}: .*{pattern}')


def ports_in_use(_):
    with tempfile.TemporaryDirectory() as name, socket.socket() as tcp, \
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        tcp.bind(('127.0.0.1', 0))
        tcp.listen()
        udp.bind(('127.0.0.1', 0))
        place = Place(pathlib.Path(name))
        busy = f'127.0.0.1:{tcp.getsockname()[1]}'
        refused(place.serve(resp=busy), f'--resp: .*{busy} is in use')
        assert not (place.folder / 'data' / 'identity').exists(), 'a refused start has claimed the directory'
        busy = f'127.0.0.1:{udp.getsockname()[1]}'
        refused(place.serve(cluster=f'1={busy},2=127.0.0.1:1', data=f'{name}/new'), f'{busy} is in use')


def directories(_):
    folder = make_folder('errors')
    place = Place(folder)
    data = folder / 'data'
    with Cluster(size=1) as cluster:
        taken = str(cluster.data(1))
        cluster.wait_leader()
        alone = cluster.cluster_option()
        refused(place.serve(cluster=alone.replace('1=', '2='), id='2', data=taken), f'{taken}.*in use by another process')
        cluster.kill(1)
        refused(place.serve(cluster='2=127.0.0.1:7', id='2', data=taken), f'{taken}.*another replica')
        refused(place.serve(data=taken), f'{taken}.*other members')
        refused(place.serve(cluster=alone, data=taken, cluster_name='other'), f"{taken}.*another cluster than 'other'")
        identity = pathlib.Path(taken) / 'identity'
        kept = identity.read_text()
        identity.write_text(kept.replace('version 1', 'version 9'))
        refused(place.serve(cluster=alone, data=taken), f'{taken}.*another version')
        identity.write_text(kept)
        log = pathlib.Path(taken) / 'wal'
        log.rename(log.with_name('elsewhere'))
        refused(place.serve(cluster=alone, data=taken), f"{taken}.*has lost its file 'wal'")
        log.with_name('elsewhere').rename(log)
        identity.unlink()
        refused(place.serve(cluster=alone, data=taken), f'{taken}.*identity')
        identity.write_text(kept)
        cluster.start(1)  # unharmed by all that
        cluster.wait_listening(1)
        cluster.wait_writable(1)
    data.write_text('a file\n')
    refused(place.serve(), f'{data}')
    data.unlink()
    key = folder / 'key'
    key.write_text('norn cluster key, version 1\nid 12\n')
    refused(place.serve(key_file=str(key)), f'{key}')
    refused(place.serve(data='/proc/new'), 'cannot make the data directory /proc/new: ')
    refused(place.serve(data='/sys/kernel'), 'cannot write in the data directory /sys/kernel: ')  # not even as root
    shutil.rmtree(folder)


def cluster_twice(_):
    """tools/cluster beside another one, whose replicas would answer in its own's stead."""
    folder = ROOT / 'build' / 'cluster'
    folder.mkdir(exist_ok=True)
    held = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        pass  # there is one
    ended = subprocess.run([ROOT / 'tools' / 'cluster'], capture_output=True, text=True, timeout=60, check=False)
    os.close(held)
    assert ended.returncode == 2 and ended.stdout == '' and 'it runs already' in ended.stderr, ended


CASES = (bad_options, ports_in_use, directories, cluster_twice)
