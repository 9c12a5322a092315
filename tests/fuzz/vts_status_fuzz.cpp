// SPDX-License-Identifier: Apache-2.0
// Feeds arbitrary bytes to the walk over the VTS page.

#include "vts_status.hpp"

#include <cstdlib>

#include "fuzz.hpp"

using namespace exporter;

void exporter::fuzz::seeds(const std::function<void(Input)>& use) {
  constexpr std::string_view kPage =
      R"({"hostName":"h","loadMsec":1,"nowMsec":2,"connections":{"active":1},"sharedZones":{"name":"z","maxSize":1},"serverZones":{"a":{"requestCounter":1,"responses":{"2xx":1},"statusCodes":{"200":1},"requestBuckets":{"msecs":[5,10],"counters":[1,1]}}},"filterZones":{"f":{"n":{"inBytes":1}}},"upstreamZones":{"u":[{"server":"s","outBytes":1,"down":true,"weight":2},{"server":"s"}]},"cacheZones":{"c":{"responses":{"hit":1}}}})";
  use({reinterpret_cast<const std::uint8_t*>(kPage.data()), kPage.size()});
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const nginx_vts::Names names("nginx");
  Sink sink;
  const auto status =
      nginx_vts::write_vts_status(sink, names, {}, {reinterpret_cast<const char*>(data), size});
  if (!status && status.error().message.empty()) std::abort();
  return 0;
}
