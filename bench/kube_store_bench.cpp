// SPDX-License-Identifier: Apache-2.0
// What the store of kube-state-metrics takes for pods like those of a usual cluster: bytes a pod, and the
// time of an update and of a line of a page. kube_store_bench [PODS]

#include <malloc.h>
#include <time.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include "store/page.hpp"
#include "store/store.hpp"

using namespace exporter;
using namespace exporter::kube;

namespace {

constexpr std::string_view kCommon[] = {"namespace", "pod", "uid"};
constexpr auto kS = Stability::kStable;
enum : std::size_t {
  kCompletion,
  kContainerInfo,
  kLimits,
  kRequests,
  kStarted,
  kLastReason,
  kReady,
  kRestarts,
  kRunning,
  kTerminated,
  kWaiting,
  kWaitingReason,
  kCreated,
  kDeletion,
  kInfo,
  kIps,
  kInitInfo,
  kLabels,
  kOwner,
  kPolicy,
  kClaims,
  kStartTime,
  kPhase,
  kInitialized,
  kContainersReady,
  kReadyTime,
  kQos,
  kStatusReady,
  kScheduled,
  kScheduledTime,
  kTolerations,
  kAccount,
  kScheduler,
};
constexpr Family kFamilies[] = {
    unique("kube_pod_completion_time", kS, "help"),
    unique("kube_pod_container_info", kS, "help", "container", "image_spec", "image", "image_id",
           "container_id"),
    unique("kube_pod_container_resource_limits", kS, "help", "container", "node", "resource", "unit"),
    unique("kube_pod_container_resource_requests", kS, "help", "container", "node", "resource", "unit"),
    unique("kube_pod_container_state_started", kS, "help", "container"),
    unique("kube_pod_container_status_last_terminated_reason", kS, "help", "container", "reason"),
    shared("kube_pod_container_status_ready", kS, "help", "container"),
    shared("kube_pod_container_status_restarts_total", kS, "help", "container"),
    shared("kube_pod_container_status_running", kS, "help", "container"),
    shared("kube_pod_container_status_terminated", kS, "help", "container"),
    shared("kube_pod_container_status_waiting", kS, "help", "container"),
    shared("kube_pod_container_status_waiting_reason", kS, "help", "container", "reason"),
    unique("kube_pod_created", kS, "help"),
    unique("kube_pod_deletion_timestamp", kS, "help"),
    unique("kube_pod_info", kS, "help", "host_ip", "pod_ip", "node", "created_by_kind", "created_by_name",
           "priority_class", "host_network"),
    unique("kube_pod_ips", kS, "help", "ip", "ip_family"),
    unique("kube_pod_init_container_info", kS, "help", "container", "image", "image_id", "container_id"),
    unique("kube_pod_labels", kS, "help"),
    unique("kube_pod_owner", kS, "help", "owner_kind", "owner_name", "owner_is_controller"),
    shared("kube_pod_restart_policy", kS, "help", "type"),
    unique("kube_pod_spec_volumes_persistentvolumeclaims_info", kS, "help", "volume",
           "persistentvolumeclaim"),
    unique("kube_pod_start_time", kS, "help"),
    shared("kube_pod_status_phase", kS, "help", "phase"),
    unique("kube_pod_status_initialized_time", kS, "help"),
    unique("kube_pod_status_container_ready_time", kS, "help"),
    unique("kube_pod_status_ready_time", kS, "help"),
    shared("kube_pod_status_qos_class", kS, "help", "qos_class"),
    shared("kube_pod_status_ready", kS, "help", "condition"),
    shared("kube_pod_status_scheduled", kS, "help", "condition"),
    unique("kube_pod_status_scheduled_time", kS, "help"),
    shared("kube_pod_tolerations", kS, "help", "key", "operator", "value", "effect", "toleration_seconds"),
    shared("kube_pod_service_account", kS, "help", "service_account"),
    shared("kube_pod_scheduler", kS, "help", "name"),
};
const Resource kPods{
    .name = "pods", .group = "", .version = "v1", .common_labels = kCommon, .families = kFamilies};

struct Container {
  std::string name, image, image_id, id;
};
struct Pod {
  std::string name_space, name, uid, node, host_ip, ip, owner, account;
  std::vector<Container> containers;
  std::int64_t created = 0;
  int restarts = 0;
  bool ready = true;
};

class Cluster {
 public:
  Pod pod() {
    Pod pod;
    const auto workload = below(600);
    const auto set = std::to_string(workload * 7919 % 100003) + "bc5d9";
    pod.name_space = "team-" + std::to_string(workload % 40);
    pod.owner = "workload-" + std::to_string(workload) + "-" + set;
    pod.name = pod.owner + "-" + hex(5) + std::to_string(++count_);
    pod.uid = hex(8) + "-" + hex(4) + "-" + hex(4) + "-" + hex(4) + "-" + hex(12);
    const auto node = below(200);
    pod.node = "ip-10-0-" + std::to_string(node) + "-17.eu-central-1.compute.internal";
    pod.host_ip = "10.0." + std::to_string(node) + ".17";
    pod.ip = "10.1." + std::to_string(below(256)) + "." + std::to_string(below(256));
    pod.account = "account-" + std::to_string(workload % 60);
    pod.created = 1'700'000'000 + below(10'000'000);
    for (unsigned i = 0; i < 1 + workload % 2; ++i) {
      const auto tag = std::to_string((workload + i) % 300);
      pod.containers.push_back(
          {i == 0 ? "app" : "sidecar-" + std::to_string(workload % 5),
           "registry.example.com/team/app-" + tag + ":1.2." + tag,
           "registry.example.com/team/app-" + tag + "@sha256:" + std::string(60, 'a') + tag,
           "containerd://" + hex(64)});
    }
    return pod;
  }
  unsigned below(unsigned bound) { return static_cast<unsigned>(random_() % bound); }

