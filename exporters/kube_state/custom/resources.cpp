// SPDX-License-Identifier: Apache-2.0
// Custom resource definitions, and a store for each resource that the config asks for and a definition has.

#include "custom/resources.hpp"

#include <algorithm>
#include <array>

#include <exporter/log.hpp>

#include "custom/metrics.hpp"

namespace exporter::kube {
namespace {

const std::string& text_at(const Json& object, std::initializer_list<std::string_view> path) {
  static const std::string kNothing;
  const Json* at = &object;
  for (const auto step : path) {
    if ((at = at->find(step)) == nullptr) return kNothing;
  }
  return at->kind() == Json::Kind::kString ? at->text() : kNothing;
}

/// A resource that is made of the config: owns the names that Resource and Family only refer to.
struct CustomKind {
  CustomResource config;
  std::string name, version;
  std::vector<Family> families;
  Resource resource;
  std::set<std::string, std::less<>> members;  // of the object, that paths begin with
  bool whole = false;                          // some path is empty: the whole object is needed

  CustomKind(const CustomResource& from, std::string plural, std::string a_version, const std::string& kind,
             bool namespaced)
      : config(from), name(std::move(plural)), version(std::move(a_version)) {
    members.insert("metadata");
    for (auto& metric : config.metrics) {
      auto& labels = metric.common_labels;
      labels.insert({{"customresource_group", from.group},
                     {"customresource_version", version},
                     {"customresource_kind", kind}});
      families.push_back({.name = metric.name,
                          .help = metric.help,
                          .stability = Stability::kExperimental,
                          .type = metric.type,
                          .shared = false,
                          .opt_in = false,
                          .labels = {}});
      need(metric.path);
      for (const auto& [label, path] : metric.labels_from_path) need(path);
    }
    resource = {.name = name,
                .group = config.group,
                .version = version,
                .namespaced = namespaced,
                .on_by_default = false,
                .projection = Projection::kFull,
                .common_labels = {},
                .families = families,
                .schema = nullptr,
                .read = nullptr};
  }
  void need(const JsonPath& path) {
    if (path.empty()) whole = true;
    members.insert(std::string(path.first()));
  }
  Result<Json> parse(std::string_view text) const {
    if (whole) return Json::parse(text);
    return Json::parse(text, [this](std::string_view key) { return members.contains(key); });
  }
};

/// Puts objects of one reflector into the store.
class Feed final : public JsonListener {
 public:
  Feed(std::shared_ptr<const CustomKind> kind, Source& source) : kind_(std::move(kind)), source_(source) {}

  void list_begins() override { source_.list_begins(); }
  void list_ends() override { source_.list_ends(); }
  void list_fails() override { source_.list_fails(); }

  void object(std::string_view json) override {
    source_.put([&](Emit& emit) {
      const auto object = kind_->parse(json);
      if (!object || !identify(*object, emit)) return false;
      for (std::size_t i = 0; i < kind_->config.metrics.size(); ++i) {
        if (emit.wants(i)) read(i, *object, emit);
      }
      return true;
    });
  }
  void deleted(std::string_view json) override {
    source_.erase([&](Emit& emit) {
      const auto object = Json::parse(json, [](std::string_view key) { return key == "metadata"; });
      return object && identify(*object, emit);
    });
  }

 private:
  static bool identify(const Json& object, Emit& emit) {
    const auto& name = text_at(object, {"metadata", "name"});
    emit.identity(text_at(object, {"metadata", "namespace"}), name, text_at(object, {"metadata", "uid"}), {});
    return !name.empty();
  }

  void read(std::size_t family, const Json& object, Emit& emit) {
    read_custom_metric(
        kind_->config.metrics[family], object,
        [&](std::span<const std::pair<std::string, std::string>> labels, double value) {
          names_.clear();
          values_.clear();
          for (const auto& [label, text] : labels) {
            names_.emplace_back(label);
            values_.emplace_back(text);
          }
          emit.sample(family, names_, values_, value);
        },
        [&](const std::string& what) {
          log::debug("A custom resource has no sample",
                     {{"resource", kind_->name},
                      {"namespace", text_at(object, {"metadata", "namespace"})},
                      {"name", text_at(object, {"metadata", "name"})},
                      {"why", what}});
        });
  }

