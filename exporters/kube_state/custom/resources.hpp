// SPDX-License-Identifier: Apache-2.0
#pragma once

// Follows custom resources: their definitions, which may come and go while we run, and the objects of those
// that the config names. A definition that changes touches its own stores only.

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "api/reflectors.hpp"
#include "custom/config.hpp"
#include "store/store.hpp"

namespace exporter::kube {

/// What a custom resource definition says that matters here.
struct Definition {
  std::string group, kind, plural;
  bool namespaced = true;
  std::vector<std::string> versions;  ///< those that are served

  static Result<Definition> parse(const Json& object);
  bool operator==(const Definition&) const = default;
};

struct CustomEvents {
  std::atomic<std::uint64_t> added{0}, updated{0}, deleted{0};
  std::atomic<std::size_t> known{0};
};

class CustomResources {
 public:
  struct Policy {
    std::vector<std::string> namespaces{};
    std::string field_selector{};  ///< on resources with namespaces
    std::function<bool(std::string_view)> wants_family{};
    Predicate takes{};  ///< by uid; null: all
  };

  /// The client's thread must run; the reflectors must outlive this.
  CustomResources(Reflectors& reflectors, std::vector<CustomResource> config, Policy policy,
                  CustomEvents& events);
  ~CustomResources();
  CustomResources(const CustomResources&) = delete;
  CustomResources& operator=(const CustomResources&) = delete;

  std::vector<std::shared_ptr<Store>> stores() const;
  /// The definitions have been listed, or cannot be, and so has everything that is followed.
  bool synced() const;
  bool settled() const { return settled_; }
  /// Lists all objects again. On the client's thread, which alone changes what is followed.
  void relist();

 private:
  class Definitions;
  struct Followed;
  struct Key {
    std::size_t resource;  // index in the config
    std::string version, kind, plural;
    bool namespaced;
    auto operator<=>(const Key&) const = default;
  };

  /// One entry of the config for each resource: series that two make alike would be there twice.
  std::set<Key> wanted(const std::map<std::string, Definition>& definitions);
  void follow(const std::map<std::string, Definition>& definitions);

  Reflectors& reflectors_;
  const std::vector<CustomResource> config_;
  const Policy policy_;
  CustomEvents& events_;
  mutable std::mutex mutex_;
  std::map<Key, std::unique_ptr<Followed>> followed_;
  std::set<Key> told_;  // entries that another takes the place of
  std::atomic<bool> settled_{false};
  std::unique_ptr<Definitions> definitions_;
  Reflectors::Id definitions_id_ = 0;
};

}  // namespace exporter::kube
