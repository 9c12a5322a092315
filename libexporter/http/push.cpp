// SPDX-License-Identifier: Apache-2.0
// Pushes to a Pushgateway.

#include <exporter/push.hpp>

#include <algorithm>
#include <cstdint>
#include <exception>

#include <exporter/page.hpp>

namespace exporter {
namespace {

/// Base64 for paths, as RFC 4648 has it in section 5, padded.
std::string base64url(std::string_view bytes) {
  static constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      group = group << 8 | (i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0U);
    }
    const std::size_t digits = std::min<std::size_t>(bytes.size() - i, 3) + 1;
    for (std::size_t k = 0; k < 4; ++k) text += k < digits ? kDigits[group >> (18 - 6 * k) & 63] : '=';
  }
  return text;
}

std::string percent_encoded(std::string_view value) {
  static constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string text;
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    if (is_label_name({&c, 1}) || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '~') {
      text += c;
    } else {
      text += {'%', kHex[byte >> 4], kHex[byte & 15]};
    }
  }
  return text;
}

void append_label(std::string& path, std::string_view name, std::string_view value) {
  path += '/';
  path += name;
  if (value.empty()) {
    path += "@base64/=";
  } else if (value.find('/') != std::string_view::npos || value == "." || value == "..") {
    path += "@base64/" + base64url(value);
  } else {
    path += '/' + percent_encoded(value);
  }
}

Status collect_guarded(Collector& collector, Sink& sink, const Scrape& scrape) {
  try {
    return collector.collect(sink, scrape);
  } catch (const std::exception& e) {
    return fail(Code::kInternal, e.what());
  } catch (...) {
    return fail(Code::kInternal, "unknown exception");
  }
}

Code code_of(int status) {
  if (status == 401 || status == 403) return Code::kDenied;
  return status < 500 ? Code::kInvalid : Code::kUnavailable;
}

}  // namespace

Result<std::string> push_path(std::string_view job,
                              const std::vector<std::pair<std::string, std::string>>& grouping) {
  if (job.empty()) return fail(Code::kInvalid, "a push needs a job's name");
  std::string path = "/metrics";
  append_label(path, "job", job);
  for (const auto& [name, value] : grouping) {
    if (!is_label_name(name) || name == "job") {
      return fail(Code::kInvalid, "'" + name + "' is no name for a label of a group");
    }
    append_label(path, name, value);
  }
  return path;
}

struct Pusher::Impl {
  explicit Impl(PushOptions chosen)
      : url(std::move(chosen.url)),
        path(push_path(chosen.job, chosen.grouping)),
        client(std::move(chosen.http)) {
    while (url.ends_with('/')) url.pop_back();
  }

  std::string url;
  Result<std::string> path;
  HttpClient client;
  std::vector<std::unique_ptr<Collector>> collectors;
  std::size_t started = 0;
  std::vector<Sink> sinks;
  PageBuilder builder;
  std::string page;

  using Clock = Scrape::Clock;

  Status collect(Clock::time_point deadline) {
    for (; started < collectors.size(); ++started) {
      if (auto status = collectors[started]->start(); !status) return status;
    }
    sinks.resize(collectors.size());
    std::vector<const Sink*> all;
    for (std::size_t i = 0; i < collectors.size(); ++i) {
      sinks[i].clear();
      const auto status = collect_guarded(*collectors[i], sinks[i], Scrape(deadline));
      if (!status && status.error().code != Code::kNoData) return status;
      all.push_back(&sinks[i]);
    }
    page.clear();
    const auto outcome = builder.build(all, PageFormat::kText, page);
    if (outcome.dropped > 0) return fail(Code::kInvalid, outcome.first_problem);
    return {};
  }

  Status send(const std::string& method, std::string_view body, Clock::time_point deadline) {
    if (!path) return fail(path);
    const auto answer =
        client.send(method, url + *path, body, "text/plain; version=0.0.4; charset=utf-8", deadline);
    if (!answer) return fail(answer);
    if (answer->status == 200 || answer->status == 202) return {};
    std::string why(answer->body.substr(0, std::min<std::size_t>(answer->body.find('\n'), 300)));
    return fail(code_of(answer->status), method + " " + shown_url(url + *path) + ": the gateway answered " +
                                             std::to_string(answer->status) +
                                             (why.empty() ? "" : ": " + why));
  }

  Status push(const std::string& method, std::chrono::nanoseconds limit) {
    const auto deadline = Clock::now() + std::chrono::duration_cast<Clock::duration>(limit);
    if (!path) return fail(path);
    if (auto status = collect(deadline); !status) return status;
    return send(method, page, deadline);
  }
};

Pusher::Pusher(PushOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}
Pusher::~Pusher() = default;
Pusher::Pusher(Pusher&&) noexcept = default;
Pusher& Pusher::operator=(Pusher&&) noexcept = default;

void Pusher::add(std::unique_ptr<Collector> collector) { impl_->collectors.push_back(std::move(collector)); }
Status Pusher::push(std::chrono::nanoseconds limit) { return impl_->push("PUT", limit); }
Status Pusher::push_add(std::chrono::nanoseconds limit) { return impl_->push("POST", limit); }
Status Pusher::remove(std::chrono::nanoseconds limit) {
  return impl_->send("DELETE", {},
                     Impl::Clock::now() + std::chrono::duration_cast<Impl::Clock::duration>(limit));
}

}  // namespace exporter
