# SPDX-License-Identifier: Apache-2.0
"""A file system that never answers: a FUSE mount whose daemon, in this script, takes requests and keeps silent."""

import ctypes
import os
import select
import struct
import threading
import time
import unittest

import harness

LIBC = ctypes.CDLL(None, use_errno=True)
LOOKUP, GETATTR, OPEN, READ, STATFS, INIT, OPENDIR, READDIR = 1, 3, 14, 15, 17, 26, 27, 28
DETACH = 2
DIRECTORY, FILE = 0o040755, 0o100444


class SilentFuse:
    """Mounts a tree of {directory: [names]}; reading a file, or asking for the size of the file system, never ends
    unless release() is called."""

    def __init__(self, where, tree):
        self.where, self.tree = where, tree
        self.nodes = ["", *(d for d in tree if d), *(f"{d}/{n}".lstrip("/") for d, names in tree.items() for n in names)]
        self.device = os.open("/dev/fuse", os.O_RDWR)
        options = f"fd={self.device},rootmode=40000,user_id=0,group_id=0,allow_other".encode()
        if LIBC.mount(b"silent", where.encode(), b"fuse.silent", 0, options) != 0:
            os.close(self.device)
            raise unittest.SkipTest("FUSE can't be mounted here: " + os.strerror(ctypes.get_errno()))
        self.ended, self.end = os.pipe()
        self.thread = threading.Thread(target=self.serve)
        self.thread.start()

    def close(self):
        """The end of a daemon: what hangs gets an error."""
        LIBC.umount2(self.where.encode(), DETACH)
        os.write(self.end, b"x")
        self.thread.join()
        for descriptor in (self.device, self.ended, self.end):
            os.close(descriptor)

    def attributes(self, node):
        mode = DIRECTORY if self.nodes[node - 1] in self.tree else FILE
        return struct.pack("<QQQQQQIIIIIIIIII", node, 4096, 8, 0, 0, 0, 0, 0, 0, mode, 1, 0, 0, 0, 4096, 0)

    def serve(self):
        while self.ended not in select.select([self.device, self.ended], [], [])[0]:
            try:
                request = os.read(self.device, 1 << 20)
            except OSError:
                return
            _, opcode, unique, node = struct.unpack_from("<IIQQ", request)
            error, body = self.answer(opcode, node, request[40:])
            if error is None:
                continue  # never answered
            try:
                os.write(self.device, struct.pack("<IiQ", 16 + len(body), -error, unique) + body)
            except OSError:
                pass

    def answer(self, opcode, node, argument):
        if opcode == INIT:
            return 0, struct.pack("<IIIIHHIIHHI28x", 7, 31, 1 << 16, 0, 12, 10, 1 << 16, 1, 0, 0, 0)
        if opcode == GETATTR:
            return 0, struct.pack("<QII", 1, 0, 0) + self.attributes(node)
        if opcode == LOOKUP:
            path = f"{self.nodes[node - 1]}/{argument.rstrip(bytes(1)).decode()}".lstrip("/")
            if path not in self.nodes:
                return 2, b""
            child = self.nodes.index(path) + 1
            return 0, struct.pack("<QQQQII", child, 0, 1, 1, 0, 0) + self.attributes(child)
        if opcode in (OPEN, OPENDIR):
            return 0, struct.pack("<QII", 0, 1, 0)  # direct I/O: reads come here
        if opcode == READDIR:
            offset = struct.unpack_from("<QQ", argument)[1]
            return 0, self.directory(self.nodes[node - 1]) if offset == 0 else b""
        if opcode in (READ, STATFS):
            return None, b""
        return 38, b""  # ENOSYS

    def directory(self, path):
        body = b""
        names = self.tree[path] + [d for d in self.tree if d and os.path.dirname(d) == path]
        for number, name in enumerate(names, 1):
            child = self.nodes.index(f"{path}/{os.path.basename(name)}".lstrip("/")) + 1
            text = os.path.basename(name).encode()
            entry = struct.pack("<QQII", child, number, len(text), 0) + text
            body += entry + bytes(-len(entry) % 8)
        return body


