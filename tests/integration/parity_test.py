# SPDX-License-Identifier: Apache-2.0
"""Side by side with the original on this very machine: families, types, labels, series and values."""

import sys

import harness

# Ours and the runtime of the original (Go's own metrics, its build) differ by nature.
RUNTIME = r"^(go_|process_|promhttp_|node_exporter_build_info$|exporter_)"
# Move between two scrapes by themselves, or measure the scrape.
RESTLESS = r"_duration_seconds$|^node_(time_seconds|timex_|procs_|entropy_|sockstat_|schedstat_|pressure_|softnet_|disk_|memory_|cpu_)"


class Parity(harness.TestCase):
    def diff(self, *flags):
        ours = self.exporter(*flags)
        theirs = self.exporter(*flags, path=harness.original("node_exporter"))
        done = harness.run(sys.executable, harness.shared("tools", "parity.py"), "diff",
                           "--ours", f"http://127.0.0.1:{ours.port}/metrics",
                           "--theirs", f"http://127.0.0.1:{theirs.port}/metrics",
                           "--ignore", RUNTIME, "--values", "--ignore-values", RESTLESS, seconds=120)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr + ours.log)

    def test_default_collectors(self):
        self.diff()


if __name__ == "__main__":
    if not harness.shared("tools", "parity.py") or not harness.original("node_exporter"):
        harness.skip_all("the original to compare with is not here (EXPORTER_SHARED)")
    harness.main(binaries=["node_exporter"])