  const std::shared_ptr<const CustomKind> kind_;
  Source& source_;
  std::vector<std::string_view> names_;
  std::vector<Text> values_;
};

}  // namespace

Result<Definition> Definition::parse(const Json& object) {
  Definition definition{.group = text_at(object, {"spec", "group"}),
                        .kind = text_at(object, {"spec", "names", "kind"}),
                        .plural = text_at(object, {"spec", "names", "plural"}),
                        .namespaced = text_at(object, {"spec", "scope"}) != "Cluster",
                        .versions = {}};
  const auto* spec = object.find("spec");
  const auto* versions = spec == nullptr ? nullptr : spec->find("versions");
  if (versions == nullptr || definition.group.empty() || definition.kind.empty() ||
      definition.plural.empty()) {
    return fail(Code::kInvalid, "a definition without group, names or versions");
  }
  for (const auto& version : versions->items()) {
    const auto* served = version.find("served");
    const auto& name = text_at(version, {"name"});
    if (served != nullptr && served->boolean() && !name.empty()) definition.versions.push_back(name);
  }
  return definition;
}

struct CustomResources::Followed {
  std::shared_ptr<CustomKind> kind;
  std::shared_ptr<Store> store;
  std::vector<std::unique_ptr<Feed>> feeds;
  std::vector<Watched> watched;
  std::vector<Reflectors::Id> ids;

  void start(Reflectors& reflectors) {
    for (std::size_t i = 0; i < feeds.size(); ++i) ids.push_back(reflectors.add(watched[i], *feeds[i]));
  }
  void stop(Reflectors& reflectors) {
    for (const auto id : ids) reflectors.remove(id);
    ids.clear();
  }
};

/// Listens to the definitions.
class CustomResources::Definitions final : public JsonListener {
 public:
  explicit Definitions(CustomResources& owner) : owner_(owner) {}

  void list_begins() override {
    listing_ = true;
    listed_.clear();
  }
  void object(std::string_view json) override {
    auto [name, definition] = parse(json);
    if (name.empty()) return;
    if (listing_) listed_.insert(name);
    const auto it = known_.find(name);
    if (it == known_.end()) {
      ++owner_.events_.added;
    } else if (it->second == definition) {
      return;
    } else {
      ++owner_.events_.updated;
    }
    known_.insert_or_assign(name, std::move(definition));
    changed();
  }
  void deleted(std::string_view json) override {
    const auto name = parse(json).first;
    if (known_.erase(name) == 0) return;
    ++owner_.events_.deleted;
    changed();
  }
  void list_ends() override {
    listing_ = false;
    owner_.events_.deleted +=
        std::erase_if(known_, [&](const auto& each) { return !listed_.contains(each.first); });
    owner_.settled_ = true;
    changed();
  }
  void list_fails() override {
    listing_ = false;
    // What has its whole name in the config can be followed all the same.
    if (!owner_.settled_.exchange(true)) changed();
  }

 private:
  static std::pair<std::string, Definition> parse(std::string_view json) {
    const auto object =
        Json::parse(json, [](std::string_view key) { return key == "metadata" || key == "spec"; });
    if (!object) return {};
    auto definition = Definition::parse(*object);
    if (!definition) return {};
    return {text_at(*object, {"metadata", "name"}), std::move(*definition)};
  }
  void changed() {
    owner_.events_.known = known_.size();
    if (!listing_ && owner_.settled_) owner_.follow(known_);
  }

