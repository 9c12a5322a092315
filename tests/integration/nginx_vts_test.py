# SPDX-License-Identifier: Apache-2.0
"""nginx-vts-exporter against servers that answer as the VTS module does, and that misbehave. With the module at hand, a real nginx."""

import json
import os
import socket
import subprocess
import sys
import time

import harness
from answering import HUGE, Answering, ok

UP = "nginx_up"
PAGE = {"hostName": "h", "nginxVersion": "1.22.1", "loadMsec": 0, "nowMsec": 5000, "connections": {"active": 3},
        "serverZones": {"a": {"requestCounter": 7, "inBytes": 1, "outBytes": 2, "responses": {"2xx": 7}}},
        "upstreamZones": {"u": [{"server": "b", "requestCounter": 3}, {"server": "b", "requestCounter": 3}]}}
CONFIG = """
load_module {module}; {user} daemon off; pid {folder}/pid; error_log {folder}/error.log; events {{}}
http {{
  access_log off; client_body_temp_path {folder}/b; proxy_temp_path {folder}/p;
  fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  vhost_traffic_status_zone; {vts}
  vhost_traffic_status_filter_by_set_key $uri uris::$server_name;
  vhost_traffic_status_filter_by_set_key $http_user_agent agent;
  proxy_cache_path {folder}/cache keys_zone=c1:1m max_size=10m;
  upstream be {{ server 127.0.0.1:{back}; {twice} server 127.0.0.1:{unused} backup; server 127.0.0.2:{unused} weight=3 down; }}
  server {{
    listen 127.0.0.1:{port}; listen unix:{folder}/socket; server_name a;
    location /status {{ vhost_traffic_status_display; vhost_traffic_status_display_format html; }}
    location / {{ proxy_cache c1; proxy_cache_valid 200 1m; proxy_pass http://be; }}
    location /slow {{ proxy_pass http://127.0.0.1:{back}; }}
    location = /404 {{ return 404; }} location = /418 {{ return 418; }}
  }}
  server {{ listen 127.0.0.1:{back}; server_name backend; location / {{ return 200 ok; }} }}
}}
"""
MEASURED = """vhost_traffic_status_histogram_buckets 0.005 0.01 0.05 0.1 0.5 1 5 10; vhost_traffic_status_measure_status_codes all;
  vhost_traffic_status_filter_by_host on;"""
NOISE = r"^(go_|process_|promhttp_|.*_build_info$)"
# Move with each scrape: the page's own requests, and what they take.
RESTLESS = r"^nginx_(server_(info|bytes|requests|connections|sharedzones|requestMsec)|filter_(bytes|requests|requestMsec))$"


def module_page(nginx):
    """The module's Prometheus page; it is no text where a label has bytes that are none."""
    return harness.Page(nginx.get("/status/format/prometheus").body.decode("utf-8"))


def page_port(page):
    """The port of the backends that are never asked."""
    return next(dict(labels)["backend"] for labels in page.series("nginx_upstream_weight") if "127.0.0.2:" in dict(labels)["backend"]).split(":")[1]


