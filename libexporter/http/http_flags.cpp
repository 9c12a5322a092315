// SPDX-License-Identifier: Apache-2.0
// Flags about credentials and certificates.

#include <exporter/http_flags.hpp>

#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include <exporter/log.hpp>
#include <exporter/server.hpp>

namespace exporter {
namespace {

std::string spelled(const std::string& prefix, std::string_view words, char separator) {
  std::string name = prefix + std::string(words);
  std::replace(name.begin() + static_cast<std::ptrdiff_t>(prefix.size()), name.end(), ' ', separator);
  return name;
}

}  // namespace

HttpFlags::HttpFlags(Flags& flags, const HttpFlagNames& names)
    : prefix_(names.prefix),
      separator_(names.separator),
      username_(flags.text(spelled(prefix_, "username", separator_), "", "User for basic authentication.")),
      password_file_(flags.text(spelled(prefix_, "password file", separator_), "",
                                "File with the user's password; read again when it changes.")),
      bearer_file_(flags.text(spelled(prefix_, "bearer token file", separator_), "",
                              "File with a bearer token; read again when it changes.")),
      probe_credentials_(flags.toggle(
          spelled(prefix_, "probe credentials", separator_), false,
          "Send credentials, client certificate and additional headers to targets of /probe, too.")) {
  if (!names.tls) return;
  const auto file = [&](std::string_view words, std::string_view help) {
    return &flags.text(spelled(prefix_, words, separator_), "", help);
  };
  ca_ = file("ca cert", "PEM file of the certificates to trust, instead of the system's.");
  cert_ = file("client cert", "PEM file of the client certificate; read again when it changes.");
  key_ = file("client key", "PEM file of the client certificate's key.");
}

Status HttpFlags::check() const {
  const auto flag = [&](std::string_view words) { return "--" + spelled(prefix_, words, separator_); };
  if (username_->empty() != password_file_->empty()) {
    return fail(Code::kInvalid, flag("username") + " and " + flag("password file") + " go together");
  }
  if (!password_file_->empty() && !bearer_file_->empty()) {
    return fail(Code::kInvalid,
                flag("password file") + " and " + flag("bearer token file") + " exclude each other");
  }
  if (cert_ && (**cert_).empty() != (**key_).empty()) {
    return fail(Code::kInvalid, flag("client cert") + " and " + flag("client key") + " go together");
  }
  return {};
}

Status HttpFlags::apply(HttpOptions& options) const {
  if (auto status = check(); !status) return status;
  if (!username_->empty()) options.user = *username_;
  options.password_file = *password_file_;
  options.bearer_file = *bearer_file_;
  if (ca_) {
    options.ca_file = **ca_;
    options.cert_file = **cert_;
    options.key_file = **key_;
  }
  for (const auto* file : {&options.password_file, &options.bearer_file, &options.ca_file, &options.cert_file,
                           &options.key_file}) {
    if (!file->empty() && access(file->c_str(), R_OK) != 0)
      return fail(Code::kInvalid, "open " + *file + ": " + errno_text(errno));
  }
  return {};
}

void HttpFlags::restrict_probe(HttpOptions& options) const {
  if (*probe_credentials_) return;
  for (auto* secret : {&options.user, &options.password, &options.bearer, &options.password_file,
                       &options.bearer_file, &options.cert_file, &options.key_file}) {
    secret->clear();
  }
  options.headers.clear();
}

Result<HttpAddress> probe_address(const Scrape& scrape) {
  const auto target = scrape.request()->parameter("target");
  if (target.empty()) return fail(Code::kInvalid, "the parameter \"target\" is missing");
  if (target.starts_with("unix:")) return fail(Code::kInvalid, "the target has to be an http(s) address");
  return parse_http_address(target);
}

Status served_probe(const Scrape& scrape, const Status& status) {
  if (!status)
    log::error("Probe failed", {{"target", shown_url(scrape.request()->parameter("target"))},
                                {"err", status.error().message}});
  return {};
}

}  // namespace exporter
