// SPDX-License-Identifier: Apache-2.0
// Samples on their way to the sink: with the prefix and the role label that the flags ask for.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include <exporter/sink.hpp>

#include "options.hpp"

namespace exporter::redis {

/// Names are given as they are by default ("redis_up"). A sample is dropped where a label's value is not
/// UTF-8.
class Output {
 public:
  Output(Sink& sink, const Options& options)
      : sink_(sink), options_(options), renamed_(options.prefix != "redis") {}

  void set_role(std::string_view role) { role_ = role; }

  void operator()(const Metric<0>& metric, Value value) {
    sample(metric.name, metric.help, metric.type, {}, value);
  }

  template <std::size_t N, std::size_t M>
  void operator()(const Metric<N>& metric, const std::string_view (&values)[M], Value value,
                  std::string_view suffix = {}) {
    static_assert(M == N, "a sample needs one value for each label of its metric");
    Label labels[N];
    for (std::size_t i = 0; i < N; ++i) labels[i] = {metric.labels[i], values[i]};
    sample(metric.name, metric.help, metric.type, labels, value, suffix);
  }

  void sample(std::string_view name, std::string_view help, MetricType type, std::span<const Label> labels,
              Value value, std::string_view suffix = {});

  /// The same without the role label.
  void plain(const Metric<0>& metric, Value value, std::string_view suffix = {});
  template <std::size_t N, std::size_t M>
  void plain(const Metric<N>& metric, const std::string_view (&values)[M], Value value) {
    static_assert(M == N, "a sample needs one value for each label of its metric");
    Label labels[N];
    for (std::size_t i = 0; i < N; ++i) labels[i] = {metric.labels[i], values[i]};
    sink_.sample(renamed(metric.name), metric.help, metric.type, labels, value);
  }

 private:
  std::string_view renamed(std::string_view name);

  Sink& sink_;
  const Options& options_;
  bool renamed_;
  std::string name_;
  std::string role_;
};

}  // namespace exporter::redis
