# SPDX-License-Identifier: Apache-2.0
"""What the integration tests share: they start the release binaries, and real servers, as children on free loopback
ports, and read pages. Standard library only.

    class Scrape(harness.TestCase):
        def test_page(self):
            exporter = self.exporter()
            page = harness.Page(exporter.get("/metrics").text)
            self.assertEqual(page.value("node_scrape_collector_success", collector="cpu"), 1)

    if __name__ == "__main__":
        harness.main(binaries=["node_exporter"])
"""

import gzip
import http.client
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BIN = os.environ.get("EXPORTER_BIN") or os.path.join(ROOT, "build", "release", "bin")
SHARED = os.environ.get("EXPORTER_SHARED") or os.path.join(os.path.dirname(ROOT), "shared")
SKIPPED = 77  # what CMake's SKIP_RETURN_CODE is set to
TEXT = "text/plain;version=0.0.4"
OPENMETRICS = "application/openmetrics-text;version=1.0.0"


def skip_all(reason):
    """Ends the whole script as skipped."""
    print(f"skipped: {reason}")
    sys.exit(SKIPPED)


def binary(name):
    path = os.path.join(BIN, name)
    if not os.access(path, os.X_OK):
        skip_all(f"{path} is not there; build the release preset first, or set EXPORTER_BIN")
    return path


def tool(name):
    path = shutil.which(name)
    if not path:
        skip_all(f"{name} is not installed")
    return path


def shared(*parts):
    """A file of the optional folder with the originals and the comparison tools, or None."""
    path = os.path.join(SHARED, *parts)
    return path if os.path.exists(path) else None


def original(name):
    """The path of the original that an exporter replaces, or None where it is not at hand."""
    peer = shared("peers", "peer")
    if not peer:
        return None
    done = subprocess.run([sys.executable, peer, name], capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else None


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def text(self):
        return self.body.decode("utf-8")


def request(port, path, method="GET", timeout=20, **headers):
    """One HTTP request to a port of ours; a header is named like Accept_Encoding. gzip bodies are unpacked."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request(method, path, headers={k.replace("_", "-"): v for k, v in headers.items()})
        response = connection.getresponse()
        body = response.read()
        if response.getheader("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        return Answer(response.status, response.headers, body)
    finally:
        connection.close()


class Child:
    """A program that serves on a port; its output goes to a file, which `log` returns."""

    def __init__(self, command, port, folder, env=None, own_group=False):
        self.port = port
        self.command = command
        self._log = tempfile.NamedTemporaryFile("w+b", dir=folder, delete=False)
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log,
                                        env={**os.environ, **(env or {})}, start_new_session=own_group)

    @property
    def pid(self):
        return self.process.pid

    @property
    def log(self):
        with open(self._log.name, encoding="utf-8", errors="replace") as f:
            return f.read()

    def get(self, path, method="GET", timeout=20, **headers):
        return request(self.port, path, method, timeout, **headers)

    def wait_ready(self, path="/", seconds=30):
        """Until `path` is answered with anything but an error of the server."""
        deadline = time.monotonic() + seconds
        while True:
            if self.process.poll() is not None:
                raise AssertionError(f"{self.command[0]} ended with status {self.process.returncode}:\n{self.log}")
            try:
                if self.get(path, timeout=5).status < 500:
                    return self
            except (OSError, http.client.HTTPException):
                pass
            if time.monotonic() > deadline:
                raise AssertionError(f"{self.command[0]} is not ready after {seconds} s:\n{self.log}")
            time.sleep(0.02)

    def signal(self, number):
        self.process.send_signal(number)

    def stop(self, seconds=10):
        """SIGTERM, and SIGKILL where that does not help; returns the exit status."""
        if self.process.poll() is None:
            self.signal(signal.SIGTERM)
            try:
                self.process.wait(seconds)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self._log.close()
        return self.process.returncode


class TestCase(unittest.TestCase):
    """A test with a temporary folder, `self.folder`, whose children end with it."""

    maxDiff = None

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="exporter-test-")
        self.addCleanup(shutil.rmtree, self.folder, True)

    def start(self, command, port, ready="/", env=None, seconds=30, own_group=False):
        """`own_group` is for servers that signal all of their process group when they end."""
        child = Child(command, port, self.folder, env, own_group)
        self.addCleanup(child.stop)
        return child.wait_ready(ready, seconds)

    def exporter(self, *flags, name="node_exporter", path=None, ready="/", env=None):
        port = free_port()
        return self.start([path or binary(name), f"--web.listen-address=127.0.0.1:{port}", *flags], port, ready, env)

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        return path


def run(*command, seconds=20, input=None, env=None):
    """Runs a program to its end."""
    return subprocess.run(command, stdin=None if input is not None else subprocess.DEVNULL, input=input, capture_output=True,
                          text=True, timeout=seconds, check=False, env={**os.environ, **(env or {})})


SAMPLE = re.compile(r"([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)(?: (\S+))?(?: # .*)?$")
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)",?')
ESCAPE = re.compile(r"\\(.)")


class Page:
    """An exposition, text or OpenMetrics, read strictly: a line that does not fit is an error."""

    def __init__(self, text):
        self.types, self.helps, self.samples, self.ended = {}, {}, {}, False
        assert text.endswith("\n"), "the page does not end with a line end"
        for number, line in enumerate(text[:-1].split("\n"), 1):
            assert not self.ended, f"line {number} stands behind # EOF"
            if line == "# EOF":
                self.ended = True
            elif line.startswith("# TYPE "):
                name, kind = line[7:].split(" ")
                assert name not in self.types, f"line {number}: {name} has a second TYPE"
                self.types[name] = kind
            elif line.startswith("# HELP "):
                name, _, words = line[7:].partition(" ")
                assert name not in self.helps, f"line {number}: {name} has a second HELP"
                self.helps[name] = words
            elif line.startswith("# UNIT "):
                pass
            else:
                self._sample(number, line)

    def _sample(self, number, line):
        match = SAMPLE.match(line)
        assert match, f"line {number} is no sample: {line}"
        name, inside, value = match.group(1), match.group(2) or "", match.group(3)
        labels, at = [], 0
        while at < len(inside):
            label = LABEL.match(inside, at)
            assert label, f"line {number} has bad labels: {line}"
            labels.append((label.group(1), ESCAPE.sub(lambda m: "\n" if m.group(1) == "n" else m.group(1), label.group(2))))
            at = label.end()
        key = (name, tuple(sorted(labels)))
        assert key not in self.samples, f"line {number} is there twice: {line}"
        self.samples[key] = float(value)

    def value(self, name, **labels):
        """The value of one series; None where there is no such series."""
        return self.samples.get((name, tuple(sorted(labels.items()))))

    def series(self, name):
        """{labels: value} of a metric name."""
        return {labels: value for (n, labels), value in self.samples.items() if n == name}

    def names(self):
        return {name for name, _ in self.samples}


def main(binaries=(), tools=()):
    """Runs the script's tests, or skips them all where a binary or a tool is not there."""
    for name in binaries:
        binary(name)
    for name in tools:
        tool(name)
    unittest.main(verbosity=2)
