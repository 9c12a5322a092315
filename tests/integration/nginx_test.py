# SPDX-License-Identifier: Apache-2.0
"""nginx-prometheus-exporter against a real nginx, and against servers that misbehave."""

import os
import time

import harness
from answering import HUGE, Answering

CONFIG = """
{user} daemon off; pid {folder}/pid; error_log {folder}/error.log; events {{}}
http {{
  access_log off;
  client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  server {{
    listen 127.0.0.1:{port}; listen unix:{folder}/socket;
    location /stub_status {{ stub_status; }}
    location /closed {{ auth_basic x; auth_basic_user_file {folder}/users; stub_status; }}
    location / {{ return 200 ok; }}
  }}
  server {{ listen 127.0.0.1:{proxied} proxy_protocol; location / {{ stub_status; }} }}
}}
"""
UP = "nginx_up"


class Nginx(harness.TestCase):
    NAME = "nginx-prometheus-exporter"

    def start_nginx(self, port):
        self.proxied = harness.free_port()
        self.write("users", "me:{PLAIN}secret\n")
        config = self.write("nginx.conf", CONFIG.format(user="user root;" if os.getuid() == 0 else "", folder=self.folder, port=port, proxied=self.proxied))
        return self.start([harness.tool("nginx"), "-c", config], port)

    def page(self, exporter, **headers):
        return harness.Page(exporter.get("/metrics", **headers).text)

    def test_values_and_restart(self):
        port = harness.free_port()
        nginx = self.start_nginx(port)
        for _ in range(5):
            nginx.get("/")
        exporter = self.exporter(f"--nginx.scrape-uri=http://127.0.0.1:{port}/stub_status", name=self.NAME)
        page = self.page(exporter)
        self.assertEqual(page.value(UP), 1)
        self.assertGreaterEqual(page.value("nginx_http_requests_total"), 6)
        self.assertEqual(page.value("nginx_connections_accepted"), page.value("nginx_connections_handled"))
        self.assertEqual(page.value("nginx_connections_writing"), 1)
        self.assertEqual(page.types["nginx_connections_accepted"], "counter")
        before = page.value("nginx_http_requests_total")
        self.assertEqual(self.page(exporter).value("nginx_http_requests_total"), before + 1)

        nginx.stop()
        page = self.page(exporter)
        self.assertEqual({name for name in page.names() if name.startswith("nginx_c") or name == UP}, {UP})
        self.assertEqual(page.value(UP), 0)
        self.assertRegex(exporter.log, r"level=ERROR .*127\.0\.0\.1:%d/stub_status: .*connect" % port)
        self.start_nginx(port)
        self.assertEqual(self.page(exporter).value(UP), 1)

    def test_several_targets(self):
        port = harness.free_port()
        self.start_nginx(port)
        web, socket_uri = f"http://127.0.0.1:{port}/stub_status", f"unix:{self.folder}/socket:/stub_status"
        silent = Answering(self, None)
        hung = f"http://127.0.0.1:{silent.port}/stub_status"
        exporter = self.exporter("--prometheus.const-label=zone=a", "--nginx.timeout=1s", name=self.NAME,
                                 env={"SCRAPE_URI": f"{web}\n{hung}\n{socket_uri}"})
        began = time.monotonic()
        page = self.page(exporter)
        self.assertLess(time.monotonic() - began, 3)
        self.assertEqual(page.value(UP, zone="a", addr=web), 1)
        self.assertEqual(page.value(UP, zone="a", addr=socket_uri), 1)
        self.assertEqual(page.value(UP, zone="a", addr=hung), 0)
        self.assertIn("no answer within", exporter.log)

    def test_silent_server_and_short_scrape(self):
        silent = Answering(self, None)
        exporter = self.exporter(f"--nginx.scrape-uri=http://127.0.0.1:{silent.port}/", name=self.NAME)
        began = time.monotonic()
        page = self.page(exporter, X_Prometheus_Scrape_Timeout_Seconds="1")
        self.assertLess(time.monotonic() - began, 1)
        self.assertEqual(page.value(UP), 0)

    def test_bad_answers(self):
        answers = {"garbage": (b"\x00\xff" * 1000, "HTTP"), "html": (b"HTTP/1.1 200 OK\r\n\r\n<html>", "stub_status"),
                   "status": (b"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n", "status 503"), "cut": (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nAct", ""),
                   "huge": (HUGE, "larger than")}
        for name, (data, words) in answers.items():
            with self.subTest(name):
                server = Answering(self, data)
                exporter = self.exporter(f"--nginx.scrape-uri=http://127.0.0.1:{server.port}/", name=self.NAME)
                self.assertEqual(self.page(exporter).value(UP), 0)
                self.assertRegex(exporter.log, "level=ERROR .*" + words)
                exporter.stop()

    def test_password_and_proxy_protocol(self):
        port = harness.free_port()
        self.start_nginx(port)
        good, bad = f"http://me:secret@127.0.0.1:{port}/closed", f"http://me:wr0ng@127.0.0.1:{port}/closed"
        for uri, up in (good, 1), (bad, 0):
            exporter = self.exporter(f"--nginx.scrape-uri={uri}", f"--nginx.scrape-uri=http://127.0.0.1:{port}/stub_status",
                                     name=self.NAME)
            text = exporter.get("/metrics").text
            self.assertEqual(harness.Page(text).value(UP, addr=f"http://xxxxx@127.0.0.1:{port}/closed"), up)
            for word in "wr0ng", "secret":
                self.assertNotIn(word, text + exporter.log)
        self.assertIn("status 401", exporter.log)
        exporter = self.exporter(f"--nginx.scrape-uri=http://127.0.0.1:{self.proxied}/", "--nginx.proxy-protocol", name=self.NAME)
        self.assertEqual(self.page(exporter).value(UP), 1)

    def test_bad_flags(self):
        program = harness.binary(self.NAME)
        for flag in ("--nginx.scrape-uri=ftp://a", "--prometheus.const-label=x", "--nginx.timeout=-1s", "--nginx.ssl-ca-cert=/none", "--nginx.password-file=/none", "--no-such"):
            with self.subTest(flag):
                done = harness.run(program, flag, "--check-config")
                self.assertEqual(done.returncode, 1, done.stderr)
                self.assertTrue(done.stderr.strip())
        self.assertEqual(harness.run(program, "--check-config", env={"LISTEN_ADDRESS": ":1"}).returncode, 0)


if __name__ == "__main__":
    harness.main(binaries=[Nginx.NAME], tools=["nginx"])
