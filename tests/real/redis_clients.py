"""The clients that people have: redis-cli, python3-redis and redis-benchmark, against all three replicas."""

import random
import shutil
import ssl
import subprocess
import sys
import time

import redis

from cluster import KV, ROOT, Cluster, Skip, wait_until
from resp import Connection, Error


def cli(port, *words, options=(), status=0):
    """What redis-cli prints, without the last newline."""
    if not shutil.which('redis-cli'):
        raise Skip('there is no redis-cli (Debian: redis-tools)')
    ended = subprocess.run(['redis-cli', '-p', str(port), *options, *words], capture_output=True, text=True, timeout=20,
                           check=False)
    assert ended.returncode == status, f'{words}: status {ended.returncode}: {ended.stdout}{ended.stderr}'
    return ended.stdout.rstrip('\n')


def equal(found, expected):
    assert found == expected, f'{found!r}, expected {expected!r}'


def redis_cli(_):
    with Cluster() as cluster:
        cluster.wait_leader()
        first, second, third = cluster.ports.values()
        equal(cli(first, 'set', 'city', 'Boston'), 'OK')
        equal(cli(third, 'get', 'city'), 'Boston')
        equal(cli(second, 'get', 'none'), '')
        equal(cli(second, '--no-raw', 'get', 'none'), '(nil)')
        equal(cli(second, '-3', '--no-raw', 'get', 'none'), '(nil)')
        equal(cli(first, '--no-raw', 'incr', 'n'), '(integer) 1')
        equal(cli(second, '--no-raw', 'incr', 'city'), '(error) ERR value is not an integer or out of range')
        assert cli(third, 'nosuch', 'x').startswith('ERR unknown command')
        equal(sorted(cli(third, '--scan').split()), ['city', 'n'])
        equal(sorted(cli(first, '-3', 'mget', 'city', 'n').split()), ['1', 'Boston'])
        equal({cli(port, 'info', 'raft').split('raft_leader:')[1].split()[0] for port in cluster.ports.values()},
              {str(cluster.leader())})
        got = subprocess.run([str(KV), '--cluster', cluster.cluster_option(), 'get', 'city'], capture_output=True,
                             timeout=10, check=True)
        equal(got.stdout.rstrip(b'\n'), b'Boston')


def python_redis(options):
    with Cluster() as cluster:
        cluster.wait_leader()
        one, two, three = (redis.Redis(port=port, socket_timeout=10) for port in cluster.ports.values())
        one.set('a', b'\0\xff binary \r\n')
        equal(three.get('a'), b'\0\xff binary \r\n')
        for first in range(0, 1000, 100):  # a command names at most 128 keys
            two.mset({f'key-{i}': i for i in range(first, first + 100)})
            equal(three.mget(f'key-{i}' for i in range(first, first + 100)), [b'%d' % i for i in range(first, first + 100)])
        equal(len(set(one.scan_iter('key-*', 100))), 1000)
        equal(set(three.scan_iter('key-99?')), {b'key-99%d' % i for i in range(10)})
        equal(two.dbsize(), 1001)
        pipelines(one, random.Random(options.seed))
        expiry(one, three)
        two.flushall()
        equal(three.dbsize(), 0)


def pipelines(client, chance):
    """Commands that depend on each other, hundreds at once: as if one after the other."""
    counts, texts = dict.fromkeys('abc', 0), dict.fromkeys('xyz', None)
    client.delete(*counts, *texts)
    for transaction in (False, True):
        pipeline, expected = client.pipeline(transaction), []
        for i in range(400):
            count, text = chance.choice('abc'), chance.choice('xyz')
            if chance.random() < 0.5:
                pipeline.incr(count)
                counts[count] += 1
                expected.append(counts[count])
            elif chance.random() < 0.5:
                pipeline.set(text, str(i))
                texts[text] = b'%d' % i
                expected.append(True)
            else:
                pipeline.get(text)
                expected.append(texts[text])
        equal(pipeline.execute(), expected)


def expiry(one, other):
    """Not early, and not much later."""
    began = time.monotonic()
    one.set('short', 'v', px=400)
    one.set('long', 'v', ex=100)
    while (found := other.get('short')) is not None:
        equal(found, b'v')
        assert time.monotonic() - began < 5, 'a key of 400 ms is there after 5 s'
    assert time.monotonic() - began >= 0.4, f'gone after {time.monotonic() - began:.3f} s'
    assert 90 < other.ttl('long') <= 100
    equal(one.persist('long'), True)
    equal(other.ttl('long'), -1)
    equal(other.ttl('short'), -2)


def resp3(_):
    with Cluster() as cluster:
        cluster.wait_leader()
        for replica in cluster.ids:
            with cluster.connect(replica) as connection:
                hello = connection.ask('HELLO', '3')
                equal(hello[hello.index(b'proto') + 1], 3)
                equal(connection.ask('GET', 'none'), None)
                connection.send(b'*2\r\n$3\r\nGET\r\n$4\r\nnone\r\n')
                equal(connection.socket.recv(100), b'_\r\n')
                equal(connection.ask('SET', f'k{replica}', 'v'), b'OK')


