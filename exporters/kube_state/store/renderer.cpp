// SPDX-License-Identifier: Apache-2.0
#include "store/renderer.hpp"

#include <bit>
#include <cstring>

#include <exporter/text.hpp>

namespace exporter::kube {
namespace {

/// Writes a label value.
struct Spelled {
  Output& out;
  const Interner& texts;
  const char* record;

  void id(std::uint32_t number) { out.add(texts.text(number)); }
  void literal(std::string_view text) { out.add(text); }
  void hex(std::uint32_t prefix, std::string_view bytes) {
    out.add(texts.text(prefix));
    out.add_hex(bytes.data(), bytes.size());
  }
  void prefixed(std::uint32_t prefix, std::string_view rest) {
    out.add(texts.text(prefix));
    out.add(rest);
  }
  void address(const char* bytes) { out.add_address(bytes); }
  void uuid(const char* bytes) { out.add_uuid(bytes); }
  // An object's name and uid are texts themselves, and refer to nothing further.
  void name() { codec::visit(record::identity(record::head(record)).name, Plain{out, texts}); }
  void name_space() { out.add(texts.text(record::identity(record::head(record)).name_space)); }
  void uid() {
    const auto head = record::head(record);
    if (head.flags & record::kBinaryUid) {
      out.add_uuid(head.uid);
    } else {
      codec::visit(head.uid, Plain{out, texts});
    }
  }

