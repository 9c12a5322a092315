# SPDX-License-Identifier: Apache-2.0
"""A stand-in for the API of NGINX Plus, which is not free: it serves JSON files written by the API's documented schema
(tests/fixtures/nginx_plus), and can be told to answer a path otherwise."""

import http.server
import json
import os
import threading

import harness

FIXTURES = os.path.join(harness.ROOT, "tests", "fixtures", "nginx_plus")
NOT_FOUND = {"error": {"status": 404, "text": "path not found", "code": "PathNotFound"}, "request_id": "a1", "href": "https://nginx.org"}


class PlusApi:
    """`answers` maps a path below /api ("9/ssl") to (status, JSON value or bytes) or, for None, to a 404; others come
    from the files. `asked` lists the paths that were asked for."""

    def __init__(self, test, answers=None):
        self.answers, self.asked = answers or {}, []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = 1 << 20  # head and body in one go
            disable_nagle_algorithm = True

            def do_GET(self):
                status, body = outer.answer(self.path)
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128  # the original asks for all paths at once

        self.server = Server(("127.0.0.1", 0), Handler)
        self.server.handle_error = lambda *_: None  # a client that goes away
        self.port = self.server.server_address[1]
        self.uri = f"http://127.0.0.1:{self.port}/api"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        if test:
            test.addCleanup(self.close)

    def answer(self, path):
        path = path.removeprefix("/api").strip("/")
        self.asked.append(path)
        if path in self.answers:
            status, value = self.answers[path] or (404, NOT_FOUND)
            return status, value if isinstance(value, bytes) else json.dumps(value).encode()
        name = os.path.join(FIXTURES, {"": "versions", "9": "9/root", "9/stream": "9/stream/root"}.get(path, path) + ".json")
        if not os.path.exists(name):
            return 404, json.dumps(NOT_FOUND).encode()
        with open(name, "rb") as f:
            return 200, f.read()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
