# SPDX-License-Identifier: Apache-2.0
"""What release binaries must still do though their libraries lack what exporters don't call (cmake/lean.cmake): pages of every
size in zstd, every cipher suite that the web configuration knows, bcrypt in all its spellings, RE2's Unicode classes."""

import base64
import socket
import ssl
import subprocess

import harness

# Of "U*U", cost 5: the same hash under the prefixes that mean the same for such passwords.
HASH = "$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"

# As Go names them and as OpenSSL does, with the key of the certificate.
SUITES = [
    ("TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", "ECDHE-RSA-AES128-SHA", "rsa"),
    ("TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA", "ECDHE-RSA-AES256-SHA", "rsa"),
    ("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "ECDHE-RSA-AES128-GCM-SHA256", "rsa"),
    ("TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", "ECDHE-RSA-AES256-GCM-SHA384", "rsa"),
    ("TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", "ECDHE-RSA-CHACHA20-POLY1305", "rsa"),
    ("TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA", "ECDHE-ECDSA-AES128-SHA", "ec"),
    ("TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA", "ECDHE-ECDSA-AES256-SHA", "ec"),
    ("TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "ECDHE-ECDSA-AES128-GCM-SHA256", "ec"),
    ("TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "ECDHE-ECDSA-AES256-GCM-SHA384", "ec"),
    ("TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", "ECDHE-ECDSA-CHACHA20-POLY1305", "ec"),
]


def fetch(port, context):
    """One page over TLS; returns the cipher suite with it."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as plain, context.wrap_socket(plain) as s:
        s.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        page = b""
        while part := s.recv(1 << 16):
            page += part
        return s.cipher()[0], page


class Tls(harness.Child):
    def get(self, path, method="GET", timeout=20, **headers):
        fetch(self.port, ssl._create_unverified_context())
        return harness.Answer(200, {}, b"")


class LeanLibraries(harness.TestCase):
    def textfile(self, series):
        lines = [f'lean_page{{number="{i}",text="{i * 2654435761 % 2**32:08x}"}} {i}' for i in range(series)]
        self.write("page.prom", "# TYPE lean_page gauge\n" + "\n".join(lines) + "\n")

    def test_zstd_at_every_size(self):
        unpack = harness.tool("zstd")
        node = self.exporter("--collector.disable-defaults", "--collector.textfile", "--web.disable-exporter-metrics",
                             f"--collector.textfile.directory={self.folder}")
        for series in (1, 30, 1000, 4000, 20000, 100000):
            with self.subTest(series=series):
                self.textfile(series)
                answer = node.get("/metrics?name[]=lean_page", Accept_Encoding="zstd")
                self.assertEqual(answer.headers["Content-Encoding"], "zstd")
                done = subprocess.run([unpack, "-dcq"], input=answer.body, capture_output=True, check=False)
                self.assertEqual((done.returncode, done.stderr), (0, b""))
                page = harness.Page(done.stdout.decode())
                self.assertEqual(len(page.series("lean_page")), series)
                self.assertLess(len(answer.body), len(done.stdout))

    def test_cipher_suites(self):
        for kind, how in (("rsa", ["rsa:2048"]), ("ec", ["ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"])):
            done = harness.run("openssl", "req", "-x509", "-newkey", *how, "-nodes", "-days", "2", "-subj", "/CN=lean",
                               "-keyout", f"{self.folder}/{kind}.key", "-out", f"{self.folder}/{kind}.crt")
            self.assertEqual(done.returncode, 0, done.stderr)
            suites = [suite for suite in SUITES if suite[2] == kind]
            config = self.write("web.yml", f"tls_server_config: {{cert_file: {kind}.crt, key_file: {kind}.key, "
                                f"cipher_suites: [{', '.join(suite[0] for suite in suites)}]}}\n")
            port = harness.free_port()
            node = Tls([harness.binary("node_exporter"), f"--web.listen-address=127.0.0.1:{port}",
                                  f"--web.config.file={config}"], port, self.folder)
            self.addCleanup(node.stop)
            node.wait_ready()
            for name, openssl, _ in suites:
                with self.subTest(suite=name):
                    context = ssl._create_unverified_context()
                    context.maximum_version = ssl.TLSVersion.TLSv1_2
                    context.set_ciphers(openssl)
                    used, page = fetch(port, context)
                    self.assertEqual(used, openssl)
                    self.assertIn(b"node_memory_MemTotal_bytes", page)

    def test_bcrypt(self):
        users = {"a": "$2a", "b": "$2b", "y": "$2y"}
        config = self.write("web.yml", "basic_auth_users:\n" + "".join(f"  {u}: '{p}{HASH}'\n" for u, p in users.items()))
        node = self.exporter(f"--web.config.file={config}")
        for user in users:
            for password, status in (("U*U", 200), ("U*u", 401)):
                with self.subTest(user=user, password=password):
                    basic = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
                    self.assertEqual(node.get("/metrics", Authorization=basic).status, status)

    def test_patterns(self):
        for pattern, names in ((r"(?i)NODE_LOAD\d+", {"node_load1", "node_load5", "node_load15"}),
                               (r"\p{Ll}+_load1", {"node_load1"}), (r"node_[[:alpha:]]{4}1\b", {"node_load1"})):
            with self.subTest(pattern=pattern):
                node = self.exporter("--metrics.include=" + pattern)
                self.assertEqual(harness.Page(node.get("/metrics").text).names(), names)


if __name__ == "__main__":
    harness.main(binaries=["node_exporter"])
