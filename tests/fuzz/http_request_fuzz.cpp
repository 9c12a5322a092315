// SPDX-License-Identifier: Apache-2.0
// Feeds arbitrary bytes to the request parser, whole and in two pieces, which have to agree.

#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "detail/http_parser.hpp"
#include "fuzz.hpp"

using namespace exporter::detail;

void exporter::fuzz::seeds(const std::function<void(Input)>& use) {
  for (const std::string_view text :
       {"GET /metrics?collect[]=cpu&name%5B%5D=up+x HTTP/1.1\r\nHost: a:9100\r\nAccept: */*\r\n\r\n",
        "\r\nHEAD http://a/b%20c? HTTP/1.0\nConnection: Keep-Alive, close\n\n",
        "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabcGET",
        "PUT /x HTTP/1.1\r\nHost:\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n0\r\nT: x\r\n\r\n",
        "OPTIONS * HTTP/1.1\r\nhost: a\r\n\r\n"}) {
    use({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
  }
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  HeadFinder whole;
  const auto end = whole.find(text);
  HeadFinder pieces;
  auto split_end = pieces.find(text.substr(0, size / 2));
  if (split_end == HeadFinder::kNotYet) split_end = pieces.find(text);
  if (split_end != end) std::abort();
  if (end == HeadFinder::kNotYet || end == HeadFinder::kNotHttp) return 0;

  RequestHead head;
  if (parse_head(text.substr(0, end), head) != 0) return 0;
  if (head.path.empty() || head.method.empty()) std::abort();
  text.remove_prefix(end);
  BodySkipper once;
  BodySkipper bytewise;
  if (once.start(head) != 0 || bytewise.start(head) != 0) return 0;
  const auto step = once.skip(text);
  std::size_t used = 0;
  BodySkipper::Step last = bytewise.skip({});
  while (used < text.size() && !last.done && last.status == 0) {
    last = bytewise.skip(text.substr(used, 1));
    used += last.used;
  }
  if (last.done != step.done || last.status != step.status || used != step.used) std::abort();
  return 0;
}