  struct Plain : codec::Ignore {
    Plain(Output& to, const Interner& interner) : out(to), texts(interner) {}
    void literal(std::string_view text) { out.add(text); }
    void prefixed(std::uint32_t prefix, std::string_view rest) {
      out.add(texts.text(prefix));
      out.add(rest);
    }
    Output& out;
    const Interner& texts;
  };
};

constexpr std::uint32_t kMostLabels = 16 << 20;  // bytes; enough for the pods of any usual cluster

/// `count` / 1000, as append_number() writes it; not a whole number.
void add_thousandths(std::uint64_t count, Output& out) {
  out.add_unsigned(count / 1000);
  const auto rest = count % 1000;
  // As large as gcc 12 believes that copying may read.
  char digits[64] = {'.', static_cast<char>('0' + rest / 100), static_cast<char>('0' + rest / 10 % 10),
                     static_cast<char>('0' + rest % 10)};
  std::size_t size = 4;
  while (digits[size - 1] == '0') --size;
  out.add(std::string_view(digits, size));
}

std::int64_t sign_extended(std::uint64_t value, int bits) {
  return static_cast<std::int64_t>(value << (64 - bits)) >> (64 - bits);
}

/// Writes a number; returns its end.
const char* add_number(const char* at, codec::TimeBase base, Output& out) {
  using namespace codec;
  const auto first = byte(at++);
  const auto time = [&](std::int64_t distance) {
    out.add_unsigned(static_cast<std::uint64_t>(base + distance));
  };
  if (first < 10) {
    out.add(static_cast<char>('0' + first));
    return at;
  }
  if (first < kMedium) {
    out.add_unsigned(first);
    return at;
  }
  if (first < kShortTime) {
    out.add_unsigned(((first & 0x3fU) << 8 | byte(at)) + 128);
    return at + 1;
  }
  if (first < kWord16) {
    time(static_cast<std::int64_t>((first & 0x1fU) << 8 | byte(at)) - kTimeBias);
    return at + 1;
  }
  switch (first) {
    case kWord16:
      out.add_unsigned(load<2>(at));
      return at + 2;
    case kWord24:
      out.add_unsigned(load<3>(at));
      return at + 3;
    case kWord32:
      out.add_unsigned(load<4>(at));
      return at + 4;
    case kWord64:
      out.add_unsigned(load<8>(at));
      return at + 8;
    case kTime16:
      time(sign_extended(load<2>(at), 16));
      return at + 2;
    case kTime24:
      time(sign_extended(load<3>(at), 24));
      return at + 3;
    case kMilli8:
      add_thousandths(load<1>(at), out);
      return at + 1;
    case kMilli16:
      add_thousandths(load<2>(at), out);
      return at + 2;
    case kMilli32:
      add_thousandths(load<4>(at), out);
      return at + 4;
    case kMebi8:
      out.add_unsigned(load<1>(at) << 20);
      return at + 1;
    case kMebi16:
      out.add_unsigned(load<2>(at) << 20);
      return at + 2;
    case kMebi24:
      out.add_unsigned(load<3>(at) << 20);
      return at + 3;
    case kNegative:
      out.claim(Value(static_cast<std::int64_t>(load<8>(at))).append(out.room(32)));
      return at + 8;
    default:
      out.claim(append_number(out.room(32), std::bit_cast<double>(load<8>(at))));
      return at + 8;
  }
}

void add_help(std::string_view text, Output& out) {
  for (const char c : text) {
    if (c == '\\') {
      out.add("\\\\");
    } else if (c == '\n') {
      out.add("\\n");
    } else {
      out.add(c);
    }
  }
}

}  // namespace

Renderer::Renderer(const Snapshot& snapshot)
    : snapshot_(snapshot),
      layout_(snapshot.store().layout),
      texts_(snapshot.store().texts),
      progress_(chunks()) {
  masks_.resize(chunks() * layout_.mask_bytes());
  for (const auto label : layout_.resource->common_labels) {
    common_.push_back(common_.empty() ? "{" : "\",");
    common_.back() += label;
    common_.back() += "=\"";
  }
}

void Renderer::header(std::size_t family, PageFormat format, Output& out) const {
  const auto& described = layout_.resource->families[family];
  auto type = described.type;
  if (format == PageFormat::kText && (type == MetricType::kInfo || type == MetricType::kStateset)) {
    type = MetricType::kGauge;
  }
  out.add("# HELP ");
  out.add(described.name);
  out.add(described.stability == Stability::kExperimental ? " " : " [STABLE] ");
  add_help(described.help, out);
  out.add("\n# TYPE ");
  out.add(described.name);
  out.add(' ');
  out.add(type_name(type));
  out.add('\n');
}

bool Renderer::in_chunk(std::size_t family, std::size_t chunk) const {
  return record::bit(masks_.data() + chunk * layout_.mask_bytes(), family);
}

void Renderer::use(std::size_t family) {
  family_ = family;
  const auto& described = layout_.resource->families[family];
  own_.clear();
  for (std::size_t i = 0; i < layout_.families[family].labels; ++i) {
    own_.emplace_back(i > 0 ? "\"," : common_.empty() ? "{" : ",");
    own_.back() += described.labels[i];
    own_.back() += "=\"";
  }
  end_ = !own_.empty() ? "\"} " : common_.empty() ? " " : "} ";
}

void Renderer::spell_labels(const char* record, std::string& text) const {
  text.clear();
  if (common_.empty()) return;
  Output out(text, 256);
  const char* value = record::identity(record::head(record)).common;
  for (const auto& front : common_) {
    out.add(front);
    value = codec::visit(value, Spelled{out, texts_, record});
  }
  out.add('"');
}

std::string_view Renderer::labels_of(const char* record, const Object& object) {
  if (object.labels_size > 0) return {labels_.data() + object.labels, object.labels_size};
  spell_labels(record, labels_scratch_);
  return labels_scratch_;
}

void Renderer::start(std::size_t chunk) {
  const auto& records = *snapshot_.chunks()[chunk];
  const auto bytes = layout_.mask_bytes();
  char* mask = masks_.data() + chunk * bytes;
  auto& objects = progress_[chunk].objects;
  objects = std::make_unique_for_overwrite<Object[]>(Chunk::kSlots);
  records.for_each([&](std::uint32_t slot) {
    const char* record = records.at(slot);
    const auto head = record::head(record);
    const auto* body = record::body(record::identity(head), common_.size());
    spell_labels(record, labels_scratch_);
    auto size = static_cast<std::uint32_t>(labels_scratch_.size());
    if (labels_size_ + size > kMostLabels) size = 0;
    if (labels_size_ + size > labels_.capacity())
      labels_.resize(labels_size_ + size + labels_.capacity() / 2 + 4096);
    if (size > 0) std::memcpy(labels_.data() + labels_size_, labels_scratch_.data(), size);
    objects[slot] = {static_cast<std::uint32_t>(body - records.bytes.data()), head.shape, labels_size_, size};
    labels_size_ += size;
    const auto shape = texts_.text(head.shape);
    for (std::size_t i = 0; i < bytes; ++i) mask[i] = static_cast<char>(mask[i] | shape[i]);
  });
}

void Renderer::skip_to(std::size_t family, std::size_t chunk) {
  auto& progress = progress_[chunk];
  while (progress.family < family && !in_chunk(progress.family, chunk)) ++progress.family;
  if (progress.family >= family) return;
  const auto& records = *snapshot_.chunks()[chunk];
  records.for_each([&](std::uint32_t slot) {
    auto& object = progress.objects[slot];
    const char* at = records.bytes.data() + object.at;
    const char* present = texts_.text(object.shape).data();
    const char* plural = present + layout_.mask_bytes();
    for (auto f = progress.family; f < family; ++f) {
      if (record::bit(present, f)) at = record::skip_section(at, layout_.families[f], record::bit(plural, f));
    }
    object.at = static_cast<std::uint32_t>(at - records.bytes.data());
  });
  progress.family = family;
}

void Renderer::lines(std::size_t family, std::size_t chunk, Output& out) {
  auto& progress = progress_[chunk];
  if (!progress.objects) start(chunk);
  if (!in_chunk(family, chunk)) return;
  skip_to(family, chunk);
  if (family_ != family) use(family);
  const auto& records = *snapshot_.chunks()[chunk];
  std::uint32_t shape = ~0U;
  bool present = false;
  bool plural = false;
  records.for_each([&](std::uint32_t slot) {
    auto& its = progress.objects[slot];
    if (its.shape != shape) {  // neighbours mostly have the same
      shape = its.shape;
      const char* mask = texts_.text(shape).data();
      present = record::bit(mask, family);
      plural = record::bit(mask + layout_.mask_bytes(), family);
    }
    if (present) object(records, slot, its, plural, out);
  });
  progress.family = family + 1;
}

void Renderer::object(const Chunk& chunk, std::uint32_t slot, Object& its, bool plural, Output& out) {
  const auto& family = layout_.families[family_];
  const auto name = layout_.resource->families[family_].name;
  const char* record = chunk.at(slot);
  const auto labels = labels_of(record, its);
  const auto begin = [&] {
    out.add(name);
    out.add(labels);
  };

  const char* at = chunk.bytes.data() + its.at;
  if (family.shared) {
    const auto text = texts_.text(codec::id(at));
    for (const char* tail = text.data(); tail != text.data() + text.size();) {
      const auto size = static_cast<std::size_t>(codec::varint(tail));
      begin();
      out.add(std::string_view(tail, size));
      tail += size;
    }
  } else {
    const auto base = record::head(record).base;
    std::uint64_t count = 1;
    bool more = false;
    if (plural) {
      count = codec::varint(at);
      more = (count & 1) != 0;
      count >>= 1;
    }
    for (; count > 0; --count) {
      begin();
      for (const auto& label : own_) {
        out.add(label);
        at = codec::visit(at, Spelled{out, texts_, record});
      }
      out.add(end_);
      at = add_number(at, base, out);
      out.add('\n');
    }
    if (more) {
      for (count = codec::varint(at); count > 0; --count) {
        begin();
        bool open = common_.empty();
        for (auto left = codec::varint(at); left > 0; --left) {
          out.add(open ? '{' : ',');
          open = false;
          out.add(texts_.text(codec::id(at)));
          out.add("=\"");
          at = codec::visit(at, Spelled{out, texts_, record});
          out.add('"');
        }
        out.add(open ? " " : "} ");
        at = add_number(at, base, out);
        out.add('\n');
      }
    }
  }
  its.at = static_cast<std::uint32_t>(at - chunk.bytes.data());
}

}  // namespace exporter::kube
