# SPDX-License-Identifier: Apache-2.0
"""redis_exporter beside the original, on the same real servers: families, types, labels, series and values."""

import os
import sys

import harness
import redis_servers

# The exporters' own.
OWN = r"^(go_|process_|promhttp_|.*_build_info$)"
# What each scrape of either exporter changes by itself: the server counts its clients, commands, bytes and time. The original connects
# anew for each scrape, and so is one client more.
MOVED = (r"(_duration_seconds|_connect_time_seconds|_ping_time_seconds|^redis_(connected_clients|start_time_seconds|uptime_in_seconds|commands_|latency_percentiles|cpu_|"
         r"instantaneous_|(net|memory|mem|allocator)_.*|client_recent_.*|errors_total|total_error_replies|unexpected_error_replies|acl_access.*|connected_client_.*|"
         r"last_key_groups_.*|sentinel_master_last_ok_ping_reply_seconds|stream_group_consumer_idle_seconds|master_last_io_.*|master_repl_offset|slave_repl_offset|"
         r"repl_backlog_history_bytes|connected_slave_.*|cluster_(messages|stats)_.*))")
# Beside the values, their series: a histogram of what the exporters' own commands took has other buckets each time.
UNEQUAL = r"|^redis_(commands_|latency_percentiles|errors_total|connected_client_)"