 private:
  std::string hex(int count) {
    std::string text;
    for (; count > 0; --count) text += "0123456789abcdef"[below(16)];
    return text;
  }
  std::mt19937 random_{1};
  unsigned count_ = 0;
};

bool emit_pod(const Pod& pod, Emit& emit) {
  const std::string_view common[] = {pod.name_space, pod.name, pod.uid};
  emit.identity(pod.name_space, pod.name, pod.uid, common);
  for (const auto& container : pod.containers) {
    emit(kContainerInfo,
         {container.name, container.image, container.image, container.image_id, own(container.id)}, 1);
    for (const std::size_t family : {kLimits, kRequests}) {
      emit(family, {container.name, pod.node, "cpu", "core"}, 0.25);
      emit(family, {container.name, pod.node, "memory", "byte"}, 256 << 20);
    }
    emit(kStarted, {container.name}, pod.created + 7);
    emit(kReady, {container.name}, pod.ready);
    emit(kRestarts, {container.name}, pod.restarts);
    emit(kRunning, {container.name}, 1);
    emit(kTerminated, {container.name}, 0);
    emit(kWaiting, {container.name}, 0);
  }
  emit(kCreated, {}, pod.created);
  emit(kInfo, {pod.host_ip, own(pod.ip), pod.node, "ReplicaSet", pod.owner, "", "false"}, 1);
  emit(kIps, {own(pod.ip), "4"}, 1);
  emit(kOwner, {"ReplicaSet", pod.owner, "true"}, 1);
  emit(kPolicy, {"Always"}, 1);
  emit(kStartTime, {}, pod.created + 1);
  for (const char* phase : {"Pending", "Succeeded", "Failed", "Unknown", "Running"}) {
    emit(kPhase, {phase}, phase[0] == 'R');
  }
  emit(kInitialized, {}, pod.created + 2);
  emit(kContainersReady, {}, pod.created + 9);
  emit(kReadyTime, {}, pod.created + 9);
  for (const char* qos : {"BestEffort", "Burstable", "Guaranteed"}) emit(kQos, {qos}, qos[0] == 'G');
  for (const char* condition : {"true", "false", "unknown"}) {
    emit(kStatusReady, {condition}, condition[0] == (pod.ready ? 't' : 'f'));
    emit(kScheduled, {condition}, condition[0] == 't');
  }
  emit(kScheduledTime, {}, pod.created);
  emit(kTolerations, {"node.kubernetes.io/not-ready", "Exists", "", "NoExecute", "300"}, 1);
  emit(kTolerations, {"node.kubernetes.io/unreachable", "Exists", "", "NoExecute", "300"}, 1);
  emit(kAccount, {pod.account}, 1);
  emit(kScheduler, {"default-scheduler"}, 1);
  return true;
}

/// Nanoseconds of processor time of this process.
double cpu() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

long resident_kb() {
  std::ifstream status("/proc/self/statm");
  long pages = 0;
  status >> pages >> pages;
  return pages * 4;
}

struct Body {
  std::size_t bytes = 0;
  std::size_t lines = 0;
  double time = 0;  // ns of the processor, without counting the lines
};

/// Reads a page as a client would, and forgets it.
Body read_page(Store& store, bool gzip) {
  Store* const stores[] = {&store};
  Body body;
  auto start = cpu();
  Page page(stores, {.gzip = gzip});
  std::string piece;
  for (bool more = true; more;) {
    piece.clear();
    more = page(piece);
    body.time += cpu() - start;
    body.bytes += piece.size();
    if (!gzip) body.lines += static_cast<std::size_t>(std::count(piece.begin(), piece.end(), '\n'));
    start = cpu();
  }
  return body;
}

/// The best of some.
Body best_page(Store& store, bool gzip) {
  Body best = read_page(store, gzip);
  for (int i = 0; i < 4; ++i) {
    if (const auto body = read_page(store, gzip); body.time < best.time) best = body;
  }
  return best;
}

}  // namespace

