"""A connection that speaks RESP, with nothing hidden: what is sent is what the test says, and every reply is seen
as it came. (redis_cli.py tries the real clients.)

A reply is bytes, an int, a list, None, or an Error; simple strings are bytes too, and RESP3's maps become lists.
"""

import socket


class Error(Exception):
    """A reply that is an error: `code` is its first word. Returned, not raised, unless by `ask`."""

    def __init__(self, text):
        super().__init__(text)
        self.code = text.split(' ', 1)[0]


class Closed(Exception):
    """The other side closed the connection, or it broke."""


class Parser:
    """Bytes in, replies out."""

    def __init__(self):
        self.buffer = bytearray()

    def feed(self, data):
        self.buffer += data

    def take(self):
        """The next reply as a tuple of one, or None when it has not arrived whole."""
        found = self._parse(0)
        if found is None:
            return None
        reply, end = found
        del self.buffer[:end]
        return (reply,)

    def _parse(self, at):
        end = self.buffer.find(b'\r\n', at)
        if end < 0:
            return None
        kind, line, at = self.buffer[at:at + 1], bytes(self.buffer[at + 1:end]), end + 2
        if kind in b'+,(':
            return line, at
        if kind == b'-':
            return Error(line.decode('latin-1')), at
        if kind == b':':
            return int(line), at
        if kind == b'_':
            return None, at
        if kind == b'#':
            return line == b't', at
        if kind in b'$=':
            size = int(line)
            if size < 0:
                return None, at
            if len(self.buffer) < at + size + 2:
                return None
            return bytes(self.buffer[at:at + size]), at + size + 2
        if kind in b'*%~>':
            count = int(line) * (2 if kind == b'%' else 1)
            if count < 0:
                return None, at
            items = []
            for _ in range(count):
                found = self._parse(at)
                if found is None:
                    return None
                item, at = found
                items.append(item)
            return items, at
        raise ValueError(f'no reply begins with {kind + line[:40]!r}')


def request(*words):
    """The bytes of a command."""
    words = [word if isinstance(word, bytes) else str(word).encode() for word in words]
    return b'*%d\r\n' % len(words) + b''.join(b'$%d\r\n%s\r\n' % (len(word), word) for word in words)


class Connection:
    """Blocking, every wait bounded by `timeout` seconds (then TimeoutError)."""

    def __init__(self, port, host='127.0.0.1', timeout=10.0):
        self.socket = socket.create_connection((host, port), timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.parser = Parser()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def send(self, data):
        try:
            self.socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError) as error:
            raise Closed(str(error)) from error

    def receive(self):
        """The next reply; errors are returned like any other."""
        while (reply := self.parser.take()) is None:
            try:
                data = self.socket.recv(1 << 16)
            except ConnectionResetError as error:
                raise Closed(str(error)) from error
            if not data:
                raise Closed('end of stream')
            self.parser.feed(data)
        return reply[0]

    def ask(self, *words):
        """Sends a command and returns its reply; an error reply is raised."""
        self.send(request(*words))
        reply = self.receive()
        if isinstance(reply, Error):
            raise reply
        return reply
