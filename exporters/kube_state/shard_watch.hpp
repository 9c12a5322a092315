// SPDX-License-Identifier: Apache-2.0
#pragma once

// Finds out which shard a pod of a StatefulSet is: its number from its name, their count from the set's
// replicas, and follows the set from then on.

#include <functional>
#include <memory>
#include <string>

#include "api/client.hpp"
#include "api/reflectors.hpp"
#include "policy/shard.hpp"

namespace exporter::kube {

class ShardWatch final : public JsonListener {
 public:
  /// Asks for the pod and its StatefulSet. An error where the pod belongs to none.
  static Result<std::unique_ptr<ShardWatch>> open(Client& client, const std::string& name_space,
                                                  const std::string& pod, Client::Clock::time_point deadline);

  Shard shard() const { return shard_; }
  Watched watched() const;
  /// Called on the client's thread with each other shard. Before the watch is added.
  void on_change(std::function<void(Shard)> changed) { changed_ = std::move(changed); }

  void list_begins() override {}
  void object(std::string_view json) override;
  void deleted(std::string_view /*json*/) override {}  // the last count stays
  void list_ends() override {}
  void list_fails() override {}

 private:
  std::string name_space_, set_;
  Shard shard_;
  std::function<void(Shard)> changed_;
};

}  // namespace exporter::kube