class Vts(harness.TestCase):
    NAME = "nginx-vts-exporter"

    def ask(self, uri, *flags, env=None):
        return self.exporter(f"-nginx.scrape_uri={uri}", *flags, name=self.NAME, env=env)

    def page(self, exporter, **headers):
        return harness.Page(exporter.get("/metrics", **headers).text)

    def start_nginx(self, vts=MEASURED, twice=False):
        peer = harness.shared("peers", "peer")
        module = peer and subprocess.run([peer, "ngx_http_vhost_traffic_status_module.so"], capture_output=True, text=True).stdout.strip()
        if not module:
            self.skipTest("the VTS module is not at hand")
        ports = {name: harness.free_port() for name in ("port", "back", "unused")}
        config = self.write("nginx.conf", CONFIG.format(module=module, folder=self.folder, vts=vts, user="user root;" if os.getuid() == 0 else "",
                                                        twice=f"server 127.0.0.1:{ports['back']} weight=2;" if twice else "", **ports))
        self.command = [harness.tool("nginx"), "-c", config]
        nginx = self.start(self.command, ports["port"], ready="/404")
        for _ in range(3):
            for path in "/x", "/y?a", "/slow", "/404", "/418":
                for agent in 'odd "agent\\', "caf\u00e9", "bad\xff":
                    nginx.get(path, User_Agent=agent)
        return nginx

    def test_real_module(self):
        nginx = self.start_nginx()
        exporter = self.ask(f"http://127.0.0.1:{nginx.port}/status/format/json")
        page = self.page(exporter)
        self.assertEqual(page.value(UP), 1)
        self.assertEqual(page.value("nginx_server_requests", host="127.0.0.1", code="2xx"), 36, "27 of clients, 9 of /slow")
        self.assertEqual(page.value("nginx_upstream_weight", upstream="be", backend=f"127.0.0.2:{page_port(page)}"), 3)
        nginx.stop()
        page = self.page(exporter)
        self.assertEqual({n for n in page.names() if n.startswith("nginx_") and "build_info" not in n}, {UP})
        self.assertEqual(page.value(UP), 0)
        self.assertRegex(exporter.log, "level=ERROR .*connect")
        self.start(self.command, nginx.port, ready="/404")
        self.assertEqual(self.page(exporter).value(UP), 1)
        socket_exporter = self.ask(f"unix:{self.folder}/socket:/status/format/json")
        self.assertEqual(self.page(socket_exporter).value(UP), 1)

    def test_the_modules_own_page(self):
        """nginx_vts_*: families, types, labels and values as the module itself writes them; what moves with each request lies in between."""
        for vts in MEASURED, "":
            with self.subTest(vts):
                nginx = self.start_nginx(vts, twice=True)
                exporter = self.ask(f"http://127.0.0.1:{nginx.port}/status/format/json", "-metrics.names=module")
                for _ in range(2):  # the requests for the pages are counted, too
                    before = module_page(nginx)
                    ours = self.page(exporter)
                after = module_page(nginx)
                names = {key[0] for key in ours.samples if key[0].startswith("nginx_vts_") and "build_info" not in key[0]}
                self.assertGreaterEqual(len(names), 23)
                shown = {key: value for key, value in ours.samples.items() if key[0] in names}
                self.assertEqual(sorted(shown), sorted(after.samples))
                for key, value in shown.items():
                    if key[0] == "nginx_vts_main_connections" and dict(key[1])["status"] in ("active", "reading", "waiting", "writing"):
                        continue  # of this moment
                    low, high = sorted((before.samples.get(key, 0), after.samples[key]))
                    self.assertTrue(low <= value <= high, (key, low, value, high))
                for name in {name.removesuffix("_bucket").removesuffix("_sum").removesuffix("_count") for name in names}:
                    self.assertEqual(ours.types[name], after.types[name], name)
                self.assertEqual(ours.series("nginx_server_requests"), {})
                exporter.stop()
                nginx.stop()

    def test_like_the_original(self):
        original = harness.original(self.NAME)
        if not original:
            self.skipTest("the original is not at hand")
        nginx = self.start_nginx()
        uri = f"-nginx.scrape_uri=http://127.0.0.1:{nginx.port}/status/format/json"
        exporters = []
        for path in harness.binary(self.NAME), original:
            port = harness.free_port()
            exporters.append(self.start([path, uri, f"-telemetry.address=127.0.0.1:{port}"], port))
        done = harness.run(sys.executable, harness.shared("tools", "parity.py"), "diff", "--ours", f"http://127.0.0.1:{exporters[0].port}/metrics",
                           "--theirs", f"http://127.0.0.1:{exporters[1].port}/metrics", "--ignore", NOISE, "--values", "--ignore-values", RESTLESS, seconds=120)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual([n for n in self.page(exporters[0]).names() if n.startswith("process_")], [], "only with -go.metrics, as in the original")

    def test_two_backends_of_one_address(self):
        """The original ends such a scrape with status 500."""
        nginx = self.start_nginx(twice=True)
        page = self.page(self.ask(f"http://127.0.0.1:{nginx.port}/status/format/json"))
        totals = [value for labels, value in page.series("nginx_upstream_requests").items() if dict(labels)["upstream"] == "be" and dict(labels)["code"] == "total"]
        self.assertEqual(len(totals), 3)
        self.assertEqual(sum(totals), 2, "two pages were fetched, the others came from the cache")

    def test_other_formats_lead_to_json(self):
        nginx = self.start_nginx()
        for path in "/status", "/status/format/prometheus":
            with self.subTest(path):
                exporter = self.ask(f"http://127.0.0.1:{nginx.port}{path}")
                for _ in range(2):
                    self.assertEqual(self.page(exporter).value(UP), 1, exporter.log)
                self.assertEqual(exporter.log.count("asking there from now on"), 1)
                exporter.stop()

    def test_probe(self):
        good = Answering(self, ok(json.dumps(PAGE).encode()))
        exporter = self.ask("http://127.0.0.1:1/", "-metrics.names=exporter")
        page = harness.Page(exporter.get(f"/probe?target=http://127.0.0.1:{good.port}/").text)
        self.assertEqual(page.value("nginx_server_requests", host="a", code="total"), 7)
        self.assertEqual(harness.Page(exporter.get("/probe?target=http://127.0.0.1:1/").text).value(UP), 0)
        self.assertIn("Probe failed", exporter.log)
        self.assertEqual(exporter.get("/probe?target=").status, 400)

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
        self.assertEqual(harness.Page(exporter.get("/m").text).value("vts_server_bytes", host="a", direction="out"), 2, exporter.log)

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
