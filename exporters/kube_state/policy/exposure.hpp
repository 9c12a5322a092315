// SPDX-License-Identifier: Apache-2.0
#pragma once

// What is exposed of a resource, as the flags say; made once at start for each resource.

#include <atomic>
#include <memory>
#include <vector>

#include "policy/label_choice.hpp"
#include "policy/shard.hpp"

namespace exporter::kube {

/// Which shard this process is. Of a StatefulSet it may change while it runs; everything is listed again
/// then.
class ShardChoice {
 public:
  explicit ShardChoice(Shard shard = {}) : shard_(shard) {}
  Shard get() const { return shard_.load(std::memory_order_relaxed); }
  void set(Shard shard) { shard_.store(shard, std::memory_order_relaxed); }

 private:
  std::atomic<Shard> shard_;
};

struct Exposure {
  std::vector<bool> wanted;  ///< by the family's index in Resource::families; empty: all
  LabelChoice labels;
  LabelChoice annotations;
  std::shared_ptr<const ShardChoice> shard{};  ///< null: all objects
};

}  // namespace exporter::kube
