// SPDX-License-Identifier: Apache-2.0
// From options to running reflectors and stores.

#include "cluster.hpp"

#include <algorithm>
#include <thread>

#include <exporter/log.hpp>
#include <exporter/text.hpp>

#include "custom/json_value.hpp"
#include "detail/version.hpp"
#include "detail/web_config_file.hpp"
#include "policy/cron.hpp"

namespace exporter::kube {
namespace {

using namespace std::chrono_literals;

constexpr auto kFirstAnswer = 10s;

const Resource* find_resource(std::string_view name) {
  for (const auto* resource : resources()) {
    if (resource->name == name) return resource;
  }
  return nullptr;
}

Status check_resource(std::string_view name, std::string_view setting) {
  if (find_resource(name) != nullptr) return {};
  std::string known;
  for (const auto* resource : resources()) known += (known.empty() ? "" : ", ") + std::string(resource->name);
  return fail(Code::kInvalid, std::string(setting) + ": there is no resource \"" + std::string(name) +
                                  "\"; there are " + known);
}

Status check_resources(const AllowLists& lists, std::string_view setting) {
  for (const auto name : lists.resources()) {
    if (auto status = check_resource(name, setting); !status) return status;
  }
  return {};
}

/// Refused for good as things are, or not there at all: waiting for it would hold up readiness for ever. The
/// error of an answer begins with its HTTP status.
bool refused(const ReflectorStatus& status) {
  const std::string_view error = status.last_error;
  return !status.synced &&
         (error.starts_with("401 ") || error.starts_with("403 ") || error.starts_with("404 "));
}

}  // namespace

Result<std::vector<const Resource*>> chosen_resources(const Options& options) {
  std::vector<const Resource*> chosen;
  for (const auto& name : options.resources) {
    if (auto status = check_resource(name, "--resources"); !status) return fail(status);
  }
  if (options.custom_resources_only) return chosen;
  for (const auto* resource : resources()) {
    const bool wanted = options.resources.empty()
                            ? resource->on_by_default
                            : std::ranges::find(options.resources, resource->name) != options.resources.end();
    if (wanted) chosen.push_back(resource);
  }
  return chosen;
}

Result<std::vector<CustomResource>> check_policy(const Options& options) {
  if (auto chosen = chosen_resources(options); !chosen) return fail(chosen);
  const struct {
    const char* setting;
    const std::vector<AllowList>& lists;
  } allow_lists[] = {{"--metric-labels-allowlist", options.labels_allowlist},
                     {"--metric-annotations-allowlist", options.annotations_allowlist}};
  for (const auto& each : allow_lists) {
    auto lists = AllowLists::make(each.lists);
    if (!lists) return fail(Code::kInvalid, std::string(each.setting) + ": " + lists.error().message);
    if (auto status = check_resources(*lists, each.setting); !status) return fail(status);
  }
  auto filter =
      MetricFilter::make(options.metric_allowlist, options.metric_denylist, options.metric_opt_in_list);
  if (!filter) return fail(filter);

  std::string yaml = options.custom_resource_config;
  std::string where = "--custom-resource-state-config";
  if (yaml.empty() && !options.custom_resource_config_file.empty()) {
    where = options.custom_resource_config_file;
    auto text = detail::read_small_file(where);
    if (!text && text.error().code == Code::kNoData && options.continue_without_custom_resource_config) {
      log::warn("There is no custom resource config yet; it is read when it appears", {{"file", where}});
    } else if (!text) {
      return fail(text.error().code, "--custom-resource-state-config-file: " + text.error().message);
    } else {
      yaml = std::move(*text);
    }
  }
  auto custom = parse_custom_config(yaml);
  if (!custom) return fail(Code::kInvalid, where + ": " + custom.error().message);
  return custom;
}

Result<std::shared_ptr<Cluster>> Cluster::open(Options options, CustomEvents& custom_events) {
  std::shared_ptr<Cluster> cluster(new Cluster(std::move(options), custom_events));
  if (auto status = cluster->start(); !status) return fail(status);
  return cluster;
}

Cluster::~Cluster() {
  custom_.reset();
  reflectors_.reset();
  if (client_) client_->stop();
}

Status Cluster::start() {
  Cron::default_days(options_.cron_either_day ? Cron::Days::kEither : Cron::Days::kBoth);
  auto custom = check_policy(options_);
  if (!custom) return fail(custom);
  filter_ = std::move(
      *MetricFilter::make(options_.metric_allowlist, options_.metric_denylist, options_.metric_opt_in_list));
  labels_ = *AllowLists::make(options_.labels_allowlist);
  annotations_ = *AllowLists::make(options_.annotations_allowlist);

  auto api = api_options(options_.kubeconfig, options_.apiserver);
  if (!api) return fail(api);
  api->user_agent = "kube-state-metrics/" + std::string(detail::version()) + " (linux)";
  const auto server = api->server;
  client_ = std::make_unique<Client>(std::move(*api));
  if (auto status = client_->start(); !status) return status;
  const auto deadline = Client::Clock::now() + kFirstAnswer;
  ApiRequest ask;
  ask.path = "/version";
  auto version = client_->call(std::move(ask), deadline);
  if (!version)
    return fail(version.error().code, "the API server does not answer: " + version.error().message);
  if (version->status != 200) {
    return fail(Code::kUnavailable,
                "the API server " + server + " answers " + std::to_string(version->status) + " for /version");
  }
  const auto is = Json::parse(version->body);
  const auto* git = is ? is->find("gitVersion") : nullptr;
  log::info("Connected to the API server",
            {{"server", server}, {"version", git != nullptr ? git->text() : "?"}});

  shard_ = std::make_shared<ShardChoice>(options_.shard);
  if (options_.automatic_shard()) {
    auto watch = ShardWatch::open(*client_, options_.pod_namespace, options_.pod, deadline);
    if (!watch) return fail(watch);
    shard_watch_ = std::move(*watch);
    shard_->set(shard_watch_->shard());
  }
  if (const auto shard = shard_->get(); shard.total > 1) {
    log::info("Sharding", {{"shard", std::to_string(shard.ordinal)}, {"total", std::to_string(shard.total)}});
  }

  reflectors_ = std::make_unique<Reflectors>(
      *client_, ReflectorOptions{.streaming_lists = options_.streaming_lists,
                                 .use_cache = options_.use_apiserver_cache,
                                 .object_limit = std::max<std::int64_t>(options_.object_limit, 0)});
  const auto chosen = chosen_resources(options_);
  for (const auto* resource : *chosen) {
    if (auto status = add_resource(*resource); !status) return status;
  }
  // Only now, since all sources of a store have to be there before the first is called.
  for (auto& followed : followed_) followed.id = reflectors_->add(followed.watched, *followed.source);
  if (shard_watch_) {
    shard_watch_->on_change([this](Shard shard) {
      shard_->set(shard);
      relist();
    });
    reflectors_->add(shard_watch_->watched(), *shard_watch_);
  }
  if (!custom->empty()) custom_ = make_custom(std::move(*custom));
  return {};
}

std::string Cluster::field_selector(bool pods) const {
  std::string selector;
  for (const auto& name : options_.namespaces_denylist) {
    selector += (selector.empty() ? "" : ",") + std::string("metadata.namespace!=") + name;
  }
  if (pods && options_.track_unscheduled_pods) {
    selector += (selector.empty() ? "" : ",") + std::string("spec.nodeName=");
  } else if (pods && !options_.node.empty()) {
    selector += (selector.empty() ? "" : ",") + std::string("spec.nodeName=") + options_.node;
  }
  return selector;
}

Status Cluster::add_resource(const Resource& resource) {
  const bool pods = resource.name == "pods";
  const bool by_node = !options_.node.empty() || options_.track_unscheduled_pods;
  // The API server knows that selector for pods only and would refuse the others over and over.
  if (by_node && resource.namespaced && !pods) return {};

  StoreOptions options;
  for (const auto& family : resource.families)
    options.wanted.push_back(filter_.passes(family.name, family.opt_in));
  options.takes = [shard = shard_](std::string_view uid) { return shard->get().takes(uid); };
  if (!shard_watch_ && options_.shard.total <= 1) options.takes = nullptr;
  const auto pick = [](LabelChoice choice) -> Predicate {
    if (!choice.on()) return nullptr;
    return [choice = std::move(choice)](std::string_view key) { return choice.picks(key); };
  };
  options.picks_label = pick(labels_.choice(resource.name));
  options.picks_annotation = pick(annotations_.choice(resource.name));
  auto store = std::make_shared<Store>(resource, std::move(options));

  auto namespaces = options_.namespaces;
  if (!resource.namespaced || namespaces.empty()) namespaces = {""};
  for (const auto& name_space : namespaces) {
    auto each = watched(resource, name_space);
    if (resource.namespaced) each.field_selector = field_selector(pods);
    followed_.push_back({std::move(each), &store->source(), 0});
  }
  built_in_.push_back(std::move(store));
  return {};
}

std::unique_ptr<CustomResources> Cluster::make_custom(std::vector<CustomResource> config) {
  CustomResources::Policy policy;
  policy.namespaces = options_.namespaces;
  policy.field_selector = field_selector(false);
  policy.wants_family = [this](std::string_view family) { return filter_.passes(family); };
  if (shard_watch_ || options_.shard.total > 1) {
    policy.takes = [shard = shard_](std::string_view uid) { return shard->get().takes(uid); };
  }
  return std::make_unique<CustomResources>(*reflectors_, std::move(config), std::move(policy),
                                           custom_events_);
}

void Cluster::relist() {
  for (auto& followed : followed_) {
    reflectors_->remove(followed.id);
    followed.id = reflectors_->add(followed.watched, *followed.source);
  }
  const std::lock_guard lock(mutex_);
  if (custom_) custom_->relist();
}

std::vector<std::shared_ptr<Store>> Cluster::stores() const {
  auto all = built_in_;
  {
    const std::lock_guard lock(mutex_);
    if (custom_) {
      for (auto& store : custom_->stores()) all.push_back(std::move(store));
    }
  }
  // Custom resources have their place by what the original calls them.
  const auto place = [](const std::shared_ptr<Store>& store) {
    const auto& resource = store->resource();
    return resource.read != nullptr ? std::string(resource.name)
                                    : std::string(resource.group) + '/' + std::string(resource.version) +
                                          ", Resource=" + std::string(resource.name);
  };
  if (all.size() > built_in_.size()) std::ranges::stable_sort(all, {}, place);
  return all;
}

bool Cluster::ready() const {
  const auto all = reflectors_->status();
  if (!std::ranges::all_of(all, [](const auto& each) { return each.synced || refused(each); })) return false;
  const bool no_definitions = std::ranges::any_of(
      all, [](const auto& each) { return each.plural == "customresourcedefinitions" && refused(each); });
  const std::lock_guard lock(mutex_);
  return !custom_ || custom_->settled() || no_definitions;
}

void Cluster::replace_custom(std::vector<CustomResource> config, Client::Clock::time_point deadline) {
  auto fresh = config.empty() ? nullptr : make_custom(std::move(config));
  while (fresh && !fresh->synced() && Client::Clock::now() < deadline) std::this_thread::sleep_for(50ms);
  {
    const std::lock_guard lock(mutex_);
    std::swap(custom_, fresh);
  }
  // Outside of the lock: the old one waits for the client's thread.
}

}  // namespace exporter::kube