  CustomResources& owner_;
  std::map<std::string, Definition> known_;
  std::set<std::string> listed_;
  bool listing_ = true;
};

CustomResources::CustomResources(Reflectors& reflectors, std::vector<CustomResource> config, Policy policy,
                                 CustomEvents& events)
    : reflectors_(reflectors),
      config_(std::move(config)),
      policy_(std::move(policy)),
      events_(events),
      definitions_(std::make_unique<Definitions>(*this)) {
  definitions_id_ = reflectors_.add({.group = "apiextensions.k8s.io",
                                     .version = "v1",
                                     .plural = "customresourcedefinitions",
                                     .type = "*v1.CustomResourceDefinition"},
                                    *definitions_);
}

CustomResources::~CustomResources() {
  reflectors_.remove(definitions_id_);
  for (auto& [key, followed] : followed_) followed->stop(reflectors_);
}

std::set<CustomResources::Key> CustomResources::wanted(const std::map<std::string, Definition>& definitions) {
  std::map<std::array<std::string, 3>, Key> by_kind;
  const auto want = [&](Key key) {
    const auto& group = config_[key.resource].group;
    auto [it, is_new] = by_kind.try_emplace({group, key.version, key.kind}, key);
    if (is_new) return;
    const auto before = std::exchange(it->second, key);
    if (!told_.insert(before).second) return;
    log::warn("The config has more than one entry for a custom resource: the last one is used",
              {{"group", group}, {"version", key.version}, {"kind", key.kind}});
  };
  for (std::size_t i = 0; i < config_.size(); ++i) {
    const auto& resource = config_[i];
    bool defined = false;
    for (const auto& [name, definition] : definitions) {
      for (const auto& version : definition.versions) {
        if (!resource.matches(definition.group, version, definition.kind)) continue;
        want({i, version, definition.kind, definition.plural, definition.namespaced});
        defined = true;
      }
    }
    if (!defined && !resource.wildcard()) {
      want({i, resource.version, resource.kind, resource.likely_plural(), true});
    }
  }
  std::set<Key> keys;
  for (auto& [kind, key] : by_kind) keys.insert(std::move(key));
  return keys;
}

void CustomResources::follow(const std::map<std::string, Definition>& definitions) {
  const auto wanted = this->wanted(definitions);
  std::map<Key, std::unique_ptr<Followed>> gone;
  std::vector<Followed*> fresh;
  {
    const std::lock_guard lock(mutex_);
    for (auto it = followed_.begin(); it != followed_.end();) {
      if (wanted.contains(it->first)) {
        ++it;
      } else {
        gone.insert(followed_.extract(it++));
      }
    }
    for (const auto& key : wanted) {
      if (followed_.contains(key)) continue;
      auto followed = std::make_unique<Followed>();
      const auto& resource = config_[key.resource];
      followed->kind =
          std::make_shared<CustomKind>(resource, key.plural, key.version, key.kind, key.namespaced);
      StoreOptions options{.wanted = {},
                           .takes = policy_.takes,
                           .picks_label = {},
                           .picks_annotation = {},
                           .resource_owner = followed->kind};
      for (const auto& family : followed->kind->families) {
        options.wanted.push_back(!policy_.wants_family || policy_.wants_family(family.name));
      }
      followed->store = std::make_shared<Store>(followed->kind->resource, std::move(options));
      auto namespaces = policy_.namespaces;
      if (!key.namespaced || namespaces.empty()) namespaces = {""};
      for (const auto& name_space : namespaces) {
        followed->feeds.push_back(std::make_unique<Feed>(followed->kind, followed->store->source()));
        followed->watched.push_back({.group = resource.group,
                                     .version = key.version,
                                     .plural = key.plural,
                                     .name_space = name_space,
                                     .field_selector = key.namespaced ? policy_.field_selector : "",
                                     .type = "*unstructured.Unstructured"});
      }
      log::info("Following a custom resource",
                {{"group", resource.group}, {"version", key.version}, {"resource", key.plural}});
      fresh.push_back(followed.get());
      followed_.emplace(key, std::move(followed));
    }
  }
  for (auto& [key, followed] : gone) {
    log::info("A custom resource is gone",
              {{"group", config_[key.resource].group}, {"version", key.version}, {"resource", key.plural}});
    followed->stop(reflectors_);
  }
  for (auto* followed : fresh) followed->start(reflectors_);
}

std::vector<std::shared_ptr<Store>> CustomResources::stores() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::shared_ptr<Store>> stores;
  for (const auto& [key, followed] : followed_) stores.push_back(followed->store);
  return stores;
}

bool CustomResources::synced() const {
  if (!settled_) return false;
  const std::lock_guard lock(mutex_);
  return std::ranges::all_of(followed_, [](const auto& each) { return each.second->store->synced(); });
}

void CustomResources::relist() {
  for (auto& [key, followed] : followed_) {
    followed->stop(reflectors_);
    followed->start(reflectors_);
  }
}

}  // namespace exporter::kube
