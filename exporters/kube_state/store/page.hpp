// SPDX-License-Identifier: Apache-2.0
#pragma once

// The page of several stores, in the order they are given, as a stream of pieces of about 256 kB:
//
//     response.stream = Page(select(stores, request), {.format = format, .gzip = gzip});
//
// Nothing is locked while it is rendered, and nothing of it is kept but what a piece needs. A page holds the
// objects that it shows as they were: one that is read too slowly has to be given up.

#include <chrono>
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
  /// A page that has not been read to its end by then is given up.
  std::chrono::steady_clock::time_point until = std::chrono::steady_clock::time_point::max();
};

class Page {
 public:
  Page(std::span<Store* const> stores, PageOptions options);
  ~Page();
  Page(Page&&) noexcept;
  Page& operator=(Page&&) noexcept;

  /// Appends the next piece; false with the last. Throws once the page was given up: the body is cut off
  /// then, as its reader can see. One thread at a time.
  bool operator()(std::string& out);

  struct State;

 private:
  std::shared_ptr<State> state_;
};

/// Gives up pages that are late, and what they hold, although nobody asks for their next piece. Call it now
/// and then; any thread.
void give_up_late_pages(std::chrono::steady_clock::time_point now = std::chrono::steady_clock::now());

/// Which stores a page has: the parameters `resources` and `exclude_resources` of a request, each a list with
/// commas that may be given several times. Without `resources` all.
std::vector<Store*> select(std::span<Store* const> stores, std::span<const std::string_view> resources,
                           std::span<const std::string_view> exclude_resources);

/// A whole page at once: for tests and small stores.
std::string render(std::span<Store* const> stores, PageOptions options = {});

/// Drops compressed blocks that no page has used for a while; call it now and then.
void drop_idle_blocks(std::span<Store* const> stores);

}  // namespace exporter::kube
