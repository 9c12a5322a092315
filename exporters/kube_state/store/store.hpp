// SPDX-License-Identifier: Apache-2.0
#pragma once

// The objects of one resource, in compact records, and who may read them while they change.
//
//     Store store(*resource, {});
//     Listener& all = store.source();            // objects of all namespaces
//     all.list_begins(); all.object(wire); all.list_ends();
//     ...
//     auto body = Page({&store}, {});            // see page.hpp
//
// One thread changes a store (whoever calls its sources); any number render pages meanwhile. A page sees the
// store as it was when the page came to it: no object twice, none missing, whatever changes and however
// slowly the page is read.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "api/listener.hpp"
#include "resource.hpp"
#include "store/emit.hpp"

namespace exporter::kube {

/// Decides something by a text: whether an allow-list picks a key, whether an object is this shard's.
using Predicate = std::function<bool(std::string_view)>;

struct StoreOptions {
  /// By the family's index; empty: all. The others do not exist for the store, headers included.
  std::vector<bool> wanted{};
  /// Whether an object with that uid is kept; null: all are.
  Predicate takes{};
  /// Whether a label's (an annotation's) key is exposed; null: there is no allow-list, and no sample at all.
  Predicate picks_label{};
  Predicate picks_annotation{};
  /// Lives as long as anything refers to the Resource: a resource made at run time, its names and its
  /// families.
  std::shared_ptr<const void> resource_owner{};
};

/// Bytes, by what they are for. `records` has what objects take, the others what it costs to keep them.
struct StoreMemory {
  std::size_t objects = 0;
  std::size_t records = 0;       ///< live bytes of the records
  std::size_t slack = 0;         ///< dead and unused bytes of the chunks
  std::size_t chunks = 0;        ///< their heads and offsets
  std::size_t index = 0;         ///< finds a record by its key
  std::size_t strings = 0;       ///< the intern table: label values, sections, their entries
  std::size_t string_count = 0;  ///< live ones
  std::size_t compressed = 0;    ///< blocks kept for gzip pages
  std::size_t total() const { return records + slack + chunks + index + strings + compressed; }
};

/// One line for a debug log: "pods: 10000 objects, 402 B each: 310 records, 12 slack, ...".
std::string to_string(const StoreMemory& memory, std::string_view resource);

/// What an object's reader calls; false drops what it has emitted.
using Reader = std::function<bool(Emit&)>;

/// One list and watch that feeds a store: a resource, or its part in one namespace. Calls come from the
/// thread that changes the store.
class Source : public Listener {
 public:
  /// Puts an object whose samples come from `reader` rather than from the resource's own.
  virtual void put(const Reader& reader) = 0;
  /// Takes away the object whose identity the reader emits.
  virtual void erase(const Reader& reader) = 0;
};

class Store {
 public:
  struct Impl;

  /// The resource has to outlive the store and its pages, unless options.resource_owner sees to that.
  Store(const Resource& resource, StoreOptions options);
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  /// Another source. Sources must not share objects. All are added before the first is called; the reference
  /// is good as long as the store.
  Source& source();

  const Resource& resource() const;
  /// Whether each source has been listed once. Any thread; so are the ones below.
  bool synced() const;
  /// Objects that are on the page.
  std::size_t objects() const;
  /// Objects that could not be read, since the start.
  std::uint64_t malformed() const;
  StoreMemory memory() const;

  /// What pages share with the store.
  const std::shared_ptr<Impl>& impl() const { return impl_; }

 private:
  std::shared_ptr<Impl> impl_;
};

}  // namespace exporter::kube
