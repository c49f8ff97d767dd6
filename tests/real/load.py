#!/usr/bin/env python3
"""Clients under way, in a process of their own, and the history of what they saw, for `sim check`.

    load.py --servers HOST:PORT,... --history FILE [--clients N] [--seed S] [--user-timeout SECONDS]

Each client has one operation under way at a time, on one connection; when that breaks it goes to the next server. It
goes on until SIGTERM. Then what is under way ends, every key is read once more, the history is written, and one line
of JSON is printed: counts, `silence` (the longest time in seconds in which nothing was answered), `lost`
(acknowledged writes to keys of their own that are not there any more), `unexpected` (errors with no business here),
`hung` (requests that were not answered within the user's patience, although the server was alive: the connection
stood). The seed is part of the keys' names: loads of one store need different ones. `Load` is the handle that tests
have of all this.
"""

import argparse
import collections
import json
import random
import selectors
import signal
import socket
import subprocess
import sys
import time

import resp
from cluster import SIM

EPOCH = 2.0        # seconds; then the clients turn to other keys, which keeps the keys' histories short
KEYS = 12          # of one kind and epoch
RECONNECT = 0.02   # seconds between attempts of one client
READ_AT_END = 64   # at once


class History:
    """Operations in the form of sim/formats/history_file.h."""

    def __init__(self):
        self.lines = []

    def add(self, **fields):
        fields['index'] = len(self.lines)
        fields['time'] = time.monotonic_ns()
        self.lines.append(fields)
        return fields['index']

    def invoke(self, process, f, key, value):
        fields = {} if value is None else {'value': value}
        return self.add(process=process, type='invoke', f=f, key=key, **fields)

    def end(self, invoke, kind, **fields):
        first = self.lines[invoke]
        self.add(process=first['process'], type=kind, f=first['f'], key=first['key'], invoke=invoke, **fields)

    def write(self, path):
        with open(path, 'w', encoding='ascii') as file:
            for line in self.lines:
                file.write(json.dumps(line) + '\n')


def results_of(f, reply):
    """A reply as the fields of an `ok` line."""
    text = reply.decode('latin-1') if isinstance(reply, bytes) else reply
    if f == 'get':
        return {'value': text}
    if f == 'cas':  # SET NX GET: the value that stood in the way, nothing if it was set
        return {'matched': True} if text is None else {'matched': False, 'value': text}
    if f == 'increment':
        return {'value': str(text)}
    return {}


class Client:
    """One connection, one operation at a time."""

    def __init__(self, load, number, server):
        self.load, self.number, self.server = load, number, server
        self.process = number
        self.socket, self.parser, self.connected = None, None, False
        self.open_at = 0.0       # no attempt to connect before
        self.invoke = None       # of the operation under way
        self.sent_at = 0.0

    def connect(self):
        self.socket = socket.socket()
        self.socket.setblocking(False)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.connect_ex(self.load.servers[self.server])
        self.parser, self.connected = resp.Parser(), False
        self.sent_at = time.monotonic()
        self.load.selector.register(self.socket, selectors.EVENT_WRITE, self)

    def close(self):
        """The connection is of no use any more: what became of its operation is not known. On to another server."""
        if self.socket:
            self.load.selector.unregister(self.socket)
            self.socket.close()
            self.socket = None
        if self.invoke is not None:
            self.finish('info')
        self.server = (self.server + 1) % len(self.load.servers)
        self.open_at = time.monotonic() + RECONNECT

    def finish(self, kind, **fields):
        self.load.history.end(self.invoke, kind, **fields)
        self.load.counts[kind] += 1
        self.invoke = None
        if kind == 'info':  # in Jepsen's sense this process is stuck; a new one goes on
            self.process = self.load.new_process()

    def begin(self):
        f, key, value, words = self.load.choose(self.number)
        self.invoke = self.load.history.invoke(self.process, f, key, value)
        self.sent_at = time.monotonic()
        try:
            self.socket.send(resp.request(*words))
        except OSError:
            self.close()

    def on_ready(self):
        if not self.connected:
            if self.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
                self.close()
                return
            self.connected = True
            self.load.selector.modify(self.socket, selectors.EVENT_READ, self)
        else:
            try:
                data = self.socket.recv(1 << 16)
            except OSError:
                data = b''
            if not data:
                self.close()
                return
            self.parser.feed(data)
            if (reply := self.parser.take()) is None:
                return
            self.on_reply(reply[0])
        if self.socket and self.invoke is None and not self.load.ending:
            self.begin()

    def on_reply(self, reply):
        if not isinstance(reply, resp.Error):
            self.load.answered()
            self.load.note_written(self.invoke)
            self.finish('ok', **results_of(self.load.history.lines[self.invoke]['f'], reply))
        elif reply.code == 'NOLEADER':  # it did not happen
            self.finish('fail')
        else:
            if reply.code != 'UNKNOWN':
                self.load.unexpected[str(reply)] += 1
            self.finish('info')


