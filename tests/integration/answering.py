# SPDX-License-Identifier: Apache-2.0
"""A server that misbehaves: it sends the same bytes to each client, or (None) stays silent."""

import os
import socket
import threading


class Answering:
    """On a free port, or on the unix socket `path`. `data` may be changed, and be a function that is called with the
    client's socket. `asked` has what clients sent."""

    def __init__(self, test, data, path=None):
        if path:
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.bind(path)
            os.chmod(path, 0o666)
            self.socket.listen()
        else:
            self.socket = socket.create_server(("127.0.0.1", 0))
            self.port = self.socket.getsockname()[1]
        self.data, self.open, self.asked = data, [], []
        test.addCleanup(self.close)
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            try:
                client, _ = self.socket.accept()
                self.open.append(client)
                threading.Thread(target=self.serve, args=(client, self.data), daemon=True).start()
            except OSError:
                if self.socket.fileno() < 0:
                    return

    def serve(self, client, data):
        if data is None:
            return
        try:
            self.asked.append(self.read_request(client))
            if callable(data):
                data(client)
            else:
                client.sendall(data)
        except OSError:
            pass  # the client has gone
        finally:
            client.close()

    @staticmethod
    def read_request(client):
        request = b""
        while b" HTTP/" not in request or not request.endswith(b"\r\n\r\n"):  # a PROXY header comes by itself
            more = client.recv(65536)
            if not more:
                break
            request += more
        return request

    def close(self):
        self.socket.close()
        for client in self.open:
            client.close()


def ok(body):
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body


HUGE = b"HTTP/1.1 200 OK\r\nContent-Length: 200000000\r\n\r\n" + b"x" * 70_000_000
