// SPDX-License-Identifier: Apache-2.0
#pragma once

// Everything that follows one API server by one set of options: the client, a store for each resource, custom
// resources, and the shard. Another set of options makes another Cluster, which takes the old one's place
// once it has listed everything.

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "api/client.hpp"
#include "api/reflectors.hpp"
#include "custom/resources.hpp"
#include "options.hpp"
#include "policy/metric_filter.hpp"
#include "shard_watch.hpp"
#include "store/store.hpp"

namespace exporter::kube {

/// The resources that the options ask for, sorted by name. An error names one that doesn't exist.
Result<std::vector<const Resource*>> chosen_resources(const Options& options);

/// All that can be wrong with the options without asking anybody: names of resources, regular expressions,
/// the custom resource config. Returns the latter.
Result<std::vector<CustomResource>> check_policy(const Options& options);

class Cluster {
 public:
  /// Connects, and begins to follow everything. An error where the API server doesn't answer.
  static Result<std::shared_ptr<Cluster>> open(Options options, CustomEvents& custom_events);
  ~Cluster();
  Cluster(const Cluster&) = delete;
  Cluster& operator=(const Cluster&) = delete;

  const Options& options() const { return options_; }
  Client& client() { return *client_; }
  Shard shard() const { return shard_->get(); }

  /// In the order of the page: built-in ones by name, then custom ones.
  std::vector<std::shared_ptr<Store>> stores() const;
  std::vector<ReflectorStatus> status() const { return reflectors_->status(); }
  /// Everything has been listed, but for what the API server refuses or doesn't have.
  bool ready() const;

  /// Follows what another config asks for; the old one's stores stay until the new ones are listed, or the
  /// time is over.
  void replace_custom(std::vector<CustomResource> config, Client::Clock::time_point deadline);

 private:
  Cluster(Options options, CustomEvents& custom_events)
      : options_(std::move(options)), custom_events_(custom_events) {}
  Status start();
  Status add_resource(const Resource& resource);
  std::string field_selector(bool pods) const;
  std::unique_ptr<CustomResources> make_custom(std::vector<CustomResource> config);
  void relist();

  struct Followed {
    Watched watched;
    Source* source;
    Reflectors::Id id;
  };

  const Options options_;
  CustomEvents& custom_events_;
  MetricFilter filter_;
  AllowLists labels_, annotations_;
  std::shared_ptr<ShardChoice> shard_;
  std::unique_ptr<Client> client_;
  std::vector<std::shared_ptr<Store>> built_in_;
  std::unique_ptr<ShardWatch> shard_watch_;
  std::unique_ptr<Reflectors> reflectors_;
  std::vector<Followed> followed_;
  mutable std::mutex mutex_;  // of custom_
  std::unique_ptr<CustomResources> custom_;
};

}  // namespace exporter::kube
