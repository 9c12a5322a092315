# SPDX-License-Identifier: Apache-2.0
"""What the exporters of web servers do when the server dies, hangs, sends garbage or too much, or is not the right one: the
page comes in time and says so, the log has a line with the reason, and all is well again once the server is."""

import json
import os
import socket
import struct
import threading
import time

import harness
import plus_api
from answering import Answering, ok
from certificates import Authority

STUB = b"Active connections: 1 \nserver accepts handled requests\n 1 1 1 \nReading: 0 Writing: 1 Waiting: 0 \n"
VTS = json.dumps({"hostName": "h", "serverZones": {"a": {"requestCounter": 7}}}).encode()
APACHE = b"ServerVersion: Apache/2.4.57\nServerMPM: event\nTotal Accesses: 1\nScoreboard: _W.\n"


def reset(client):
    """Part of an answer, then the server is gone."""
    client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\nAct")
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def drip(client):
    """A byte now and then, without an end."""
    client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    while True:
        client.sendall(b"x")
        time.sleep(0.1)


def headers(client):
    """A head without an end."""
    client.sendall(b"HTTP/1.1 200 OK\r\n")
    while True:
        client.sendall(b"X-More: " + b"x" * 8000 + b"\r\n")


def gigabyte(head):
    def send(client):
        client.sendall(head)
        chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n" if b"chunked" in head else b"x" * 0x10000
        for _ in range(1 << 14):
            client.sendall(chunk)
    return send


OK = b"HTTP/1.1 200 OK\r\n"
# What the server does, and what the log has to say of it.
FAULTS = {
    "killed in mid-answer": (reset, "recv|reset|transfer closed"),
    "silent": (None, "no answer within"),
    "dripping": (drip, "no answer within"),
    "endless head": (headers, "[Hh]eader|reset"),
    "garbage": (lambda client: client.sendall(bytes(range(256)) * 40), "HTTP"),
    "closed at once": (lambda client: None, "[Ee]mpty reply|reset"),
    "a gigabyte": (gigabyte(OK + b"Content-Length: 1073741824\r\n\r\n"), "larger than"),
    "a gigabyte in chunks": (gigabyte(OK + b"Transfer-Encoding: chunked\r\n\r\n"), "larger than|no answer within"),
    "a gigabyte without a length": (gigabyte(OK + b"Connection: close\r\n\r\n"), "larger than|no answer within"),
    "wrong page": (lambda client: client.sendall(ok(b"<html>\n<p>Total Accesses: none\nLoad1: none\n")), "stub_status|JSON|no number|not a number|number"),
    "wrong password": (lambda client: client.sendall(b"HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n"), "status 401"),
}
# After any HTTP answer apache_up is 1, as in the original, and a counter of failures is there.
ANSWERED = {"wrong page", "wrong password"}


class Sidecar:
    def __init__(self, program, flag, up, good, timeout, verify, authority):
        self.program, self.flag, self.up, self.good = program, flag, up, good
        self.timeout, self.verify, self.authority = timeout, verify, authority


SIDECARS = [
    Sidecar("nginx-prometheus-exporter", "--nginx.scrape-uri=", "nginx_up", STUB, "--nginx.timeout=1s", "--nginx.ssl-verify", "--nginx.ssl-ca-cert="),
    Sidecar("nginx-vts-exporter", "-nginx.scrape_uri=", "nginx_up", VTS, "-nginx.scrape_timeout=1", "-insecure=false", "-nginx.ca_cert="),
    Sidecar("apache_exporter", "--scrape_uri=", "apache_up", APACHE, "--scrape_timeout=1s", "--no-insecure", "--scrape_ca_cert="),
]


class TlsServer(Answering):
    """Answers over TLS; `context` may be changed."""

    def __init__(self, test, data, context):
        self.context = context
        super().__init__(test, data)

    def serve(self, client, data):
        try:
            secured = self.context.wrap_socket(client, server_side=True)
        except OSError:
            client.close()
            return
        super().serve(secured, data)


