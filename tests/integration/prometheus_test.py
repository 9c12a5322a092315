# SPDX-License-Identifier: Apache-2.0
"""A real Prometheus scrapes us."""

import json
import os
import time
import urllib.parse

import harness

CONFIG = """
global: {{scrape_interval: 1s, scrape_timeout: 900ms}}
scrape_configs:
  - job_name: node
    static_configs: [{{targets: ['127.0.0.1:{port}']}}]
"""


class Prometheus(harness.TestCase):
    FLAGS = ()

    def setUp(self):
        super().setUp()
        self.node = self.exporter()
        port = harness.free_port()
        config = self.write("prometheus.yml", CONFIG.format(port=self.node.port))
        self.prometheus = self.start(
            [harness.tool("prometheus"), f"--config.file={config}", f"--web.listen-address=127.0.0.1:{port}",
             f"--storage.tsdb.path={os.path.join(self.folder, 'data')}", "--log.level=warn", *self.FLAGS],
            port, ready="/-/ready", seconds=60)

    def api(self, path, **parameters):
        answer = self.prometheus.get(f"/api/v1/{path}?{urllib.parse.urlencode(parameters)}")
        self.assertEqual(answer.status, 200, answer.text)
        return json.loads(answer.text)["data"]

    def query(self, expression):
        return [(row["metric"], float(row["value"][1])) for row in self.api("query", query=expression)["result"]]

    def wait_for(self, expression, seconds=30):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            rows = self.query(expression)
            if rows:
                return rows
            time.sleep(0.2)
        self.fail(f"{expression} is empty after {seconds} s: {self.api('targets')}\n{self.node.log}")

    def test_scrapes(self):
        self.assertEqual(self.wait_for('up{job="node"} == 1')[0][1], 1)
        self.assertGreater(self.wait_for("scrape_samples_scraped")[0][1], 300)
        self.assertGreater(self.wait_for("node_memory_MemTotal_bytes")[0][1], 1 << 20)
        self.assertTrue(self.wait_for('node_cpu_seconds_total{mode="idle",cpu="0"}'))
        self.assertTrue(self.wait_for("node_uname_info"))
        # Counters keep their names whatever format was negotiated.
        self.assertTrue(self.wait_for("node_context_switches_total"))
        # More than one scrape, so that rates come out.
        self.assertTrue(self.wait_for('rate(node_cpu_seconds_total{mode="idle",cpu="0"}[10s]) >= 0'))
        failed = self.query("node_scrape_collector_success == 0")
        self.assertEqual({m["collector"] for m, _ in failed} & {"cpu", "meminfo", "stat", "loadavg", "filesystem"}, set())
        targets = self.api("targets")["activeTargets"]
        self.assertEqual([(t["health"], t["lastError"]) for t in targets], [("up", "")])
        metadata = self.api("metadata", metric="node_cpu_seconds")
        # Prometheus asks for OpenMetrics, where a counter's family goes without its suffix.
        self.assertEqual(metadata["node_cpu_seconds"][0]["type"], "counter")


class PrometheusByProtobuf(Prometheus):
    """With native histograms Prometheus asks for delimited protobuf, and falls back to nothing else."""
    FLAGS = ("--enable-feature=native-histograms",)

    def test_scrapes(self):
        self.assertEqual(self.wait_for('up{job="node"} == 1')[0][1], 1)
        self.assertGreater(self.wait_for("scrape_samples_scraped")[0][1], 300)
        self.assertGreater(self.wait_for("node_memory_MemTotal_bytes")[0][1], 1 << 20)
        self.assertTrue(self.wait_for('rate(node_cpu_seconds_total{mode="idle",cpu="0"}[10s]) >= 0'))
        # In protobuf, as in the text format, a counter's family has its whole name.
        metadata = self.api("metadata", metric="node_cpu_seconds_total")
        self.assertEqual(metadata["node_cpu_seconds_total"][0]["type"], "counter")


class Formats(harness.TestCase):
    def page(self, accept):
        answer = self.node.get("/metrics", Accept=accept)
        self.assertEqual(answer.status, 200)
        return answer.headers["Content-Type"], harness.Page(answer.text)

    def check(self, page):
        self.assertGreater(len(page.samples), 300)
        self.assertGreater(page.value("node_memory_MemTotal_bytes"), 1 << 20)
        self.assertIsNotNone(page.value("node_cpu_seconds_total", cpu="0", mode="idle"))
        self.assertEqual(page.value("node_scrape_collector_success", collector="cpu"), 1)

    def setUp(self):
        super().setUp()
        self.node = self.exporter()

    def test_text(self):
        kind, page = self.page(harness.TEXT)
        self.assertTrue(kind.startswith("text/plain; version=0.0.4"), kind)
        self.check(page)
        self.assertFalse(page.ended)
        self.assertEqual(page.types["node_cpu_seconds_total"], "counter")

    def test_openmetrics(self):
        kind, page = self.page(harness.OPENMETRICS)
        if not kind.startswith("application/openmetrics-text"):
            # Clients must take what they get: then it is the text format.
            self.assertTrue(kind.startswith("text/plain; version=0.0.4"), kind)
        else:
            self.assertTrue(page.ended, "no # EOF")
            self.assertEqual(page.types["node_cpu_seconds"], "counter")
        self.check(page)

    def test_gzip(self):
        plain = self.node.get("/metrics", Accept=harness.TEXT)
        packed = self.node.get("/metrics", Accept=harness.TEXT, Accept_Encoding="gzip")
        self.assertEqual(packed.headers["Content-Encoding"], "gzip")
        self.assertIsNone(plain.headers["Content-Encoding"])
        self.assertEqual(harness.Page(packed.text).names(), harness.Page(plain.text).names())

    def test_protobuf(self):
        answer = self.node.get("/metrics", Accept="application/vnd.google.protobuf;"
                               "proto=io.prometheus.client.MetricFamily;encoding=delimited")
        self.assertIn("encoding=delimited", answer.headers["Content-Type"])
        self.assertIn(b"node_memory_MemTotal_bytes", answer.body)

    def test_zstd(self):
        packed = self.node.get("/metrics", Accept=harness.TEXT, Accept_Encoding="zstd")
        self.assertEqual(packed.headers["Content-Encoding"], "zstd")
        self.assertEqual(packed.body[:4], b"\x28\xb5\x2f\xfd")

    def test_names(self):
        page = harness.Page(self.node.get("/metrics?name[]=node_load1&name[]=node_memory_MemTotal_bytes").text)
        self.assertEqual(page.names(), {"node_load1", "node_memory_MemTotal_bytes"})

    def test_filters(self):
        node = self.exporter("--metrics.include=node_(load|memory_Mem).*", "--metrics.exclude=.*_bytes")
        page = harness.Page(node.get("/metrics").text)
        self.assertEqual(page.names(), {"node_load1", "node_load5", "node_load15"})
        failed = harness.run(harness.binary("node_exporter"), "--metrics.include=node_(")
        self.assertEqual(failed.returncode, 1)
        self.assertIn("--metrics.include: error parsing regexp", failed.stderr)

    def test_head(self):
        answer = self.node.get("/metrics", method="HEAD")
        self.assertEqual((answer.status, answer.body), (200, b""))

    def test_landing_page(self):
        answer = self.node.get("/")
        self.assertEqual(answer.status, 200)
        self.assertTrue(answer.headers["Content-Type"].startswith("text/html"))
        self.assertIn("/metrics", answer.text)


if __name__ == "__main__":
    harness.main(binaries=["node_exporter"], tools=["prometheus"])
