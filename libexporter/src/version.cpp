// SPDX-License-Identifier: Apache-2.0
// Which build this is: --version and <program>_build_info.

#include "detail/version.hpp"

#ifndef EXPORTER_REVISION
#define EXPORTER_REVISION ""
#endif

namespace exporter::detail {
namespace {

#if defined(__x86_64__)
constexpr std::string_view kArchitecture = "amd64";
#elif defined(__aarch64__)
constexpr std::string_view kArchitecture = "arm64";
#else
constexpr std::string_view kArchitecture = "unknown";
#endif
constexpr std::string_view kCompiler = "gcc" __VERSION__;

}  // namespace

std::string_view version() { return EXPORTER_VERSION; }
std::string_view revision() { return EXPORTER_REVISION; }
std::string_view compiler() { return kCompiler; }
std::string_view architecture() { return kArchitecture; }

std::string version_text(std::string_view program) {
  std::string text(program);
  text += ", version " EXPORTER_VERSION " (branch: , revision: " EXPORTER_REVISION ")\n";
  text += "  build user:       \n  build date:       \n  compiler:         ";
  text += kCompiler;
  text += "\n  platform:         linux/";
  text += kArchitecture;
  text += "\n  tags:             static\n";
  return text;
}

std::unique_ptr<Collector> make_build_info(std::string_view program) {
  return collector_from([name = std::string(program) + "_build_info"](Sink& sink, const Scrape&) -> Status {
    const auto info = gauge(name, "Version and platform of this build; always 1.", "branch", "goarch", "goos",
                            "goversion", "revision", "tags", "version");
    // No Go was used; the compiler stands where people look for what a build was made with.
    sink(info, {"", kArchitecture, "linux", kCompiler, EXPORTER_REVISION, "unknown", version()}, 1);
    return {};
  });
}

}  // namespace exporter::detail
