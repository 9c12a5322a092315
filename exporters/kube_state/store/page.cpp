// SPDX-License-Identifier: Apache-2.0
#include "store/page.hpp"

#include <algorithm>
#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <utility>

#include <zlib.h>

#include "store/hash.hpp"
#include "store/renderer.hpp"

namespace exporter::kube {
namespace {

constexpr std::size_t kPiece = std::size_t{256} << 10;  // of a body
constexpr std::size_t kPieceRoom = kPiece + (std::size_t{32} << 10);
constexpr std::size_t kBlock = std::size_t{16} << 10;  // text that is worth a block
constexpr std::size_t kLargestBlock = std::size_t{128} << 10;
constexpr std::chrono::minutes kIdle{5};

}  // namespace

struct Page::State {
  State(std::span<Store* const> of, PageOptions with) : options(with) {
    for (auto* store : of) stores.push_back(store->impl());
  }

  std::mutex mutex;  // a page may be given up while a piece is rendered
  bool given_up = false;

  std::vector<std::shared_ptr<Store::Impl>> stores;
  PageOptions options;
  std::size_t next_store = 0;

  // The store at hand.
  std::unique_ptr<Snapshot> snapshot;
  std::optional<Renderer> renderer;
  std::vector<std::size_t> families;  // that are wanted
  std::vector<bool> headed;           // whether a family's header is this store's to print
  std::uint64_t headed_hash = 0;
  std::size_t step = 0;  // family by family, chunk by chunk

  std::vector<std::string_view> names;  // of families that have their header; the stores keep them

  // With gzip.
  bool begun = false;
  std::string text;  // not compressed yet
  std::optional<Deflater> deflater;
  std::uint32_t crc = 0;
  std::uint64_t size = 0;

  bool piece(std::string& body);
  void give_up();
  bool next();
  void leave();
  std::size_t steps() const { return families.size() * renderer->chunks(); }
  void take_step(Output& out);
  bool plain(std::string& body);
  bool compressed(std::string& body);
  void add_block(std::string& body);
  void put(const Block& block, std::string& body);
  std::uint64_t versions(std::uint64_t seed, std::size_t from, std::size_t count) const;
  std::shared_ptr<const Block> compress(std::uint64_t hashed);
};

namespace {

/// Pages that may become late.
class Watchlist {
 public:
  void add(const std::shared_ptr<Page::State>& page) {
    const std::lock_guard lock(mutex_);
    std::erase_if(pages_, [](const auto& known) { return known.expired(); });
    pages_.push_back(page);
  }
  std::vector<std::shared_ptr<Page::State>> pages() {
    const std::lock_guard lock(mutex_);
    std::vector<std::shared_ptr<Page::State>> result;
    for (const auto& known : pages_) {
      if (auto page = known.lock()) result.push_back(std::move(page));
    }
    return result;
  }