class HangingFileSystem(harness.TestCase):
    def mount(self, tree):
        where = os.path.join(self.folder, "mount")
        os.mkdir(where)
        self.fuse = SilentFuse(where, tree)
        return where

    def exporter(self, *flags, **more):
        node = super().exporter(*flags, **more)
        self.addCleanup(self.fuse.close)  # comes before the exporter is stopped, which could not end meanwhile
        return node

    def scrape(self, node, seconds=5):
        began = time.monotonic()
        page = harness.Page(node.get("/metrics", X_Prometheus_Scrape_Timeout_Seconds=str(seconds)).text)
        return page, time.monotonic() - began

    def test_statfs_that_never_returns_costs_its_own_series_only(self):
        where = self.mount({"": []})
        node = self.exporter("--collector.disable-defaults", "--collector.filesystem", "--collector.loadavg",
                             "--collector.filesystem.mount-timeout=1s", "--collector.filesystem.fs-types-exclude=^$",
                             "--collector.filesystem.mount-points-exclude=^$")
        for attempt in range(3):
            page, seconds = self.scrape(node)
            self.assertLess(seconds, 3)
            self.assertIsNotNone(page.value("node_load1"))
            errors = {dict(labels)["mountpoint"]: value
                      for labels, value in page.series("node_filesystem_device_error").items()}
            self.assertEqual(errors[where], 1, node.log)
            self.assertEqual(errors["/"], 0)
            sized = {dict(labels)["mountpoint"] for labels in page.series("node_filesystem_size_bytes")}
            self.assertNotIn(where, sized)
            self.assertIn("/", sized)
            if attempt > 0:
                self.assertLess(seconds, 1, "a mount that is known to hang is not waited for again")

    def test_slow_chip_costs_its_own_sensors_only(self):
        where = self.mount({"": [], "hwmon": ["name", "temp1_input"]})
        sysfs = os.path.join(self.folder, "sys")
        good = os.path.join(sysfs, "class/hwmon/hwmon1")
        os.makedirs(good)
        slow = os.path.join(sysfs, "class/hwmon/hwmon0")
        os.makedirs(slow)
        self.write("sys/class/hwmon/hwmon0/name", "slowchip\n")
        os.symlink(os.path.join(where, "hwmon/temp1_input"), os.path.join(slow, "temp1_input"))
        self.write("sys/class/hwmon/hwmon1/name", "goodchip\n")
        self.write("sys/class/hwmon/hwmon1/temp1_input", "42000\n")
        node = self.exporter("--collector.disable-defaults", "--collector.hwmon", "--collector.loadavg",
                             f"--path.sysfs={sysfs}")
        for attempt in range(2):
            page, seconds = self.scrape(node)
            self.assertLess(seconds, 4)
            self.assertIsNotNone(page.value("node_load1"))
            self.assertEqual(page.value("node_hwmon_temp_celsius", chip="goodchip", sensor="temp1"), 42, node.log)
            self.assertIsNone(page.value("node_hwmon_temp_celsius", chip="slowchip", sensor="temp1"))
            self.assertEqual(page.value("node_scrape_collector_success", collector="hwmon"), 0)
            if attempt > 0:
                self.assertLess(seconds, 1, "a chip that is being read is not waited for again")
        self.assertIn("slowchip", node.log)

    def test_textfiles_on_a_dead_mount(self):
        where = self.mount({"": ["a.prom"]})
        node = self.exporter("--collector.disable-defaults", "--collector.textfile", "--collector.loadavg",
                             f"--collector.textfile.directory={where}")
        for _ in range(2):
            page, seconds = self.scrape(node, seconds=3)
            self.assertLess(seconds, 3)
            self.assertIsNotNone(page.value("node_load1"))
            self.assertEqual(page.value("node_scrape_collector_success", collector="textfile"), 0)


if __name__ == "__main__":
    if os.geteuid() != 0 or not os.path.exists("/dev/fuse"):
        harness.skip_all("mounting FUSE needs root and /dev/fuse")
    harness.main(binaries=["node_exporter"])
