// SPDX-License-Identifier: Apache-2.0
#pragma once

// Asks one server for its stub_status page.

#include <exporter/collector.hpp>

#include "stub_status.hpp"
#include "targets.hpp"

namespace exporter::nginx {

class StubCollector final : public Collector {
 public:
  explicit StubCollector(Target target)
      : target_(std::move(target)), labels_(target_.label_views()), client_(target_.http) {}

  Status collect(Sink& sink, const Scrape& scrape) override {
    sink.constant_labels(labels_);
    auto status = ask(scrape);
    write_stub_up(sink, status.has_value());
    if (!status) return fail(status);
    write_stub_status(sink, *status);
    return {};
  }

 private:
  Result<StubStatus> ask(const Scrape& scrape) {
    const auto answer = client_.get(target_.address.url, answer_by(scrape, target_.timeout));
    if (!answer) return fail(answer);
    const auto problem = [&](const std::string& what) {
      return fail(Code::kInvalid, "get " + shown_url(target_.address.url) + ": " + what);
    };
    if (answer->status != 200) return problem("status " + std::to_string(answer->status) + " instead of 200");
    auto status = parse_stub_status(answer->body);
    if (!status) return problem(status.error().message);
    return status;
  }

  Target target_;
  std::vector<Label> labels_;
  HttpClient client_;
};

}  // namespace exporter::nginx
