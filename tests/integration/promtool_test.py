# SPDX-License-Identifier: Apache-2.0
"""promtool has nothing to say about our page that it does not say about the original's: its names are the contract."""

import re

import harness

# What promtool says about names that the original has given the world, for machines where the original is not at hand.
KNOWN = re.compile("|".join((
    r"node_(memory|netstat)_\w+ metric names should be written in 'snake_case' not 'camelCase'",
    r'node_(entropy_(available|pool_size)_bits|wifi_station_(receive|transmit)_bits_per_second) use base unit "bytes" instead of "bits"',
    r'node_(perf_sched_sched_switch|supervisord_start_time_seconds) counter metrics should have "_total" suffix',
    r"node_power_supply_charge_counter metric name should not include type 'counter'",
    r'node_systemd_socket_refused_connections_total non-counter metrics should not have "_total" suffix',
)))


def complaints(text):
    done = harness.run(harness.tool("promtool"), "check", "metrics", input=text)
    return {line for line in (done.stdout + done.stderr).splitlines() if line.strip()}


class Promtool(harness.TestCase):
    def test_page(self):
        page = self.exporter().get("/metrics", Accept=harness.TEXT).text
        original = harness.original("node_exporter")
        allowed = set()
        if original:
            theirs = self.exporter(path=original)
            allowed = complaints(theirs.get("/metrics", Accept=harness.TEXT).text)
        new = {line for line in complaints(page) - allowed if original or not KNOWN.fullmatch(line)}
        self.assertEqual(new, set())


if __name__ == "__main__":
    harness.main(binaries=["node_exporter"], tools=["promtool"])
