// SPDX-License-Identifier: Apache-2.0
// The flags about servers to ask, and what they come to.

#include "settings.hpp"

namespace exporter::apache {
namespace {

/// A page of a server with many slots and balancers; a scoreboard has one byte a slot.
constexpr std::size_t kMostBytes = std::size_t{16} << 20;

}  // namespace

Settings::Settings(Flags& flags)
    : uris_(flags
                .list("scrape_uri", {"http://localhost/server-status?auto"},
                      "Address of mod_status's page, ending in ?auto: http(s)://... or unix:<socket>:<path>; "
                      "may be given more than once, then the samples have a label addr.")
                .env("SCRAPE_URI")),
      host_(flags.text("host_override", "", "Host header to send instead of the address's host.")
                .env("HOST_OVERRIDE")),
      insecure_(flags.toggle("insecure", false, "Take any TLS certificate.").env("INSECURE")),
      headers_(
          flags
              .list("custom_headers", {}, "A request header to add, NAME=VALUE; may be given more than once.")
              .secret()),
      timeout_(flags.duration("scrape_timeout", "10s", "Longest time for an answer.")),
      http_(flags, {.prefix = "scrape_", .separator = '_'}) {}

Result<Target> Settings::common() const {
  if (*timeout_ <= std::chrono::nanoseconds(0))
    return fail(Code::kInvalid, "--scrape_timeout has to be above 0");
  Target target{.address = {},
                .http = {.user_agent = "Prometheus-Apache-Exporter/libexporter",
                         .host = *host_,
                         .insecure = *insecure_,
                         .follow_redirects = true,
                         .max_body = kMostBytes},
                .timeout = *timeout_,
                .label = {}};
  for (const auto& header : *headers_) {
    const auto at = header.find_first_of("=:");
    if (at == 0 || at == std::string::npos)
      return fail(Code::kInvalid, "--custom_headers: expected NAME=VALUE");
    target.http.headers.push_back(header.substr(0, at) + ": " + header.substr(at + 1));
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
    if (!address) return fail(Code::kInvalid, "--scrape_uri: " + address.error().message);
    Target target = *pattern;
    target.address = std::move(*address);
    target.http.unix_socket = target.address.unix_socket;
    if (uris_->size() > 1) target.label = address_label(uri);
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

}  // namespace exporter::apache
