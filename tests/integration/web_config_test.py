# SPDX-License-Identifier: Apache-2.0
"""--web.config.file with real clients: Prometheus scrapes over HTTPS with a password, and with a certificate. The rest
is compared with the original where that is at hand."""

import base64
import http.client
import json
import os
import signal
import socket
import ssl
import subprocess
import time
import urllib.parse

import harness

# Of "U*U", cost 5.
HASH = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"

CONFIG = """
global: {{scrape_interval: 1s, scrape_timeout: 900ms}}
scrape_configs:
  - job_name: node
    scheme: https
    {how}
    tls_config: {{ca_file: {folder}/server.crt{client}}}
    static_configs: [{{targets: ['localhost:{port}']}}]
"""


class Https(harness.Child):
    """Speaks TLS to the child."""

    client = None
    authorization = None

    def get(self, path, method="GET", timeout=20, **headers):
        context = ssl._create_unverified_context()
        if self.client:
            context.load_cert_chain(self.client + ".crt", self.client + ".key")
        if self.authorization:
            headers["Authorization"] = self.authorization
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=timeout, context=context)
        try:
            connection.request(method, path, headers=headers)
            response = connection.getresponse()
            return harness.Answer(response.status, response.headers, response.read())
        finally:
            connection.close()


class WebConfig(harness.TestCase):
    def identity(self, name, names):
        path = os.path.join(self.folder, name)
        done = harness.run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                           "-days", "2", "-subj", "/CN=" + name, "-addext", "subjectAltName=" + names,
                           "-keyout", path + ".key", "-out", path + ".crt")
        self.assertEqual(done.returncode, 0, done.stderr)
        return path

    def https(self, config, client=None, authorization=None):
        port = harness.free_port()
        child = Https([harness.binary("node_exporter"), f"--web.listen-address=127.0.0.1:{port}",
                       "--web.config.file=" + self.write("web.yml", config)], port, self.folder)
        self.addCleanup(child.stop)
        child.client, child.authorization = client, authorization
        return child.wait_ready()

    def scraped(self, node, how="", client=""):
        port = harness.free_port()
        config = self.write("prometheus.yml", CONFIG.format(port=node.port, folder=self.folder, how=how, client=client))
        prometheus = self.start(
            [harness.tool("prometheus"), f"--config.file={config}", f"--web.listen-address=127.0.0.1:{port}",
             f"--storage.tsdb.path={os.path.join(self.folder, 'data')}", "--log.level=warn"],
            port, ready="/-/ready", seconds=60)
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            answer = prometheus.get("/api/v1/query?" + urllib.parse.urlencode({"query": 'up{job="node"} == 1'}))
            if json.loads(answer.text)["data"]["result"]:
                return
            time.sleep(0.2)
        self.fail(prometheus.get("/api/v1/targets").text + "\n" + node.log)

    def test_prometheus_with_password(self):
        self.identity("server", "DNS:localhost")
        basic = "Basic " + base64.b64encode(b"alice:U*U").decode()
        node = self.https("tls_server_config: {cert_file: server.crt, key_file: server.key}\n"
                          f"basic_auth_users: {{alice: '{HASH}'}}\n", authorization=basic)
        self.assertIn('msg="TLS is enabled." http2=false', node.log)
        self.scraped(node, how="basic_auth: {username: alice, password: 'U*U'}")
        node.authorization = None
        self.assertEqual(node.get("/metrics").status, 401)

    def test_prometheus_with_certificate(self):
        self.identity("server", "DNS:localhost")
        client = self.identity("client", "DNS:prometheus.example")
        node = self.https("tls_server_config: {cert_file: server.crt, key_file: server.key, client_ca_file: client.crt, "
                          "client_auth_type: RequireAndVerifyClientCert, client_allowed_sans: [prometheus.example]}\n",
                          client=client)
        self.scraped(node, client=f", cert_file: {client}.crt, key_file: {client}.key")
        node.client = None
        with self.assertRaises((ssl.SSLError, OSError, http.client.HTTPException)):
            node.get("/metrics")

    def test_errors_end_the_start_as_with_the_original(self):
        programs = [harness.binary("node_exporter")]
        if harness.original("node_exporter"):
            programs.append(harness.original("node_exporter"))
        self.identity("server", "DNS:localhost")
        tls = "tls_server_config: {cert_file: server.crt, key_file: server.key"
        for config in ("unknown: 1", "http_server_config: {http2: true, http2: true}", "tls_server_config: {cert_file: server.crt}",
                       "tls_server_config: {key_file: server.key}", "tls_server_config: {cert_file: server.crt, key_file: none}",
                       tls + ", client_ca_file: server.crt}", tls + ", client_auth_type: Some}", tls + ", min_version: TLS9}",
                       tls + ", cipher_suites: [TLS_RSA_WITH_RC4_128_SHA]}", tls + ", curve_preferences: [P256]}",
                       "http_server_config: {headers: {Server: x}}", "http_server_config: {headers: {X-Frame-Options: all}}",
                       "basic_auth_users: {alice: secret}", "rate_limit: {interval: soon}"):
            path = self.write("web.yml", config)
            for program in programs:
                with self.subTest(config=config, program=program):
                    done = harness.run(program, f"--web.listen-address=127.0.0.1:{harness.free_port()}",
                                       "--web.config.file=" + path)
                    self.assertEqual(done.returncode, 1, done.stderr)
                    errors = [line for line in done.stderr.splitlines()
                              if "level=ERROR" in line and "udev" not in line]
                    self.assertEqual(len(errors), 1, done.stderr)
                    self.assertNotIn("secret", errors[0] if program == programs[0] else "")

    def test_answers_are_those_of_the_original(self):
        programs = [harness.binary("node_exporter")]
        if harness.original("node_exporter"):
            programs.append(harness.original("node_exporter"))
        config = self.write("web.yml", f"basic_auth_users: {{alice: '{HASH}'}}\n"
                                       "http_server_config: {headers: {X-Frame-Options: deny}}\n")
        seen = []
        for program in programs:
            child = self.exporter(f"--web.config.file={config}", path=program)
            answer = child.get("/-/healthy")
            seen.append([answer.status, answer.text] + [answer.headers.get(name) for name in (
                "WWW-Authenticate", "X-Frame-Options", "X-Content-Type-Options", "Content-Type", "Content-Length")])
            good = child.get("/metrics", Authorization="Basic " + base64.b64encode(b"alice:U*U").decode())
            self.assertEqual((good.status, good.headers.get("X-Frame-Options")), (200, "deny"))
        for other in seen:
            self.assertEqual(other, seen[0])

    def test_systemd_sockets(self):
        node = harness.binary("node_exporter")
        done = harness.run(node, "--web.systemd-socket")
        self.assertEqual(done.returncode, 1)
        self.assertIn("no socket activation file descriptors found", done.stderr)

        notified = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        notified.bind("\0exporter-test-%d" % os.getpid())
        notified.settimeout(20)
        self.addCleanup(notified.close)
        listening = socket.create_server(("127.0.0.1", 0))
        process = subprocess.Popen(
            ["sh", "-c", 'exec 3<&"$1"; export LISTEN_PID=$$; exec "$0" --web.systemd-socket', node, str(listening.fileno())],
            pass_fds=[listening.fileno()],
            env={**os.environ, "LISTEN_FDS": "1", "NOTIFY_SOCKET": "@exporter-test-%d" % os.getpid()},
            stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(process.kill)
        self.assertEqual(notified.recv(100), b"READY=1")
        self.assertEqual(harness.request(listening.getsockname()[1], "/-/healthy").status, 200)
        process.send_signal(signal.SIGHUP)
        self.assertIn(b"RELOADING=1\nMONOTONIC_USEC=", notified.recv(100))
        self.assertEqual(notified.recv(100), b"READY=1")
        process.terminate()
        self.assertEqual(notified.recv(100), b"STOPPING=1")
        self.assertEqual(process.wait(20), 0)
        listening.close()


if __name__ == "__main__":
    harness.main(binaries=["node_exporter"], tools=["prometheus", "openssl"])
