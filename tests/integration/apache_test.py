# SPDX-License-Identifier: Apache-2.0
"""apache_exporter against a real Apache, and against servers that misbehave."""

import os
import shutil
import sys
import time

import harness
from answering import HUGE, Answering, ok

MODULES = "/usr/lib/apache2/modules"
CONFIG = """
ServerRoot {folder}
ServerName localhost
Listen 127.0.0.1:{port}
PidFile {folder}/pid
ErrorLog {folder}/error.log
User www-data
Group www-data
DefaultRuntimeDir {folder}
DocumentRoot {folder}
LoadModule mpm_{mpm}_module {modules}/mod_mpm_{mpm}.so
LoadModule authz_core_module {modules}/mod_authz_core.so
LoadModule status_module {modules}/mod_status.so
ExtendedStatus {extended}
<Location /server-status>
SetHandler server-status
</Location>
<Location /closed>
Require all denied
</Location>
{more}
"""
PASSWORDS = """
LoadModule authn_core_module {modules}/mod_authn_core.so
LoadModule authn_file_module {modules}/mod_authn_file.so
LoadModule authz_user_module {modules}/mod_authz_user.so
LoadModule auth_basic_module {modules}/mod_auth_basic.so
<Location /guarded>
SetHandler server-status
AuthType Basic
AuthName status
AuthUserFile {folder}/users
Require valid-user
</Location>
"""
BALANCERS = """
LoadModule slotmem_shm_module {modules}/mod_slotmem_shm.so
LoadModule proxy_module {modules}/mod_proxy.so
LoadModule proxy_http_module {modules}/mod_proxy_http.so
LoadModule proxy_balancer_module {modules}/mod_proxy_balancer.so
LoadModule lbmethod_byrequests_module {modules}/mod_lbmethod_byrequests.so
ProxyStatus On
<Proxy balancer://front>
BalancerMember http://127.0.0.1:{back} disablereuse=On
BalancerMember http://127.0.0.1:{dead} status=+H
</Proxy>
<Proxy balancer://other>
BalancerMember http://localhost:{back} disablereuse=On
</Proxy>
ProxyPass /front balancer://front
ProxyPass /other balancer://other
"""
# Move between two scrapes, or stand for the time since the start.
RESTLESS = "^apache_(accesses_total|sent_kilobytes_total|duration_ms_total|cpu.*|uptime_seconds_total|load|scoreboard|workers|connections)$"
UP, FAILURES = "apache_up", "apache_exporter_scrape_failures_total"


