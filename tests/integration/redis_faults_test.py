# SPDX-License-Identifier: Apache-2.0
"""redis_exporter with servers that fail: each time redis_up is 0 by the scrape's deadline, a log line says why, and once the server is
well again redis_up is 1, without anybody's help."""

import shutil
import signal
import socket
import threading
import time

import harness
import redis_servers

TIMEOUT = 3  # seconds that each scrape may take


class Proxy:
    """Stands before a server. As long as `fault` is set, it answers instead what has `only` in it: called with the client's connection and what it has asked; the connection
    ends where it returns nothing."""

    def __init__(self, test, server):
        self.server, self.fault, self.only = server, None, b""
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        test.addCleanup(self.socket.close)
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                client, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        with client, socket.create_connection(("127.0.0.1", self.server.port)) as server:
            threading.Thread(target=self._answer, args=(server, client), daemon=True).start()
            try:
                while asked := client.recv(65536):
                    if self.fault and self.only in asked:
                        if not self.fault(client, asked):
                            return
                    else:
                        server.sendall(asked)
            except OSError:
                pass

    def _answer(self, server, client):
        try:
            while answer := server.recv(65536):
                client.sendall(answer)
        except OSError:
            pass


def silent(client, _):
    while client.recv(65536):
        pass


def send(data):
    return lambda client, _: client.sendall(data)


def flood(client, _):
    """A gigabyte as one string."""
    client.sendall(b"$1073741824\r\n")
    for _ in range(1024):
        client.sendall(b"x" * 1048576)


def long_list(client, _):
    """Many strings instead of one."""
    client.sendall(b"*1000000\r\n")
    for _ in range(1000):
        client.sendall((b"$1000\r\n" + b"x" * 1000 + b"\r\n") * 1000)


def endless(client, _):
    """Answers without end."""
    while True:
        client.sendall(b"+OK\r\n" * 10000)


def trickle(client, _):
    """A byte now and then: there is always something to wait for."""
    client.sendall(b"$1000\r\n")
    while True:
        client.sendall(b"x")
        time.sleep(0.05)


def each(answer):
    """That answer to each command; then the connection is kept."""
    def fault(client, asked):
        client.sendall(answer * (asked.count(b"\r\n*") + 1))
        return True
    return fault


FAULTS = {
    "silent": (silent, "i/o timeout"),
    "closed": (lambda client, _: None, "EOF"),
    "cut in an answer": (send(b"$1000\r\n# Server\r\nredis_version:7.0.15\r\n"), "unexpected EOF"),
    "cut in a header": (send(b"$10"), "unexpected EOF"),
    "garbage": (send(b"HTTP/1.1 400 Bad Request\r\n\r\n"), "cannot read the answer"),
    "binary": (send(bytes(range(256)) * 100), "cannot read the answer"),
    "a huge array": (send(b"*2000000000\r\n"), "cannot read the answer"),
    "a negative size": (send(b"$-7\r\n"), "cannot read the answer"),
    "deep": (send(b"*1\r\n" * 10000), "cannot read the answer"),
    "a gigabyte": (flood, "larger than 128 MB"),
    "a long list": (long_list, ""),
    "endless": (endless, "more answers than questions"),
    "trickle": (trickle, "i/o timeout"),
    "no INFO": (each(b"-ERR unknown command\r\n"), "ERR unknown command"),
    "no text": (each(b":1\r\n"), "INFO"),
    "nothing": (each(b"$-1\r\n"), "INFO"),
    "loading": (each(b"-LOADING Redis is loading the dataset in memory\r\n"), "LOADING"),
}


