// SPDX-License-Identifier: Apache-2.0
// Automatic sharding by StatefulSet.

#include "shard_watch.hpp"

#include <exporter/log.hpp>
#include <exporter/text.hpp>

#include "custom/json_value.hpp"

namespace exporter::kube {
namespace {

Result<Json> get(Client& client, const std::string& path, Client::Clock::time_point deadline) {
  ApiRequest request;
  request.path = path;
  auto answer = client.call(std::move(request), deadline);
  if (!answer) return fail(answer);
  if (answer->status != 200) {
    return fail(Code::kUnavailable,
                "the API server answers " + std::to_string(answer->status) + " for " + path);
  }
  return Json::parse(answer->body);
}

std::string text_of(const Json* value) {
  return value != nullptr && value->kind() == Json::Kind::kString ? value->text() : std::string();
}

std::uint32_t replicas_of(const Json& set) {
  const auto* spec = set.find("spec");
  const auto* replicas = spec == nullptr ? nullptr : spec->find("replicas");
  if (replicas == nullptr || replicas->kind() != Json::Kind::kInteger) return 1;
  return replicas->integer() < 1 ? 1 : static_cast<std::uint32_t>(replicas->integer());
}

std::string owning_set(const Json& pod) {
  const auto* metadata = pod.find("metadata");
  const auto* owners = metadata == nullptr ? nullptr : metadata->find("ownerReferences");
  if (owners == nullptr) return {};
  for (const auto& owner : owners->items()) {
    const auto* controller = owner.find("controller");
    if (controller != nullptr && controller->boolean() && text_of(owner.find("kind")) == "StatefulSet") {
      return text_of(owner.find("name"));
    }
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<ShardWatch>> ShardWatch::open(Client& client, const std::string& name_space,
                                                     const std::string& pod,
                                                     Client::Clock::time_point deadline) {
  const auto found = get(client, "/api/v1/namespaces/" + name_space + "/pods/" + pod, deadline);
  if (!found) return fail(found.error().code, "--pod: " + found.error().message);
  auto watch = std::make_unique<ShardWatch>();
  watch->name_space_ = name_space;
  watch->set_ = owning_set(*found);
  if (watch->set_.empty()) {
    return fail(Code::kInvalid,
                "--pod: " + name_space + "/" + pod +
                    " belongs to no StatefulSet; leave out --pod and use --shard and --total-shards");
  }
  const auto ordinal = pod.starts_with(watch->set_ + '-')
                           ? parse<std::uint32_t>(pod.substr(watch->set_.size() + 1))
                           : Result<std::uint32_t>(fail(Code::kInvalid, ""));
  if (!ordinal)
    return fail(Code::kInvalid, "--pod: " + pod + " is not named like a pod of StatefulSet " + watch->set_);
  const auto set =
      get(client, "/apis/apps/v1/namespaces/" + name_space + "/statefulsets/" + watch->set_, deadline);
  if (!set) return fail(set.error().code, "--pod: " + set.error().message);
  watch->shard_ = {*ordinal, replicas_of(*set)};
  return watch;
}

Watched ShardWatch::watched() const {
  return {.group = "apps",
          .version = "v1",
          .plural = "statefulsets",
          .name_space = name_space_,
          .field_selector = "metadata.name=" + set_,
          .type = "*v1.StatefulSet"};
}

void ShardWatch::object(std::string_view json) {
  const auto set = Json::parse(json, [](std::string_view key) { return key == "spec"; });
  if (!set) return;
  const Shard shard{shard_.ordinal, replicas_of(*set)};
  if (shard == shard_) return;
  shard_ = shard;
  log::info("The number of shards has changed: everything is listed again",
            {{"shard", std::to_string(shard.ordinal)}, {"total", std::to_string(shard.total)}});
  if (changed_) changed_(shard);
}

}  // namespace exporter::kube
