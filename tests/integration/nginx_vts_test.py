# SPDX-License-Identifier: Apache-2.0
"""nginx-vts-exporter against servers that answer as the VTS module does, and that misbehave. With the module at hand, a real nginx."""

import json
import os
import socket
import subprocess
import time

import harness
from answering import HUGE, Answering, ok

UP = "nginx_up"
PAGE = {"hostName": "h", "nginxVersion": "1.22.1", "loadMsec": 0, "nowMsec": 5000, "connections": {"active": 3},
        "serverZones": {"a": {"requestCounter": 7, "inBytes": 1, "outBytes": 2, "responses": {"2xx": 7}}},
        "upstreamZones": {"u": [{"server": "b", "requestCounter": 3}, {"server": "b", "requestCounter": 3}]}}
CONFIG = """
load_module {module}; daemon off; pid {folder}/pid; error_log {folder}/error.log; events {{}}
http {{
  access_log off; vhost_traffic_status_zone; client_body_temp_path {folder}/b; proxy_temp_path {folder}/p;
  fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  server {{ listen 127.0.0.1:{port}; server_name a; location /status {{ vhost_traffic_status_display; }} location / {{ return 200 ok; }} }}
}}
"""


class Vts(harness.TestCase):
    NAME = "nginx-vts-exporter"

    def ask(self, uri, *flags, env=None):
        return self.exporter(f"-nginx.scrape_uri={uri}", *flags, name=self.NAME, env=env)

    def page(self, exporter, **headers):
        return harness.Page(exporter.get("/metrics", **headers).text)

    def test_real_module(self):
        peer = harness.shared("peers", "peer")
        module = peer and subprocess.run([peer, "ngx_http_vhost_traffic_status_module.so"], capture_output=True, text=True).stdout.strip()
        if not module:
            self.skipTest("the VTS module is not at hand")
        port = harness.free_port()
        config = self.write("nginx.conf", CONFIG.format(module=module, folder=self.folder, port=port))
        command = [harness.tool("nginx"), "-c", config]
        nginx = self.start(command, port)
        exporter = self.ask(f"http://127.0.0.1:{port}/status/format/json")
        nginx.get("/")
        page = self.page(exporter)
        self.assertEqual(page.value(UP), 1)
        self.assertGreaterEqual(page.value("nginx_server_requests", host="a", code="2xx"), 1)
        nginx.stop()
        page = self.page(exporter)
        self.assertEqual({n for n in page.names() if n.startswith("nginx_") and "build_info" not in n}, {UP})
        self.assertEqual(page.value(UP), 0)
        self.assertRegex(exporter.log, "level=ERROR .*connect")
        self.start(command, port)
        self.assertEqual(self.page(exporter).value(UP), 1)

    def test_values_and_flags(self):
        server = Answering(self, ok(json.dumps(PAGE).encode()))
        uri = f"http://127.0.0.1:{server.port}/"
        page = self.page(self.ask(uri))
        self.assertEqual(page.value("nginx_server_requests", host="a", code="total"), 7)
        self.assertEqual(page.value("nginx_upstream_requests", upstream="u", backend="b", code="total"), 3)
        self.assertEqual(page.value("nginx_server_info", hostName="h", nginxVersion="1.22.1"), 5)
        port = harness.free_port()
        exporter = self.start([harness.binary(self.NAME), f"--telemetry.address=127.0.0.1:{port}", "-telemetry.endpoint", "/m",
                               "-metrics.namespace=vts", "-insecure=false"], port, env={"NGINX_STATUS": uri})
        self.assertEqual(harness.Page(exporter.get("/m").text).value("vts_server_bytes", host="a", direction="out"), 2)

    def test_two_ports(self):
        def taken(*ports):
            sockets = []
            for port in ports:
                try:
                    sockets.append(socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=True))
                except OSError:
                    pass
                if sockets:
                    self.addCleanup(sockets[-1].close)
            return sockets

        for port in 9113, 9913:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    self.skipTest(f"port {port} is in use on this machine")
        child = self.start([harness.binary(self.NAME)], 9113)
        self.assertEqual(harness.request(9913, "/").status, 200)
        child.stop()
        held = taken(9113)
        child = self.start([harness.binary(self.NAME)], 9913)
        self.assertRegex(child.log, "level=WARN .*9113")
        child.stop()
        held += taken(9913)
        done = harness.run(harness.binary(self.NAME))
        self.assertEqual(done.returncode, 1)
        self.assertIn("Cannot listen", done.stderr)

    def test_bad_answers(self):
        answers = {"garbage": b"\x00\xff" * 1000, "huge": HUGE, "prometheus": ok(b"# HELP nginx_vts_info x\n"),
                   "negative": ok(b'{"serverZones":{"a":{"inBytes":1},"b":{"inBytes":-1}}}'),
                   "refused": b"HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n"}
        for name, data in answers.items():
            with self.subTest(name):
                exporter = self.ask(f"http://me:wr0ng@127.0.0.1:{Answering(self, data).port}/")
                page = self.page(exporter)
                self.assertEqual(page.value(UP), 0)
                self.assertEqual(page.series("nginx_server_bytes"), {})
                self.assertIn("level=ERROR", exporter.log)
                self.assertNotIn("wr0ng", exporter.log)
                exporter.stop()

    def test_silent_server(self):
        exporter = self.ask(f"http://127.0.0.1:{Answering(self, None).port}/")
        began = time.monotonic()
        self.assertEqual(self.page(exporter, X_Prometheus_Scrape_Timeout_Seconds="1").value(UP), 0)
        self.assertLess(time.monotonic() - began, 1)


if __name__ == "__main__":
    harness.main(binaries=[Vts.NAME])