class Clients:
    def __init__(self, options):
        self.servers = [(host, int(port)) for host, port in (s.rsplit(':', 1) for s in options.servers.split(','))]
        self.patience = options.user_timeout
        self.selector = selectors.DefaultSelector()
        self.seed = options.seed
        self.chance = random.Random(options.seed)
        self.history = History()
        self.counts, self.unexpected = collections.Counter(), collections.Counter()
        self.hung, self.silence, self.last_answer = 0, 0.0, None
        self.began, self.ending = time.monotonic(), False
        self.keys, self.owned = {}, {}  # in order of first use; acknowledged writes to keys of their own
        self.values = 0
        self.processes = options.clients
        self.clients = [Client(self, i, i % len(self.servers)) for i in range(options.clients)]

    def new_process(self):
        self.processes += 1
        return self.processes - 1

    def answered(self):
        now = time.monotonic()
        if self.last_answer is not None:
            self.silence = max(self.silence, now - self.last_answer)
        self.last_answer = now

    def note_written(self, invoke):
        line = self.history.lines[invoke]
        if line['key'].startswith('own') and line['f'] == 'put':
            self.owned[line['key']] = line['value']

    def choose(self, number):
        """The next operation: as the history calls it, and its words."""
        epoch = f'{self.seed}-{int((time.monotonic() - self.began) / EPOCH)}'
        place = self.chance.randrange(KEYS)
        self.values += 1
        value = f'v{self.values}'
        kind = self.chance.randrange(100)
        text, count, log = f'text-{epoch}-{place}', f'count-{epoch}-{place % 4}', f'log-{epoch}-{place % 4}'
        if kind < 35:
            key, chosen = text, ('get', None, ('GET', text))
        elif kind < 60:
            key, chosen = text, ('put', value, ('SET', text, value))
        elif kind < 80:
            key = f'own-{self.seed}-{number}-{self.values}'
            chosen = ('put', value, ('SET', key, value))
        elif kind < 86:
            key, chosen = text, ('cas', [None, value], ('SET', text, value, 'NX', 'GET'))
        elif kind < 90:
            key, chosen = text, ('remove', None, ('DEL', text))
        elif kind < 95:
            key, chosen = count, ('increment', 1, ('INCR', count))
        else:
            key, chosen = log, ('append', f'{value};', ('APPEND', log, f'{value};'))
        self.keys[key] = True
        return chosen[0], key, chosen[1], chosen[2]

    def turn(self):
        now = time.monotonic()
        for client in self.clients:
            if client.socket is None:
                if now >= client.open_at and not self.ending:
                    client.connect()
            elif (client.invoke is not None or not client.connected) and now - client.sent_at > self.patience:
                self.hung += client.connected
                client.close()
        for key, _ in self.selector.select(0.02):
            key.data.on_ready()

    def run(self):
        while not self.ending:
            self.turn()
        while any(client.invoke is not None for client in self.clients):
            self.turn()
        for client in self.clients:
            if client.socket:
                client.socket.close()
        self.read_all()

    def read_all(self):
        """Every key once more, through one replica after another until all are read."""
        left, end = list(self.keys), time.monotonic() + 60
        server = 0
        while left and time.monotonic() < end:
            try:
                with resp.Connection(*reversed(self.servers[server])) as connection:
                    while left:
                        self.read_some(connection, left[-READ_AT_END:])
                        del left[-READ_AT_END:]
            except (OSError, resp.Closed, resp.Error):
                time.sleep(0.1)
            server = (server + 1) % len(self.servers)
        self.unread = len(left)

    def read_some(self, connection, keys):
        reads = [self.history.invoke(self.new_process(), 'get', key, None) for key in keys]
        connection.send(b''.join(resp.request('GET', key) for key in keys))
        for key, read in zip(keys, reads):
            reply = connection.receive()
            if isinstance(reply, resp.Error):
                raise reply
            found = results_of('get', reply)
            self.history.end(read, 'ok', **found)
            if key in self.owned and self.owned.pop(key) != found['value']:
                self.counts['lost'] += 1

    def summary(self):
        return {**{kind: self.counts[kind] for kind in ('ok', 'fail', 'info', 'lost')}, 'hung': self.hung,
                'silence': round(self.silence, 3), 'unread': self.unread, 'unexpected': dict(self.unexpected),
                'seconds': round(time.monotonic() - self.began, 1)}


class Load:
    """The handle: starts the process, ends it, checks what it says.

        with Load(cluster) as load:
            ...
            summary = load.finish()   # the servers must be well by now
    """

    def __init__(self, cluster, clients=8, seed=1, user_timeout=8.0):
        self.path = cluster.folder / f'history-{random.randrange(10**9)}'
        servers = ','.join(f'{cluster.resp_hosts[i]}:{cluster.ports[i]}' for i in cluster.ids)
        self.arguments = [sys.executable, __file__, '--servers', servers, '--history', str(self.path), '--clients',
                          str(clients), '--seed', str(seed), '--user-timeout', str(user_timeout)]

    def __enter__(self):
        self.process = subprocess.Popen(self.arguments, stdout=subprocess.PIPE, text=True)
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()

    def finish(self):
        """Ends the load; raises AssertionError unless its history is linearizable and nothing was lost or hung."""
        self.process.terminate()
        output, _ = self.process.communicate(timeout=120)
        summary = json.loads(output)
        judged = subprocess.run([str(SIM), 'check', str(self.path)], capture_output=True, text=True, timeout=120)
        wrong = [name for name in ('lost', 'hung', 'unread', 'unexpected') if summary[name]]
        if judged.returncode != 0 or wrong:
            raise AssertionError(f'{", ".join(wrong)}: {summary}; {judged.stdout}{judged.stderr}; {self.path}')
        if summary['ok'] == 0:
            raise AssertionError(f'nothing was answered: {summary}')
        return summary


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--servers', required=True)
    parser.add_argument('--history', required=True)
    parser.add_argument('--clients', type=int, default=8)
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('--user-timeout', type=float, default=8.0)
    options = parser.parse_args()
    clients = Clients(options)

    def end(*_):
        clients.ending = True
    signal.signal(signal.SIGTERM, end)
    clients.run()
    clients.history.write(options.history)
    print(json.dumps(clients.summary()))


if __name__ == '__main__':
    main()
