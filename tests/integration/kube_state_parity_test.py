# SPDX-License-Identifier: Apache-2.0
"""Side by side with the original on a real Kubernetes API server: every resource, default and everything on, shards, custom
resources, while objects change, and after the server was killed and its history compacted."""

import json
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.request

import harness

ALL = ("certificatesigningrequests,clusterrolebindings,clusterroles,configmaps,cronjobs,daemonsets,deployments,endpoints,endpointslices,"
       "horizontalpodautoscalers,ingressclasses,ingresses,jobs,leases,limitranges,mutatingadmissionpolicies,"
       "mutatingadmissionpolicybindings,mutatingwebhookconfigurations,namespaces,networkpolicies,nodes,persistentvolumeclaims,"
       "persistentvolumes,poddisruptionbudgets,pods,replicasets,replicationcontrollers,resourcequotas,rolebindings,roles,secrets,"
       "serviceaccounts,services,statefulsets,storageclasses,validatingadmissionpolicies,validatingadmissionpolicybindings,"
       "validatingwebhookconfigurations,volumeattachments")
CUSTOM = """
spec:
  resources:
  - groupVersionKind: {group: lab.io, version: v1, kind: Foo}
    metricNamePrefix: not_used
    metrics: [{name: created, each: {type: Gauge, gauge: {path: [metadata, creationTimestamp]}}}]
  - groupVersionKind: {group: lab.io, version: "*", kind: "*"}
    metricNamePrefix: lab
    labelsFromPath: {name: [metadata, name], namespace: [metadata, namespace]}
    metrics:
    - {name: created, help: When., each: {type: Gauge, gauge: {path: [metadata, creationTimestamp]}}}
    - {name: labels_info, each: {type: Info, info: {path: [metadata], labelsFromPath: {uid: [uid], team: [labels, team]}}}}
    - {name: spec_all, each: {type: Gauge, gauge: {path: [spec], labelFromKey: key}}}
    - {name: spec_info, each: {type: Info, info: {path: [spec], labelFromKey: key, labelsFromPath: {"*": [], "s_*": []}}}}
    - {name: phase, each: {type: StateSet, stateSet: {labelName: phase, path: [status, phase], list: [Running, Pending]}}}
    - {name: conditions, each: {type: Gauge, gauge: {path: [status, conditions], valueFrom: [status], labelsFromPath: {type: [type]}}}}
    - {name: found, each: {type: Gauge, gauge: {path: [status, conditions, "[type=Ready]", status]}}}
    - {name: gone, each: {type: Gauge, gauge: {path: [spec, gone], nilIsZero: true}}}
    - {name: label_kinds, labelsFromPath: {list: [status, conditions], map: [spec], number: [metadata, generation], out: [status, conditions, "9"]}, each: {type: Gauge, gauge: {path: [metadata, generation]}}}
"""
PROMETHEUS = """
global: {{scrape_interval: 1s, scrape_timeout: 900ms}}
scrape_configs: [{{job_name: kube, static_configs: [{{targets: ['127.0.0.1:{port}']}}]}}]
"""
# Moves by itself: the API server renews its own lease.
RESTLESS = {"kube_lease_renew_time", "kube_lease_metadata_resource_version"}
ODD = [
    ("/api/v1/namespaces/sink/configmaps", {"kind": "ConfigMap", "metadata": {
        "name": "odd", "annotations": {"long": "x" * 200000, "umlaut": "\u00e4\u00f6 \u4e16\u754c", "lines": "a\nb\\c\"d\"", "tab": "\t", "": ""}}}),
    ("/api/v1/namespaces/sink/pods", {"kind": "Pod", "metadata": {"name": "bare", "labels": {"a.b/c": "1", "a_b_c": "2", "A-b.C": "3", "camelCase": "4"}},
                                     "spec": {"containers": [{"name": "c", "image": "i"}]}}),
    ("/apis/batch/v1/namespaces/sink/cronjobs", {"kind": "CronJob", "metadata": {"name": "zone"}, "spec": {
        "schedule": "*/7 2-22 * 2 MON", "timeZone": "Asia/Kathmandu", "jobTemplate": {"spec": {"template": {"spec": {
            "restartPolicy": "Never", "containers": [{"name": "c", "image": "i"}]}}}}}}),
]


def series(text):
    """{(name, labels): value} of a page, where a series may be there twice."""
    found = {}
    for line in text.splitlines():
        if line and line[0] != "#":
            match = harness.SAMPLE.match(line)
            assert match, line
            found[(match[1], tuple(sorted(harness.LABEL.findall(match[2] or ""))))] = float(match[3])
    return found


def neighbours():
    """The first of two free ports in a row: etcd takes the second one for its peers."""
    while True:
        port = harness.free_port()
        with socket.socket() as s:
            try:
                s.bind(("127.0.0.1", port + 1))
                return port
            except OSError:
                pass


