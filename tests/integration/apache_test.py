# SPDX-License-Identifier: Apache-2.0
"""apache_exporter against a real Apache, and against servers that misbehave."""

import os
import shutil
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
LoadModule mpm_event_module {modules}/mod_mpm_event.so
LoadModule authz_core_module {modules}/mod_authz_core.so
LoadModule status_module {modules}/mod_status.so
ExtendedStatus On
<Location /server-status>
SetHandler server-status
</Location>
<Location /closed>
Require all denied
</Location>
"""
UP, FAILURES = "apache_up", "apache_exporter_scrape_failures_total"


class Apache(harness.TestCase):
    NAME = "apache_exporter"

    def start_apache(self, port):
        os.chmod(self.folder, 0o755)
        config = self.write("apache.conf", CONFIG.format(folder=self.folder, port=port, modules=MODULES))
        return self.start([shutil.which("apache2") or "/usr/sbin/apache2", "-D", "FOREGROUND", "-f", config], port)

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