int main(int argc, char** argv) {
  const unsigned pods = argc > 1 ? static_cast<unsigned>(std::atoi(argv[1])) : 10'000;
  Cluster cluster;
  std::vector<Pod> all;
  for (unsigned i = 0; i < pods; ++i) all.push_back(cluster.pod());
  malloc_trim(0);
  const auto before = resident_kb();
  Store store(kPods, {});
  auto& source = store.source();
  const auto put = [&](const Pod& pod) { source.put([&](Emit& emit) { return emit_pod(pod, emit); }); };
  const auto figure = [](const char* what, double value, const char* unit) {
    std::printf("%-28s %10.1f %s\n", what, value, unit);
  };

  auto start = cpu();
  source.list_begins();
  for (const auto& pod : all) put(pod);
  source.list_ends();
  figure("put, new", (cpu() - start) / pods, "ns");
  figure("resident", static_cast<double>(resident_kb() - before) * 1024 / pods, "bytes a pod");
  std::printf("%s\n", to_string(store.memory(), "pods").c_str());

  start = cpu();
  source.list_begins();
  for (const auto& pod : all) put(pod);
  source.list_ends();
  figure("put, unchanged", (cpu() - start) / pods, "ns");

  const auto plain = best_page(store, false);
  figure("page", static_cast<double>(plain.bytes) / 1e6, "MB");
  figure("page", plain.time / 1e6, "ms");
  figure("line", plain.time / static_cast<double>(plain.lines), "ns");
  figure("line", static_cast<double>(plain.bytes) / static_cast<double>(plain.lines), "bytes");

  const auto first = read_page(store, true);
  figure("gzip", static_cast<double>(first.bytes) / 1e6, "MB");
  figure("gzip, first page", first.time / 1e6, "ms");
  figure("gzip, nothing changed", best_page(store, true).time / 1e6, "ms");
  for (const unsigned changes : {10U, 1000U}) {
    for (unsigned i = 0; i < changes; ++i) {
      auto& pod = all[cluster.below(pods)];
      ++pod.restarts;
      put(pod);
    }
    const auto what = "gzip, " + std::to_string(changes) + " pods changed";
    figure(what.c_str(), read_page(store, true).time / 1e6, "ms");
  }

  start = cpu();
  constexpr unsigned kUpdates = 50'000;
  for (unsigned i = 0; i < kUpdates; ++i) {
    auto& pod = all[cluster.below(pods)];
    pod.ready = !pod.ready;
    put(pod);
  }
  figure("put, changed", (cpu() - start) / kUpdates, "ns");
  for (unsigned i = 0; i < 2 * pods; ++i) {
    auto& pod = all[cluster.below(pods)];
    source.erase([&](Emit& emit) { return emit_pod(pod, emit); });
    pod = cluster.pod();
    put(pod);
  }
  std::printf("after churn: %s\n", to_string(store.memory(), "pods").c_str());
  malloc_trim(0);
  figure("resident after churn", static_cast<double>(resident_kb() - before) * 1024 / pods,
         "bytes a pod, compressed blocks in it");
}
