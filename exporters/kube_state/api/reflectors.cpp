// SPDX-License-Identifier: Apache-2.0
// All reflectors of the program, and what is logged about them.

#include "api/reflectors.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <mutex>

#include <exporter/log.hpp>

#include "api/reflector.hpp"
#include "api/transport.hpp"

namespace exporter::kube {
namespace {

/// The same trouble is logged again after so long.
constexpr std::chrono::minutes kRepeat{10};
/// What happens within so long is told in one line.
constexpr std::chrono::seconds kTogether{1};

struct KindName {
  std::string_view plural;
  std::string_view kind;
};
/// Where the kind isn't just the plural with a capital letter and without its s.
constexpr std::array kKinds = {
    KindName{"certificatesigningrequests", "CertificateSigningRequest"},
    KindName{"clusterrolebindings", "ClusterRoleBinding"},
    KindName{"clusterroles", "ClusterRole"},
    KindName{"configmaps", "ConfigMap"},
    KindName{"cronjobs", "CronJob"},
    KindName{"daemonsets", "DaemonSet"},
    KindName{"endpoints", "Endpoints"},
    KindName{"endpointslices", "EndpointSlice"},
    KindName{"horizontalpodautoscalers", "HorizontalPodAutoscaler"},
    KindName{"ingressclasses", "IngressClass"},
    KindName{"ingresses", "Ingress"},
    KindName{"limitranges", "LimitRange"},
    KindName{"mutatingadmissionpolicies", "MutatingAdmissionPolicy"},
    KindName{"mutatingadmissionpolicybindings", "MutatingAdmissionPolicyBinding"},
    KindName{"mutatingwebhookconfigurations", "MutatingWebhookConfiguration"},
    KindName{"networkpolicies", "NetworkPolicy"},
    KindName{"persistentvolumeclaims", "PersistentVolumeClaim"},
    KindName{"persistentvolumes", "PersistentVolume"},
    KindName{"poddisruptionbudgets", "PodDisruptionBudget"},
    KindName{"replicasets", "ReplicaSet"},
    KindName{"replicationcontrollers", "ReplicationController"},
    KindName{"resourcequotas", "ResourceQuota"},
    KindName{"rolebindings", "RoleBinding"},
    KindName{"serviceaccounts", "ServiceAccount"},
    KindName{"statefulsets", "StatefulSet"},
    KindName{"storageclasses", "StorageClass"},
    KindName{"validatingadmissionpolicies", "ValidatingAdmissionPolicy"},
    KindName{"validatingadmissionpolicybindings", "ValidatingAdmissionPolicyBinding"},
    KindName{"validatingwebhookconfigurations", "ValidatingWebhookConfiguration"},
    KindName{"volumeattachments", "VolumeAttachment"},
};

}  // namespace

std::string type_name(const Resource& resource) {
  std::string kind;
  const auto found = std::find_if(kKinds.begin(), kKinds.end(),
                                  [&](const KindName& one) { return one.plural == resource.name; });
  if (found != kKinds.end()) {
    kind = found->kind;
  } else if (!resource.name.empty()) {
    kind = resource.name.substr(0, resource.name.size() - 1);
    kind[0] = static_cast<char>(kind[0] - 'a' + 'A');
  }
  return "*" + std::string(resource.version) + "." + kind;
}

Watched watched(const Resource& resource, std::string name_space) {
  Watched result;
  result.group = resource.group;
  result.version = resource.version;
  result.plural = resource.name;
  if (resource.namespaced) result.name_space = std::move(name_space);
  result.type = type_name(resource);
  result.projection = resource.projection;
  result.schema = resource.schema;
  return result;
}

struct Reflectors::Impl final : ReflectorEvents {
  Impl(Client& client, ReflectorOptions given) : transport(client.transport()), options(given) {}

  Transport& transport;
  const ReflectorOptions options;
  mutable std::mutex mutex;  // of what follows, which only the client's thread changes
  Id last = 0;
  std::map<Id, std::shared_ptr<Reflector>> all;

  // The client's thread alone:
  std::map<std::string, Loop::Clock::time_point> told;
  std::map<std::string, std::map<std::string, std::string>> troubles;  // by kind and resource, to be told
  Loop::Timer teller = 0;
  bool lost = false;

