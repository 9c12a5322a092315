# SPDX-License-Identifier: Apache-2.0
"""Devices of the kernel's own, made for the test: btrfs and xfs on loop devices, zram swap, links in a network namespace.
Compared with the original where it is here; else their families have to be there."""

import os
import shutil
import subprocess
import sys
import time
import unittest

import harness

RUNTIME = r"^(go_|process_|promhttp_|node_exporter_build_info$|exporter_|node_scrape_)"
RESTLESS = r"_seconds|^node_(disk_|memory_|network_.*(bytes|packets|multicast)|softnet_|xfs_|filesystem_(avail|free|files_free)|btrfs_commit)"


def call(*command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise unittest.SkipTest(f"{' '.join(command)}: {done.stderr.strip()}")
    return done.stdout.strip()


class Devices(harness.TestCase):
    PREFIX = ()  # what the exporters are started with

    def compare(self, *flags):
        """Our page, after it was compared with the original's."""
        ports = [harness.free_port(), harness.free_port()]
        ours = self.page(harness.binary("node_exporter"), ports[0], *flags)
        original = harness.original("node_exporter")
        tool = harness.shared("tools", "parity.py")
        if not original or not tool:
            return harness.Page(ours)
        theirs = self.page(original, ports[1], *flags)
        done = harness.run(sys.executable, tool, "diff", "--ours", self.write("ours.prom", ours), "--theirs",
                           self.write("theirs.prom", theirs), "--ignore", RUNTIME, "--values", "--ignore-values", RESTLESS)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return harness.Page(ours)

    def page(self, program, port, *flags):
        """One page, asked for where the exporter runs."""
        log = open(os.path.join(self.folder, f"{port}.log"), "w", encoding="utf-8")
        child = subprocess.Popen([*self.PREFIX, program, f"--web.listen-address=127.0.0.1:{port}",
                                  "--collector.disable-defaults", *flags], stdout=log, stderr=log)
        try:
            for _ in range(200):
                done = subprocess.run([*self.PREFIX, sys.executable, "-c", "import sys, urllib.request;"
                                       "sys.stdout.write(urllib.request.urlopen(sys.argv[1]).read().decode())",
                                       f"http://127.0.0.1:{port}/metrics"], capture_output=True, text=True, check=False)
                if done.returncode == 0:
                    return done.stdout
                time.sleep(0.1)
            with open(log.name, encoding="utf-8") as f:
                self.fail(f"{program} does not answer: {f.read()}\n{done.stderr}")
        finally:
            child.terminate()
            child.wait()
            log.close()


class FileSystems(Devices):
    def loop(self, name, size):
        image = os.path.join(self.folder, name)
        with open(image, "wb") as f:
            f.truncate(size)
        device = call("losetup", "-f", "--show", image)
        self.addCleanup(subprocess.run, ["losetup", "-d", device], check=False)
        return device

    def mount(self, device, name):
        where = os.path.join(self.folder, name)
        os.mkdir(where)
        call("mount", device, where)
        self.addCleanup(subprocess.run, ["umount", where], check=False)
        with open(os.path.join(where, "file"), "wb") as f:
            f.write(bytes(3 << 20))
        os.sync()
        return where

    def own_mounts(self):
        """Other tests mount things beside this one."""
        return "--collector.filesystem", f"--collector.filesystem.mount-points-include=^{self.folder}/"

    def test_btrfs_of_two_devices(self):
        devices = [self.loop(f"b{i}.img", 300 << 20) for i in range(2)]
        call("mkfs.btrfs", "-q", "-L", "test fs", "-d", "raid1", "-m", "raid1", *devices)
        where = self.mount(devices[0], "btrfs")
        page = self.compare("--collector.btrfs", *self.own_mounts())
        self.assertEqual({dict(labels)["label"] for labels in page.series("node_btrfs_info")}, {"test fs"})
        self.assertEqual(sum(page.series("node_btrfs_device_size_bytes").values()), 600 << 20)
        self.assertIn("raid1", {dict(labels)["mode"] for labels in page.series("node_btrfs_size_bytes")})
        mounted = {dict(labels)["mountpoint"]: dict(labels)["fstype"] for labels in page.series("node_filesystem_size_bytes")}
        self.assertEqual(mounted[where], "btrfs")

    def test_xfs(self):
        device = self.loop("x.img", 400 << 20)
        call("mkfs.xfs", "-q", device)
        where = self.mount(device, "xfs")
        page = self.compare("--collector.xfs", *self.own_mounts())
        name = os.path.basename(device)
        self.assertGreater(page.value("node_xfs_allocation_btree_lookups_total", device=name) or
                           page.value("node_xfs_extent_allocation_blocks_allocated_total", device=name), 0)
        mounted = {dict(labels)["mountpoint"]: dict(labels)["fstype"] for labels in page.series("node_filesystem_size_bytes")}
        self.assertEqual(mounted[where], "xfs")

    @staticmethod
    def set(attribute, value):
        with open(f"/sys/block/zram0/{attribute}", "w", encoding="ascii") as f:
            f.write(value)

    def test_zram_as_swap(self):
        size = "/sys/block/zram0/disksize"
        if not os.path.exists(size):
            self.skipTest("there is no zram")
        with open(size, encoding="ascii") as f:
            if f.read().strip() != "0":
                self.skipTest("zram0 is in use")
        self.set("disksize", "64M")
        self.addCleanup(self.set, "reset", "1")
        call("mkswap", "/dev/zram0")
        call("swapon", "/dev/zram0")
        self.addCleanup(subprocess.run, ["swapoff", "/dev/zram0"], check=False)
        page = self.compare("--collector.swap", "--collector.diskstats", "--collector.diskstats.device-exclude=^(loop|vd)",
                            "--collector.meminfo")
        self.assertGreater(page.value("node_memory_SwapTotal_bytes"), 60 << 20)
        self.assertIn("zram0", {dict(labels)["device"] for labels in page.series("node_disk_reads_completed_total")})


class Links(Devices):
    """Interfaces in a network namespace whose /sys is its own."""

    def setUp(self):
        super().setUp()
        name = f"exporter-test-{os.getpid()}"
        call("ip", "netns", "add", name)
        self.addCleanup(subprocess.run, ["ip", "netns", "del", name], check=False)
        self.PREFIX = ("ip", "netns", "exec", name)  # which mounts /sys anew
        for link in (["lo"], ["ifb0", "type", "ifb"], ["bridge0", "type", "bridge"], ["veth0", "type", "veth", "peer", "name", "veth1"]):
            if link[0] != "lo":
                call("ip", "-n", name, "link", "add", *link)
            call("ip", "-n", name, "link", "set", link[0], "up")
        call("ip", "-n", name, "link", "set", "veth1", "up", "master", "bridge0", "alias", "a port")
        call("ip", "-n", name, "addr", "add", "192.0.2.1/24", "dev", "veth0")
        deadline = time.monotonic() + 20
        while "state UP" not in call("ip", "-n", name, "link", "show", "bridge0") and time.monotonic() < deadline:
            time.sleep(0.1)

    FLAGS = ("--collector.netdev", "--collector.netclass", "--collector.arp", "--collector.network_route", "--collector.qdisc")

    def test_links(self):
        page = self.compare(*self.FLAGS, "--collector.netdev.address-info", "--collector.netdev.label-ifalias")
        devices = {dict(labels)["device"] for labels in page.series("node_network_up")}
        self.assertEqual(devices, {"lo", "ifb0", "bridge0", "veth0", "veth1"})
        aliases = {dict(labels)["ifalias"] for labels in page.series("node_network_receive_bytes_total")}
        self.assertIn("a port", aliases)

    def test_kinds_are_left_out(self):
        port = harness.free_port()
        for sysfs in ("/sys", "/proc/self/root/sys"):  # by netlink, and from files
            page = harness.Page(self.page(harness.binary("node_exporter"), port, *self.FLAGS, f"--path.sysfs={sysfs}",
                                          "--collector.network.kind-exclude=veth|bridge"))
            for family in ("node_network_up", "node_network_receive_bytes_total"):
                devices = {dict(labels)["device"] for labels in page.series(family)}
                self.assertEqual(devices, {"lo", "ifb0"}, f"{family} with {sysfs}")


if __name__ == "__main__":
    if os.geteuid() != 0:
        harness.skip_all("making devices needs root")
    for tool in ("losetup", "mkfs.btrfs", "mkfs.xfs", "ip"):
        if not shutil.which(tool):
            harness.skip_all(f"there is no {tool}")
    harness.main(binaries=["node_exporter"])
