// SPDX-License-Identifier: Apache-2.0
// The flags about servers to ask, and what they come to.

#include "targets.hpp"

#include <algorithm>

namespace exporter::nginx {
namespace {

bool is_label_name(std::string_view name) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  if (name.empty() || !letter(name[0]) || name.starts_with("__")) return false;
  return std::all_of(name.begin(), name.end(), [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

/// An address as it may stand in a label or a message: without a password.
std::string without_password(const std::string& uri) {
  const auto query = uri.find_first_of("?#");
  return shown_url(uri) + (query == std::string::npos ? "" : uri.substr(query));
}

}  // namespace

Result<Address> parse_address(std::string_view uri) {
  if (uri.starts_with("unix:")) {
    const auto rest = uri.substr(5);
    const auto colon = rest.find(':');
    const auto socket = rest.substr(0, colon);
    std::string path(colon == std::string_view::npos ? "/" : rest.substr(colon + 1));
    if (!path.starts_with('/')) path.insert(0, "/");
    if (socket.empty())
      return fail(Code::kInvalid,
                  "the address " + std::string(uri) + " names no socket: unix:<socket>:<path>");
    return Address{.url = "http://unix" + path, .unix_socket = std::string(socket)};
  }
  if (uri.starts_with("http://") || uri.starts_with("https://"))
    return Address{.url = std::string(uri), .unix_socket = ""};
  return fail(Code::kInvalid, "the address " + without_password(std::string(uri)) +
                                  " begins with none of http://, https:// and unix:");
}

Result<ConstantLabel> parse_label(std::string_view text) {
  const auto at = text.find('=');
  if (at == std::string_view::npos)
    return fail(Code::kInvalid, "expected KEY=VALUE, got '" + std::string(text) + "'");
  const auto name = text.substr(0, at);
  if (!is_label_name(name)) return fail(Code::kInvalid, "'" + std::string(name) + "' is no name for a label");
  return ConstantLabel{.name = std::string(name), .value = std::string(text.substr(at + 1))};
}

std::vector<Label> Target::label_views() const {
  std::vector<Label> views;
  for (const auto& label : labels) views.push_back({label.name, label.value});
  return views;
}

Settings::Settings(Flags& flags)
    : plus_(flags.toggle("nginx.plus", false, "Ask the API of NGINX Plus instead of the stub_status page.")
                .env("NGINX_PLUS")),
      uris_(flags
                .list("nginx.scrape-uri", {"http://127.0.0.1:8080/stub_status"},
                      "Address of the page or the API: http(s)://... or unix:<socket>:<path>; may be given "
                      "more than once, then the samples have a label addr.")
                .env("SCRAPE_URI")),
      ssl_verify_(
          flags.toggle("nginx.ssl-verify", false, "Check the server's certificate.").env("SSL_VERIFY")),
      ssl_ca_(
          flags.text("nginx.ssl-ca-cert", "", "PEM file of the certificates to trust.").env("SSL_CA_CERT")),
      ssl_cert_(flags.text("nginx.ssl-client-cert", "", "PEM file of the client certificate.")
                    .env("SSL_CLIENT_CERT")),
      ssl_key_(flags.text("nginx.ssl-client-key", "", "PEM file of the client certificate's key.")
                   .env("SSL_CLIENT_KEY")),
      proxy_protocol_(
          flags.toggle("nginx.proxy-protocol", false, "Begin connections with the PROXY protocol's line.")
              .env("PROXY_PROTOCOL")),
      timeout_(flags.duration("nginx.timeout", "5s", "Longest time for an answer.").env("TIMEOUT")),
      labels_(flags
                  .list("prometheus.const-label", {},
                        "A label for all samples, KEY=VALUE; may be given more than once.")
                  .env("CONST_LABELS")) {}

Result<std::vector<Target>> Settings::targets() const {
  if (*timeout_ < std::chrono::nanoseconds(0)) return fail(Code::kInvalid, "--nginx.timeout is negative");
  std::vector<ConstantLabel> labels;
  for (const auto& text : *labels_) {
    auto label = parse_label(text);
    if (!label) return fail(Code::kInvalid, "--prometheus.const-label: " + label.error().message);
    std::erase_if(labels, [&](const ConstantLabel& other) { return other.name == label->name; });
    labels.push_back(std::move(*label));
  }
  std::vector<Target> targets;
  for (const auto& uri : *uris_) {
    auto address = parse_address(uri);
    if (!address) return fail(Code::kInvalid, "--nginx.scrape-uri: " + address.error().message);
    Target target;
    target.address = std::move(*address);
    target.timeout = *timeout_ == std::chrono::nanoseconds(0) ? std::chrono::hours(1) : *timeout_;
    target.labels = labels;
    if (uris_->size() > 1) target.labels.push_back({.name = "addr", .value = without_password(uri)});
    target.http = {.user_agent = "NGINX-Prometheus-Exporter/libexporter",
                   .unix_socket = target.address.unix_socket,
                   .insecure = !*ssl_verify_,
                   .ca_file = *ssl_ca_,
                   .cert_file = *ssl_cert_,
                   .key_file = *ssl_key_,
                   .follow_redirects = true,
                   .proxy_protocol = *proxy_protocol_};
    targets.push_back(std::move(target));
  }
  return targets;
}

}  // namespace exporter::nginx
