# SPDX-License-Identifier: Apache-2.0
"""What people get wrong, and what a supervisor does to us: flags, ports, queries, files, signals."""

import os
import re
import signal
import socket
import time

import harness

ANY = "--web.listen-address=127.0.0.1:0"


class CommandLine(harness.TestCase):
    def fails(self, *flags, status=1):
        """Runs to the end; returns the error lines. That udev's database is not here is the collector's word, not ours."""
        done = harness.run(harness.binary("node_exporter"), *flags)
        self.assertEqual(done.returncode, status, done.stderr)
        self.assertEqual(done.stdout, "")
        lines = done.stderr.splitlines()
        return [line for line in lines if not re.search("level=(INFO|WARN)|udev", line)]

    def test_unknown_flag(self):
        self.assertEqual(self.fails("--nope"), ["node_exporter: error: unknown long flag '--nope', try --help"])

    def test_unexpected_argument(self):
        self.assertEqual(self.fails("nope"), ["node_exporter: error: unexpected nope, try --help"])

    def test_bad_regexp(self):
        lines = self.fails(ANY, "--collector.netdev.device-include=[a", status=2)
        self.assertEqual(len(lines), 1, lines)
        self.assertIn("collector.netdev.device-include", lines[0])

    def test_include_and_exclude(self):
        lines = self.fails(ANY, "--collector.filesystem.mount-points-include=a", "--collector.filesystem.mount-points-exclude=b", status=2)
        self.assertEqual(len(lines), 1, lines)

    def test_missing_procfs(self):
        lines = self.fails(ANY, f"--path.procfs={self.folder}/none", status=2)
        self.assertEqual(len(lines), 1, lines)
        self.assertIn(f"{self.folder}/none", lines[0])

    def test_port_in_use(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            lines = self.fails(f"--web.listen-address=127.0.0.1:{port}")
        self.assertEqual(len(lines), 1, lines)
        self.assertIn("address already in use", lines[0])
        self.assertIn(str(port), lines[0])

    def test_bad_web_config(self):
        path = self.write("web.yml", "no_such_key: 1\n")
        self.assertEqual(len(self.fails(ANY, f"--web.config.file={path}")), 1)

    def test_version(self):
        done = harness.run(harness.binary("node_exporter"), "--version")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertTrue(done.stdout.startswith("node_exporter, version "), done.stdout)

    def test_help(self):
        done = harness.run(harness.binary("node_exporter"), "--help")
        self.assertEqual(done.returncode, 0)
        self.assertIn("--collector.textfile.directory", done.stdout + done.stderr)

    def test_once(self):
        done = harness.run(harness.binary("node_exporter"), "--once")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertGreater(len(harness.Page(done.stdout).samples), 300)

    def test_check_config(self):
        program = harness.binary("node_exporter")
        self.assertEqual(harness.run(program, "--check-config").returncode, 0)
        path = self.write("web.yml", "no_such_key: 1\n")
        bad = harness.run(program, "--check-config", f"--web.config.file={path}")
        self.assertEqual(bad.returncode, 1, bad.stderr)

    def test_list_metrics(self):
        done = harness.run(harness.binary("node_exporter"), "--list-metrics")
        self.assertEqual(done.returncode, 0, done.stderr)
        listed = {line.split("\t")[2] for line in done.stdout.splitlines()}
        self.assertEqual({"node_cpu_seconds_total", "node_filesystem_avail_bytes", "node_vmstat_*"} - listed, set())


class Queries(harness.TestCase):
    def setUp(self):
        super().setUp()
        self.node = self.exporter()

    def refused(self, query, text):
        answer = self.node.get("/metrics?" + query)
        self.assertEqual((answer.status, answer.text.strip()), (400, text))

    def test_unknown_collector(self):
        self.refused("collect[]=nope", "Couldn't create filtered metrics handler: couldn't create collector: missing collector: nope")

    def test_disabled_collector(self):
        self.refused("collect[]=ntp", "Couldn't create filtered metrics handler: couldn't create collector: disabled collector: ntp")

    def test_collect_and_exclude(self):
        self.refused("collect[]=cpu&exclude[]=time", "Combined collect and exclude queries are not allowed.")

    def test_only(self):
        page = harness.Page(self.node.get("/metrics?collect[]=loadavg&collect[]=time").text)
        collectors = {dict(labels)["collector"] for labels in page.series("node_scrape_collector_success")}
        self.assertEqual(collectors, {"loadavg", "time"})
        self.assertIsNotNone(page.value("node_load1"))
        self.assertEqual(page.series("node_cpu_seconds_total"), {})

    def test_exclude(self):
        page = harness.Page(self.node.get("/metrics?exclude[]=loadavg&exclude[]=nope").text)
        self.assertIsNone(page.value("node_load1"))
        self.assertNotEqual(page.series("node_cpu_seconds_total"), {})

    def test_unknown_path(self):
        answer = self.node.get("/nope")
        self.assertEqual((answer.status, answer.text), (404, "404 page not found\n"))
        self.assertEqual(self.node.get("/metrics/").status, 404)

    def test_operator_paths(self):
        self.assertEqual(self.node.get("/-/healthy").status, 200)
        self.assertEqual(self.node.get("/-/ready").status, 200)
        self.assertEqual(self.node.get("/-/reload", method="POST").status, 200)
        self.assertEqual(self.node.get("/-/reload").status, 405)

    def test_garbage(self):
        for bytes_ in (b"\0\1\2\3\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"A" * 100000, b"GET /metrics HTTP/1.1\r\nHost"):
            with socket.create_connection(("127.0.0.1", self.node.port), timeout=10) as s:
                try:
                    s.sendall(bytes_)
                    s.shutdown(socket.SHUT_WR)
                    while s.recv(65536):
                        pass
                except (ConnectionResetError, BrokenPipeError):
                    pass
        self.assertEqual(self.node.get("/metrics").status, 200)

    def test_half_sent_requests(self):
        silent = [socket.create_connection(("127.0.0.1", self.node.port)) for _ in range(50)]
        try:
            for s in silent:
                s.sendall(b"GET /metrics HTT")
            begin = time.monotonic()
            self.assertEqual(self.node.get("/metrics").status, 200)
            self.assertLess(time.monotonic() - begin, 2)
        finally:
            for s in silent:
                s.close()


class Textfile(harness.TestCase):
    def test_rubbish(self):
        self.write("text/good.prom", "# HELP backup_age_seconds Age.\n# TYPE backup_age_seconds gauge\nbackup_age_seconds 12\n")
        self.write("text/bad.prom", "this is { no metric\n")
        self.write("text/binary.prom", "\u0001\u0002\n")
        node = self.exporter(f"--collector.textfile.directory={self.folder}/text")
        answer = node.get("/metrics")
        self.assertEqual(answer.status, 200)
        page = harness.Page(answer.text)
        self.assertEqual(page.value("backup_age_seconds"), 12)
        self.assertEqual(page.value("node_textfile_scrape_error"), 1)
        self.assertIsNotNone(page.value("node_textfile_mtime_seconds", file=os.path.join(self.folder, "text", "good.prom")))
        self.assertEqual(page.value("node_scrape_collector_success", collector="cpu"), 1)


class Signals(harness.TestCase):
    def test_terminate(self):
        node = self.exporter()
        node.get("/metrics")
        begin = time.monotonic()
        self.assertEqual(node.stop(), 0)
        self.assertLess(time.monotonic() - begin, 2)

    def test_interrupt_with_idle_clients(self):
        node = self.exporter()
        with socket.create_connection(("127.0.0.1", node.port)), socket.create_connection(("127.0.0.1", node.port)) as half:
            half.sendall(b"GET /metrics HTTP/1.1\r\n")
            begin = time.monotonic()
            node.signal(signal.SIGINT)
            self.assertEqual(node.process.wait(10), 0)
            self.assertLess(time.monotonic() - begin, 3)

    def test_hang_up(self):
        node = self.exporter()
        node.signal(signal.SIGHUP)
        time.sleep(0.3)
        self.assertIsNone(node.process.poll())
        self.assertEqual(node.get("/metrics").status, 200)


class Descriptors(harness.TestCase):
    def test_nothing_leaks(self):
        node = self.exporter()
        for _ in range(5):
            node.get("/metrics")
        before = len(os.listdir(f"/proc/{node.pid}/fd"))
        for _ in range(50):
            node.get("/metrics")
        self.assertLessEqual(len(os.listdir(f"/proc/{node.pid}/fd")), before + 3)


if __name__ == "__main__":
    harness.main(binaries=["node_exporter"])
