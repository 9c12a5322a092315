# SPDX-License-Identifier: Apache-2.0
"""A server that misbehaves: it sends the same bytes to each client, or (None) stays silent."""

import socket
import threading


class Answering:
    def __init__(self, test, data):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.data, self.open = data, []
        test.addCleanup(self.close)
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            try:
                client, _ = self.socket.accept()
                self.open.append(client)
                if self.data is not None:
                    client.recv(65536)
                    client.sendall(self.data)
                    client.close()
            except OSError:
                if self.socket.fileno() < 0:
                    return

    def close(self):
        self.socket.close()
        for client in self.open:
            client.close()


def ok(body):
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body


HUGE = b"HTTP/1.1 200 OK\r\nContent-Length: 200000000\r\n\r\n" + b"x" * 70_000_000
