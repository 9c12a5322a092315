# SPDX-License-Identifier: Apache-2.0
"""A small Kubernetes API server that answers in JSON: lists in pages, streaming lists, watches with bookmarks, reviews of
tokens. It keeps what it is told to, and fails how it is told to. Standard library only.

    stub = Stub()
    stub.put("/api/v1", "namespaces", {"metadata": {"name": "default"}})
    stub.refuse["secrets"] = 403
    ... --apiserver=http://127.0.0.1:{stub.port}
    stub.stop()
"""

import copy
import http.server
import json
import threading
import urllib.parse
import uuid

INITIAL_EVENTS_END = "k8s.io/initial-events-end"


class Stub:
    def __init__(self, port=0, version=1000, objects=None):
        self.changed = threading.Condition()
        self.version = version
        self.oldest = version          # events up to it are forgotten: 410
        self.objects = objects or {}   # (path, plural) -> {(namespace, name): object}
        self.events = []               # (version, path, plural, type, object)
        self.refuse = {}               # plural -> HTTP status
        self.held = set()              # plurals whose lists wait
        self.streaming_lists = True
        self.lives = True
        self.tokens = {}               # token -> may get /metrics
        self.requests = []             # (method, path with query)
        self.stopping = False
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port), self._handler())
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True)
        self.thread.start()

    def stop(self):
        """As a killed server does: no answer is finished."""
        with self.changed:
            self.stopping = True
            self.changed.notify_all()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def put(self, path, plural, item, kind=None):
        """Makes or changes an object, and tells those who watch."""
        item = copy.deepcopy(item)
        meta = item["metadata"]
        with self.changed:
            self.version += 1
            meta["resourceVersion"] = str(self.version)
            meta.setdefault("uid", str(uuid.uuid5(uuid.NAMESPACE_URL, f"{plural}/{meta.get('namespace')}/{meta['name']}")))
            meta.setdefault("creationTimestamp", "2026-01-02T03:04:05Z")
            if kind:
                item.update(kind=kind)
            known = self.objects.setdefault((path, plural), {})
            key = (meta.get("namespace", ""), meta["name"])
            self.events.append((self.version, path, plural, "MODIFIED" if key in known else "ADDED", item))
            known[key] = item
            self.changed.notify_all()

    def delete(self, path, plural, name, namespace=""):
        with self.changed:
            item = self.objects[(path, plural)].pop((namespace, name))
            self.version += 1
            item["metadata"]["resourceVersion"] = str(self.version)
            self.events.append((self.version, path, plural, "DELETED", item))
            self.changed.notify_all()

    def compact(self):
        """Forgets all events, and ends the watches, so that nobody can go on from where he was."""
        with self.changed:
            self.version += 1
            self.oldest = self.version
            self.changed.notify_all()

    def drop_quietly(self, path, plural, name, namespace=""):
        """Takes an object away without an event, as if it had been missed."""
        with self.changed:
            self.objects[(path, plural)].pop((namespace, name))

    def asked_for(self, part):
        with self.changed:
            return [p for m, p in self.requests if part in p]

    def _handler(stub):
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_GET(self):
                url = urllib.parse.urlsplit(self.path)
                query = {k: v[0] for k, v in urllib.parse.parse_qs(url.query, keep_blank_values=True).items()}
                with stub.changed:
                    stub.requests.append(("GET", self.path))
                if url.path == "/version":
                    return self.answer(200, {"major": "1", "minor": "36", "gitVersion": "v1.36.0-stub"})
                if url.path == "/livez":
                    return self.answer(200 if stub.lives else 500, {})
                parts = url.path.strip("/").split("/")
                size = 2 if parts[0] == "api" else 3
                path, rest = "/" + "/".join(parts[:size]), parts[size:]
                namespace = None
                if rest[:1] == ["namespaces"] and len(rest) > 2:
                    namespace, rest = rest[1], rest[2:]
                if len(rest) == 2:
                    item = stub.objects.get((path, rest[0]), {}).get((namespace or "", rest[1]))
                    return self.answer(200, item) if item else self.problem(404)
                self.plural = rest[0]
                if self.plural in stub.refuse:
                    return self.problem(stub.refuse[self.plural])
                if query.get("watch") in ("1", "true"):
                    return self.watch(path, namespace, query)
                return self.list(path, namespace, query)

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                with stub.changed:
                    stub.requests.append(("POST", self.path))
                spec = body["spec"]
                if self.path.endswith("/tokenreviews"):
                    known = spec["token"] in stub.tokens
                    user = {"username": spec["token"], "groups": ["system:authenticated"]}
                    return self.answer(201, {"status": {"authenticated": True, "user": user} if known else {"error": "unknown"}})
                allowed = stub.tokens[spec["user"]] and spec["nonResourceAttributes"] == {"verb": "get", "path": "/metrics"}
                return self.answer(201, {"status": {"allowed": allowed}})

            def answer(self, status, body):
                data = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def problem(self, code):
                self.answer(code, {"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "Refused", "message": "as told", "code": code})

            def selects(self, item, namespace, query):
                meta = item["metadata"]
                if namespace is not None and meta.get("namespace") != namespace:
                    return False
                for part in filter(None, query.get("fieldSelector", "").split(",")):
                    field, unequal, wanted = part.partition("!=") if "!=" in part else part.partition("=")
                    value = item
                    for step in field.split("."):
                        value = value.get(step, "") if isinstance(value, dict) else ""
                    if (value == wanted) == (unequal == "!="):
                        return False
                return True

            def wait_while_held(self):
                with stub.changed:
                    stub.changed.wait_for(lambda: self.plural not in stub.held or stub.stopping)

            def list(self, path, namespace, query):
                self.wait_while_held()
                with stub.changed:
                    items = [i for _, i in sorted(stub.objects.get((path, self.plural), {}).items()) if self.selects(i, namespace, query)]
                    version = stub.version
                start, limit = int(query.get("continue") or 0), int(query.get("limit") or 0) or len(items)
                more = str(start + limit) if start + limit < len(items) else ""
                # A real server leaves kind and apiVersion of a list's items out.
                items = [{k: v for k, v in i.items() if k not in ("kind", "apiVersion")} for i in items[start:start + limit]]
                self.answer(200, {"kind": "List", "apiVersion": "v1", "metadata": {"resourceVersion": str(version), "continue": more}, "items": items})

            def send_event(self, kind, item):
                data = json.dumps({"type": kind, "object": item}).encode() + b"\n"
                self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))

            def watch(self, path, namespace, query):
                initial = query.get("sendInitialEvents") == "true"
                if initial and not stub.streaming_lists:
                    return self.problem(422)
                self.wait_while_held()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()
                try:
                    with stub.changed:
                        version, born = stub.version, stub.oldest
                        now = [i for _, i in sorted(stub.objects.get((path, self.plural), {}).items()) if self.selects(i, namespace, query)]
                    if initial:
                        for item in now:
                            self.send_event("ADDED", item)
                        self.send_event("BOOKMARK", {"metadata": {"resourceVersion": str(version), "annotations": {INITIAL_EVENTS_END: "true"}}})
                    else:
                        version = int(query.get("resourceVersion") or 0)
                        if version < stub.oldest:
                            return self.send_event("ERROR", {"kind": "Status", "code": 410, "reason": "Expired", "message": "too old resource version"})
                    while True:
                        with stub.changed:
                            stub.changed.wait_for(lambda: stub.stopping or stub.oldest > born or stub.version > version, timeout=5)
                            if stub.stopping:
                                return
                            fresh = [(t, o) for v, p, plural, t, o in stub.events if v > version and p == path and plural == self.plural]
                            ended, version = stub.oldest > born, stub.version
                        for kind, item in fresh:
                            if self.selects(item, namespace, query):
                                self.send_event(kind, item)
                        self.wfile.flush()
                        if ended:
                            return
                except OSError:
                    pass
                finally:
                    self.close_connection = True

        return Handler
