"""As much of a WebSocket (RFC 6455) as it takes to listen: text in, text out, pings answered."""

import base64
import json
import os
import socket
import struct
import urllib.parse

TEXT, CLOSE, PING, PONG = 1, 8, 9, 10


class WebSocket:
    """A socket at `/api/ws` of an origin, with somebody's cookies. Each wait ends after `seconds`."""

    def __init__(self, origin, cookie, seconds):
        address = urllib.parse.urlsplit(origin)
        self._connection = socket.create_connection((address.hostname, address.port), timeout=seconds)
        self._reader = self._connection.makefile("rb")
        lines = [
            "GET /api/ws HTTP/1.1", f"Host: {address.netloc}", "Connection: Upgrade", "Upgrade: websocket",
            f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}", "Sec-WebSocket-Version: 13",
            f"Origin: {origin}", f"Cookie: {cookie}",
        ]
        self._connection.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        self.status = int(self._reader.readline().split()[1])
        while self._reader.readline().strip():
            pass

    def send(self, message):
        self._send(TEXT, json.dumps(message).encode())

    def events(self):
        """What comes, until the socket is closed."""
        while True:
            head = self._reader.read(2)
            if len(head) < 2:
                return
            kind, size = head[0] & 0x0F, head[1] & 0x7F
            if size == 126:
                size, = struct.unpack(">H", self._reader.read(2))
            elif size == 127:
                size, = struct.unpack(">Q", self._reader.read(8))
            payload = self._reader.read(size)
            if kind == TEXT:
                yield json.loads(payload)
            elif kind == PING:
                self._send(PONG, payload)
            elif kind == CLOSE:
                return

    def wait_for(self, holds):
        """The first event of which that is so; None where the socket is closed before."""
        return next((event for event in self.events() if holds(event)), None)

    def close(self):
        self._reader.close()
        self._connection.close()

    def _send(self, kind, payload):
        mask = os.urandom(4)
        size = len(payload)
        length = bytes([0x80 | size]) if size < 126 else bytes([0x80 | 126]) + struct.pack(">H", size)
        masked = bytes(byte ^ mask[at % 4] for at, byte in enumerate(payload))
        self._connection.sendall(bytes([0x80 | kind]) + length + mask + masked)
