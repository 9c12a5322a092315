# SPDX-License-Identifier: Apache-2.0
"""What tests with real Redis servers share: starting them, alone and together, talking to them, certificates."""

import random
import socket
import time

import harness


def cluster_port():
    """A node of a cluster takes the port 10,000 above its own too: not every free port will do."""
    for _ in range(100):
        port = random.randrange(20000, 30000)
        try:
            for taken in (port, port + 10000):
                socket.create_server(("127.0.0.1", taken)).close()
            return port
        except OSError:
            continue
    raise AssertionError("no port for a cluster's node")


class TestCase(harness.TestCase):
    def server(self, *options, port=None):
        port = port or harness.free_port()
        folder = self.folder + f"/redis-{port}"
        self.write(f"redis-{port}/.keep", "")
        child = harness.Child([harness.tool("redis-server"), "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder,
                               *options], port, self.folder)
        self.addCleanup(child.stop)
        self.until(lambda: self.listens(port))
        return child

    def command(self, server, *words):
        with socket.create_connection(("127.0.0.1", server.port), 5) as connection:
            line = f"*{len(words)}\r\n" + "".join(f"${len(w.encode())}\r\n{w}\r\n" for w in words)
            connection.sendall(line.encode())
            return connection.recv(65536).decode()

    def until(self, holds, seconds=30):
        deadline = time.monotonic() + seconds
        while not holds():
            self.assertLess(time.monotonic(), deadline, "still not so")
            time.sleep(0.1)

    def master_and_replica(self):
        master = self.server()
        replica = self.server("--replicaof", "127.0.0.1", str(master.port))
        self.until(lambda: "master_link_status:up" in self.command(replica, "INFO", "replication"))
        return master, replica

    def cluster(self, count, *options):
        """Masters that share the slots, each of which knows the others."""
        nodes = [self.server("--cluster-enabled", "yes", *options, port=cluster_port()) for _ in range(count)]
        for i, node in enumerate(nodes):
            self.command(node, "CLUSTER", "ADDSLOTS", *map(str, range(16384 * i // count, 16384 * (i + 1) // count)))
            if i > 0:
                self.command(nodes[0], "CLUSTER", "MEET", "127.0.0.1", str(node.port))
        self.until(lambda: all(f"cluster_known_nodes:{count}" in self.command(node, "CLUSTER", "INFO")
                               and "cluster_state:ok" in self.command(node, "CLUSTER", "INFO") for node in nodes))
        return nodes

    def cluster_command(self, nodes, *words):
        """On whichever node has the key."""
        for node in nodes:
            answer = self.command(node, *words)
            if not answer.startswith("-MOVED"):
                return answer
        raise AssertionError(answer)

    def sentinel(self, master, *lines):
        port = harness.free_port()
        path = self.write(f"sentinel-{port}.conf", f"port {port}\nbind 127.0.0.1\ndir {self.folder}\n"
                          f"sentinel monitor main 127.0.0.1 {master.port} 1\n" + "".join(line + "\n" for line in lines))
        child = harness.Child([harness.tool("redis-server"), path, "--sentinel"], port, self.folder)
        self.addCleanup(child.stop)
        self.until(lambda: self.listens(port))
        return child

    @staticmethod
    def listens(port):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return True
        except OSError:
            return False

    def openssl(self, *arguments):
        done = harness.run(harness.tool("openssl"), *arguments)
        self.assertEqual(done.returncode, 0, done.stderr)

    def authority(self, name):
        """A certificate that stands for itself, and its key: `name`.pem and `name`.key in the folder."""
        path = f"{self.folder}/{name}"
        self.openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", path + ".key", "-out", path + ".pem", "-days", "2",
                     "-subj", "/CN=" + name, "-addext", "subjectAltName=IP:127.0.0.1")
        return path

    def identity(self, name, authority, *dates):
        """One that an authority has signed. `dates`: options for when it is good, two days from now without."""
        path, ca = f"{self.folder}/{name}", f"{self.folder}/{authority}"
        names = self.write(name + ".names", "subjectAltName=IP:127.0.0.1")
        self.openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", path + ".key", "-out", path + ".csr", "-subj", "/CN=" + name)
        self.openssl("x509", "-req", "-in", path + ".csr", "-CA", ca + ".pem", "-CAkey", ca + ".key", "-CAcreateserial", "-out", path + ".pem",
                     "-extfile", names, *(dates or ("-days", "2")))
        return path

    def redis_exporter(self, server, *flags, env=None):
        return self.exporter(f"-redis.addr=redis://127.0.0.1:{server.port}", *flags, name="redis_exporter", env=env)

    def page(self, exporter, path="/metrics", **headers):
        answer = exporter.get(path, **headers)
        self.assertEqual(answer.status, 200, answer.text)
        return harness.Page(answer.text)