class Cluster:
    """etcd and an API server of our own, with a few objects of every kind."""

    def __init__(self, folder):
        self.etcd = neighbours()
        self.port = harness.free_port()
        while self.port in (self.etcd, self.etcd + 1):
            self.port = harness.free_port()
        self.env = {**os.environ, "KUBE_DIR": os.path.join(folder, "lab"), "ETCD_PORT": str(self.etcd), "API_PORT": str(self.port)}
        self.admin = os.path.join(folder, "lab", "admin.kubeconfig")
        self.user = os.path.join(folder, "lab", "ksm.kubeconfig")

    def script(self, name, *arguments):
        command = [harness.shared("peers", "kube", name), *arguments]
        if name.endswith(".py"):
            command.insert(0, sys.executable)
        done = subprocess.run(command, env=self.env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=180, check=False)
        if done.returncode != 0:
            raise AssertionError(f"{command}: {done.stdout}")

    def populate(self, *what):
        self.script("populate.py", "--kubeconfig", self.admin, *what)

    def start(self):
        self.script("start.sh", "start")

    def stop(self):
        for name in ("apiserver", "etcd"):
            path = os.path.join(self.env["KUBE_DIR"], name + ".pid")
            if os.path.exists(path):
                with open(path, encoding="ascii") as f:
                    os.kill(int(f.read()), signal.SIGKILL)  # asked to end, the server would wait for its etcd

    def kill_server(self):
        with open(os.path.join(self.env["KUBE_DIR"], "apiserver.pid"), encoding="ascii") as f:
            pid = int(f.read())
        os.kill(pid, 9)
        while os.path.exists(f"/proc/{pid}") and open(f"/proc/{pid}/stat", encoding="ascii").read().split()[2] != "Z":
            time.sleep(0.05)
        os.remove(f.name)

    def api(self, method, path, body=None, content_type="application/json"):
        with open(self.admin, encoding="utf-8") as f:
            text = f.read()
        token, ca = re.search(r"token: ([^,}\s]+)", text)[1], re.search(r"certificate-authority: ([^,}\s]+)", text)[1]
        request = urllib.request.Request(f"https://127.0.0.1:{self.port}{path}", json.dumps(body).encode() if body is not None else None,
                                         {"Authorization": f"Bearer {token}", "Content-Type": content_type}, method=method)
        with urllib.request.urlopen(request, timeout=30, context=ssl.create_default_context(cafile=ca)) as answer:
            return json.loads(answer.read())

    def compact(self):
        def ask(path, body):
            request = urllib.request.Request(f"http://127.0.0.1:{self.etcd}/v3/{path}", json.dumps(body).encode())
            with urllib.request.urlopen(request, timeout=30) as answer:
                return json.loads(answer.read())
        revision = ask("kv/range", {"key": "AA=="})["header"]["revision"]
        ask("kv/compaction", {"revision": revision, "physical": True})