class Faults(redis_servers.TestCase):
    def scrape(self, exporter, up, log=""):
        before = len(exporter.log)
        began = time.monotonic()
        page = self.page(exporter, X_Prometheus_Scrape_Timeout_Seconds=str(TIMEOUT))
        self.assertLess(time.monotonic() - began, TIMEOUT + 0.5)
        self.assertEqual(page.value("redis_up"), up, exporter.log[before:])
        self.assertEqual(list(page.series("redis_exporter_last_scrape_error").values()), [1 - up])
        self.assertIn(log, exporter.log[before:])
        return page

    def test_answers(self):
        proxy = Proxy(self, self.server())
        exporter = self.redis_exporter(proxy)
        for name, (fault, log) in FAULTS.items():
            with self.subTest(name):
                self.scrape(exporter, 1)
                proxy.fault = fault
                self.scrape(exporter, 0, log)
                self.scrape(exporter, 0, log)
                proxy.fault = None
                self.scrape(exporter, 1)
        if not self.sanitized(exporter):
            with open(f"/proc/{exporter.pid}/status", encoding="ascii") as f:
                peak = next(int(line.split()[1]) for line in f if line.startswith("VmHWM"))
            self.assertLess(peak, 200_000, "kB, after a gigabyte was sent")

    @staticmethod
    def sanitized(exporter):
        with open(f"/proc/{exporter.pid}/maps", encoding="ascii") as f:
            return "libasan" in f.read()

    def test_stopped_and_started(self):
        server = self.server()
        exporter = self.redis_exporter(server)
        self.scrape(exporter, 1)
        server.process.kill()
        server.process.wait()
        self.scrape(exporter, 0, "connection refused")
        self.server(port=server.port)
        self.scrape(exporter, 1)

    def test_hung(self):
        server = self.server()
        exporter = self.redis_exporter(server)
        self.scrape(exporter, 1)
        server.signal(signal.SIGSTOP)
        try:
            self.scrape(exporter, 0, "i/o timeout")  # over the kept connection
            self.scrape(exporter, 0, "i/o timeout")  # over a new one
        finally:
            server.signal(signal.SIGCONT)
        self.scrape(exporter, 1)

    def test_gone_in_the_middle_of_a_scan(self):
        """What had been seen of the keys stays; the server is up, as INFO had been answered."""
        server = self.server()
        for i in range(300):
            self.command(server, "SET", f"k:{i}", "v")
        proxy = Proxy(self, server)
        exporter = self.redis_exporter(proxy, "-check-keys=k:*", "-check-keys-batch-size=10")
        self.assertEqual(len(self.scrape(exporter, 1).series("redis_key_size")), 300)
        proxy.fault, proxy.only = FAULTS["closed"][0], b"\r\nk:150\r\n"
        seen = len(self.scrape(exporter, 1, "check-keys").series("redis_key_size"))
        self.assertLess(seen, 300)
        proxy.fault = silent
        seen = len(self.scrape(exporter, 1, "i/o timeout").series("redis_key_size"))
        self.assertLess(seen, 300)
        proxy.fault = None
        self.assertEqual(len(self.scrape(exporter, 1).series("redis_key_size")), 300)

    def test_busy(self):
        server = self.server("--busy-reply-threshold", "1")
        exporter = self.redis_exporter(server)
        self.scrape(exporter, 1)
        blocked = threading.Thread(target=self.block, args=(server, 1.5))
        blocked.start()
        self.until(lambda: self.command(server, "PING").startswith("-BUSY"))
        self.scrape(exporter, 0, "BUSY")
        blocked.join()
        self.scrape(exporter, 1)

    def block(self, server, seconds):
        """Keeps the server busy with a script."""
        self.command(server, "EVAL", f"local t = redis.call('TIME') while true do local n = redis.call('TIME') "
                     f"if n[1] * 1e6 + n[2] - t[1] * 1e6 - t[2] > {seconds * 1e6} then return 1 end end", "0")

    def test_an_idle_connection_that_the_server_closed(self):
        server = self.server()
        exporter = self.redis_exporter(server)
        self.scrape(exporter, 1)
        self.command(server, "CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        self.scrape(exporter, 1)

    def test_a_password_that_changes(self):
        server = self.server()
        exporter = self.redis_exporter(server, env={"REDIS_PASSWORD": "first-secret"})
        self.command(server, "CONFIG", "SET", "requirepass", "second-secret")
        page = self.scrape(exporter, 0, "WRONGPASS")
        self.assertNotIn("secret", exporter.log + str(page.samples))
        with socket.create_connection(("127.0.0.1", server.port)) as connection:
            connection.sendall(b"AUTH second-secret\r\nCONFIG SET requirepass first-secret\r\n")
            connection.recv(100)
        self.scrape(exporter, 1)

    def test_certificates(self):
        ca = self.authority("ca")
        certificates = {"good": self.identity("good", "ca"), "expired": self.identity("expired", "ca", "-days", "-1"), "strange": self.authority("strange")}
        port = harness.free_port()

        def tls_server(name):
            path = certificates[name]
            return self.server("--port", "0", "--tls-port", str(port), "--tls-cert-file", path + ".pem", "--tls-key-file", path + ".key",
                               "--tls-ca-cert-file", ca + ".pem", "--tls-auth-clients", "no", port=port)

        exporter = None
        for name, log in (("expired", "certificate has expired"), ("good", ""), ("strange", "cannot verify the certificate"), ("good", "")):
            server = tls_server(name)
            exporter = exporter or self.exporter(f"-redis.addr=rediss://127.0.0.1:{port}", f"-tls-ca-cert-file={ca}.pem", name="redis_exporter")
            self.scrape(exporter, 0 if log else 1, log)
            server.stop()
        # A server that does not speak TLS, and one that speaks it where nobody wants to.
        self.server(port=port)
        self.scrape(exporter, 0, "tls: ")

    def test_renewed_client_certificate(self):
        ca = self.authority("ca")
        self.authority("strange")
        server, client = self.identity("server", "ca"), self.identity("client", "ca")
        port = harness.free_port()
        self.server("--port", "0", "--tls-port", str(port), "--tls-cert-file", server + ".pem", "--tls-key-file", server + ".key",
                    "--tls-ca-cert-file", ca + ".pem", port=port)
        files = {name: f"{self.folder}/used-{name}" for name in ("ca.pem", "client.pem", "client.key")}

        def use(authority, identity):
            for name, source in zip(files, (authority + ".pem", identity + ".pem", identity + ".key")):
                shutil.copy(source, files[name])

        use(self.folder + "/strange", self.folder + "/strange")
        exporter = self.exporter(f"-redis.addr=rediss://127.0.0.1:{port}", "-tls-ca-cert-file=" + files["ca.pem"],
                                 "-tls-client-cert-file=" + files["client.pem"], "-tls-client-key-file=" + files["client.key"], name="redis_exporter")
        self.scrape(exporter, 0, "cannot verify")
        use(ca, self.folder + "/strange")
        self.scrape(exporter, 0, "tls: ")
        use(ca, client)
        self.scrape(exporter, 1)

    def test_a_name_that_nobody_knows(self):
        exporter = self.exporter("-redis.addr=redis://no-such-host.invalid:6379", name="redis_exporter")
        self.scrape(exporter, 0, "no-such-host.invalid")


if __name__ == "__main__":
    harness.main(binaries=["redis_exporter"], tools=["redis-server", "openssl"])
