// SPDX-License-Identifier: Apache-2.0
// The flags about servers to ask, and what they come to.

#include "targets.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "plus_status.hpp"

namespace exporter::nginx {
namespace {

bool is_label_name(std::string_view name) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  if (name.empty() || !letter(name[0]) || name.starts_with("__")) return false;
  return std::all_of(name.begin(), name.end(), [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

bool is_plus_label(std::string_view name) {
  const auto metrics = plus_metrics();
  return std::any_of(metrics.begin(), metrics.end(), [&](const MetricInfo& metric) {
    return std::find(metric.labels.begin(), metric.labels.end(), name) != metric.labels.end();
  });
}

/// A stub_status page has a hundred bytes; what NGINX Plus tells grows with the configuration.
constexpr std::size_t kMostStubBytes = std::size_t{1} << 20;
constexpr std::size_t kMostPlusBytes = std::size_t{64} << 20;

}  // namespace

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
                  .env("CONST_LABELS")),
      http_(flags, {.prefix = "nginx.", .tls = false}) {}

Result<Target> Settings::common() const {
  if (*timeout_ < std::chrono::nanoseconds(0)) return fail(Code::kInvalid, "--nginx.timeout is negative");
  Target target;
  target.timeout = *timeout_ == std::chrono::nanoseconds(0) ? std::chrono::hours(1) : *timeout_;
  for (const auto& text : *labels_) {
    auto label = parse_label(text);
    if (!label) return fail(Code::kInvalid, "--prometheus.const-label: " + label.error().message);
    if (*plus_ && is_plus_label(label->name)) {
      return fail(Code::kInvalid, "--prometheus.const-label: metrics have a label '" + label->name +
                                      "' of their own; choose another name");
    }
    std::erase_if(target.labels, [&](const ConstantLabel& other) { return other.name == label->name; });
    target.labels.push_back(std::move(*label));
  }
  target.http = {.user_agent = "NGINX-Prometheus-Exporter/libexporter",
                 .insecure = !*ssl_verify_,
                 .ca_file = *ssl_ca_,
                 .cert_file = *ssl_cert_,
                 .key_file = *ssl_key_,
                 .follow_redirects = true,
                 .proxy_protocol = *proxy_protocol_,
                 .max_body = *plus_ ? kMostPlusBytes : kMostStubBytes};
  for (const auto* file : {&target.http.ca_file, &target.http.cert_file, &target.http.key_file}) {
    if (!file->empty() && access(file->c_str(), R_OK) != 0)
      return fail(Code::kInvalid, "open " + *file + ": " + errno_text(errno));
  }
  if (auto status = http_.apply(target.http); !status) return fail(status);
  return target;
}

Result<std::vector<Target>> Settings::targets() const {
  const auto pattern = common();
  if (!pattern) return fail(pattern);
  std::vector<Target> targets;
  for (const auto& uri : *uris_) {
    auto address = parse_http_address(uri);
    if (!address) return fail(Code::kInvalid, "--nginx.scrape-uri: " + address.error().message);
    Target target = *pattern;
    target.address = std::move(*address);
    target.http.unix_socket = target.address.unix_socket;
    if (uris_->size() > 1) {
      std::erase_if(target.labels, [](const ConstantLabel& label) { return label.name == "addr"; });
      target.labels.push_back({.name = "addr", .value = address_label(uri)});
    }
    targets.push_back(std::move(target));
  }
  return targets;
}

Result<Target> Settings::probed(const Scrape& scrape) const {
  auto address = probe_address(scrape);
  if (!address) return fail(address);
  auto target = common();
  if (!target) return target;
  target->address = std::move(*address);
  http_.restrict_probe(target->http);
  return target;
}

}  // namespace exporter::nginx