class Parity(redis_servers.TestCase):
    def fill(self, send):
        for i in range(50):
            send("SET", f"k:{i}", str(i))
        for words in (("SET", "text", "some words"), ("SET", "float", "1_0.5e3"), ("SET", "empty", ""), ("RPUSH", "list", "a", "b"), ("SADD", "set", "a", "b", "c"),
                      ("ZADD", "sorted", "1", "a"), ("HSET", "hash", "a", "1", "b", "2"), ("PFADD", "log", "a", "b", "c"), ("SET", "user:1:name", "x"), ("SET", "user:2:name", "y"),
                      ("XADD", "stream:a", "5-1", "f", "v"), ("XADD", "stream:a", "7-1", "f", "v"), ("XGROUP", "CREATE", "stream:a", "g", "0"),
                      ("XREADGROUP", "GROUP", "g", "me", "COUNT", "1", "STREAMS", "stream:a", ">"), ("XGROUP", "CREATE", "stream:a", "h", "$"), ("EXPIRE", "k:1", "100000")):
            self.assertNotIn("-ERR", send(*words), words)

    def diff(self, ours_flags, theirs_flags=None, path="/metrics", ignore="", values=""):
        ours = self.exporter(*ours_flags, name="redis_exporter")
        theirs = self.exporter(*(theirs_flags or ours_flags), path=harness.original("redis_exporter"))
        for _ in range(2):
            for exporter in (ours, theirs):
                answer = exporter.get(path)
                self.assertEqual(answer.status, 200)
        if os.environ.get("REDIS_PAGES"):
            with open(os.path.join(os.environ["REDIS_PAGES"], self.id().split(".")[-1] + f"-{ours.port}.prom"), "w", encoding="utf-8") as f:
                f.write(ours.get(path).text)
        done = harness.run(sys.executable, harness.shared("tools", "parity.py"), "diff", "-v", "--values", "--rounds", "3",
                           "--ours", f"http://127.0.0.1:{ours.port}{path}", "--theirs", f"http://127.0.0.1:{theirs.port}{path}",
                           "--ignore", OWN + UNEQUAL + ignore, "--ignore-values", MOVED + values, seconds=120)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr + ours.log)
        # The same without looking at series and values.
        families = harness.run(sys.executable, harness.shared("tools", "parity.py"), "diff", "-v",
                               "--ours", f"http://127.0.0.1:{ours.port}{path}", "--theirs", f"http://127.0.0.1:{theirs.port}{path}", "--ignore", OWN, seconds=120).stdout
        for wrong in ("families missing", "types differ", "label names differ", "format problems"):
            self.assertNotIn(wrong + ":", families)

    def address(self, server):
        return f"-redis.addr=redis://127.0.0.1:{server.port}"

    def test_single(self):
        server = self.server("--latency-tracking", "yes", "--latency-monitor-threshold", "1", "--slowlog-log-slower-than", "0", "--maxmemory", "100mb")
        self.fill(lambda *words: self.command(server, *words))
        self.command(server, "DEBUG", "SLEEP", "0.01")
        self.diff([self.address(server)], ignore="|^redis_(slowlog|last_slow)")

    def test_everything(self):
        server = self.server("--save", "3600 1", "--appendonly", "yes")
        self.fill(lambda *words: self.command(server, *words))
        self.command(server, "SAVE")
        scripts = [self.write("a.lua", "return {'a', '1', 'b', '2.5'}"), self.write("b.lua", "return {}")]
        self.diff([self.address(server), "-check-keys=k:*,db0=user:*", "-check-single-keys=text,float,empty,list,set,sorted,hash,log,none,stream:a,db3=none", "-count-keys=k:*,*",
                   "-check-streams=stream:*", "-check-single-streams=stream:a,none", "-check-key-groups=^(k):[0-9]+,^(user):[0-9]+:(.*)$,^list$", "-include-config-metrics",
                   "-include-system-metrics", "-include-rdb-file-size-metric", "-ping-on-connect", "-export-client-list", "-export-client-port", "-include-modules-metrics",
                   "-script", ",".join(scripts)])

    def test_few_key_groups(self):
        server = self.server("--databases", "3")
        self.fill(lambda *words: self.command(server, *words))
        self.diff([self.address(server), "-check-key-groups=^(....),^(..)", "-max-distinct-key-groups=3", "-disable-exporting-key-values", "-check-keys=*",
                   "-include-metrics-for-empty-databases=false", "-exclude-latency-histogram-metrics", "-append-instance-role-label", "-check-keys-batch-size=7"])

    def test_namespace_and_config_command(self):
        server = self.server()
        self.diff([self.address(server) + "/3", "-namespace=app", "-config-command=-", "-set-client-name=false", "-redis-only-metrics"], ignore="|^app_(commands_|latency_percentiles|errors_total)",
                  values="|^app_(connected_clients|memory_|mem_|net_|allocator_|start|uptime|cpu_|instantaneous|client_recent|.*error)")

    def test_replication(self):
        master, replica = self.master_and_replica()
        self.fill(lambda *words: self.command(master, *words))
        self.until(lambda: ":50" not in self.command(replica, "DBSIZE") and self.command(replica, "DBSIZE") == self.command(master, "DBSIZE"))
        for server in master, replica:
            self.diff([self.address(server), "-append-instance-role-label"])
            self.diff([self.address(server), "-skip-checkkeys-for-role-master", "-check-keys=k:*", "-count-keys=*", "-check-streams=*"])

    def test_cluster_node(self):
        nodes = self.cluster(3)
        self.fill(lambda *words: self.cluster_command(nodes, *words))
        self.diff([self.address(nodes[0])])
        # Its patterns look at one arbitrary node, ours at all.
        self.diff([self.address(nodes[1]), "-is-cluster", "-check-single-keys=k:1,k:2,k:3,k:4,none,text,hash", "-check-single-streams=stream:a"])

    def test_sentinel(self):
        master, _ = self.master_and_replica()
        sentinel = self.sentinel(master)
        self.until(lambda: "slaves=1" in self.command(sentinel, "INFO", "sentinel"))
        self.diff([self.address(sentinel), "-include-sentinel-peer-info", "-include-config-metrics"], ignore="|sentinel_config_key_value")

    def test_tls_and_acl(self):
        self.authority("ca")
        server, client = self.identity("server", "ca"), self.identity("client", "ca")
        port = harness.free_port()
        ca = self.folder + "/ca.pem"
        self.server("--port", "0", "--tls-port", str(port), "--tls-cert-file", server + ".pem", "--tls-key-file", server + ".key", "--tls-ca-cert-file", ca,
                    "--aclfile", self.write("users.acl", "user default off\nuser watcher on >hidden-secret ~* +@all -config\n"), port=port)
        self.diff([f"-redis.addr=rediss://127.0.0.1:{port}", "-redis.user=watcher", "-redis.password=hidden-secret", f"-tls-ca-cert-file={ca}",
                   f"-tls-client-cert-file={client}.pem", f"-tls-client-key-file={client}.key"])

    def test_targets(self):
        server = self.server("--requirepass", "hidden-secret")
        passwords = self.write("passwords.json", f'{{"redis://127.0.0.1:{server.port}": "hidden-secret"}}')
        self.diff(["-redis.addr=", f"-redis.password-file={passwords}"], path=f"/scrape?target=redis://127.0.0.1:{server.port}&check-single-keys=a&count-keys=*")
        self.diff(["-redis.addr="])

    def test_down(self):
        port = harness.free_port()
        self.diff([f"-redis.addr=redis://127.0.0.1:{port}"], ignore="|last_scrape_error")


if __name__ == "__main__":
    if not harness.shared("tools", "parity.py") or not harness.original("redis_exporter"):
        harness.skip_all("the original to compare with is not here (EXPORTER_SHARED)")
    harness.main(binaries=["redis_exporter"], tools=["redis-server", "openssl"])
