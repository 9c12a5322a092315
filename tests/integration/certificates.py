# SPDX-License-Identifier: Apache-2.0
"""Certificates for tests of TLS, made by the openssl program."""

import os
import ssl

import harness

EC = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")


class Authority:
    """Signs certificates for 127.0.0.1 and localhost; files are in `folder`."""

    def __init__(self, folder, name="ca"):
        self.folder, self.pem, self.key = folder, os.path.join(folder, name + ".pem"), os.path.join(folder, name + ".key")
        self._run("req", "-x509", *EC, "-keyout", self.key, "-out", self.pem, "-days", "2", "-subj", "/CN=" + name)

    def sign(self, name, days=2):
        """Paths of a certificate and its key; one with days=-1 has expired."""
        path = os.path.join(self.folder, name)
        with open(path + ".ext", "w", encoding="utf-8") as f:
            f.write("subjectAltName=IP:127.0.0.1,DNS:localhost")
        self._run("req", *EC, "-keyout", path + ".key", "-out", path + ".csr", "-subj", "/CN=" + name)
        self._run("x509", "-req", "-in", path + ".csr", "-CA", self.pem, "-CAkey", self.key, "-CAcreateserial", "-extfile", path + ".ext",
                  "-out", path + ".pem", "-days", str(days))
        os.chmod(path + ".key", 0o644)
        return path + ".pem", path + ".key"

    def server_context(self, pair, clients=None):
        """For a server with that certificate; with `clients`, an Authority, only its certificates get in."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*pair)
        if clients:
            context.load_verify_locations(clients.pem)
            context.verify_mode = ssl.CERT_REQUIRED
        return context

    @staticmethod
    def _run(*arguments):
        done = harness.run(harness.tool("openssl"), *arguments)
        assert done.returncode == 0, done.stderr