  Id add(Watched watched, Target target) {
    Id id = 0;
    transport.loop().run([&] {
      auto reflector = std::make_shared<Reflector>(transport, options, *this, std::move(watched), target);
      {
        const std::lock_guard lock(mutex);
        id = ++last;
        all.emplace(id, reflector);
      }
      // Not at once: a listener that adds another must not be called for it before add() has returned.
      transport.loop().defer([weak = std::weak_ptr(reflector)] {
        if (const auto added = weak.lock()) added->start();
      });
    });
    return id;
  }

  void remove(Id id) {
    transport.loop().run([&] {
      std::shared_ptr<Reflector> gone;
      {
        const std::lock_guard lock(mutex);
        const auto found = all.find(id);
        if (found == all.end()) return;
        gone = std::move(found->second);
        all.erase(found);
      }
      gone->stop();
      transport.loop().defer([gone] {});  // it may be what is calling
    });
  }

  void remove_all() {
    transport.loop().run([&] {
      std::map<Id, std::shared_ptr<Reflector>> gone;
      {
        const std::lock_guard lock(mutex);
        gone.swap(all);
      }
      for (const auto& [id, reflector] : gone) reflector->stop();
      transport.loop().cancel(teller);
    });
  }

  void failed(const Watched& watched, const std::string& why, Failure failure) override {
    const std::string where = shown(watched);
    if (failure == Failure::kLost) {
      const bool known = std::exchange(lost, true);
      if (worth_telling(std::string()) || !known) {
        log::warn("The API server is lost; its last state stays", {{"err", why}});
      } else {
        log::debug("The API server is still lost", {{"resource", where}, {"err", why}});
      }
    } else if (failure == Failure::kExpired) {
      log::debug("Listing a resource again", {{"resource", where}, {"err", why}});
    } else if (worth_telling(where + " " + why)) {
      // Often it's the same for many: they are told together.
      troubles[why.substr(0, why.find(':'))][where] = why;
      if (teller == 0) {
        teller = transport.loop().at(Loop::Clock::now() + kTogether, [this] {
          teller = 0;
          tell();
        });
      }
    } else {
      log::debug("Still cannot follow a resource", {{"resource", where}, {"err", why}});
    }
  }

  void answered() override {
    if (!std::exchange(lost, false)) return;
    log::info("The API server is back", {});
    hurry(Failure::kLost);
  }

  void recovered(const Watched& watched, Failure failure) override {
    const std::string where = shown(watched);
    for (auto& [kind, those] : troubles) those.erase(where);
    std::erase_if(told, [prefix = where + " "](const auto& one) { return one.first.starts_with(prefix); });
    if (failure == Failure::kRefused) hurry(failure);
  }

  void hurry(Failure failure) {
    for (const auto& [id, reflector] : all) reflector->hurry(failure);
  }

  void tell() {
    for (const auto& [kind, those] : std::exchange(troubles, {})) {
      if (those.empty()) continue;
      std::string names;
      for (const auto& [where, why] : those) names += (names.empty() ? "" : ",") + where;
      log::warn("Cannot follow resources; trying again",
                {{"resources", names}, {"err", those.begin()->second}});
    }
  }

  static std::string shown(const Watched& watched) {
    return watched.name_space.empty() ? watched.plural : watched.name_space + "/" + watched.plural;
  }

  /// Not where the same has been told lately.
  bool worth_telling(const std::string& what) {
    const auto now = Loop::Clock::now();
    if (told.size() > 1000) told.clear();
    const auto [at, is_new] = told.try_emplace(what, now);
    if (!is_new && now - at->second < kRepeat) return false;
    at->second = now;
    return true;
  }
};

Reflectors::Reflectors(Client& client, ReflectorOptions options)
    : impl_(std::make_unique<Impl>(client, options)) {}
Reflectors::~Reflectors() { impl_->remove_all(); }

Reflectors::Id Reflectors::add(Watched watched, Listener& listener) {
  return impl_->add(std::move(watched), Target{.listener = &listener});
}
Reflectors::Id Reflectors::add(Watched watched, JsonListener& listener) {
  return impl_->add(std::move(watched), Target{.json = &listener});
}
void Reflectors::remove(Id id) { impl_->remove(id); }

std::vector<ReflectorStatus> Reflectors::status() const {
  const std::lock_guard lock(impl_->mutex);
  std::vector<ReflectorStatus> result;
  result.reserve(impl_->all.size());
  for (const auto& [id, reflector] : impl_->all) result.push_back(reflector->status());
  return result;
}

bool Reflectors::synced() const {
  const std::lock_guard lock(impl_->mutex);
  return std::all_of(impl_->all.begin(), impl_->all.end(),
                     [](const auto& one) { return one.second->status().synced; });
}

}  // namespace exporter::kube
