// SPDX-License-Identifier: Apache-2.0
// Feeds arbitrary answers to the API client's HTTP/1.1 (whole and in pieces: both have to come to the same)
// and HTTP/2.

#include <algorithm>
#include <cstdlib>
#include <string>

#include "api/protocol.hpp"
#include "fuzz.hpp"

using namespace exporter::kube;  // NOLINT(google-build-using-namespace)

namespace {

struct Answer final : Exchange {
  int status = 0;
  std::string body{};
  int ends = 0;
  bool good = false;

  void head(const ResponseHead& head) override { status = head.status; }
  void data(std::string_view bytes) override { body += bytes; }
  void end(const exporter::Status& result) override {
    ++ends;
    good = result.has_value();
  }
};

void run(Protocol& protocol, Answer& answer, std::string_view text, std::size_t piece) {
  Call call;
  call.exchange = &answer;
  call.request.path = "/";
  protocol.begin(std::move(call));
  std::string out;
  protocol.produce(out);
  exporter::Status status;
  while (!text.empty() && status && !protocol.finished()) {
    const auto part = text.substr(0, piece);
    text.remove_prefix(part.size());
    status = protocol.receive(part);
    protocol.produce(out);
  }
  const bool refused = !protocol.take_refused().empty();
  protocol.closed(status);
  if (answer.ends != (refused ? 0 : 1)) std::abort();
}

}  // namespace

void exporter::fuzz::seeds(const std::function<void(Input)>& use) {
  using namespace std::string_view_literals;
  for (
      const std::string_view text :
      {"\2HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"sv,
       "\6HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 429 X\r\nRetry-After: 3\r\nTransfer-Encoding: chunked\r\n\r\n3;x\r\nabc\r\n0\r\nA: b\r\n\r\n"sv,
       "\4HTTP/1.0 200\r\n\r\nuntil the end"sv,
       "\1\0\0\0\4\0\0\0\0\0\0\0\1\1\4\0\0\0\1\x88\0\0\2\0\1\0\0\0\1hi"sv}) {
    use({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
  }
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::size_t piece = data[0] / 2 + 1;
  if (data[0] % 2 == 1) {
    Answer answer;
    run(*make_http2("host:1", true), answer, text, piece);
    return 0;
  }
  Answer whole;
  Answer parts;
  run(*make_http1("host:1", ""), whole, text, std::max<std::size_t>(text.size(), 1));
  run(*make_http1("host:1", ""), parts, text, piece);
  if (whole.status != parts.status || whole.body != parts.body || whole.good != parts.good) std::abort();
  return 0;
}
