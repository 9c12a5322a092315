// SPDX-License-Identifier: Apache-2.0
#pragma once

// One object on its way into a store: what its reader emits, and the record that is made of it.

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "policy/label_names.hpp"
#include "store/emit.hpp"
#include "store/interner.hpp"
#include "store/record.hpp"
#include "store/store.hpp"

namespace exporter::kube {

class Draft {
 public:
  Draft(const Layout& layout, const StoreOptions& options, Interner& texts);

  enum class Keep : std::uint8_t { kAll, kIdentity };
  /// Forgets the object before. Its ids are whoever's who took them, or given back with drop().
  void begin(Keep keep);

  bool identified() const { return identified_; }
  bool foreign() const { return foreign_; }  ///< another shard's
  std::string_view name_space() const { return name_space_; }
  std::string_view name() const { return name_; }
  /// Makes the record. It holds the ids in it.
  std::string_view finish();
  /// Gives back the ids that the draft, or the record made of it, holds.
  void drop(std::uint64_t epoch);

 private:
  friend class Emit;
  struct Sample {
    std::uint32_t begin;  // in bytes_
    std::uint32_t size;
    std::uint32_t next;  // of the same family
    bool dynamic;
  };
  struct Chain {
    std::uint32_t first = kNone;
    std::uint32_t last = kNone;
    std::uint32_t fixed = 0;
    std::uint32_t dynamic = 0;
  };
  static constexpr std::uint32_t kNone = 0xffffffff;

  void identity(std::string_view name_space, std::string_view name, std::string_view uid,
                std::span<const std::string_view> common_values);
  void add(std::size_t family, std::span<const Text> values, Value value);
  void add_dynamic(std::size_t family, std::span<const std::string_view> names, std::span<const Text> values,
                   Value value);
  void add_picked(std::size_t family, std::span<const Label> entries, const Predicate& picks,
                  std::string_view prefix);

  std::uint32_t acquire(std::string_view text);
  std::string_view escaped(std::string_view text, std::string& scratch);
  void put_text(std::string& to, const Text& text);
  void put_own(std::string& to, std::string_view text);
  bool put_prefixed(std::string& to, std::string_view text);
  void put_value(std::string& to, Value value);
  void put_tail(std::size_t count, const auto& label, Value value);
  void append(std::size_t family, std::size_t begin, bool dynamic);

  const Layout& layout_;
  const StoreOptions& options_;
  Interner& texts_;
  std::unique_ptr<bool[]> wanted_;  // as the options say
  std::unique_ptr<bool[]> none_;
  const bool* now_wanted_;

  bool identified_ = false;
  bool foreign_ = false;
  bool binary_uid_ = false;
  codec::TimeBase base_ = 0;
  std::string name_space_;
  std::string name_;
  std::string uid_;
  std::string common_;  // tokens
  std::string name_token_;
  std::string uid_token_;
  std::uint32_t name_space_id_ = 0;
  std::string bytes_;  // of samples
  std::vector<Sample> samples_;
  std::vector<Chain> chains_;  // by family
  std::vector<std::uint32_t> held_;

  std::vector<std::uint32_t> prefixes_;  // hashes of those seen lately
  LabelNames label_names_;
  std::vector<Label> picked_;
  std::vector<Text> picked_values_;
  std::string scratch_;
  std::string shape_;
  std::string body_;
  std::string section_;
  std::string record_;
};

}  // namespace exporter::kube
