// SPDX-License-Identifier: Apache-2.0
// The parts of a scrape beside INFO, each from its own command's answer.
#pragma once

#include <cstdint>
#include <optional>

#include "info.hpp"
#include "instance.hpp"
#include "resp.hpp"

namespace exporter::redis {

/// CONFIG GET: a few settings, all of them where the flags say so. The number of databases where it is there;
/// an error where it is there and no number.
Result<std::optional<std::int64_t>> write_config(const Reply& reply, const Options& options, Output& out);
void write_latency_latest(const Reply& reply, Output& out);
void write_latency_histogram(const Reply& reply, const InfoFacts& facts, Output& out);
void write_slowlog(const Reply& length, const Reply& last, Output& out);
void write_client_list(std::string_view text, std::int64_t now, const Options& options, Output& out);

/// Those that need questions of their own.
Status write_command_log(Client& client, Replies& replies, const Options& options, Output& out,
                         Deadline deadline);
Status write_sentinel(Client& client, Replies& replies, const InfoFacts& facts, const Options& options,
                      Output& out, Deadline deadline);

std::span<const MetricInfo> info_section_metrics();
std::span<const MetricInfo> config_metrics();
std::span<const MetricInfo> latency_metrics();
std::span<const MetricInfo> slowlog_metrics();
std::span<const MetricInfo> client_list_metrics();
std::span<const MetricInfo> sentinel_metrics();
std::span<const MetricInfo> key_metrics();
std::span<const MetricInfo> stream_metrics();
std::span<const MetricInfo> key_group_metrics();
std::span<const MetricInfo> extension_metrics();
/// All of these.
std::span<const MetricInfo> section_metrics();

}  // namespace exporter::redis
