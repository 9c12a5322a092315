// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the NFS client's and server's files in /proc/net/rpc have in common: lines of a word and numbers, and
// procedure counters that are named by their position.

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include <exporter/text.hpp>

namespace exporter::node {

constexpr std::string_view kNfs2Procedures[] = {"Null", "GetAttr", "SetAttr", "Root",   "Lookup",  "ReadLink",
                                                "Read", "WrCache", "Write",   "Create", "Remove",  "Rename",
                                                "Link", "SymLink", "MkDir",   "RmDir",  "ReadDir", "FsStat"};
constexpr std::string_view kNfs3Procedures[] = {
    "Null",    "GetAttr",     "SetAttr", "Lookup", "Access",   "ReadLink", "Read",   "Write",
    "Create",  "MkDir",       "SymLink", "MkNod",  "Remove",   "RmDir",    "Rename", "Link",
    "ReadDir", "ReadDirPlus", "FsStat",  "FsInfo", "PathConf", "Commit"};

/// The numbers of a line, which may be more than are of interest: `count` says how many there are.
struct RpcNumbers {
  std::array<std::uint64_t, 128> values{};
  std::size_t count = 0;

  /// Behind the leading number that says how many follow, which must be right.
  bool counted(std::size_t least) const { return count > 0 && count - 1 == values[0] && values[0] >= least; }
  std::span<const std::uint64_t> procedures() const { return std::span(values).subspan(1); }
};

inline Result<RpcNumbers> rpc_numbers(std::string_view text) {
  RpcNumbers result;
  for (Fields fields(text); !fields.empty(); ++result.count) {
    auto number = parse<std::uint64_t>(fields.next());
    if (!number) return fail(number);
    if (result.count < result.values.size()) result.values[result.count] = *number;
  }
  return result;
}

}  // namespace exporter::node