class Faults(harness.TestCase):
    def page(self, exporter, **headers_):
        return harness.Page(exporter.get("/metrics", **headers_).text)

    def resident(self, exporter):
        with open(f"/proc/{exporter.pid}/status", encoding="ascii") as f:
            return next(int(line.split()[1]) for line in f if line.startswith("VmHWM")) >> 10

    def check(self, sidecar, exporter, name, words):
        began = time.monotonic()
        page = self.page(exporter)
        self.assertLess(time.monotonic() - began, 8, "the page came too late")
        up = sidecar.up == "apache_up" and name in ANSWERED
        self.assertEqual(page.value(sidecar.up), up)
        if sidecar.up == "apache_up":
            self.assertGreater(page.value("apache_exporter_scrape_failures_total"), 0)
        self.assertEqual(page.series("nginx_connections_active") or page.series("nginx_server_bytes") or page.series("apache_workers"), {})
        errors = [line for line in exporter.log.splitlines() if "level=ERROR" in line]
        self.assertTrue(errors, exporter.log)
        self.assertRegex(errors[-1], words)

    def test_faults_and_recovery(self):
        for sidecar in SIDECARS:
            server = Answering(self, ok(sidecar.good))
            exporter = self.exporter(f"{sidecar.flag}http://me:hidden@127.0.0.1:{server.port}/page?auto", sidecar.timeout, name=sidecar.program)
            for name, (data, words) in FAULTS.items():
                with self.subTest(f"{sidecar.program}: {name}"):
                    server.data = data
                    self.check(sidecar, exporter, name, words)
                    server.data = ok(sidecar.good)
                    page = self.page(exporter)
                    self.assertEqual(page.value(sidecar.up), 1)
                    self.assertIsNone(page.value("apache_exporter_scrape_failures_total"))
            self.assertNotIn("hidden", exporter.log)
            self.assertLess(self.resident(exporter), 200, "MiB: a gigabyte is not kept")
            self.assertEqual(exporter.stop(), 0)

    def test_plus_dies_on_each_path(self):
        api = plus_api.PlusApi(self)
        exporter = self.exporter("--nginx.plus", f"--nginx.scrape-uri={api.uri}", name="nginx-prometheus-exporter")
        self.assertEqual(self.page(exporter).value("nginxplus_up"), 1)
        for path in sorted(set(api.asked) - {"9/license"}):
            with self.subTest(path):
                api.answers = {path: (503, {})}
                page = self.page(exporter)
                self.assertEqual({name for name in page.names() if name.startswith("nginxplus_")}, {"nginxplus_up"})
                self.assertEqual(page.value("nginxplus_up"), 0)
                self.assertRegex(exporter.log.splitlines()[-1], f"level=ERROR .*/{path}/?: status 503")
                api.answers = {}
                self.assertEqual(self.page(exporter).value("nginxplus_up"), 1)

    def test_a_silent_server_and_a_short_scrape(self):
        for sidecar in SIDECARS:
            with self.subTest(sidecar.program):
                exporter = self.exporter(f"{sidecar.flag}http://127.0.0.1:{Answering(self, None).port}/", name=sidecar.program)
                began = time.monotonic()
                page = self.page(exporter, X_Prometheus_Scrape_Timeout_Seconds="2")
                self.assertLess(time.monotonic() - began, 2)
                self.assertEqual(page.value(sidecar.up), 0)

    def test_many_scrapes_of_a_silent_server(self):
        """They share one request to the server, and none of them waits for another."""
        sidecar = SIDECARS[0]
        server = Answering(self, None)
        exporter = self.exporter(f"{sidecar.flag}http://127.0.0.1:{server.port}/", sidecar.timeout, name=sidecar.program)
        began, values = time.monotonic(), []
        threads = [threading.Thread(target=lambda: values.append(self.page(exporter).value(sidecar.up))) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(values, [0] * 8)
        self.assertLess(time.monotonic() - began, 4)
        self.assertLessEqual(len(server.open), 2)

    def test_certificates(self):
        """An expired one, one of another authority, and a good one in its place; then a client's that is turned."""
        ours, others = Authority(self.folder), Authority(self.folder, "others")
        good, expired, foreign = ours.sign("good"), ours.sign("expired", -1), others.sign("foreign")
        for sidecar in SIDECARS:
            server = TlsServer(self, ok(sidecar.good), ours.server_context(good))
            exporter = self.exporter(f"{sidecar.flag}https://127.0.0.1:{server.port}/?auto", sidecar.verify, sidecar.authority + ours.pem,
                                     name=sidecar.program)
            for pair, words in (good, None), (expired, "expired"), (good, None), (foreign, "certificate"), (good, None):
                with self.subTest(f"{sidecar.program}: {os.path.basename(pair[0])}"):
                    server.context = ours.server_context(pair)
                    page = self.page(exporter)
                    self.assertEqual(page.value(sidecar.up), 0 if words else 1, exporter.log)
                    if words:
                        self.assertRegex(exporter.log.splitlines()[-1], "level=ERROR .*" + words)

    def test_client_certificates_that_are_turned(self):
        ours, others = Authority(self.folder), Authority(self.folder, "others")
        server_pair, right, wrong = ours.sign("server"), ours.sign("client"), others.sign("stranger")
        certificate, key = os.path.join(self.folder, "used.pem"), os.path.join(self.folder, "used.key")
        flags = {"nginx-prometheus-exporter": ("--nginx.ssl-client-cert=", "--nginx.ssl-client-key="),
                 "nginx-vts-exporter": ("-nginx.client_cert=", "-nginx.client_key="),
                 "apache_exporter": ("--scrape_client_cert=", "--scrape_client_key=")}

        def turn(pair):
            for source, target in zip(pair, (certificate, key)):
                with open(source, encoding="ascii") as f, open(target + ".new", "w", encoding="ascii") as g:
                    g.write(f.read())
                os.rename(target + ".new", target)

        for sidecar in SIDECARS:
            with self.subTest(sidecar.program):
                turn(wrong)
                server = TlsServer(self, ok(sidecar.good), ours.server_context(server_pair, clients=ours))
                cert_flag, key_flag = flags[sidecar.program]
                exporter = self.exporter(f"{sidecar.flag}https://127.0.0.1:{server.port}/?auto", sidecar.verify, sidecar.authority + ours.pem,
                                         cert_flag + certificate, key_flag + key, name=sidecar.program)
                self.assertEqual(self.page(exporter).value(sidecar.up), 0)
                turn(right)
                self.assertEqual(self.page(exporter).value(sidecar.up), 1, exporter.log)
                turn(wrong)
                self.assertEqual(self.page(exporter).value(sidecar.up), 0)


if __name__ == "__main__":
    harness.main(binaries=[sidecar.program for sidecar in SIDECARS], tools=["openssl"])
