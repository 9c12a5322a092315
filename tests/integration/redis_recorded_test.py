# SPDX-License-Identifier: Apache-2.0
"""redis_exporter against recorded answers: each folder of fixtures/redis has `answers.json` (see recorded_redis.py), `flags`, and
`expected.prom`, the page as values. `better`, where it is there, has one regular expression a line for series in which we are not to be
like the original. Where the original is at hand, its page has to be the expected one too, those aside.

REDIS_RECORD=1 writes expected.prom anew."""

import os
import re

import harness
import recorded_redis

FIXTURES = os.path.join(harness.ROOT, "tests", "fixtures", "redis")
OWN = re.compile(r"^(go_|process_|promhttp_|[a-z]+_exporter_(build_info|last_scrape_(connect|duration|ping)|scrape))")
# Only their being there can be compared.
RESTLESS = re.compile(r"^[a-z]+_(start_time_seconds|connected_client_(created_at|idle_since)_timestamp)")


def lines_of(path):
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8") as f:
        return f.read().splitlines()


def series_of(text):
    """{series: (type, value)} without what the exporters say of themselves."""
    page = harness.Page(text)
    found = {}
    for (name, labels), value in page.samples.items():
        if OWN.match(name):
            continue
        family = name if name in page.types else re.sub(r"_(bucket|sum|count)$", "", name)
        key = name + "{" + ",".join(f'{k}="{v}"' for k, v in labels) + "}"
        found[key] = (page.types.get(family), "?" if RESTLESS.match(name) else repr(value))
    return found


class Recordings(harness.TestCase):
    def play(self, case, path=None):
        server = recorded_redis.Recorded(self, os.path.join(FIXTURES, case))
        flags = lines_of(os.path.join(FIXTURES, case, "flags"))
        exporter = self.exporter(f"-redis.addr=redis://127.0.0.1:{server.port}", *flags, name="redis_exporter", path=path)
        return server, exporter

    def compare(self, case, text, better=()):
        kept = {k: v for k, v in series_of(text).items() if not any(re.search(b, k) for b in better)}
        expected = {k: v for k, v in series_of("\n".join(lines_of(os.path.join(FIXTURES, case, "expected.prom"))) + "\n").items()
                    if not any(re.search(b, k) for b in better)}
        differ = [f"{k}: {kept.get(k)}, not {expected.get(k)}" for k in sorted(expected.keys() | kept.keys()) if kept.get(k) != expected.get(k)]
        self.assertEqual(differ, [])

    def test_pages(self):
        for case in sorted(os.listdir(FIXTURES)):
            with self.subTest(case):
                _, exporter = self.play(case)
                answer = exporter.get("/metrics")
                if os.environ.get("REDIS_RECORD"):
                    with open(os.path.join(FIXTURES, case, "expected.prom"), "w", encoding="utf-8") as f:
                        own = re.compile(r"^(# (HELP|TYPE) )?" + OWN.pattern[1:])
                        f.writelines(line + "\n" for line in answer.text.splitlines() if not own.match(line) and not line.startswith("# HELP"))
                self.compare(case, answer.text)
                self.compare(case, exporter.get("/metrics").text)  # over the kept connection

    def test_pages_of_the_original(self):
        original = harness.original("redis_exporter")
        if not original:
            self.skipTest("the original is not here")
        for case in sorted(os.listdir(FIXTURES)):
            with self.subTest(case):
                _, exporter = self.play(case, original)
                better = lines_of(os.path.join(FIXTURES, case, "better"))
                self.compare(case, exporter.get("/metrics").text, [b for b in better if b])

    def test_one_round_trip(self):
        """All that needs no earlier answer is sent at once: a server that waits for the last of it is not waited for."""
        server, exporter = self.play("replica")
        exporter.get("/metrics")  # connects
        server.commands.clear()
        server.hold_until = ["SLOWLOG", "GET", "1"]
        page = exporter.get("/metrics", X_Prometheus_Scrape_Timeout_Seconds="9").text
        self.assertIn('app_up{instance_role="slave"} 1', page)
        self.assertEqual([c[0] for c in server.commands], ["INFO", "CONFIG", "LATENCY", "LATENCY", "SLOWLOG", "SLOWLOG"])


if __name__ == "__main__":
    harness.main(binaries=["redis_exporter"])
