// SPDX-License-Identifier: Apache-2.0
// Kubeconfig files and service accounts.

#include "api/options.hpp"

#include <unistd.h>

#include <cstdlib>

#include <exporter/yaml.hpp>

#include "api/base64.hpp"
#include "api/proxy.hpp"
#include "api/tls.hpp"

namespace exporter::kube {
namespace {

std::unexpected<Error> invalid(std::string what) { return fail(Code::kInvalid, std::move(what)); }

/// Messages have names and line numbers in them, never a value that may be a secret.
std::unexpected<Error> at(const YamlNode& node, std::string_view what) {
  return invalid("line " + std::to_string(node.line()) + ": " + std::string(what));
}

/// The entry of a list of {name: ..., <kind>: {...}}.
Result<YamlNode> named(const YamlNode& root, std::string_view list, std::string_view kind,
                       const std::string& name) {
  for (const auto& item : root[list].items()) {
    if (item["name"].scalar() == name) return item[kind];
  }
  return invalid(std::string(kind) + " \"" + name + "\" is not among its " + std::string(list));
}

Result<std::string> text_in(const YamlNode& node, std::string_view key) {
  const auto value = node[key];
  if (value.is_null()) return std::string();
  if (!value.is_scalar()) return at(value, std::string(key) + " is not a text");
  return value.scalar();
}

Status take_text(const YamlNode& node, std::string_view key, std::string& out) {
  auto text = text_in(node, key);
  if (!text) return fail(text);
  out = std::move(*text);
  return {};
}

Status take_flag(const YamlNode& node, std::string_view key, bool& out) {
  auto text = text_in(node, key);
  if (!text) return fail(text);
  if (*text == "true") {
    out = true;
  } else if (!text->empty() && *text != "false") {
    return at(node[key], std::string(key) + " is neither true nor false");
  }
  return {};
}

Status take_file(const YamlNode& node, std::string_view key, const std::string& directory, std::string& out) {
  if (auto status = take_text(node, key, out); !status) return status;
  if (!out.empty() && out.front() != '/' && !directory.empty()) out.insert(0, directory + "/");
  return {};
}

/// Data goes before a file, as in Kubernetes' own client.
Status take_pem(const YamlNode& node, const std::string& key, const std::string& directory, Pem& out) {
  std::string data;
  if (auto status = take_text(node, key + "-data", data); !status) return status;
  if (!data.empty()) {
    auto text = base64_decoded(data);
    if (!text) return at(node[key + "-data"], key + "-data is no base64");
    out.text = std::move(*text);
    return {};
  }
  return take_file(node, key, directory, out.file);
}

Status take_cluster(const YamlNode& cluster, const std::string& directory, ApiOptions& options) {
  if (auto status = take_text(cluster, "server", options.server); !status) return status;
  if (auto status = take_pem(cluster, "certificate-authority", directory, options.ca); !status) return status;
  if (auto status = take_flag(cluster, "insecure-skip-tls-verify", options.insecure); !status) return status;
  if (auto status = take_text(cluster, "tls-server-name", options.tls_server_name); !status) return status;
  if (auto status = take_text(cluster, "proxy-url", options.proxy); !status) return status;
  if (options.insecure && options.ca.given()) {
    return at(cluster, "insecure-skip-tls-verify excludes a certificate-authority");
  }
  return {};
}

Status take_user(const YamlNode& user, const std::string& name, const std::string& directory,
                 ApiOptions& options) {
  for (const std::string_view key : {"exec", "auth-provider"}) {
    if (user[key].is_null()) continue;
    return at(user[key], "user \"" + name + "\" logs in by " + std::string(key) +
                             ", which is not supported: use a token, tokenFile or client certificate");
  }
  if (!user["as-user-extra"].is_null()) return at(user["as-user-extra"], "as-user-extra is not supported");
  if (auto status = take_pem(user, "client-certificate", directory, options.client_certificate); !status)
    return status;
  if (auto status = take_pem(user, "client-key", directory, options.client_key); !status) return status;
  if (auto status = take_text(user, "token", options.token); !status) return status;
  if (auto status = take_file(user, "tokenFile", directory, options.token_file); !status) return status;
  if (auto status = take_text(user, "username", options.user); !status) return status;
  if (auto status = take_text(user, "password", options.password); !status) return status;
  if (auto status = take_text(user, "as", options.impersonate_user); !status) return status;
  if (auto status = take_text(user, "as-uid", options.impersonate_uid); !status) return status;
  for (const auto& group : user["as-groups"].items()) options.impersonate_groups.push_back(group.scalar());

  if (options.client_certificate.given() != options.client_key.given()) {
    return at(user, "user \"" + name + "\" needs both a client-certificate and a client-key, or neither");
  }
  const bool basic = !options.user.empty() || !options.password.empty();
  if (basic && (!options.token.empty() || !options.token_file.empty())) {
    return at(user, "user \"" + name + "\" has both a token and a password: one is to be chosen");
  }
  return {};
}

/// `overridden`: the API server's address is known already.
Result<ApiOptions> read_kubeconfig(std::string_view text, const std::string& directory, bool overridden) {
  const auto yaml = Yaml::parse(text);
  if (!yaml) return fail(yaml);
  const auto root = yaml->root();
  ApiOptions options;
  const auto current = root["current-context"].scalar();
  if (current.empty()) {
    if (overridden) return options;
    return invalid("it has no current-context");
  }
  const auto context = named(root, "contexts", "context", current);
  if (!context) return fail(context);
  const auto cluster_name = (*context)["cluster"].scalar();
  const auto cluster = named(root, "clusters", "cluster", cluster_name);
  if (!cluster) return fail(cluster);
  if (auto status = take_cluster(*cluster, directory, options); !status) return fail(status);
  if (options.server.empty() && !overridden) return invalid("cluster \"" + cluster_name + "\" has no server");
  const auto user_name = (*context)["user"].scalar();
  if (user_name.empty()) return options;
  const auto user = named(root, "users", "user", user_name);
  if (!user) return fail(user);
  if (auto status = take_user(*user, user_name, directory, options); !status) return fail(status);
  return options;
}

const char* variable(const char* name) {
  const char* const value = std::getenv(name);
  return value != nullptr && *value != 0 ? value : nullptr;
}

}  // namespace

Result<ApiOptions> parse_kubeconfig(std::string_view text, const std::string& directory) {
  return read_kubeconfig(text, directory, false);
}

Result<ApiOptions> in_cluster_options(const std::string& folder) {
  const char* const host = variable("KUBERNETES_SERVICE_HOST");
  const char* const port = variable("KUBERNETES_SERVICE_PORT");
  if (host == nullptr || port == nullptr) {
    return fail(Code::kNoData,
                "this is no pod: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set");
  }
  ApiOptions options;
  const std::string_view name = host;
  const bool brackets = name.find(':') != std::string_view::npos;
  options.server = "https://" + (brackets ? "[" + std::string(name) + "]" : std::string(name)) + ":" + port;
  options.token_file = folder + "/token";
  if (::access(options.token_file.c_str(), R_OK) != 0) {
    return fail(Code::kUnavailable, "this pod has no service account's token: " + options.token_file +
                                        " (automountServiceAccountToken?)");
  }
  options.ca.file = folder + "/ca.crt";
  if (::access(options.ca.file.c_str(), R_OK) != 0) options.ca = {};
  return options;
}

Result<ApiOptions> api_options(const std::string& kubeconfig, const std::string& apiserver) {
  Result<ApiOptions> options;
  if (!kubeconfig.empty()) {
    auto text = read_file(kubeconfig);
    if (!text) return fail(text.error().code, "kubeconfig: " + text.error().message);
    const auto slash = kubeconfig.rfind('/');
    const std::string directory = slash == std::string::npos ? "" : kubeconfig.substr(0, slash);
    options = read_kubeconfig(*text, directory, !apiserver.empty());
    if (!options)
      return fail(options.error().code, "kubeconfig " + kubeconfig + ": " + options.error().message);
  } else if (apiserver.empty()) {
    options = in_cluster_options();
    const char* const master = variable("KUBERNETES_MASTER");
    if (!options && master != nullptr) {
      options = ApiOptions{};
      options->server = master;
    }
    if (!options)
      return fail(options.error().code,
                  options.error().message + "; else --kubeconfig or --apiserver is needed");
  }
  if (!apiserver.empty()) options->server = apiserver;
  if (options->server.find("://") == std::string::npos) {
    const bool tls = options->ca.given() || options->client_certificate.given() || options->insecure;
    options->server.insert(0, tls ? "https://" : "http://");
  }
  const auto url = parse_url(options->server, "http");
  if (!url) return fail(Code::kInvalid, "API server's URL: " + url.error().message);
  if (!url->user.empty() || !url->password.empty()) {  // the address may be shown, these may not
    const bool known = !options->token.empty() || !options->token_file.empty() || !options->user.empty();
    if (!known) {
      options->user = url->user;
      options->password = url->password;
    }
    options->server = (url->tls ? "https://" : "http://") + url->authority() + url->path;
  }
  return options;
}

}  // namespace exporter::kube