def make_certificates(folder):
    """ca.crt, and server and client certificates signed by it. Returns a function from names to paths."""
    if not shutil.which('openssl'):
        raise Skip('there is no openssl (Debian: openssl)')

    def openssl(*words):
        subprocess.run(['openssl', *words], cwd=folder, check=True, capture_output=True, timeout=30)
    key = ('-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes')
    openssl('req', '-x509', *key, '-keyout', 'ca.key', '-out', 'ca.crt', '-subj', '/CN=test ca', '-days', '2')
    for name in ('server', 'client'):
        openssl('req', *key, '-keyout', f'{name}.key', '-out', f'{name}.csr', '-subj', f'/CN={name}',
                '-addext', 'subjectAltName=IP:127.0.0.1')
        openssl('x509', '-req', '-in', f'{name}.csr', '-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial', '-out',
                f'{name}.crt', '-days', '2', '-copy_extensions', 'copy')
    return lambda file: str(folder / file)


def tls(_):
    cluster = Cluster()
    path = make_certificates(cluster.folder)
    cluster.options = ['--tls-cert', path('server.crt'), '--tls-key', path('server.key'), '--tls-ca', path('ca.crt')]
    with cluster:
        first, second, third = cluster.ports.values()
        options = ['--tls', '--cacert', path('ca.crt')]
        shown = [*options, '--cert', path('client.crt'), '--key', path('client.key')]
        wait_until('a write over TLS', lambda: cli(first, 'set', 'k', 'v' * 100_000, options=shown) == 'OK')
        equal(cli(third, 'get', 'k', options=shown), 'v' * 100_000)
        client = redis.Redis(port=second, ssl=True, ssl_ca_certs=path('ca.crt'), ssl_certfile=path('client.crt'),
                             ssl_keyfile=path('client.key'), socket_timeout=10)
        pipelines(client, random.Random(1))
        anonymous = redis.Redis(port=second, ssl=True, ssl_ca_certs=path('ca.crt'), socket_timeout=10)
        for refused in (anonymous, redis.Redis(port=second, socket_timeout=10)):  # no certificate; no TLS
            try:
                raise AssertionError(f'taken in, and answered {refused.get("k")}')
            except (redis.exceptions.ConnectionError, ssl.SSLError):
                pass


def password(_):
    with Cluster(options=['--requirepass', 'secret']) as cluster:
        first, second, third = cluster.ports.values()
        client = redis.Redis(port=first, password='secret', socket_timeout=10)
        wait_until('a write', lambda: client.set('k', 'v'))
        equal(cli(second, 'get', 'k', options=['-a', 'secret', '--no-auth-warning']), 'v')
        with Connection(third) as connection:
            for words, code in [(('GET', 'k'), 'NOAUTH'), (('FLUSHALL',), 'NOAUTH'), (('HELLO', '3'), 'NOAUTH'),
                                (('AUTH', 'wrong'), 'WRONGPASS'), (('GET', 'k'), 'NOAUTH')]:
                try:
                    raise AssertionError(f'{words} answered {connection.ask(*words)}')
                except Error as error:
                    equal(error.code, code)
            connection.ask('HELLO', '3', 'AUTH', 'default', 'secret')
            equal(connection.ask('GET', 'k'), b'v')


def redis_benchmark(_):
    if not shutil.which('redis-benchmark'):
        raise Skip('there is no redis-benchmark (Debian: redis-tools)')
    figures = []
    with Cluster() as cluster:
        cluster.wait_leader()
        for port, more in zip(cluster.ports.values(), (['-P', '1'], ['-P', '16'], ['-P', '16', '-3'])):
            ended = subprocess.run(['redis-benchmark', '-p', str(port), '-t', 'set,get,incr,mset', '-n', '5000', '-c', '20',
                                    '-r', '1000', '--csv', *more], capture_output=True, text=True, timeout=60, check=False)
            rows = [line.split(',')[:2] for line in ended.stdout.splitlines() if line.startswith('"')][1:]
            assert ended.returncode == 0 and len(rows) == 4 and 'rror' not in ended.stdout + ended.stderr, (
                ended.stdout + ended.stderr)
            figures.append(' '.join(f'{name} {float(rate.strip(chr(34))):.0f}' for name, rate in rows[:2]))
    return ', '.join(figures).replace('"', '')


def same_replies_as_redis(_):
    with Cluster() as cluster:
        cluster.wait_leader()
        for replica in (cluster.leader(), next(i for i in cluster.ids if i != cluster.leader())):
            ended = subprocess.run([sys.executable, str(ROOT / 'tests' / 'real' / 'redis_replies'), '--commands', '3000',
                                    f'127.0.0.1:{cluster.ports[replica]}'], capture_output=True, text=True, timeout=60,
                                   check=False)
            if ended.returncode == 77:
                raise Skip(ended.stdout.strip())
            assert ended.returncode == 0, ended.stdout + ended.stderr


CASES = (redis_cli, python_redis, resp3, tls, password, redis_benchmark, same_replies_as_redis)
