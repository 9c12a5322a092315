// SPDX-License-Identifier: Apache-2.0
// Reviews of tokens and of what their owners may do.

#include "auth_filter.hpp"

#include <array>

#include <openssl/evp.h>

#include <exporter/log.hpp>

#include "custom/json_value.hpp"

namespace exporter::kube {
namespace {

using namespace std::chrono_literals;

constexpr auto kAnswerTime = 10s;
constexpr auto kAllowed = 60s;
constexpr auto kRefused = 10s;
constexpr std::size_t kMostKnown = 4096;

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (static_cast<unsigned char>(c) >= 0x20) out += c;
  }
  return out + '"';
}

std::string hash_of(std::string_view token, std::string_view path) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned size = 0;
  const auto text = std::string(token) + '\n' + std::string(path);
  if (EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha256(), nullptr) != 1) return {};
  return {digest.begin(), digest.begin() + size};
}

std::string_view bearer(const Request& request) {
  auto header = request.header("authorization");
  constexpr std::string_view kScheme = "bearer ";
  if (header.size() <= kScheme.size()) return {};
  for (std::size_t i = 0; i < kScheme.size(); ++i) {
    if ((header[i] | 0x20) != (kScheme[i] | 0x20)) return {};
  }
  header.remove_prefix(kScheme.size());
  while (header.starts_with(' ')) header.remove_prefix(1);
  return header;
}

/// The status of a review that was made.
Result<Json> review(Client& client, const std::string& path, std::string body) {
  ApiRequest request;
  request.method = "POST";
  request.path = path;
  request.body = std::move(body);
  auto answer = client.call(std::move(request), Client::Clock::now() + kAnswerTime);
  if (!answer) return fail(answer);
  if (answer->status != 200 && answer->status != 201) {
    return fail(Code::kUnavailable,
                "the API server answers " + std::to_string(answer->status) + " for " + path);
  }
  auto object = Json::parse(answer->body);
  if (!object) return fail(object);
  const auto* status = object->find("status");
  return status == nullptr ? Json() : *status;
}

bool is_true(const Json* value) {
  return value != nullptr && value->kind() == Json::Kind::kBool && value->boolean();
}

/// Who the token's bearer is, as the other review wants it: `"user":...,"groups":[...]`.
std::string identity(const Json& user) {
  const auto text = [](const Json* value) { return value == nullptr ? std::string() : value->text(); };
  std::string out = "\"user\":" + quoted(text(user.find("username")));
  if (const auto uid = text(user.find("uid")); !uid.empty()) out += ",\"uid\":" + quoted(uid);
  const auto list = [](const Json& values) {
    std::string items;
    for (const auto& item : values.items()) items += (items.empty() ? "" : ",") + quoted(item.text());
    return '[' + items + ']';
  };
  if (const auto* groups = user.find("groups")) out += ",\"groups\":" + list(*groups);
  if (const auto* extra = user.find("extra"); extra != nullptr && !extra->members().empty()) {
    std::string members;
    for (const auto& [key, values] : extra->members()) {
      members += (members.empty() ? "" : ",") + quoted(key) + ':' + list(values);
    }
    out += ",\"extra\":{" + members + '}';
  }
  return out;
}

}  // namespace

int AuthFilter::check(const Request& request, Client& client) {
  const auto token = bearer(request);
  if (token.empty()) return 401;
  const auto hash = hash_of(token, request.path);
  if (hash.empty()) return 503;
  {
    const std::lock_guard lock(mutex_);
    const auto it = known_.find(hash);
    if (it != known_.end() && it->second.until > Clock::now()) return it->second.status;
  }
  const int status = ask(token, request.path, client);
  if (status == 503) return status;
  const std::lock_guard lock(mutex_);
  if (known_.size() >= kMostKnown) known_.clear();
  known_.insert_or_assign(hash, Known{status, Clock::now() + (status == 200 ? kAllowed : kRefused)});
  return status;
}

int AuthFilter::ask(std::string_view token, std::string_view path, Client& client) {
  const auto failed = [](const Error& error) {
    log::warn("A request cannot be authenticated", {{"err", error.message}});
    return 503;
  };
  const auto who =
      review(client, "/apis/authentication.k8s.io/v1/tokenreviews",
             R"({"apiVersion":"authentication.k8s.io/v1","kind":"TokenReview","spec":{"token":)" +
                 quoted(token) + "}}");
  if (!who) return failed(who.error());
  const auto* user = who->find("user");
  if (!is_true(who->find("authenticated")) || user == nullptr) return 401;
  const auto may = review(
      client, "/apis/authorization.k8s.io/v1/subjectaccessreviews",
      R"({"apiVersion":"authorization.k8s.io/v1","kind":"SubjectAccessReview","spec":{"nonResourceAttributes":{"verb":"get","path":)" +
          quoted(path) + "}," + identity(*user) + "}}");
  if (!may) return failed(may.error());
  return is_true(may->find("allowed")) ? 200 : 403;
}

}  // namespace exporter::kube
