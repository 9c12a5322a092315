# SPDX-License-Identifier: Apache-2.0
"""The exporters of web servers against tables of what their originals have: each family with its type and labels, each flag
with its default and its environment variable, row by row."""

import csv
import re

import harness

# Rows about Go's runtime and the original's build, which nobody can have.
NOT_OURS = re.compile(r"^(go_|process_\* / go_\*|.*build_info$)")
SAMPLES = {"bool": None, "string": "x", "path": None, "url": "http://127.0.0.1:1/", "int": "3", "duration": "3s", "map k=v": "k=v", "enum": None}
# A value that the flag takes, where its kind does not tell.
VALUES = {"--nginx.scrape-uri": "http://127.0.0.1:1/", "--web.listen-address": "127.0.0.1:1", "--web.telemetry-path": "/m", "--log.level": "debug",
          "--log.format": "json", "--telemetry.endpoint": "/m", "-telemetry.endpoint": "/m", "-telemetry.address": "127.0.0.1:1",
          "--scrape_uri": "http://127.0.0.1:1/?auto"}
EXIT_0 = {"--version", "-version", "-h / --help", "-h / -help"}


def rows(name):
    with open(harness.shared("parity", name), encoding="utf-8", newline="") as f:
        return list(csv.DictReader(f, delimiter="\t", quoting=csv.QUOTE_NONE))


class Facts(harness.TestCase):
    EXPORTERS = {"nginx": "nginx-prometheus-exporter", "nginx-vts": "nginx-vts-exporter", "apache": "apache_exporter"}

    def listed(self, program):
        """{family: (type, labels)} of --list-metrics."""
        lines = harness.run(harness.binary(program), "--list-metrics").stdout.splitlines()[1:]
        return {fields[2]: (fields[3], set(filter(None, fields[4].split(",")))) for fields in (line.split("\t") for line in lines)}

    def documented(self, program):
        """{flag: (default, {variables})} of the flags' own table."""
        table = {}
        for line in harness.run(harness.binary(program), "--help-markdown").stdout.splitlines():
            cells = [re.sub("[`]", "", cell).strip() for cell in line.strip("|").split("|")]
            if len(cells) >= 4 and cells[0].startswith("-"):
                for flag in cells[0].split(", "):
                    table[re.sub(r"\[no-\]", "", flag).lstrip("-").split("=")[0]] = (cells[1], set(filter(None, re.split(r",\s*", cells[2]))))
        return table

    def test_families(self):
        for name, program in self.EXPORTERS.items():
            ours, missing = self.listed(program), []
            for row in rows(f"{name}.tsv"):
                family = row["family"]
                if NOT_OURS.match(family):
                    continue
                if family not in ours:
                    missing.append(family)
                    continue
                with self.subTest(f"{program}: {family}"):
                    kind, labels = ours[family]
                    self.assertEqual(kind, row["type"])
                    # "*" stands for labels that flags give.
                    self.assertEqual(labels, set(filter(None, row["labels"].split(","))) - {"*"})
            self.assertEqual(missing, [], program)

    def test_flags(self):
        for name, program in self.EXPORTERS.items():
            documented = self.documented(program)
            for row in rows(f"{name}-flags.tsv"):
                flag = row["flag"]
                with self.subTest(f"{program}: {flag}"):
                    self.check_flag(program, row, documented)

    def check_flag(self, program, row, documented):
        flag, binary = row["flag"], harness.binary(program)
        if flag in EXIT_0:
            for form in re.split(r" / ", flag):
                self.assertEqual(harness.run(binary, form).returncode, 0, form)
            return
        if " / " in flag:  # the hidden ones of the original's flag library
            for form in flag.split(" / "):
                self.assertEqual(harness.run(binary, form).returncode, 0, form)
            return
        if flag.startswith("-<"):
            self.assertEqual(harness.run(binary, "-nginx.timeout=3s", "--check-config").returncode, 0)
            return
        if row["type"] == "path":
            value = self.write("empty.yml", "")
        else:
            value = VALUES.get(flag, SAMPLES.get(row["type"]))
        given = [flag] if value is None else [f"{flag}={value}"]
        check = "-check-config" if flag.startswith("-") and not flag.startswith("--") else "--check-config"
        times = 2 if row["repeatable"] == "yes" else 1
        done = harness.run(binary, *given * times, check)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        name = flag.lstrip("-")
        alias = {"telemetry.endpoint": "web.telemetry-path", "telemetry.address": "web.listen-address"}.get(name, name)
        self.assertIn(alias, documented)
        default, variables = documented[alias]
        if alias != "web.listen-address" or row["default"] != ":9913":  # documented: on 9113, too
            self.assertEqual(default, row["default"])
        variable = row["env"].split(" ")[0]
        if variable:
            self.assertIn(variable, variables)
            if value is not None:
                done = harness.run(binary, check, env={variable: value})
                self.assertEqual(done.returncode, 0, done.stderr)


if __name__ == "__main__":
    if not harness.shared("parity", "nginx.tsv"):
        harness.skip_all("the tables of facts are not here (EXPORTER_SHARED)")
    harness.main(binaries=list(Facts.EXPORTERS.values()))