 private:
  std::mutex mutex_;
  std::vector<std::weak_ptr<Page::State>> pages_;
};

Watchlist& watchlist() {
  static Watchlist list;
  return list;
}

}  // namespace

bool Page::State::piece(std::string& body) {
  const std::lock_guard lock(mutex);
  if (!given_up && std::chrono::steady_clock::now() > options.until) give_up();
  if (given_up) throw std::runtime_error("the page was read too slowly");
  return options.gzip ? compressed(body) : plain(body);
}

void Page::State::give_up() {
  given_up = true;
  leave();
  stores.clear();
}

/// Turns to the next store that has objects.
bool Page::State::next() {
  while (next_store < stores.size()) {
    const auto& store = stores[next_store++];
    if (store->objects == 0) continue;
    snapshot = std::make_unique<Snapshot>(store);
    if (snapshot->chunks().empty()) {
      snapshot.reset();
      continue;
    }
    renderer.emplace(*snapshot);
    families.clear();
    for (std::size_t f = 0; f < store->layout.families.size(); ++f) {
      if (store->layout.families[f].wanted) families.push_back(f);
    }
    // Two custom resources may have a family in common.
    headed.clear();
    headed_hash = 0;
    for (const auto f : families) {
      const auto name = store->layout.resource->families[f].name;
      headed.push_back(std::find(names.begin(), names.end(), name) == names.end());
      if (headed.back()) names.push_back(name);
      headed_hash = hashing::mix(headed_hash ^ hashing::kFirst, hashing::kThird + (headed.back() ? 1 : 0));
    }
    step = 0;
    return true;
  }
  return false;
}

void Page::State::leave() {
  renderer.reset();
  snapshot.reset();
}

void Page::State::take_step(Output& out) {
  const auto family = families[step / renderer->chunks()];
  const auto chunk = step % renderer->chunks();
  if (chunk == 0 && headed[step / renderer->chunks()]) renderer->header(family, options.format, out);
  renderer->lines(family, chunk, out);
  ++step;
}

bool Page::State::plain(std::string& body) {
  const auto enough = body.size() + kPiece;
  Output out(body, kPieceRoom);
  while (out.size() < enough) {
    if (!renderer && !next()) {
      if (options.format == PageFormat::kOpenMetrics) out.add("# EOF\n");
      return false;
    }
    while (step < steps() && out.size() < enough) take_step(out);
    if (step == steps()) leave();
  }
  return true;
}

bool Page::State::compressed(std::string& body) {
  const auto enough = body.size() + kPiece;
  if (!begun) {
    begun = true;
    constexpr char kHead[] = {'\x1f', '\x8b', 8, 0, 0, 0, 0, 0, 4, '\xff'};  // fastest, unknown system
    body.append(kHead, sizeof kHead);
  }
  while (body.size() < enough) {
    if (!renderer && !next()) {
      if (options.format == PageFormat::kOpenMetrics) text += "# EOF\n";
      if (!text.empty()) {
        put(*compress(0), body);
        text.clear();
      }
      constexpr char kEnd[] = {3, 0};  // an empty last block
      body.append(kEnd, sizeof kEnd);
      for (const auto word : {crc, static_cast<std::uint32_t>(size)}) {
        for (unsigned shift = 0; shift < 32; shift += 8) body.push_back(static_cast<char>(word >> shift));
      }
      return false;
    }
    while (step < steps() && body.size() < enough) add_block(body);
    if (step == steps()) {
      snapshot->store().blocks.page_ends();
      leave();
    }
  }
  return true;
}

/// A hash of what the text of some steps depends on.
std::uint64_t Page::State::versions(std::uint64_t seed, std::size_t from, std::size_t count) const {
  auto state = seed;
  const auto chunks = snapshot->chunks();
  for (auto chunk = from % chunks.size(); count > 0; --count) {
    state = hashing::mix(state ^ hashing::kSecond, chunks[chunk]->version ^ hashing::kThird);
    if (++chunk == chunks.size()) chunk = 0;
  }
  return state;
}

std::shared_ptr<const Block> Page::State::compress(std::uint64_t hashed) {
  if (!deflater) deflater.emplace();
  return deflater->compress(text, hashed);
}

void Page::State::put(const Block& block, std::string& body) {
  body += block.bytes;
  crc = static_cast<std::uint32_t>(crc32_combine(crc, block.crc, static_cast<z_off_t>(block.text_size)));
  size += block.text_size;
}

/// Appends the block that begins with this step, or leaves the text of what is left of the store, if it is
/// little, to whatever comes next.
void Page::State::add_block(std::string& body) {
  auto& blocks = snapshot->store().blocks;
  const auto first = step;
  const auto chunks = renderer->chunks();
  const auto key = static_cast<std::uint64_t>(first / chunks) << 32 | first % chunks;
  const auto seed = hash(text, headed_hash + static_cast<std::uint64_t>(options.format) + chunks * 2);
  auto known = blocks.find(key);
  if (known.block && first + known.steps <= steps() && versions(seed, first, known.steps) == known.versions) {
    put(*known.block, body);
    text.clear();
    step += known.steps;
    return;
  }
  {
    Output out(text, 2 * kBlock);
    while (step < steps()) {
      take_step(out);
      // Where it was cut last time, so that what follows stays as it is.
      if (known.block && step - first < known.steps ? out.size() >= kLargestBlock : out.size() >= kBlock)
        break;
      if (known.block && step - first == known.steps && out.size() >= kBlock / 4) break;
    }
  }
  if (text.size() < kBlock / 4 && step == steps()) return;
  const auto hashed = hash(text);
  if (!known.block || known.block->text_hash != hashed || known.block->text_size != text.size()) {
    known.block = compress(hashed);
  }
  put(*known.block, body);
  text.clear();
  known.steps = static_cast<std::uint32_t>(step - first);
  known.versions = versions(seed, first, known.steps);
  blocks.keep(key, std::move(known));
}

Page::Page(std::span<Store* const> stores, PageOptions options)
    : state_(std::make_shared<State>(stores, options)) {
  if (options.until != std::chrono::steady_clock::time_point::max()) watchlist().add(state_);
}
Page::~Page() = default;
Page::Page(Page&&) noexcept = default;
Page& Page::operator=(Page&&) noexcept = default;

bool Page::operator()(std::string& out) { return state_->piece(out); }

void give_up_late_pages(std::chrono::steady_clock::time_point now) {
  for (const auto& page : watchlist().pages()) {
    const std::lock_guard lock(page->mutex);
    if (!page->given_up && now > page->options.until) page->give_up();
  }
}

std::vector<Store*> select(std::span<Store* const> stores, std::span<const std::string_view> resources,
                           std::span<const std::string_view> exclude_resources) {
  const auto named = [](std::span<const std::string_view> lists, std::string_view name) {
    for (auto list : lists) {
      for (std::size_t end = 0; end != std::string_view::npos; list.remove_prefix(end + 1)) {
        end = list.find(',');
        if (list.substr(0, end) == name) return true;
        if (end == std::string_view::npos) break;
      }
    }
    return false;
  };
  std::vector<Store*> selected;
  for (auto* store : stores) {
    const auto name = store->resource().name;
    if ((resources.empty() || named(resources, name)) && !named(exclude_resources, name))
      selected.push_back(store);
  }
  return selected;
}

std::string render(std::span<Store* const> stores, PageOptions options) {
  Page page(stores, options);
  std::string body;
  std::string piece;
  for (bool more = true; more;) {
    piece.clear();
    more = page(piece);
    body += piece;
  }
  return body;
}

void drop_idle_blocks(std::span<Store* const> stores) {
  for (auto* store : stores) store->impl()->blocks.drop_idle(kIdle);
}

}  // namespace exporter::kube
