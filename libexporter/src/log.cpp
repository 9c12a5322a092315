// SPDX-License-Identifier: Apache-2.0

// The logger: which lines are written, and how they reach standard error. log_line.cpp makes their text.

#include <exporter/log.hpp>

#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <ctime>
#include <string>

#include "log_line.hpp"

namespace exporter::log {

namespace {

constinit std::atomic<Level> g_level{Level::kInfo};
constinit std::atomic<Format> g_format{Format::kLogfmt};
constinit std::atomic<Receiver> g_receiver{nullptr};

bool same_word(std::string_view text, std::string_view lower_case) {
  if (text.size() != lower_case.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i] >= 'A' && text[i] <= 'Z' ? static_cast<char>(text[i] + 32) : text[i];
    if (c != lower_case[i]) return false;
  }
  return true;
}

}  // namespace

void configure(Level level, Format format) {
  g_level.store(level, std::memory_order_relaxed);
  g_format.store(format, std::memory_order_relaxed);
}

Result<Level> parse_level(std::string_view text) {
  if (same_word(text, "debug")) return Level::kDebug;
  if (same_word(text, "info")) return Level::kInfo;
  if (same_word(text, "warn")) return Level::kWarn;
  if (same_word(text, "error")) return Level::kError;
  return fail(Code::kInvalid, "unrecognized log level " + std::string(text));
}

Result<Format> parse_format(std::string_view text) {
  if (text == "logfmt") return Format::kLogfmt;
  if (text == "json") return Format::kJson;
  return fail(Code::kInvalid, "unrecognized log format " + std::string(text));
}

void send_to(Receiver receiver) { g_receiver.store(receiver, std::memory_order_release); }

bool enabled(Level level) { return level >= g_level.load(std::memory_order_relaxed); }

void write(Level level, std::string_view message, std::initializer_list<Field> fields,
           std::source_location where) {
  if (!enabled(level)) return;
  if (const auto receiver = g_receiver.load(std::memory_order_acquire)) {
    return receiver(level, message, std::span(fields.begin(), fields.size()));
  }
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  const auto line = format_line(g_format.load(std::memory_order_relaxed), level, now, message, fields, where);
  // A caller that logs between a failed call and its look at errno must not be misled.
  const int saved = errno;
  std::string_view rest = line;
  while (!rest.empty()) {
    // The first call takes the whole line, unless a signal or a full pipe cuts it.
    const auto written = ::write(STDERR_FILENO, rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) break;  // nowhere left to complain
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
  errno = saved;
}

}  // namespace exporter::log
