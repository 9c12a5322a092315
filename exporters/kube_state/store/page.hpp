// SPDX-License-Identifier: Apache-2.0
#pragma once

// The page of several stores, in the order they are given, as a stream of pieces of about 64 kB:
//
//     response.stream = Page(select(stores, request), {.format = format, .gzip = gzip});
//
// Nothing is locked while it is rendered, and nothing of it is kept but what a piece needs. A page that is
// never read to its end holds what it refers to: give such a client up.

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <exporter/page.hpp>

#include "store/store.hpp"

namespace exporter::kube {

struct PageOptions {
  PageFormat format = PageFormat::kText;
  /// The body is one gzip member (the caller says so in Content-Encoding). Compressed blocks of what did not
  /// change are kept with the stores for the next page.
  bool gzip = false;
};

class Page {
 public:
  Page(std::span<Store* const> stores, PageOptions options);
  ~Page();
  Page(Page&&) noexcept;
  Page& operator=(Page&&) noexcept;

  /// Appends the next piece; false with the last. One thread at a time.
  bool operator()(std::string& out);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Which stores a page has: the parameters `resources` and `exclude_resources` of a request, each a list with
/// commas that may be given several times. Without `resources` all.
std::vector<Store*> select(std::span<Store* const> stores, std::span<const std::string_view> resources,
                           std::span<const std::string_view> exclude_resources);

/// A whole page at once: for tests and small stores.
std::string render(std::span<Store* const> stores, PageOptions options = {});

/// Drops compressed blocks that no page has used for a while; call it now and then.
void drop_idle_blocks(std::span<Store* const> stores);

}  // namespace exporter::kube
