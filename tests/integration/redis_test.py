# SPDX-License-Identifier: Apache-2.0
"""redis_exporter against real servers: values, a replica, keys, passwords, the exporter's own port."""

import base64
import http.client
import json
import ssl

import harness
import redis_servers

PASSWORD = "pass w:rd@1"
HASH = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"  # of "U*U"


class Redis(redis_servers.TestCase):
    def test_values(self):
        server = self.server("--latency-tracking", "yes")
        self.command(server, "SET", "a", "1")
        self.command(server, "HSET", "h", "f", "1", "g", "2")
        self.command(server, "EXPIRE", "a", "1000")
        self.command(server, "NONSENSE")
        page = self.page(self.redis_exporter(server))
        self.assertEqual(page.value("redis_up"), 1)
        self.assertEqual(page.value("redis_db_keys", db="db0"), 2)
        self.assertEqual(page.value("redis_db_keys_expiring", db="db0"), 1)
        self.assertEqual(page.value("redis_db_keys", db="db15"), 0)
        self.assertEqual(page.value("redis_commands_total", cmd="set"), 1)
        self.assertEqual(page.value("redis_errors_total", err="ERR"), 1)
        self.assertEqual(page.value("redis_commands_latencies_usec_count", cmd="hset"), 1)
        self.assertEqual(page.value("redis_commands_latencies_usec_sum", cmd="hset"),
                         round(page.value("redis_commands_duration_seconds_total", cmd="hset") * 1e6))
        self.assertEqual(page.value("redis_config_maxclients"), 10000)
        self.assertEqual(page.value("redis_exporter_last_scrape_error", err=""), 0)
        self.assertEqual(page.types["redis_commands_latencies_usec"], "histogram")

    def test_the_scrape_leaves_no_errors_and_one_connection(self):
        server = self.server()
        exporter = self.redis_exporter(server)
        before = self.page(exporter)
        for _ in range(5):
            after = self.page(exporter)
        self.assertEqual(after.series("redis_errors_total"), {})
        self.assertEqual(after.value("redis_connections_received_total"), before.value("redis_connections_received_total"))
        self.assertEqual(after.value("redis_exporter_scrapes_total"), 6)

    def test_replica(self):
        master, replica = self.master_and_replica()
        labels = {"master_host": "127.0.0.1", "master_port": str(master.port)}
        exporter = self.redis_exporter(replica, "-append-instance-role-label")
        page = self.page(exporter)
        self.assertEqual(page.value("redis_master_link_up", instance_role="slave", **labels), 1)
        self.assertEqual(page.value("redis_slave_info", instance_role="slave", read_only="1", **labels), 1)
        page = self.page(self.redis_exporter(master))
        self.assertEqual(page.value("redis_connected_slaves"), 1)
        self.assertEqual(len(page.series("redis_connected_slave_offset_bytes")), 1)

    def test_keys(self):
        server = self.server()
        for words in (("SET", "n", "12.5"), ("SET", "t", "text"), ("RPUSH", "l:1", "a", "b"), ("PFADD", "p", "a", "b", "c"),
                      ("XADD", "s", "5-1", "f", "v"), ("XGROUP", "CREATE", "s", "g", "0"),
                      ("XREADGROUP", "GROUP", "g", "me", "STREAMS", "s", ">")):
            self.assertNotIn("-ERR", self.command(server, *words))
        script = self.write("script.lua", "return {'a', '1', 'b', 2}")
        page = self.page(self.redis_exporter(server, "-check-keys=l:*,n", "-check-single-keys=t,p,none", "-count-keys=*", "-check-streams=*",
                                             "-check-key-groups=^(l):", "-script", script, "-export-client-list"))
        self.assertEqual(page.value("redis_up"), 1)
        self.assertEqual(page.value("redis_key_size", db="db0", key="l:1"), 2)
        self.assertEqual(page.value("redis_key_value", db="db0", key="n"), 12.5)
        self.assertEqual(page.value("redis_key_value_as_string", db="db0", key="t", val="text"), 1)
        self.assertEqual(page.value("redis_key_size", db="db0", key="p"), 3)
        self.assertEqual(page.value("redis_key_size", db="db0", key="none"), 0)
        self.assertGreater(page.value("redis_key_memory_usage_bytes", db="db0", key="l:1"), 10)
        self.assertEqual(page.value("redis_keys_count", db="db0", key="*"), 5)
        self.assertEqual(page.value("redis_stream_length", db="db0", stream="s"), 1)
        self.assertEqual(page.value("redis_stream_last_entry_id", db="db0", stream="s"), 5)
        self.assertEqual(page.value("redis_stream_group_consumer_messages_pending", db="db0", stream="s", group="g", consumer="me"), 1)
        self.assertEqual(page.value("redis_key_group_count", db="db0", key_group="l"), 1)
        self.assertEqual(page.value("redis_key_group_count", db="db0", key_group="unclassified"), 4)
        self.assertEqual(page.value("redis_script_values", filename=script, key="b"), 2)
        self.assertEqual(page.value("redis_script_result", filename=script), 1)
        self.assertEqual(len(page.series("redis_connected_client_info")), 1)

    def test_cluster(self):
        nodes = self.cluster(2)
        for i in range(20):
            self.cluster_command(nodes, "SET", f"k:{i}", "v")
        exporter = self.redis_exporter(nodes[0], "-is-cluster", "-check-keys=k:*", "-check-single-keys=k:1,k:2,k:3,none", "-count-keys=*")
        page = self.page(exporter)
        self.assertEqual(page.value("redis_cluster_state"), 1)
        self.assertEqual(page.value("redis_keys_count", db="db0", key="*"), 20)
        self.assertEqual(len(page.series("redis_key_size")), 20)
        self.assertIsNone(page.value("redis_db_keys", db="db1"))
        targets = json.loads(exporter.get("/discover-cluster-nodes").text)[0]["targets"]
        self.assertEqual(sorted(targets), sorted(f"redis://127.0.0.1:{node.port}" for node in nodes))

    def test_tls(self):
        certificate = self.authority("server") + ".pem"
        key = self.folder + "/server.key"
        port = harness.free_port()
        self.server("--port", "0", "--tls-port", str(port), "--tls-cert-file", certificate, "--tls-key-file", key,
                    "--tls-ca-cert-file", certificate, port=port)
        address = f"-redis.addr=rediss://127.0.0.1:{port}"
        trusting = [f"-tls-ca-cert-file={certificate}", f"-tls-client-cert-file={certificate}", f"-tls-client-key-file={key}"]
        self.assertEqual(self.page(self.exporter(address, *trusting, name="redis_exporter")).value("redis_up"), 1)
        for flags in (trusting[1:], [*trusting, "-tls-server-name=elsewhere"]):
            exporter = self.exporter(address, *flags, name="redis_exporter")
            self.assertEqual(self.page(exporter).value("redis_up"), 0)
            self.assertIn("tls: cannot verify", exporter.log)
        exporter = self.exporter(address, *trusting[1:], "-skip-tls-verification", name="redis_exporter")
        self.assertEqual(self.page(exporter).value("redis_up"), 1)

    def test_own_port_with_a_password(self):
        for flags, password in ((["-basic-auth-password=open: sesame"], "open: sesame"), ([f"-basic-auth-hash-password={HASH}"], "U*U")):
            exporter = self.exporter("-redis.addr=", "-basic-auth-username=u", *flags, name="redis_exporter")
            for user, given, status in (("u", password, 200), ("u", "wrong", 401), ("u", "", 401), ("v", password, 401)):
                header = "Basic " + base64.b64encode(f"{user}:{given}".encode()).decode()
                for path in ("/metrics", "/health", "/"):
                    self.assertEqual(exporter.get(path, Authorization=header).status, status, (user, given, path))
            self.assertEqual(exporter.get("/metrics").status, 401)
            self.assertNotIn(password, exporter.log)
        exporter = self.exporter("-redis.addr=", "-basic-auth-username=u", name="redis_exporter")
        self.assertEqual(exporter.get("/health").status, 200)
        self.assertIn("without basic authentication", exporter.log)

    def test_own_port_with_tls(self):
        ca, server, client = self.authority("ca"), self.identity("server", "ca"), self.identity("client", "ca")
        stranger = self.authority("stranger")
        flags = [f"-tls-server-cert-file={server}.pem", f"-tls-server-key-file={server}.key", "-redis.addr="]

        def health(exporter, identity=None, newest=ssl.TLSVersion.MAXIMUM_SUPPORTED):
            context = ssl.create_default_context(cafile=ca + ".pem")
            context.maximum_version = newest
            if identity:
                context.load_cert_chain(identity + ".pem", identity + ".key")
            connection = http.client.HTTPSConnection("127.0.0.1", exporter.port, timeout=10, context=context)
            try:
                connection.request("GET", "/health")
                return connection.getresponse().read()
            except OSError:
                return None
            finally:
                connection.close()

        plain = self.exporter(*flags, name="redis_exporter")
        self.assertEqual(health(plain), b"ok")
        self.assertEqual(health(plain, newest=ssl.TLSVersion.TLSv1_2), b"ok")
        self.assertEqual(plain.get("/health").status, 400)
        strict = self.exporter(*flags, f"-tls-server-ca-cert-file={ca}.pem", "-tls-server-min-version=TLS1.3", name="redis_exporter")
        self.assertEqual(health(strict, client), b"ok")
        self.assertIsNone(health(strict))
        self.assertIsNone(health(strict, stranger))
        self.assertIsNone(health(strict, client, ssl.TLSVersion.TLSv1_2))

    def test_targets(self):
        server = self.server("--requirepass", PASSWORD)
        uri = f"redis://127.0.0.1:{server.port}"
        passwords = self.write("passwords.json", json.dumps({uri: PASSWORD}))
        exporter = self.exporter("-redis.addr=", f"-redis.password-file={passwords}", name="redis_exporter")
        self.assertIsNone(self.page(exporter).value("redis_up"))
        page = self.page(exporter, f"/scrape?target={uri}&check-single-keys=k", Accept_Encoding="gzip")
        self.assertEqual(page.value("redis_up"), 1)
        self.assertEqual(page.value("redis_key_size", db="db0", key="k"), 0)
        for query in ("", "?target=", "?target=http://x", f"?target={uri}&check-keys=a=b=c"):
            self.assertEqual(exporter.get("/scrape" + query).status, 400)
        self.assertEqual(self.page(exporter).value("redis_target_scrape_request_errors_total"), 4)
        self.write("passwords.json", json.dumps({uri: "wrong-secret"}))
        self.assertEqual(exporter.get("/-/reload").status, 200)
        self.assertEqual(self.page(exporter, f"/scrape?target={uri}").value("redis_up"), 0)
        self.assertEqual(exporter.get("/health").text, "ok")
        self.assertNotIn("wrong-secret", exporter.log)
        exporter = self.exporter("-disable-scrape-endpoint", "-redis.addr=", name="redis_exporter")
        self.assertEqual(exporter.get(f"/scrape?target={uri}").status, 404)

    def test_wrong_password(self):
        server = self.server("--requirepass", PASSWORD)
        exporter = self.redis_exporter(server, env={"REDIS_PASSWORD": "guessed-secret"})
        answer = exporter.get("/metrics")
        page = harness.Page(answer.text)
        self.assertEqual(page.value("redis_up"), 0)
        self.assertEqual(list(page.series("redis_exporter_last_scrape_error").values()), [1])
        self.assertIn("WRONGPASS", exporter.log)
        self.assertNotIn("guessed-secret", exporter.log + answer.text)
        exporter = self.redis_exporter(server, env={"REDIS_PASSWORD": PASSWORD})
        self.assertEqual(self.page(exporter).value("redis_up"), 1)

    def test_environment(self):
        variables = {"REDIS_EXPORTER_LOG_LEVEL": "INFO", "REDIS_EXPORTER_LOG_FORMAT": "json", "REDIS_ADDR": "", "REDIS_EXPORTER_NAMESPACE": "my-app",
                     "REDIS_EXPORTER_INCL_CONFIG_METRICS": "true", "REDIS_EXPORTER_WEB_TELEMETRY_PATH": "/m"}
        port = harness.free_port()
        exporter = self.start([harness.binary("redis_exporter")], port, "/health", {**variables, "REDIS_EXPORTER_WEB_LISTEN_ADDRESS": f"127.0.0.1:{port}"})
        page = self.page(exporter, "/m")
        self.assertEqual(page.value("my_app_exporter_scrapes_total"), 1)
        self.assertNotIn("my_app_up", page.names())
        self.assertEqual(json.loads(exporter.log.splitlines()[-1])["level"], "INFO")

    def test_bad_flags(self):
        path = harness.binary("redis_exporter")
        self.assertEqual(harness.run(path, "-no-such-flag").returncode, 2)
        self.assertEqual(harness.run(path, "-check-keys=a=b=c").returncode, 1)
        for flags in (["-basic-auth-username=u", "-basic-auth-password=hidden-secret", f"-basic-auth-hash-password={HASH}"],
                      ["-basic-auth-username=u", "-basic-auth-hash-password=hidden-secret"],
                      ["-tls-server-cert-file=/none", "-tls-server-key-file=/none"], ["-tls-ca-cert-file=/none"], ["-tls-client-cert-file=/none"],
                      ["-tls-server-cert-file=/none", "-tls-server-key-file=/none", "-tls-server-min-version=1.2"]):
            done = harness.run(path, *flags)
            self.assertEqual(done.returncode, 1, flags)
            self.assertNotIn("hidden-secret", done.stdout + done.stderr)
        done = harness.run(path, "-redis.addr=http://u:hidden-secret@h")
        self.assertEqual(done.returncode, 1)
        self.assertNotIn("hidden-secret", done.stdout + done.stderr)


if __name__ == "__main__":
    harness.main(binaries=["redis_exporter"], tools=["redis-server"])
