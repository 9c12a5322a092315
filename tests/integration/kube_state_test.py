# SPDX-License-Identifier: Apache-2.0
"""kube-state-metrics against a stub of the API server, which loses, refuses and forgets what real ones do."""

import base64
import http.client
import os
import socket
import ssl
import time

import harness
import kube_stub

CRDS = "/apis/apiextensions.k8s.io/v1"
CUSTOM = """
spec:
  resources:
  - groupVersionKind: {{group: example.com, version: "*", kind: "*"}}
    metricNamePrefix: my
    labelsFromPath: {{thing: [metadata, name]}}
    metrics:
    - name: {name}
      help: How many.
      each: {{type: Gauge, gauge: {{path: [spec, size]}}}}
    - name: state
      each: {{type: StateSet, stateSet: {{labelName: state, path: [status, state], list: [On, "Off"]}}}}
"""


def pod(name, namespace="default", **spec):
    return {"metadata": {"name": name, "namespace": namespace}, "spec": spec, "status": {"phase": "Running"}}


def definition(plural="things", kind="Thing", versions=("v1",)):
    return {"metadata": {"name": f"{plural}.example.com"},
            "spec": {"group": "example.com", "scope": "Namespaced", "names": {"kind": kind, "plural": plural},
                     "versions": [{"name": v, "served": True, "storage": v == versions[0]} for v in versions]}}


