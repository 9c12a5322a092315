// SPDX-License-Identifier: Apache-2.0
// The sink: lines of one run, and an index that says which of them belong to which family.

#include <exporter/sink.hpp>

#include <cstring>
#include <new>

#include <exporter/text.hpp>

namespace exporter {
namespace {

constexpr std::size_t kNumberRoom = 40;  // a blank, a number of at most 32 bytes, a line end

std::size_t hash_name(std::string_view name) { return std::hash<std::string_view>{}(name); }

bool needs_care(std::string_view text) {
  for (const char c : text) {
    if (static_cast<signed char>(c) < 0 || c == '"' || c == '\\' || c == '\n') return true;
  }
  return false;
}

char* copy(char* at, std::string_view text) {
  if (!text.empty()) std::memcpy(at, text.data(), text.size());  // an empty view may be null
  return at + text.size();
}

/// Copies a label value in the form the text format asks for; needs three times its size of room.
char* append_escaped(char* at, std::string_view value) {
  if (!needs_care(value)) return copy(at, value);
  std::string scratch;
  for (const char c : valid_utf8(value, scratch)) {
    if (c == '"' || c == '\\') {
      *at++ = '\\';
      *at++ = c;
    } else if (c == '\n') {
      *at++ = '\\';
      *at++ = 'n';
    } else {
      *at++ = c;
    }
  }
  return at;
}

}  // namespace

char* Sink::room(std::size_t bytes) {
  if (capacity_ - size_ < bytes) {
    std::size_t wanted = capacity_ ? capacity_ : 1024;
    while (wanted - size_ < bytes) wanted *= 2;
    if (wanted > kFilteredOut)
      throw std::bad_alloc();  // caught at the collector's border: 4 GB of one collector's text
    auto* grown = static_cast<char*>(std::realloc(text_.get(), wanted));
    if (!grown) throw std::bad_alloc();
    (void)text_.release();
    text_.reset(grown);
    capacity_ = static_cast<std::uint32_t>(wanted);
  }
  return text_.get() + size_;
}

void Sink::rehash(std::size_t slots) {
  slots_.assign(slots, kNone);
  for (std::uint32_t i = 0; i < entries_.size(); ++i) {
    std::size_t slot = hash_name(name_of(entries_[i])) & (slots - 1);
    while (slots_[slot] != kNone) slot = (slot + 1) & (slots - 1);
    slots_[slot] = i;
  }
}

std::uint32_t Sink::open(std::string_view name, std::string_view help, MetricType type) {
  if ((entries_.size() + 1) * 2 > slots_.size()) rehash(slots_.empty() ? 16 : slots_.size() * 2);
  std::size_t slot = hash_name(name) & (slots_.size() - 1);
  for (; slots_[slot] != kNone; slot = (slot + 1) & (slots_.size() - 1)) {
    const Entry& entry = entries_[slots_[slot]];
    if (name_of(entry) == name) return entry.muted ? kFilteredOut : slots_[slot];
  }
  name = name.substr(0, 0xffff);
  help = help.substr(0, 0xffff);
  char* at = room(name.size() + help.size());
  copy(copy(at, name), help);
  const auto index = static_cast<std::uint32_t>(entries_.size());
  entries_.push_back({.name = size_,
                      .help = static_cast<std::uint32_t>(size_ + name.size()),
                      .name_size = static_cast<std::uint16_t>(name.size()),
                      .help_size = static_cast<std::uint16_t>(help.size()),
                      .type = type,
                      .muted = !wants(name),
                      .first = kNone,
                      .last = kNone,
                      .samples = 0,
                      .cut = 0});
  size_ += static_cast<std::uint32_t>(name.size() + help.size());
  slots_[slot] = index;
  return entries_[index].muted ? kFilteredOut : index;
}

void Sink::write(std::uint32_t family, std::string_view suffix, const std::string_view* names,
                 const std::string_view* values, std::size_t count, Value value) {
  Entry& entry = entries_[family];
  if (samples_ >= limit_) {
    ++cut_;
    ++entry.cut;
    return;
  }
  std::size_t bytes = suffix.size() + constant_.size() + 4 + kNumberRoom;
  for (std::size_t i = 0; i < count; ++i) bytes += names[i].size() + 3 * values[i].size() + 4;
  char* const begin = room(bytes);
  char* at = copy(begin, suffix);  // the page puts the name in front of it
  if (count > 0 || !constant_.empty()) {
    char separator = '{';
    if (!constant_.empty()) {
      *at++ = separator;
      at = copy(at, constant_);
      separator = ',';
    }
    for (std::size_t i = 0; i < count; ++i) {
      *at++ = separator;
      at = copy(at, names[i]);
      *at++ = '=';
      *at++ = '"';
      at = append_escaped(at, values[i]);
      *at++ = '"';
      separator = ',';
    }
    *at++ = '}';
  }
  *at++ = ' ';
  at = value.append(at);
  *at++ = '\n';
  const auto line_begin = size_;
  size_ += static_cast<std::uint32_t>(at - begin);
  finish_line(entry, line_begin);
}

void Sink::sample(std::string_view name, std::string_view help, MetricType type,
                  std::span<const Label> labels, Value value, std::string_view suffix) {
  const auto index = open(name, help, type);
  if (index == kFilteredOut) return;
  constexpr std::size_t kMany = 16;  // these two arrays are zeroed for each sample
  std::string_view few_names[kMany];
  std::string_view few_values[kMany];
  std::vector<std::string_view> many;
  std::string_view* names = few_names;
  std::string_view* values = few_values;
  if (labels.size() > kMany) {
    many.resize(labels.size() * 2);
    names = many.data();
    values = many.data() + labels.size();
  }
  for (std::size_t i = 0; i < labels.size(); ++i) {
    names[i] = labels[i].name;
    values[i] = labels[i].value;
  }
  write(index, suffix, names, values, labels.size(), value);
}

void Sink::constant_labels(std::span<const Label> labels) {
  constant_.clear();
  for (const auto& label : labels) {
    const std::size_t begin = constant_.size();
    constant_.resize(begin + label.name.size() + 3 * label.value.size() + 4);
    char* at = constant_.data() + begin;
    if (begin > 0) *at++ = ',';
    at = copy(at, label.name);
    *at++ = '=';
    *at++ = '"';
    at = append_escaped(at, label.value);
    *at++ = '"';
    constant_.resize(static_cast<std::size_t>(at - constant_.data()));
  }
}

void Sink::finish_line(Entry& entry, std::uint32_t begin) {
  ++samples_;
  ++entry.samples;
  if (entry.last != kNone && segments_[entry.last].end == begin) {
    segments_[entry.last].end = size_;
    return;
  }
  const auto index = static_cast<std::uint32_t>(segments_.size());
  segments_.push_back({begin, size_, kNone});
  if (entry.last == kNone) {
    entry.first = index;
  } else {
    segments_[entry.last].next = index;
  }
  entry.last = index;
}

std::string Sink::describe_cut() const {
  std::string result;
  for (const auto& entry : entries_) {
    if (entry.cut == 0) continue;
    if (!result.empty()) result += ", ";
    result += name_of(entry);
    result += " (" + std::to_string(entry.cut) + ")";
  }
  return result;
}

void Sink::clear() {
  size_ = 0;
  samples_ = 0;
  cut_ = 0;
  constant_.clear();
  entries_.clear();
  segments_.clear();
  std::fill(slots_.begin(), slots_.end(), kNone);
}

}  // namespace exporter
