// SPDX-License-Identifier: Apache-2.0
// A job that ends before anybody can scrape it, and so pushes what it has to say to a Pushgateway:
//
//     backup http://pushgateway:9091 /var/lib/app

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <system_error>

#include <exporter/push.hpp>

using namespace std::chrono_literals;
using exporter::Scrape, exporter::Sink, exporter::Status;

constexpr auto kFiles = exporter::gauge("backup_files", "Files in the last backup.");
constexpr auto kEnd =
    exporter::gauge("backup_last_success_timestamp_seconds", "When it ended, in Unix time.");

/// Stands for the work of the job; a negative number where it failed.
long back_up(const char* folder) {
  std::error_code error;
  long files = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder, error))
    files += entry.is_regular_file(error);
  return error ? -1 : files;
}

int main(int argc, char** argv) {
  if (argc != 3) return std::fputs("usage: backup GATEWAY FOLDER\n", stderr), 2;
  const long files = back_up(argv[2]);
  if (files < 0) return std::fprintf(stderr, "backup: cannot read %s\n", argv[2]), 1;

  const char* password = std::getenv("PUSH_PASSWORD");
  exporter::Pusher pusher({.url = argv[1],
                           .job = "backup",
                           .grouping = {{"folder", argv[2]}},
                           .http = {.user = password ? "backup" : "", .password = password ? password : ""}});
  pusher.add(exporter::collector_from([files](Sink& sink, const Scrape&) -> Status {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    sink(kFiles, files);
    sink(kEnd, std::chrono::duration<double>(now).count());
    return {};
  }));
  if (const auto status = pusher.push(10s); !status) {
    return std::fprintf(stderr, "backup: %s\n", status.error().message.c_str()), 1;
  }
  return 0;
}