class Parity(harness.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster_folder = tempfile.TemporaryDirectory(prefix="exporter-kube-")
        cls.addClassCleanup(cls.cluster_folder.cleanup)
        cls.cluster = Cluster(cls.cluster_folder.name)
        cls.addClassCleanup(cls.cluster.stop)
        cls.cluster.start()
        cls.cluster.populate("sink")
        cls.cluster.populate("rbac")
        for path, item in ODD:
            if "" in item["metadata"].get("annotations", {}):
                del item["metadata"]["annotations"][""]
            cls.cluster.api("POST", path, item)

    def run_one(self, path, *flags):
        port, telemetry = harness.free_port(), harness.free_port()
        child = self.start([path, "--kubeconfig", self.cluster.user, "--host=127.0.0.1", f"--port={port}",
                            "--telemetry-host=127.0.0.1", f"--telemetry-port={telemetry}", *flags], port, ready="/healthz")
        child.telemetry = telemetry
        return child

    def ours(self, *flags):
        child = self.run_one(harness.binary("kube-state-metrics"), *flags)
        self.until(lambda: harness.request(child.telemetry, "/readyz").status == 200, child)
        return child

    def until(self, what, child, seconds=60):
        deadline = time.monotonic() + seconds
        while not what():
            if time.monotonic() > deadline:
                self.fail(f"that did not happen in {seconds} s; log:\n{child.log[-3000:]}")
            time.sleep(0.1)

    def settled(self, child):
        """The original has no readiness: its page until it stops growing."""
        last, same = None, 0
        while same < 8:
            page = child.get("/metrics").text
            same = same + 1 if last is not None and len(page) == len(last) and page else 0
            last = page
            time.sleep(0.25)
        return last

    def compare(self, ours, theirs):
        # Custom resources come to the original's page some seconds later.
        for _ in range(8):
            text = self.settled(theirs)
            mine = ours.get("/metrics").text
            a, b = series(mine), series(text)
            if set(a) == set(b):
                break
        self.assertGreater(len(b), 0)
        self.assertEqual(sorted(set(b) - set(a))[:5], [], f"missing ({len(set(b) - set(a))})")
        self.assertEqual(sorted(set(a) - set(b))[:5], [], f"only ours ({len(set(a) - set(b))})")
        self.assertEqual({k: (a[k], b[k]) for k in a if k[0] not in RESTLESS and a[k] != b[k] and a[k] == a[k]}, {})
        kinds = [[line for line in page.splitlines() if line.startswith("# TYPE")] for page in (mine, text)]
        self.assertEqual(kinds[0], kinds[1], "families, their types and order")
        return a

    def both(self, *flags):
        ours = self.ours(*flags)
        theirs = self.run_one(harness.original("kube-state-metrics"), *flags)
        return self.compare(ours, theirs)

    def test_default(self):
        self.assertGreater(len(self.both()), 700)

    def test_everything(self):
        config = self.write("custom.yaml", CUSTOM)
        self.assertGreater(len(self.both(f"--resources={ALL}", "--metric-labels-allowlist=*=[*]", "--metric-annotations-allowlist=*=[*]",
                                         "--metric-opt-in-list=.*", f"--custom-resource-state-config-file={config}")), 1500)

    def test_chosen(self):
        self.both("--resources=pods,nodes,secrets", "--namespaces=sink,kube-system", "--metric-denylist=^kube_pod_(?!info|labels|status)",
                  "--metric-labels-allowlist=pods=[app*,team],nodes=[none]")
        self.both("--resources=pods,services,namespaces", "--namespaces-denylist=kube-system", "--metric-allowlist=_(info|created)$")
        self.both("--resources=pods", "--track-unscheduled-pods")

    def test_shards(self):
        shares = [self.both(f"--resources={ALL}", f"--shard={i}", "--total-shards=2") for i in range(2)]
        self.assertEqual(set(shares[0]) & set(shares[1]), set())

    def test_changes_and_a_killed_server(self):
        ours = self.ours()
        before = series(ours.get("/metrics").text)
        self.cluster.kill_server()
        stale = lambda: "kube_state_metrics_resource_stale_seconds" in (text := harness.request(ours.telemetry, "/metrics").text) and \
            any(v > 0 for (name, _), v in series(text).items() if name == "kube_state_metrics_resource_stale_seconds")
        self.until(stale, ours)
        self.assertEqual(set(series(ours.get("/metrics").text)), set(before), "the last state stays")
        self.assertEqual(ours.get("/livez").status, 503)
        self.cluster.start()
        patch = {"metadata": {"labels": {"changed": "yes"}}, "status": {"phase": "Failed", "reason": "Evicted"}}
        self.cluster.api("PATCH", "/api/v1/namespaces/sink/pods/bare/status", patch, "application/merge-patch+json")
        self.cluster.api("DELETE", "/api/v1/namespaces/sink/configmaps/odd")
        self.cluster.compact()
        self.until(lambda: not stale(), ours, 90)
        page = lambda: ours.get("/metrics").text
        self.until(lambda: re.search(r'kube_pod_status_phase\{[^}]*pod="bare"[^}]*phase="Failed"\} 1', page()), ours)
        self.until(lambda: 'configmap="odd"' not in page(), ours)
        self.compare(ours, self.run_one(harness.original("kube-state-metrics")))

    def test_prometheus_takes_gzip(self):
        ours = self.ours("--enable-gzip-encoding")
        port = harness.free_port()
        config = self.write("prometheus.yml", PROMETHEUS.format(port=ours.port))
        prometheus = self.start([harness.tool("prometheus"), f"--config.file={config}", f"--web.listen-address=127.0.0.1:{port}",
                                 f"--storage.tsdb.path={os.path.join(self.folder, 'data')}", "--log.level=warn"], port, ready="/-/ready", seconds=60)

        def value(query):
            rows = json.loads(prometheus.get(f"/api/v1/query?query={query}").text)["data"]["result"]
            return float(rows[0]["value"][1]) if rows else None
        self.until(lambda: value("up") == 1, prometheus)
        self.assertEqual(value("scrape_samples_scraped"), len(series(ours.get("/metrics").text)))
        self.until(lambda: (value("count_over_time(up[1m])") or 0) >= 3, prometheus)
        self.assertGreater(value("count(kube_pod_info)"), 5)


if __name__ == "__main__":
    if not harness.shared("peers", "kube", "start.sh") or not harness.original("kube-state-metrics"):
        harness.skip_all("a real API server and the original to compare with are not here (EXPORTER_SHARED)")
    harness.main(binaries=["kube-state-metrics"])
