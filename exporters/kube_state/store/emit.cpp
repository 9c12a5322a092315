// SPDX-License-Identifier: Apache-2.0
// Makes records of what readers emit.

#include "store/emit.hpp"

#include <algorithm>
#include <utility>

#include <exporter/text.hpp>

#include "store/draft.hpp"
#include "store/hash.hpp"

namespace exporter::kube {
namespace {

constexpr std::uint64_t kOnes = 0x0101010101010101U;
constexpr std::uint64_t kHighs = kOnes * 0x80;

constexpr std::uint64_t zero_bytes(std::uint64_t word) { return (word - kOnes) & ~word & kHighs; }

/// Whether some byte is escaped in label values, or may be a part of something that is not valid UTF-8.
constexpr bool odd_bytes(std::uint64_t word) {
  return ((word & kHighs) | zero_bytes(word ^ kOnes * '"') | zero_bytes(word ^ kOnes * '\\') |
          zero_bytes(word ^ kOnes * '\n')) != 0;
}

bool needs_care(std::string_view text) {
  const char* at = text.data();
  auto left = text.size();
  if (left < 8) {
    std::uint64_t word = 0;
    if (left >= 4) {
      word = codec::load<4>(at) | codec::load<4>(at + left - 4) << 32;
    } else if (left > 0) {
      word = codec::load<1>(at) | codec::load<1>(at + left / 2) << 8 | codec::load<1>(at + left - 1) << 16;
    }
    return odd_bytes(word);
  }
  for (; left > 8; left -= 8, at += 8) {
    if (odd_bytes(codec::load<8>(at))) return true;
  }
  return odd_bytes(codec::load<8>(at + left - 8));
}

}  // namespace

Emit::Emit(Draft& draft) : draft_(draft), wanted_(draft.now_wanted_) {}

void Emit::identity(std::string_view name_space, std::string_view name, std::string_view uid,
                    std::span<const std::string_view> common_values) {
  draft_.identity(name_space, name, uid, common_values);
  wanted_ = draft_.now_wanted_;
}

void Emit::add(std::size_t family, std::span<const Text> values, Value value) {
  draft_.add(family, values, value);
}

void Emit::sample(std::size_t family, std::span<const std::string_view> names, std::span<const Text> values,
                  Value value) {
  if (wanted_[family]) draft_.add_dynamic(family, names, values, value);
}

bool Emit::wants_labels(std::size_t family) const { return wanted_[family] && draft_.options_.picks_label; }

bool Emit::wants_annotations(std::size_t family) const {
  return wanted_[family] && draft_.options_.picks_annotation;
}

void Emit::labels(std::size_t family, std::span<const Label> entries) {
  if (wants_labels(family)) draft_.add_picked(family, entries, draft_.options_.picks_label, "label");
}

void Emit::annotations(std::size_t family, std::span<const Label> entries) {
  if (wants_annotations(family))
    draft_.add_picked(family, entries, draft_.options_.picks_annotation, "annotation");
}

Draft::Draft(const Layout& layout, const StoreOptions& options, Interner& texts)
    : layout_(layout),
      options_(options),
      texts_(texts),
      wanted_(std::make_unique<bool[]>(layout.families.size())),
      none_(std::make_unique<bool[]>(layout.families.size())),
      now_wanted_(wanted_.get()),
      chains_(layout.families.size()) {
  for (std::size_t f = 0; f < layout.families.size(); ++f) wanted_[f] = layout.families[f].wanted;
}

void Draft::begin(Keep keep) {
  now_wanted_ = keep == Keep::kAll ? wanted_.get() : none_.get();
  identified_ = foreign_ = false;
  base_ = 0;
  bytes_.clear();
  samples_.clear();
  held_.clear();
  std::fill(chains_.begin(), chains_.end(), Chain{});
}

void Draft::drop(std::uint64_t epoch) {
  for (const auto id : held_) texts_.release(id, epoch);
  held_.clear();
}

std::uint32_t Draft::acquire(std::string_view text) {
  const auto id = texts_.acquire(text);
  held_.push_back(id);
  return id;
}

std::string_view Draft::escaped(std::string_view text, std::string& scratch) {
  if (!needs_care(text)) [[likely]]
    return text;
  std::string mended;
  scratch.clear();
  for (const char c : valid_utf8(text, mended)) {
    if (c == '"' || c == '\\') {
      scratch.push_back('\\');
      scratch.push_back(c);
    } else if (c == '\n') {
      scratch += "\\n";
    } else {
      scratch.push_back(c);
    }
  }
  return scratch;
}

void Draft::identity(std::string_view name_space, std::string_view name, std::string_view uid,
                     std::span<const std::string_view> common_values) {
  if (std::exchange(identified_, true)) return;
  name_space_.assign(escaped(name_space, scratch_));
  name_.assign(escaped(name, scratch_));
  if (options_.takes && !options_.takes(uid)) {
    foreign_ = true;
    now_wanted_ = none_.get();
  }
  if (now_wanted_ == none_.get()) return;
  uid_.assign(escaped(uid, scratch_));
  uid_token_.resize(16);
  binary_uid_ = codec::parse_uuid(uid_, uid_token_.data());
  if (!binary_uid_) {
    uid_token_.clear();
    codec::put_literal(uid_token_, uid_);
  }
  name_space_id_ = acquire(name_space_);
  name_token_.clear();
  if (!put_prefixed(name_token_, name_)) codec::put_literal(name_token_, name_);
  common_.clear();
  for (const auto value :
       common_values.first(std::min(common_values.size(), layout_.resource->common_labels.size()))) {
    put_text(common_, value);
  }
  for (auto i = common_values.size(); i < layout_.resource->common_labels.size(); ++i) put_text(common_, "");
}

void Draft::put_text(std::string& to, const Text& text) {
  const auto value = escaped(text.text, scratch_);
  if (value == name_) {
    to.push_back(static_cast<char>(codec::kName));
  } else if (value == name_space_) {
    to.push_back(static_cast<char>(codec::kNamespace));
  } else if (value == uid_) {
    to.push_back(static_cast<char>(codec::kUid));
  } else if (text.own) {
    put_own(to, value);
  } else {
    codec::put_id(to, acquire(value));
  }
}

void Draft::put_own(std::string& to, std::string_view text) {
  char bytes[16];
  if (codec::parse_address(text, bytes)) {
    to.push_back(static_cast<char>(codec::kAddress));
    to.append(bytes, 4);
  } else if (codec::parse_uuid(text, bytes)) {
    to.push_back(static_cast<char>(codec::kUuid));
    to.append(bytes, 16);
  } else if (const auto digits = codec::hex_tail(text); digits > 0) {
    to.push_back(static_cast<char>(codec::kHex));
    codec::put_id(to, acquire(text.substr(0, text.size() - digits)));
    to.push_back(static_cast<char>(digits / 2));
    codec::put_hex(to, text.substr(text.size() - digits));
  } else if (!put_prefixed(to, text)) {
    codec::put_literal(to, text);
  }
}

// Names of one owner's objects are alike up to the last '-'. A prefix is worth keeping once the second comes.
bool Draft::put_prefixed(std::string& to, std::string_view text) {
  constexpr std::size_t kShortest = 6;
  const auto size = text.rfind('-') + 1;
  if (size < kShortest || text.size() - size > 0xff) return false;
  const auto prefix = text.substr(0, size);
  if (!texts_.find(prefix)) {
    if (prefixes_.empty()) prefixes_.resize(256);
    const auto hashed = static_cast<std::uint32_t>(hash(prefix)) | 1;
    if (auto& seen = prefixes_[hashed >> 1 & 255]; seen != hashed) {
      seen = hashed;
      return false;
    }
  }
  to.push_back(static_cast<char>(codec::kPrefixed));
  codec::put_id(to, acquire(prefix));
  to.push_back(static_cast<char>(text.size() - size));
  to.append(text.substr(size));
  return true;
}

void Draft::put_value(std::string& to, Value value) {
  switch (value.kind()) {
    case Value::Kind::kSigned:
      return codec::put_integer(to, value.integer(), base_);
    case Value::Kind::kUnsigned:
      return codec::put_unsigned(to, static_cast<std::uint64_t>(value.integer()), base_);
    case Value::Kind::kDouble:
      break;
  }
  codec::put_real(to, value.real(), base_);
}

/// The rest of a line of a shared section, with its size in front. `label(i)` is a name and its value.
void Draft::put_tail(std::size_t count, const auto& label, Value value) {
  section_.clear();
  const bool bare = layout_.resource->common_labels.empty();
  for (std::size_t i = 0; i < count; ++i) {
    const std::pair<std::string_view, std::string_view> pair = label(i);
    section_.push_back(bare && i == 0 ? '{' : ',');
    section_ += pair.first;
    section_ += "=\"";
    section_ += escaped(pair.second, scratch_);
    section_.push_back('"');
  }
  if (!bare || count > 0) section_.push_back('}');
  section_.push_back(' ');
  char number[32];
  section_.append(number, value.append(number));
  section_.push_back('\n');
  codec::put_varint(bytes_, section_.size());
  bytes_ += section_;
}

void Draft::append(std::size_t family, std::size_t begin, bool dynamic) {
  auto& chain = chains_[family];
  const auto index = static_cast<std::uint32_t>(samples_.size());
  samples_.push_back(
      {static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(bytes_.size() - begin), kNone, dynamic});
  (chain.first == kNone ? chain.first : samples_[chain.last].next) = index;
  chain.last = index;
  ++(dynamic ? chain.dynamic : chain.fixed);
}

void Draft::add(std::size_t family, std::span<const Text> values, Value value) {
  const auto& kept = layout_.families[family];
  const auto begin = bytes_.size();
  const std::size_t count = std::min<std::size_t>(values.size(), kept.labels);
  if (kept.shared) {
    const auto& labels = layout_.resource->families[family].labels;
    put_tail(
        count, [&](std::size_t i) { return std::pair(labels[i], values[i].text); }, value);
  } else {
    for (const auto& text : values.first(count)) put_text(bytes_, text);
    for (auto i = count; i < kept.labels; ++i) put_text(bytes_, "");
    put_value(bytes_, value);
  }
  append(family, begin, false);
}

void Draft::add_dynamic(std::size_t family, std::span<const std::string_view> names,
                        std::span<const Text> values, Value value) {
  const auto begin = bytes_.size();
  const auto count = std::min(names.size(), values.size());
  if (layout_.families[family].shared) {
    put_tail(
        count, [&](std::size_t i) { return std::pair(names[i], values[i].text); }, value);
    return append(family, begin, false);
  }
  codec::put_varint(bytes_, count);
  for (std::size_t i = 0; i < count; ++i) {
    codec::put_id(bytes_, acquire(names[i]));
    put_text(bytes_, values[i]);
  }
  put_value(bytes_, value);
  append(family, begin, true);
}

void Draft::add_picked(std::size_t family, std::span<const Label> entries, const Predicate& picks,
                       std::string_view prefix) {
  picked_.clear();
  for (const auto& entry : entries) {
    if (picks(entry.name)) picked_.push_back(entry);
  }
  std::sort(picked_.begin(), picked_.end(), [](const Label& a, const Label& b) { return a.name < b.name; });
  picked_values_.clear();
  for (const auto& entry : picked_) picked_values_.emplace_back(entry.value);
  add_dynamic(family, label_names_.make(prefix, picked_), picked_values_, 1);
}

std::string_view Draft::finish() {
  shape_.assign(2 * layout_.mask_bytes(), '\0');
  body_.clear();
  for (std::size_t f = 0; f < chains_.size(); ++f) {
    const auto& chain = chains_[f];
    if (chain.first == kNone) continue;
    shape_[f / 8] = static_cast<char>(shape_[f / 8] | 1 << f % 8);
    if (layout_.families[f].shared) {
      section_.clear();
      for (auto i = chain.first; i != kNone; i = samples_[i].next) {
        section_.append(bytes_, samples_[i].begin, samples_[i].size);
      }
      codec::put_id(body_, acquire(section_));
      continue;
    }
    if (chain.dynamic > 0 || chain.fixed != 1) {
      auto& mask = shape_[layout_.mask_bytes() + f / 8];
      mask = static_cast<char>(mask | 1 << f % 8);
      codec::put_varint(body_, chain.fixed * std::uint64_t{2} + (chain.dynamic > 0));
    }
    for (const bool dynamic : {false, true}) {
      if (dynamic && chain.dynamic > 0) codec::put_varint(body_, chain.dynamic);
      for (auto i = chain.first; i != kNone; i = samples_[i].next) {
        if (samples_[i].dynamic == dynamic) body_.append(bytes_, samples_[i].begin, samples_[i].size);
      }
    }
  }
  const auto shape = acquire(shape_);
  section_.clear();
  section_.push_back(
      static_cast<char>((binary_uid_ ? record::kBinaryUid : 0) | (base_ != 0 ? record::kHasTimes : 0)));
  codec::put_id(section_, shape);
  if (base_ != 0) codec::put<4>(section_, base_);
  section_ += uid_token_;
  codec::put_id(section_, name_space_id_);
  section_ += name_token_;
  section_ += common_;
  record_.clear();
  codec::put_varint(record_, section_.size() + body_.size());
  record_ += section_;
  record_ += body_;
  return record_;
}

}  // namespace exporter::kube
