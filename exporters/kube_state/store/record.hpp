// SPDX-License-Identifier: Apache-2.0
#pragma once

// How an object is kept: one run of bytes.
//
//     size        varint, of what follows
//     flags       a byte
//     shape       id; the text has a bit for each family that the object has samples of, then a bit for each
//                 whose section has more than exactly one sample with the family's own labels
//     time base   4 bytes, if there are times
//     uid         16 bytes, or a token
//     namespace   id
//     name        token
//     the values of the common labels, a token each
//     sections, in the order of the families: of a shared family the id of its text, else
//       values of the labels (tokens) and the number of the only sample, or
//       varint count * 2 + more, the samples; where there are more, varint count, and these: varint number of
//       labels, for each the name's id and a token, the number
//
// A shared section's text is for each line varint size, and what follows the common labels:
// ',phase="Running"} 1\n'.

#include <cstdint>
#include <string_view>
#include <vector>

#include "resource.hpp"
#include "store/codec.hpp"
#include "store/interner.hpp"

namespace exporter::kube {

/// What is known of a resource's families beforehand.
struct Layout {
  struct Kept {
    bool wanted = true;
    bool shared = false;
    std::uint8_t labels = 0;  ///< its own ones
  };
  const Resource* resource = nullptr;
  std::vector<Kept> families;

  std::size_t mask_bytes() const { return (families.size() + 7) / 8; }
};

namespace record {

constexpr char kBinaryUid = 1;
constexpr char kHasTimes = 2;

inline bool bit(const char* mask, std::size_t at) { return (codec::byte(mask + at / 8) >> at % 8 & 1) != 0; }

struct Head {
  const char* begin;
  const char* end;
  char flags;
  std::uint32_t shape;
  codec::TimeBase base = 0;
  const char* uid;
};

inline Head head(const char* at) {
  Head result;
  result.begin = at;
  const auto size = static_cast<std::size_t>(codec::varint(at));
  result.end = at + size;
  result.flags = *at++;
  result.shape = codec::id(at);
  if (result.flags & kHasTimes) {
    result.base = static_cast<codec::TimeBase>(codec::load<4>(at));
    at += 4;
  }
  result.uid = at;
  return result;
}

/// All bytes of the record at `at`.
inline std::string_view whole(const char* at) {
  const char* begin = at;
  const auto size = static_cast<std::size_t>(codec::varint(at));
  return {begin, static_cast<std::size_t>(at - begin) + size};
}

struct Identity {
  std::uint32_t name_space;
  const char* name;
  const char* common;
};

inline Identity identity(const Head& head) {
  const char* at = head.flags & kBinaryUid ? head.uid + 16 : codec::skip_token(head.uid);
  Identity result;
  result.name_space = codec::id(at);
  result.name = at;
  result.common = codec::skip_token(at);
  return result;
}

inline const char* body(const Identity& identity, std::size_t common_labels) {
  const char* at = identity.common;
  for (std::size_t i = 0; i < common_labels; ++i) at = codec::skip_token(at);
  return at;
}

/// Steps over a section and calls `each` with every id in it.
template <class Each>
const char* walk_section(const char* at, const Layout::Kept& family, bool plural, Each&& each) {
  if (family.shared) {
    each(codec::id(at));
    return at;
  }
  codec::Ids<Each&> ids(each);
  std::uint64_t count = 1;
  bool more = false;
  if (plural) {
    count = codec::varint(at);
    more = (count & 1) != 0;
    count >>= 1;
  }
  for (; count > 0; --count) {
    for (unsigned label = 0; label < family.labels; ++label) at = codec::visit(at, ids);
    at = codec::skip_number(at);
  }
  if (more) {
    for (count = codec::varint(at); count > 0; --count) {
      for (auto labels = codec::varint(at); labels > 0; --labels) {
        each(codec::id(at));
        at = codec::visit(at, ids);
      }
      at = codec::skip_number(at);
    }
  }
  return at;
}

inline const char* skip_section(const char* at, const Layout::Kept& family, bool plural) {
  return walk_section(at, family, plural, [](std::uint32_t) {});
}

/// Calls `each` with every id in a record, as often as the record holds it.
template <class Each>
void walk(const char* at, const Layout& layout, const Interner& texts, Each&& each) {
  const auto head = record::head(at);
  each(head.shape);
  codec::Ids<Each&> ids(each);
  at = head.flags & kBinaryUid ? head.uid + 16 : codec::visit(head.uid, ids);
  each(codec::id(at));
  at = codec::visit(at, ids);
  for (std::size_t i = 0; i < layout.resource->common_labels.size(); ++i) at = codec::visit(at, ids);
  const char* present = texts.text(head.shape).data();
  const char* plural = present + layout.mask_bytes();
  for (std::size_t f = 0; f < layout.families.size(); ++f) {
    if (bit(present, f)) at = walk_section(at, layout.families[f], bit(plural, f), each);
  }
}

}  // namespace record
}  // namespace exporter::kube