class Apache(harness.TestCase):
    NAME = "apache_exporter"

    def start_apache(self, port, mpm="event", more="", extended="On", **values):
        os.chmod(self.folder, 0o755)
        values.update(folder=self.folder, modules=MODULES)
        config = self.write("apache.conf", CONFIG.format(port=port, mpm=mpm, extended=extended, more=more.format(**values), **values))
        return self.start([shutil.which("apache2") or "/usr/sbin/apache2", "-D", "FOREGROUND", "-f", config], port, own_group=True)

    def assert_like_original(self, ours, uri):
        original = harness.original(self.NAME)
        if not original:
            return
        theirs = self.exporter(f"--scrape_uri={uri}", name=self.NAME, path=original)
        done = harness.run(sys.executable, harness.shared("tools", "parity.py"), "diff", "--ours", f"http://127.0.0.1:{ours.port}/metrics",
                           "--theirs", f"http://127.0.0.1:{theirs.port}/metrics", "--ignore", r"^(go_|process_|promhttp_|.*_build_info$)",
                           "--values", "--ignore-values", RESTLESS, seconds=120)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def ask(self, uri, *flags, env=None):
        return self.exporter(f"--scrape_uri={uri}", *flags, name=self.NAME, env=env)

    def page(self, exporter, **headers):
        return harness.Page(exporter.get("/metrics", **headers).text)

    def test_values_and_restart(self):
        port = harness.free_port()
        apache = self.start_apache(port)
        exporter = self.ask(f"http://127.0.0.1:{port}/server-status?auto", "--custom_headers=X-Secret=hidden")
        page = self.page(exporter)
        self.assertEqual(page.value(UP), 1)
        self.assertIsNone(page.value(FAILURES))
        self.assertEqual(page.value("apache_workers", state="busy"), 1)
        self.assertEqual(page.value("apache_scoreboard", state="reply"), 1)
        self.assertEqual(len(page.series("apache_scoreboard")), 11)
        self.assertGreaterEqual(page.value("apache_version"), 2.04)
        self.assertGreater(self.page(exporter).value("apache_accesses_total"), page.value("apache_accesses_total"))
        apache.stop()
        page = self.page(exporter)
        self.assertEqual((page.value(UP), page.value(FAILURES)), (0, 1))
        self.assertEqual({n for n in page.names() if n.startswith("apache_") and not n.endswith("build_info")}, {UP, FAILURES})
        self.assertRegex(exporter.log, r"level=ERROR .*server-status: .*connect")
        self.assertNotIn("hidden", exporter.log)
        self.start_apache(port)
        self.assertEqual(self.page(exporter).value(UP), 1)

    def test_process_models(self):
        for mpm in "event", "worker", "prefork":
            with self.subTest(mpm):
                port = harness.free_port()
                apache = self.start_apache(port, mpm)
                uri = f"http://127.0.0.1:{port}/server-status?auto"
                exporter = self.ask(uri)
                page = self.page(exporter)
                self.assertEqual([dict(labels)["mpm"] for labels in page.series("apache_info")], [mpm])
                self.assertEqual(page.value("apache_connections", state="total") is not None, mpm == "event")
                self.assertEqual(page.value("apache_processes", state="all") is not None, mpm == "event")
                self.assert_like_original(exporter, uri)
                exporter.stop()
                apache.stop()

    def test_without_extended_status(self):
        port = harness.free_port()
        self.start_apache(port, extended="Off")
        uri = f"http://127.0.0.1:{port}/server-status?auto"
        exporter = self.ask(uri)
        page = self.page(exporter)
        self.assertIsNone(page.value("apache_accesses_total"))
        self.assertEqual(page.value("apache_workers", state="busy"), 1)
        self.assert_like_original(exporter, uri)

    def test_balancers(self):
        port, back, dead = harness.free_port(), Answering(self, ok(b"x" * 5000)).port, harness.free_port()
        apache = self.start_apache(port, more=BALANCERS, back=back, dead=dead)
        for _ in range(3):
            self.assertEqual(len(apache.get("/front").body), 5000)
        uri = f"http://127.0.0.1:{port}/server-status?auto"
        exporter = self.ask(uri)
        page = self.page(exporter)
        worker = {"balancer": "balancer://front", "worker": f"http://127.0.0.1:{back}"}
        self.assertEqual(page.value("apache_proxy_balancer_accesses_total", **worker), 3)
        self.assertGreaterEqual(page.value("apache_proxy_balancer_response_kbytes_total", **worker), 14)
        self.assertEqual(page.value("apache_proxy_balancer_busy", **worker), 0)
        self.assertEqual(page.value("apache_proxy_balancer_status", status="Init Ok", **worker), 1)
        self.assertEqual(page.value("apache_proxy_balancer_status", balancer="balancer://front", worker=f"http://127.0.0.1:{dead}", status="Init Stby"), None)
        self.assertEqual(len(page.series("apache_proxy_balancer_status")), 3)
        self.assert_like_original(exporter, uri)

    def test_several_hosts_sockets_and_probes(self):
        port, other = harness.free_port(), harness.free_port()
        self.start_apache(port)
        web, dead = f"http://127.0.0.1:{port}/server-status?auto", f"http://me:secret@127.0.0.1:{other}/server-status?auto"
        socket = f"unix:{self.folder}/socket:/server-status?auto"
        Answering(self, ok(b"ServerVersion: Apache/2.4.1\nServerMPM: prefork\n"), path=f"{self.folder}/socket")
        exporter = self.ask(web, f"--scrape_uri={dead}", f"--scrape_uri={socket}")
        page = self.page(exporter)
        shown = dead.replace("me:secret", "xxxxx")
        self.assertEqual({dict(labels)["addr"]: value for labels, value in page.series(UP).items()}, {web: 1, shown: 0, socket: 1})
        self.assertEqual(page.value("apache_info", addr=socket, version="Apache/2.4.1", mpm="prefork"), 1)
        self.assertNotIn("secret", exporter.log)
        probed = exporter.get("/probe?target=" + web.replace("?", "%3F"))
        self.assertEqual(harness.Page(probed.text).value("apache_workers", state="busy"), 1)
        self.assertEqual(harness.Page(exporter.get(f"/probe?target=http://127.0.0.1:{other}/").text).value(UP), 0)
        for target in "", "?target=", "?target=ftp://a", "?target=unix:/a:/b":
            self.assertEqual(exporter.get("/probe" + target).status, 400, target)

    def test_password_from_a_file(self):
        port = harness.free_port()
        self.write("users", "me:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n")  # "secret"
        self.start_apache(port, more=PASSWORDS)
        password = self.write("password", "wr0ng\n")
        exporter = self.ask(f"http://127.0.0.1:{port}/guarded?auto", "--scrape_username=me", f"--scrape_password_file={password}")
        page = self.page(exporter)
        self.assertEqual((page.value(UP), page.value(FAILURES)), (1, 1))
        self.assertIn("status 401", exporter.log)
        self.write("password", "secret\n")
        page = self.page(exporter)
        self.assertEqual((page.value(UP), page.value(FAILURES)), (1, None))
        self.assertEqual(page.value("apache_workers", state="busy"), 1)
        target = f"/probe?target=http://127.0.0.1:{port}/guarded%3Fauto"
        self.assertEqual(harness.Page(exporter.get(target).text).value(FAILURES), 1, "a probe goes without credentials")
        exporter = self.ask("http://127.0.0.1:1/", "--scrape_username=me", f"--scrape_password_file={password}", "--scrape_probe_credentials")
        self.assertIsNone(harness.Page(exporter.get(target).text).value(FAILURES))
        for word in "wr0ng", "secret":
            self.assertNotIn(word, exporter.log)

    def test_host_and_headers(self):
        server = Answering(self, ok(b"ServerVersion: Apache/2.4.1\n"))
        exporter = self.ask(f"http://127.0.0.1:{server.port}/a?auto", "--host_override=example.org", "--custom_headers=X-One=1", "--custom_headers=X-Two:2=3")
        self.assertEqual(self.page(exporter).value(UP), 1)
        request = server.asked[-1].decode()
        for line in "GET /a?auto HTTP/1.1", "Host: example.org", "X-One: 1", "X-Two: 2=3":
            self.assertIn(line + "\r\n", request)

    def test_a_version_that_is_cut_short(self):
        server = Answering(self, ok(b"ServerVersion: Apache\nServerMPM: event\n"))
        exporter = self.ask(f"http://127.0.0.1:{server.port}/?auto")
        for _ in range(2):
            page = self.page(exporter)
            self.assertEqual(page.value(UP), 1)
            self.assertIsNone(page.value("apache_version"))
            self.assertEqual(page.value("apache_info", version="Apache", mpm="event"), 1)

    def test_refused_and_html(self):
        port = harness.free_port()
        self.start_apache(port)
        exporter = self.ask(f"http://me:wr0ng@127.0.0.1:{port}/closed?auto")
        page = self.page(exporter)
        self.assertEqual((page.value(UP), page.value(FAILURES)), (1, 1))
        self.assertIn("status 403", exporter.log)
        self.assertNotIn("wr0ng", exporter.log)
        exporter = self.ask(f"http://127.0.0.1:{port}/server-status")
        for _ in range(2):
            self.assertEqual(self.page(exporter).value("apache_workers", state="busy"), 1)
        self.assertEqual(exporter.log.count("lacks ?auto"), 1)
        exporter = self.ask(f"http://127.0.0.1:{Answering(self, ok(b'<html>')).port}/?auto")
        self.assertEqual(self.page(exporter).value("apache_info", version="UNKNOWN", mpm="UNKNOWN"), 1)
        self.assertIn("?auto", exporter.log)

    def test_silent_server(self):
        exporter = self.ask(f"http://127.0.0.1:{Answering(self, None).port}/?auto")
        began = time.monotonic()
        page = self.page(exporter, X_Prometheus_Scrape_Timeout_Seconds="1")
        self.assertLess(time.monotonic() - began, 1)
        self.assertEqual(page.value(UP), 0)

    def test_bad_answers(self):
        for name, data, up in ("garbage", b"\x00\xff" * 1000, 0), ("huge", HUGE, 0), ("words", ok(b"Total Accesses: 7\nUptime: long\nLoad1: 1\n"), 1):
            with self.subTest(name):
                exporter = self.ask(f"http://127.0.0.1:{Answering(self, data).port}/?auto")
                page = self.page(exporter)
                self.assertEqual((page.value(UP), page.value(FAILURES)), (up, 1))
                self.assertIn("level=ERROR", exporter.log)
                if up:
                    self.assertEqual(page.value("apache_accesses_total"), 7)
                    self.assertEqual(page.series("apache_load"), {})
                exporter.stop()

    def test_names_of_the_original(self):
        exporter = self.ask("http://127.0.0.1:1/", "--telemetry.endpoint=/m")
        self.assertEqual(exporter.get("/m").status, 200)
        exporter = self.exporter(name=self.NAME, env={"METRICS_ENDPOINT": "/n", "SCRAPE_URI": "http://127.0.0.1:1/"})
        self.assertEqual(exporter.get("/n").status, 200)


if __name__ == "__main__":
    if not os.path.exists("/usr/sbin/apache2"):
        harness.skip_all("apache2 is not installed")
    harness.main(binaries=[Apache.NAME])
