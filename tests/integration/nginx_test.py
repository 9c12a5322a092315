# SPDX-License-Identifier: Apache-2.0
"""nginx-prometheus-exporter against a real nginx, and against servers that misbehave."""

import os
import sys
import time

import harness
import plus_api
from answering import HUGE, Answering, ok
from certificates import Authority

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
    location /bearer {{ if ($http_authorization != "Bearer t0ken") {{ return 403; }} stub_status; }}
    location /moved {{ return 302 /stub_status; }}
    location / {{ return 200 ok; }}
  }}
  server {{
    listen 127.0.0.1:{proxied} proxy_protocol; listen [::1]:{proxied} proxy_protocol; listen unix:{folder}/proxied proxy_protocol;
    location / {{ stub_status; }}
  }}
  {more}
}}
"""
TLS = """server {{ listen 127.0.0.1:{tls} ssl; ssl_certificate {cert}; ssl_certificate_key {key}; ssl_client_certificate {ca};
  ssl_verify_client on; location / {{ stub_status; }} }}"""
STUB = b"Active connections: 1 \nserver accepts handled requests\n 1 1 1 \nReading: 0 Writing: 1 Waiting: 0 \n"
UP = "nginx_up"


class Nginx(harness.TestCase):
    NAME = "nginx-prometheus-exporter"

    def start_nginx(self, port, more=""):
        self.proxied = harness.free_port()
        self.write("users", "me:{PLAIN}secret\n")
        config = self.write("nginx.conf", CONFIG.format(user="user root;" if os.getuid() == 0 else "", folder=self.folder, port=port, proxied=self.proxied, more=more))
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

    def test_secrets_from_files(self):
        port = harness.free_port()
        self.start_nginx(port)
        for path, flags, wrong, right in (("closed", ("--nginx.username=me", "--nginx.password-file="), "wr0ng", "secret"),
                                          ("bearer", ("--nginx.bearer-token-file=",), "wr0ng", "t0ken")):
            with self.subTest(path):
                file = self.write("file", wrong + "\n")
                uri = f"http://127.0.0.1:{port}/{path}"
                exporter = self.exporter(f"--nginx.scrape-uri={uri}", *flags[:-1], flags[-1] + file, name=self.NAME)
                self.assertEqual(self.page(exporter).value(UP), 0)
                self.write("file", right + "\n")
                self.assertEqual(self.page(exporter).value(UP), 1)
                self.assertEqual(harness.Page(exporter.get(f"/probe?target={uri}").text).value(UP), 0, "probes go without credentials")
                os.remove(file)
                self.assertEqual(self.page(exporter).value(UP), 0)
                self.assertIn("no such file", exporter.log)
                for word in wrong, right:
                    self.assertNotIn(word, exporter.log)
                exporter.stop()

    def test_proxy_protocol(self):
        self.start_nginx(harness.free_port())
        for uri in f"http://127.0.0.1:{self.proxied}/", f"http://[::1]:{self.proxied}/", f"unix:{self.folder}/proxied:/":
            with self.subTest(uri):
                exporter = self.exporter(f"--nginx.scrape-uri={uri}", "--nginx.proxy-protocol", name=self.NAME)
                for _ in range(2):
                    self.assertEqual(self.page(exporter).value(UP), 1, exporter.log)
                exporter.stop()
        dead = self.exporter("--nginx.scrape-uri=http://127.0.0.1:1/", "--nginx.proxy-protocol", name=self.NAME)
        self.assertEqual(self.page(dead).value(UP), 0)
        self.assertIn("connection refused", dead.log)

    def test_proxy_header_is_the_originals(self):
        """All but our own end of the connection, which each program has for itself."""
        def header(path, socket_path=None):
            server = Answering(self, ok(STUB), path=socket_path)
            uri = f"unix:{socket_path}:/" if socket_path else f"http://127.0.0.1:{server.port}/"
            exporter = self.exporter(f"--nginx.scrape-uri={uri}", "--nginx.proxy-protocol", name=self.NAME, path=path)
            page = self.page(exporter)
            self.assertEqual(page.value(UP), 1, exporter.log)
            exporter.stop()
            head, rest = server.asked[0].split(b"GET /", 1)
            self.assertIn(b"HTTP/1.1\r\n", rest)
            if socket_path:
                return head.replace(socket_path.encode(), b"S" * len(socket_path))
            return head[:24]  # both addresses; the ports behind them differ

        original = harness.original(self.NAME)
        ours = header(None), header(None, os.path.join(self.folder, "a"))
        self.assertEqual(ours[0][:16], b"\r\n\r\n\0\r\nQUIT\n\x21\x11\x00\x0c")
        if original:
            self.assertEqual(ours[0], header(original))
            self.assertEqual(ours[1][:16], header(original, os.path.join(self.folder, "b"))[:16])

    def test_tls(self):
        port, tls = harness.free_port(), harness.free_port()
        authority = Authority(self.folder)
        cert, key = authority.sign("server")
        client_cert, client_key = authority.sign("client")
        self.start_nginx(port, TLS.format(tls=tls, cert=cert, key=key, ca=authority.pem))
        uri = f"--nginx.scrape-uri=https://127.0.0.1:{tls}/"
        client = (f"--nginx.ssl-client-cert={client_cert}", f"--nginx.ssl-client-key={client_key}")
        for flags, up in ((), 0), (client, 1), ((*client, "--nginx.ssl-verify"), 0), ((*client, "--nginx.ssl-verify", f"--nginx.ssl-ca-cert={authority.pem}"), 1):
            with self.subTest(flags):
                exporter = self.exporter(uri, *flags, name=self.NAME)
                self.assertEqual(self.page(exporter).value(UP), up, exporter.log)
                exporter.stop()

    def test_probe(self):
        port = harness.free_port()
        self.start_nginx(port)
        exporter = self.exporter("--nginx.scrape-uri=http://127.0.0.1:1/", "--prometheus.const-label=zone=a", name=self.NAME)
        page = harness.Page(exporter.get(f"/probe?target=http://127.0.0.1:{port}/moved").text)
        self.assertEqual(page.value(UP, zone="a"), 1)
        self.assertEqual({name for name in page.names() if not name.startswith("nginx_")}, set())
        answer = exporter.get("/probe?target=http://me:secret@127.0.0.1:1/")
        self.assertEqual((answer.status, harness.Page(answer.text).value(UP, zone="a")), (200, 0))
        self.assertRegex(exporter.log, 'level=ERROR .*msg="Probe failed" target=http://xxxxx@127.0.0.1:1/')
        self.assertNotIn("secret", exporter.log)
        for target in "", "?target=", "?target=x", f"?target=unix:{self.folder}/socket:/stub_status":
            self.assertEqual(exporter.get("/probe" + target).status, 400, target)

    def diff(self, ours, theirs, restless, rounds=5):
        done = harness.run(sys.executable, harness.shared("tools", "parity.py"), "diff", "--ours", f"http://127.0.0.1:{ours.port}/metrics",
                           "--theirs", f"http://127.0.0.1:{theirs.port}/metrics", "--ignore", r"^(go_|process_|promhttp_|.*_build_info$)",
                           "--values", "--ignore-values", restless, "--rounds", str(rounds), seconds=120)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_like_the_original(self):
        original = harness.original(self.NAME)
        if not original:
            self.skipTest("the original is not at hand")
        port = harness.free_port()
        self.start_nginx(port)
        dead = harness.free_port()
        for flags in ((f"http://127.0.0.1:{port}/stub_status",), (f"http://127.0.0.1:{port}/moved", f"http://127.0.0.1:{port}/nothing"),
                      (f"unix:{self.folder}/socket:/stub_status",), (f"http://127.0.0.1:{dead}/",)):
            with self.subTest(flags):
                arguments = [f"--nginx.scrape-uri={uri}" for uri in flags] + ["--prometheus.const-label=zone=a", "--prometheus.const-label=b=\"q\""]
                ours, theirs = (self.exporter(*arguments, name=self.NAME, path=path) for path in (None, original))
                self.diff(ours, theirs, "^nginx_(connections_(accepted|handled|active|waiting)|http_requests_total)$")
                ours.stop()
                theirs.stop()

    def test_plus(self):
        api = plus_api.PlusApi(self)
        flags = ("--nginx.plus", f"--nginx.scrape-uri={api.uri}", "--prometheus.const-label=site=a")
        exporter = self.exporter(*flags, name=self.NAME)
        page = self.page(exporter)
        with open(os.path.join(plus_api.FIXTURES, "expected.prom"), encoding="utf-8") as f:
            expected = harness.Page(f.read())
        wanted = {(name, tuple(sorted((*labels, ("site", "a"))))): value for (name, labels), value in expected.samples.items()}
        self.assertEqual({key: value for key, value in page.samples.items() if key[0].startswith("nginxplus_")}, wanted)
        self.assertEqual({name: kind for name, kind in page.types.items() if name.startswith("nginxplus_")}, expected.types)
        self.assertEqual(set(api.asked) & {"9/slabs", "9/processes", "9/nginx"}, set(), "what is not shown is not asked for")
        probed = harness.Page(exporter.get(f"/probe?target={api.uri}").text)
        self.assertEqual(probed.value("nginxplus_up", site="a"), 1)
        done = harness.run(harness.binary(self.NAME), "--nginx.plus", "--prometheus.const-label=zone=a", "--check-config")
        self.assertEqual(done.returncode, 1)
        self.assertIn("zone", done.stderr)

    def test_plus_of_older_versions(self):
        api = plus_api.PlusApi(self)
        api.answers = {"9": None, "": (200, [1, 2, 8])}
        files = api.answer

        def version_8(path):
            path = path.removeprefix("/api").strip("/")
            if path in ("8/workers", "8/license"):
                return 404, b"{}"
            return files("/api/" + path.replace("8", "9", 1) if path.startswith("8/") else "/api/" + path) if path != "8" else (200, b'["http","stream"]')
        api.answer = version_8
        exporter = self.exporter("--nginx.plus", f"--nginx.scrape-uri={api.uri}/", name=self.NAME)
        for _ in range(2):
            page = self.page(exporter)
            self.assertEqual(page.value("nginxplus_up"), 1, exporter.log)
            self.assertEqual(page.value("nginxplus_ssl_handshakes"), 79572)
            self.assertEqual(page.series("nginxplus_worker_connection_idle"), {})

    def test_plus_like_the_original(self):
        original = harness.original(self.NAME)
        if not original:
            self.skipTest("the original is not at hand")
        api = plus_api.PlusApi(self)
        flags = ("--nginx.plus", f"--nginx.scrape-uri={api.uri}")
        ours, theirs = (self.exporter(*flags, name=self.NAME, path=path) for path in (None, original))
        variants = {"all": {}, "no stream": {"9": (200, ["http"])}, "no license": {"9/license": None}, "bad license": {"9/license": (200, b"{")},
                    "no reporting": {"9/license": (200, {"active_till": 5})}, "no cluster": {"9/stream/zone_sync": None},
                    "no limits": {"9/stream": (200, ["server_zones", "upstreams", "zone_sync"])}, "nulls": {"9/ssl": (200, None), "9/http/server_zones": (200, {"a": None})},
                    "empty": {path: (200, {}) for path in ("9/http/caches", "9/http/upstreams", "9/resolvers")}, "case": {"9/ssl": (200, {"HANDSHAKES": 3})},
                    "negative": {"9/ssl": (200, {"handshakes": -1})}, "error": {"9/http/requests": (500, {})}, "gone": {"9/workers": None}}
        for name, answers in variants.items():
            with self.subTest(name):
                api.answers = answers
                self.diff(ours, theirs, "^$", rounds=1)

    def test_bad_flags(self):
        program = harness.binary(self.NAME)
        for flag in ("--nginx.scrape-uri=ftp://a", "--prometheus.const-label=x", "--nginx.timeout=-1s", "--nginx.ssl-ca-cert=/none", "--nginx.password-file=/none", "--no-such"):
            with self.subTest(flag):
                done = harness.run(program, flag, "--check-config")
                self.assertEqual(done.returncode, 1, done.stderr)
                self.assertTrue(done.stderr.strip())
        self.assertEqual(harness.run(program, "--check-config", env={"LISTEN_ADDRESS": ":1"}).returncode, 0)
        done = harness.run(program, "-nginx.timeout=3s", "--check-config")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("--nginx.timeout=3s", done.stdout)


if __name__ == "__main__":
    harness.main(binaries=[Nginx.NAME], tools=["nginx", "openssl"])
