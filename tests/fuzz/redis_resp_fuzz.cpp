// SPDX-License-Identifier: Apache-2.0

// Any bytes as a server's answer, in two pieces: whatever is understood is walked through to its last item.

#include <cstddef>
#include <cstdint>

#include "fuzz.hpp"
#include "resp.hpp"

namespace {

std::size_t walk(const exporter::redis::Reply& reply) {
  std::size_t size = reply.text.size() + reply.named("a").text.size();
  for (const auto* item : reply.array()) size += walk(*item);
  return size;
}

}  // namespace

void exporter::fuzz::seeds(const std::function<void(Input)>& use) {
  constexpr std::string_view kAnswers =
      "+OK\r\n-ERR x\r\n:-7\r\n$-1\r\n*2\r\n$1\r\na\r\n*2\r\n*-1\r\n$0\r\n\r\n";
  use({reinterpret_cast<const std::uint8_t*>(kAnswers.data()), kAnswers.size()});
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  exporter::redis::Replies replies;
  const auto cut = size / 2;
  if (!replies.feed(bytes.substr(0, cut)) || !replies.feed(bytes.substr(cut))) return 0;
  for (std::size_t i = 0; i < replies.size(); ++i) walk(replies[i]);
  return 0;
}
