// SPDX-License-Identifier: Apache-2.0
// Feeds arbitrary answers to the API client's HTTP/1.1 (whole and in pieces: both have to come to the same)
// and HTTP/2. The first byte picks the protocol and the pieces' size, the second one what the callers do
// meanwhile.

#include <algorithm>
#include <array>
#include <cstdlib>
#include <string>

#include "api/protocol.hpp"
#include "fuzz.hpp"

using namespace exporter::kube;  // NOLINT(google-build-using-namespace)

namespace {

enum Conduct : unsigned { kPost = 1, kCancelAtHead = 2, kCancelAtData = 4, kMany = 8, kPing = 16 };

/// Checks that calls come in order: a head, data, an end, and nothing behind the end or a cancellation.
struct Answer final : Exchange {
  Protocol* protocol = nullptr;
  unsigned conduct = 0;
  int status = 0;
  std::string body{};
  bool over = false;
  bool good = false;

  void head(const ResponseHead& head) override {
    if (over || status != 0) std::abort();
    status = head.status;
    if ((conduct & kCancelAtHead) != 0) cancel();
  }
  void data(std::string_view bytes) override {
    if (over) std::abort();
    body += bytes;
    if ((conduct & kCancelAtData) != 0) cancel();
  }
  void end(const exporter::Status& result) override {
    if (over) std::abort();
    over = true;
    good = result.has_value();
    if (good && status == 0) std::abort();
  }
  void cancel() {
    if (!protocol->cancel(*this)) std::abort();
    over = true;
  }
};

Call call_of(Answer& answer, unsigned conduct) {
  Call call;
  call.exchange = &answer;
  call.request.path = "/";
  call.headers = {{"authorization", "Bearer x"}};
  if ((conduct & kPost) != 0) {
    call.request.method = "POST";
    call.request.body = "{}";
  }
  return call;
}

template <std::size_t N>
void run(Protocol& protocol, std::array<Answer, N>& answers, std::string_view text, std::size_t piece,
         unsigned conduct) {
  for (auto& answer : answers) {
    answer.protocol = &protocol;
    answer.conduct = conduct;
    if (!protocol.has_room()) std::abort();
    protocol.begin(call_of(answer, conduct));
  }
  if ((conduct & kPing) != 0) protocol.ping();
  std::string out;
  protocol.produce(out);
  if (out.empty()) std::abort();
  exporter::Status status;
  while (!text.empty() && status && !protocol.finished()) {
    const auto part = text.substr(0, piece);
    text.remove_prefix(part.size());
    status = protocol.receive(part);
    for (auto& call : protocol.take_refused()) {
      if (!call.again) std::abort();
      if (protocol.has_room()) {
        protocol.begin(std::move(call));
      } else {
        call.exchange->end(exporter::fail(exporter::Code::kUnavailable, "refused"));
      }
    }
    protocol.produce(out);
  }
  protocol.closed(status);
  if (!protocol.patient()) std::abort();  // there is a call left
  for (const auto& answer : answers) {
    if (!answer.over) std::abort();
  }
}

}  // namespace

void exporter::fuzz::seeds(const std::function<void(Input)>& use) {
  using namespace std::string_view_literals;
  for (
      const std::string_view text :
      {"\2\0HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"sv,
       "\6\1HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 429 X\r\nRetry-After: 3\r\nTransfer-Encoding: chunked\r\n\r\n3;x\r\nabc\r\n0\r\nA: b\r\n\r\n"sv,
       "\4\4HTTP/1.0 200\r\n\r\nuntil the end"sv, "\2\0HTTP/1.1 204 X\r\n\r\n"sv,
       // Settings; a head and data for stream 1.
       "\xff\0\0\0\0\4\0\0\0\0\0\0\0\1\1\4\0\0\0\1\x88\0\0\2\0\1\0\0\0\1hi"sv,
       "\xff\x08\0\0\0\4\0\0\0\0\0\0\0\1\1\4\0\0\0\1\x88\0\0\1\1\4\0\0\0\3\x88\0\0\2\0\1\0\0\0\1hi"sv,
       // Stream 1 refused; all to go away; an answer to a ping.
       "\xff\x01\0\0\0\4\0\0\0\0\0\0\0\4\3\0\0\0\0\1\0\0\0\7"sv,
       "\xff\0\0\0\0\4\0\0\0\0\0\0\0\x08\7\0\0\0\0\0\0\0\0\0\0\0\0\0"sv,
       "\xff\x10\0\0\0\4\0\0\0\0\0\0\0\x08\6\1\0\0\0\0\0\0\0\0\0\0\0\0"sv}) {
    use({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
  }
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 2, size - 2);
  const std::size_t piece = data[0] / 2 + 1;
  const unsigned conduct = data[1];
  if (data[0] % 2 == 1) {
    const auto protocol = make_http2("host:1", true);
    std::array<Answer, 1> one;
    std::array<Answer, 3> many;
    if ((conduct & kMany) != 0) {
      run(*protocol, many, text, piece, conduct);
    } else {
      run(*protocol, one, text, piece, conduct);
    }
    return 0;
  }
  std::array<Answer, 1> whole;
  std::array<Answer, 1> parts;
  run(*make_http1("host:1", ""), whole, text, std::max<std::size_t>(text.size(), 1), conduct);
  run(*make_http1("host:1", ""), parts, text, piece, conduct);
  if (whole[0].status != parts[0].status || whole[0].good != parts[0].good) std::abort();
  if ((conduct & kCancelAtData) == 0 && whole[0].body != parts[0].body) std::abort();
  return 0;
}