class KubeState(harness.TestCase):
    def setUp(self):
        super().setUp()
        self.stub = kube_stub.Stub()
        self.addCleanup(lambda: self.stub.stop())
        self.stub.put("/api/v1", "namespaces", {"metadata": {"name": "default"}, "status": {"phase": "Active"}})
        self.stub.put("/api/v1", "pods", pod("a", nodeName="n1"))
        self.stub.put("/api/v1", "pods", pod("b", nodeName="n2"))

    def run_ours(self, *flags, wait=True):
        self.telemetry = harness.free_port()
        port = harness.free_port()
        child = self.start([harness.binary("kube-state-metrics"), f"--apiserver=http://127.0.0.1:{self.stub.port}", "--host=127.0.0.1",
                            f"--port={port}", "--telemetry-host=127.0.0.1", f"--telemetry-port={self.telemetry}", *flags], port, ready="/healthz")
        if wait:
            self.until(lambda: self.ready() == 200, child)
        return child

    def ready(self):
        return harness.request(self.telemetry, "/readyz").status

    def page(self, child, query="", **headers):
        text = child.get("/metrics" + query, **headers).text
        return harness.Page(text or "# EOF\n")

    def telemetry_page(self):
        return harness.Page(harness.request(self.telemetry, "/metrics").text)

    def until(self, what, child, seconds=30):
        deadline = time.monotonic() + seconds
        while not what():
            if time.monotonic() > deadline:
                self.fail(f"that did not happen in {seconds} s; log:\n{child.log}")
            time.sleep(0.02)

    def pods(self, child):
        return {dict(labels)["pod"] for labels in self.page(child).series("kube_pod_info")}

    def test_page(self):
        ours = self.run_ours()
        page = self.page(ours)
        self.assertEqual(page.value("kube_namespace_created", namespace="default"), 1767323045)
        self.assertEqual(self.pods(ours), {"a", "b"})
        self.assertEqual(page.types["kube_pod_info"], "gauge")
        self.assertTrue(page.helps["kube_pod_info"].startswith("[STABLE] "))
        self.assertNotIn("kube_node_info", page.types, "a resource without objects has no headers")
        self.assertEqual(self.page(ours, "?resources=namespaces").names() & {"kube_pod_info", "kube_namespace_created"}, {"kube_namespace_created"})
        self.assertEqual(self.page(ours, "?exclude_resources=pods,nodes").series("kube_pod_info"), {})
        self.assertEqual(ours.get("/metrics?resources=nothing").text, "")
        self.assertEqual(ours.get("/readyz").status, 404)
        self.assertEqual(harness.request(self.telemetry, "/healthz").status, 404)
        for port in (ours.port, self.telemetry):
            self.assertIn("/metrics", harness.request(port, "/").text)
        open_metrics = ours.get("/metrics", Accept="application/openmetrics-text;version=1.0.0,text/plain;q=0.5")
        self.assertTrue(open_metrics.text.endswith("# EOF\n"))
        self.assertEqual(open_metrics.headers["Content-Type"], "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=underscores")
        self.assertEqual(ours.get("/metrics").headers["Content-Type"], "text/plain; version=0.0.4; charset=utf-8")
        self.assertEqual(ours.stop(), 0)

    def test_gzip_is_asked_for_by_flag(self):
        plain = self.run_ours()
        self.assertIsNone(plain.get("/metrics", Accept_Encoding="gzip").headers["Content-Encoding"])
        packed = self.run_ours("--enable-gzip-encoding")
        answer = packed.get("/metrics", Accept_Encoding="gzip")
        self.assertEqual(answer.headers["Content-Encoding"], "gzip")
        self.assertEqual(harness.Page(answer.text).samples, self.page(plain).samples)
        self.assertIsNone(packed.get("/metrics").headers["Content-Encoding"])

    def test_follows_changes(self):
        for streaming in (True, False):
            with self.subTest(streaming_lists=streaming):
                self.stub.streaming_lists = streaming
                ours = self.run_ours("--resources=pods")
                self.stub.put("/api/v1", "pods", pod("c"))
                self.until(lambda: self.pods(ours) == {"a", "b", "c"}, ours)
                self.stub.put("/api/v1", "pods", {**pod("c"), "status": {"phase": "Failed"}})
                failed = {"namespace": "default", "pod": "c", "phase": "Failed", "uid": self.stub.objects[("/api/v1", "pods")][("default", "c")]["metadata"]["uid"]}
                self.until(lambda: self.page(ours).value("kube_pod_status_phase", **failed) == 1, ours)
                self.stub.delete("/api/v1", "pods", "c", "default")
                self.until(lambda: self.pods(ours) == {"a", "b"}, ours)

    def test_is_ready_when_everything_is_listed(self):
        self.stub.held.add("pods")
        ours = self.run_ours("--resources=pods,namespaces", wait=False)
        self.until(lambda: self.page(ours).series("kube_namespace_created"), ours)
        self.assertEqual(self.ready(), 503)
        self.assertEqual(self.page(ours).series("kube_pod_info"), {})
        with self.stub.changed:
            self.stub.held.clear()
            self.stub.changed.notify_all()
        self.until(lambda: self.ready() == 200, ours)
        self.assertEqual(self.pods(ours), {"a", "b"})

    def test_what_is_refused_does_not_hold_it_up(self):
        self.stub.refuse.update(secrets=403, leases=404)
        ours = self.run_ours()
        self.assertEqual(self.pods(ours), {"a", "b"})
        synced = {dict(labels)["resource"]: value for labels, value in self.telemetry_page().series("kube_state_metrics_resource_synced").items()}
        self.assertEqual((synced["secrets"], synced["leases"], synced["pods"]), (0, 0, 1))

    def test_lost_server(self):
        ours = self.run_ours("--resources=pods")
        self.assertEqual(ours.get("/livez").status, 200)
        self.stub.stop()
        old = self.stub
        self.until(lambda: any(v > 0 for v in self.telemetry_page().series("kube_state_metrics_resource_stale_seconds").values()), ours)
        self.assertEqual(ours.get("/livez").status, 503)
        self.assertEqual(ours.get("/healthz").status, 200)
        self.assertEqual(self.ready(), 200, "it has a state to show")
        self.assertEqual(self.pods(ours), {"a", "b"})
        self.stub = kube_stub.Stub(old.port, version=old.version + 1, objects=old.objects)
        self.stub.drop_quietly("/api/v1", "pods", "b", "default")
        self.stub.put("/api/v1", "pods", pod("d"))
        self.until(lambda: self.pods(ours) == {"a", "d"}, ours, 60)
        self.until(lambda: set(self.telemetry_page().series("kube_state_metrics_resource_stale_seconds").values()) == {0}, ours)
        self.assertEqual(ours.get("/livez").status, 200)

    def test_forgotten_versions(self):
        ours = self.run_ours("--resources=pods")
        self.stub.drop_quietly("/api/v1", "pods", "a", "default")
        self.stub.compact()
        seen = set()
        self.until(lambda: seen.add(frozenset(self.pods(ours))) or frozenset({"b"}) in seen, ours)
        self.assertEqual(seen - {frozenset({"a", "b"})}, {frozenset({"b"})}, "no page may show a part of a list")

    def test_slow_reader_holds_up_nobody(self):
        for i in range(2000):
            self.stub.put("/api/v1", "pods", pod(f"pod-{i}", nodeName="n" * 60))
        ours = self.run_ours("--resources=pods")
        slow = []
        for _ in range(24):  # more than there are workers
            s = socket.create_connection(("127.0.0.1", ours.port))
            self.addCleanup(s.close)
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            s.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
            slow.append(s)
        begun = time.monotonic()
        self.assertEqual(len(self.pods(ours)), 2002)
        self.stub.put("/api/v1", "pods", pod("late"))
        self.until(lambda: "late" in self.pods(ours), ours)
        self.assertLess(time.monotonic() - begun, 20)

    def test_filters(self):
        ours = self.run_ours("--resources=pods", "--metric-denylist=^kube_pod_(?!info|labels)", "--metric-labels-allowlist=pods=[app*]")
        self.stub.put("/api/v1", "pods", {**pod("l"), "metadata": {"name": "l", "namespace": "default", "labels": {"app.x/y": "1", "b": "2"}}})
        self.until(lambda: "l" in self.pods(ours), ours)
        page = self.page(ours)
        self.assertEqual(set(page.types), {"kube_pod_info", "kube_pod_labels"})
        self.assertIn("1", {dict(labels).get("label_app_x_y") for labels in page.series("kube_pod_labels")})

    def test_selectors_and_namespaces(self):
        self.stub.put("/api/v1", "pods", pod("other", namespace="other"))
        self.assertEqual(self.pods(self.run_ours("--resources=pods", "--namespaces=default,other")), {"a", "b", "other"})
        self.assertTrue(self.stub.asked_for("/api/v1/namespaces/other/pods"))
        self.assertEqual(self.pods(self.run_ours("--resources=pods", "--namespaces-denylist=default")), {"other"})
        self.assertEqual(self.pods(self.run_ours("--resources=pods", "--node=n1")), {"a"})
        self.assertEqual(self.pods(self.run_ours("--resources=pods", "--track-unscheduled-pods")), {"other"})

    def test_shards_share_everything(self):
        for i in range(40):
            self.stub.put("/api/v1", "pods", pod(f"p{i}"))
        shares = [self.pods(self.run_ours("--resources=pods", f"--shard={i}", "--total-shards=2")) for i in range(2)]
        self.assertEqual(shares[0] & shares[1], set())
        self.assertEqual(len(shares[0] | shares[1]), 42)
        self.assertGreater(min(map(len, shares)), 5)

    def test_shard_by_stateful_set(self):
        for i in range(40):
            self.stub.put("/api/v1", "pods", pod(f"p{i}"))
        mine = pod("ksm-1", namespace="kube-system")
        mine["metadata"]["ownerReferences"] = [{"kind": "StatefulSet", "apiVersion": "apps/v1", "name": "ksm", "controller": True}]
        self.stub.put("/api/v1", "pods", mine)
        stateful_set = {"metadata": {"name": "ksm", "namespace": "kube-system"}, "spec": {"replicas": 2}}
        self.stub.put("/apis/apps/v1", "statefulsets", stateful_set)
        ours = self.run_ours("--resources=pods", "--pod=ksm-1", "--pod-namespace=kube-system")
        half = self.pods(ours)
        self.assertEqual(half, self.pods(self.run_ours("--resources=pods", "--shard=1", "--total-shards=2")))
        stateful_set["spec"]["replicas"] = 3
        self.stub.put("/apis/apps/v1", "statefulsets", stateful_set)
        third = self.pods(self.run_ours("--resources=pods", "--shard=1", "--total-shards=3"))
        self.assertNotEqual(half, third)
        seen = []
        self.until(lambda: seen.append(self.pods(ours)) or seen[-1] == third, ours)
        self.assertTrue(all(page in (half, third) for page in seen), "no page may show a part")

    def test_custom_resources_come_and_go(self):
        config = self.write("custom.yaml", CUSTOM.format(name="size"))
        ours = self.run_ours("--resources=pods", f"--custom-resource-state-config-file={config}")
        pod_lists = len(self.stub.asked_for("/api/v1/pods"))
        thing = {"apiVersion": "example.com/v1", "kind": "Thing", "metadata": {"name": "one", "namespace": "default"},
                 "spec": {"size": "1.5Ki"}, "status": {"state": "On"}}
        self.stub.put("/apis/example.com/v1", "things", thing)
        self.stub.put(CRDS, "customresourcedefinitions", definition())
        labels = {"thing": "one", "customresource_group": "example.com", "customresource_version": "v1", "customresource_kind": "Thing"}
        self.until(lambda: self.page(ours).value("my_size", **labels) == 1536, ours)
        page = self.page(ours)
        self.assertEqual(page.value("my_state", state="On", **labels), 1)
        self.assertEqual(page.value("my_state", state="Off", **labels), 0)
        self.assertEqual((page.types["my_size"], page.types["my_state"]), ("gauge", "gauge"))
        self.assertEqual(self.page(ours, Accept="application/openmetrics-text").types["my_state"], "stateset")
        # Another version is another resource of the same families.
        self.stub.put("/apis/example.com/v2", "things", {**thing, "apiVersion": "example.com/v2"})
        self.stub.put(CRDS, "customresourcedefinitions", definition(versions=("v1", "v2")))
        self.until(lambda: len(self.page(ours).series("my_size")) == 2, ours)
        self.stub.delete("/apis/example.com/v1", "things", "one", "default")
        self.until(lambda: len(self.page(ours).series("my_size")) == 1, ours)
        self.stub.delete(CRDS, "customresourcedefinitions", "things.example.com")
        self.until(lambda: not self.page(ours).series("my_size"), ours)
        # Another config does without a new start, and without listing anything else again.
        self.stub.put(CRDS, "customresourcedefinitions", definition())
        self.stub.put("/apis/example.com/v1", "things", thing)
        self.write("custom.yaml", CUSTOM.format(name="weight"))
        self.until(lambda: self.page(ours).value("my_weight", **labels) == 1536, ours)
        self.assertEqual(len(self.stub.asked_for("/api/v1/pods")), pod_lists)
        self.assertEqual(self.pods(ours), {"a", "b"})
        telemetry = self.telemetry_page()
        self.assertEqual(telemetry.value("kube_state_metrics_custom_resource_state_delete_events_total"), 1)
        state = {"type": "customresourceconfig", "filename": config}
        self.assertEqual(telemetry.value("kube_state_metrics_last_config_reload_successful", **state), 1)
        self.write("custom.yaml", "spec: [")
        self.until(lambda: self.telemetry_page().value("kube_state_metrics_last_config_reload_successful", **state) == 0, ours)
        self.assertEqual(self.page(ours).value("my_weight", **labels), 1536, "the old config stays")

    def test_the_last_entry_for_a_custom_resource_is_used(self):
        first = """
  - groupVersionKind: {group: example.com, version: v1, kind: Thing}
    metricNamePrefix: PREFIX
    metrics: [{name: size, each: {type: Gauge, gauge: {path: [spec, size]}}}]"""
        config = self.write("custom.yaml", CUSTOM.format(name="size").replace("resources:", "resources:" + first.replace("PREFIX", "first")) +
                            first.replace("PREFIX", "last")[1:] + "\n")
        for plural in ("things", "others"):
            self.stub.put(CRDS, "customresourcedefinitions", definition(plural, plural[:-1].capitalize()))
            self.stub.put("/apis/example.com/v1", plural, {"metadata": {"name": "one", "namespace": "default"}, "spec": {"size": 3}})
        ours = self.run_ours("--resources=pods", f"--custom-resource-state-config-file={config}")
        self.until(lambda: {"last_size", "my_size"} <= self.page(ours).names(), ours)
        page = self.page(ours)
        self.assertNotIn("first_size", page.names())
        self.assertEqual([dict(labels)["customresource_kind"] for labels in page.series("my_size")], ["Other"])
        self.assertEqual(ours.log.count("more than one entry"), 2)

    def test_config_file(self):
        config = self.write("config.yaml", "resources: {pods: {}}\n")
        ours = self.run_ours("--resources=namespaces", f"--config={config}")
        self.assertNotIn("kube_namespace_created", self.page(ours).names())
        with socket.create_connection(("127.0.0.1", ours.port)) as kept:
            self.write("config.yaml", "resources: {pods: {}, namespaces: {}}\n")
            self.until(lambda: "kube_namespace_created" in self.page(ours).names(), ours)
            kept.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            self.assertIn(b"200 OK", kept.recv(4096), "connections outlive a reload")
        # Another port needs a new start, which is in the same process.
        port = harness.free_port()
        self.write("config.yaml", f"resources: {{pods: {{}}}}\nport: {port}\n")

        def moved():
            try:
                return "kube_pod_info" in harness.request(port, "/metrics").text
            except OSError:
                return False
        self.until(moved, ours)
        self.assertIsNone(ours.process.poll())

    def test_kubeconfig_that_changes(self):
        other = kube_stub.Stub()
        self.addCleanup(other.stop)
        other.put("/api/v1", "pods", pod("elsewhere"))
        text = ("clusters: [{{name: c, cluster: {{server: 'http://127.0.0.1:{}'}}}}]\ncontexts: [{{name: c, context: {{cluster: c}}}}]\n"
                "current-context: c\n")
        path = self.write("kubeconfig", text.format(self.stub.port))
        port, self.telemetry = harness.free_port(), harness.free_port()
        ours = self.start([harness.binary("kube-state-metrics"), "--kubeconfig", path, "--host=127.0.0.1", f"--port={port}", "--resources=pods",
                           "--telemetry-host=127.0.0.1", f"--telemetry-port={self.telemetry}"], port, ready="/healthz")
        self.until(lambda: self.pods(ours) == {"a", "b"}, ours)
        self.write("kubeconfig", text.format(other.port))
        self.until(lambda: self.pods(ours) == {"elsewhere"}, ours)

    def test_auth_filter(self):
        self.stub.tokens.update(good=True, bad=False)
        ours = self.run_ours("--auth-filter")
        for headers, status in (({}, 401), ({"Authorization": "Basic eA=="}, 401), ({"Authorization": "Bearer unknown"}, 401),
                                ({"Authorization": "Bearer bad"}, 403), ({"Authorization": "Bearer good"}, 200)):
            for port in (ours.port, self.telemetry):
                self.assertEqual(harness.request(port, "/metrics", **headers).status, status, headers)
        self.assertEqual(ours.get("/healthz").status, 200)
        reviews = len(self.stub.asked_for("reviews"))
        for _ in range(5):
            ours.get("/metrics", Authorization="Bearer good")
        self.assertEqual(len(self.stub.asked_for("reviews")), reviews, "answers are remembered")
        self.assertNotIn("good", ours.log)

    def test_tls_and_users_on_both_ports(self):
        done = harness.run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                           "-subj", "/CN=localhost", "-keyout", os.path.join(self.folder, "a.key"), "-out", os.path.join(self.folder, "a.crt"))
        self.assertEqual(done.returncode, 0, done.stderr)
        # The hash is of "U*U", cost 5.
        config = self.write("web.yaml", "tls_server_config: {cert_file: a.crt, key_file: a.key}\n"
                                        "basic_auth_users: {u: $2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW}\n")
        ports = [harness.free_port(), harness.free_port()]
        child = harness.Child([harness.binary("kube-state-metrics"), f"--apiserver=http://127.0.0.1:{self.stub.port}", "--host=127.0.0.1",
                               f"--port={ports[0]}", "--telemetry-host=127.0.0.1", f"--telemetry-port={ports[1]}", f"--tls-config={config}"],
                              ports[0], self.folder)
        self.addCleanup(child.stop)

        def status(port, **headers):
            connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=20, context=ssl._create_unverified_context())
            try:
                connection.request("GET", "/metrics", headers=headers)
                return connection.getresponse().status
            except OSError:
                return None
            finally:
                connection.close()
        self.until(lambda: status(ports[1]) is not None, child)
        for port in ports:
            self.assertEqual(status(port), 401)
            self.assertEqual(status(port, Authorization="Basic " + base64.b64encode(b"u:U*U").decode()), 200)

    def test_telemetry(self):
        ours = self.run_ours("--shard=1", "--total-shards=4", "--resources=pods", "--object-limit=10")
        self.pods(ours)
        page = self.telemetry_page()
        self.assertEqual(page.value("kube_state_metrics_shard_ordinal", shard_ordinal="1"), 1)
        self.assertEqual(page.value("kube_state_metrics_total_shards"), 4)
        self.assertEqual(page.value("kube_state_metrics_list_total", resource="*v1.Pod", result="success"), 1)
        self.assertEqual(page.value("kube_state_metrics_list_objects_limit", resource="*v1.Pod"), 10)
        self.assertGreaterEqual(page.value("http_request_duration_seconds_count", handler="metrics", method="get"), 1)
        self.assertIn("kube_state_metrics_build_info", page.names())
        self.assertIn("process_resident_memory_bytes", page.names())

    def test_once_and_odd_flags(self):
        server = f"--apiserver=http://127.0.0.1:{self.stub.port}"
        binary = harness.binary("kube-state-metrics")
        page = harness.run(binary, server, "--once", "--resources=pods")
        self.assertEqual(page.returncode, 0, page.stderr)
        self.assertEqual(len(harness.Page(page.stdout).series("kube_pod_info")), 2)
        klog = ["--logtostderr=true", "--v=2", "--stderrthreshold=INFO", "--alsologtostderr", "--vmodule=a=1", "--auto-gomemlimit"]
        self.assertEqual(harness.run(binary, server, "--once", "--resources=pods", *klog).returncode, 0)
        for flags in (["--resources=nothing"], ["--nope"], ["--metric-allowlist=("], ["--shard=3", "--total-shards=2"], ["completion"],
                      ["--metric-labels-allowlist=nothing=[a]"], ["--kubeconfig=/does/not/exist"], ["unknown"],
                      ["--custom-resource-state-config=spec: ["]):
            done = harness.run(binary, *flags)
            self.assertEqual(done.returncode, 1, (flags, done.stderr))
            self.assertRegex(done.stderr.splitlines()[-1], "^Error: |level=ERROR", flags)
        for command in (["version"], ["help"], ["completion", "bash"], ["--help"]):
            self.assertEqual(harness.run(binary, *command).returncode, 0, command)
        self.stub.stop()
        try:
            lost = harness.run(binary, server, "--once")
            self.assertEqual(lost.returncode, 1)
            self.assertIn("API server", lost.stderr)
        finally:
            self.stub = kube_stub.Stub()

    def test_shipped_roles(self):
        binary = harness.binary("kube-state-metrics")
        folder = os.path.join(harness.ROOT, "packaging", "kubernetes", "kube-state-metrics")
        for name, flags in (("standard", []), ("sharded", ["--pod=x-0", "--pod-namespace=kube-system"]), ("per-node", ["--resources=pods"])):
            with open(os.path.join(folder, name, "rbac.yaml"), encoding="utf-8") as f:
                shipped = f.read()
            printed = harness.run(binary, "--print-rbac", *flags).stdout
            if name == "per-node":
                printed = printed.replace("name: kube-state-metrics", "name: kube-state-metrics-pods")
            self.assertEqual(shipped, printed, name)
        custom = harness.run(binary, "--print-rbac", "--resources=pods", "--custom-resource-state-config=" + CUSTOM.format(name="x")).stdout
        self.assertIn("apiGroups: [example.com]", custom)


if __name__ == "__main__":
    harness.main(binaries=["kube-state-metrics"])
