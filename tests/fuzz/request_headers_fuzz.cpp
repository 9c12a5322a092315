// SPDX-License-Identifier: Apache-2.0
// Any bytes as the Accept and Accept-Encoding headers and the name[] parameters of a scrape, a line each.

#include <cstdlib>
#include <string_view>
#include <vector>

#include <exporter/metric_filter.hpp>
#include <exporter/page.hpp>
#include <exporter/text.hpp>

#include "fuzz.hpp"

void exporter::fuzz::seeds(const std::function<void(Input)>& use) {
  for (const std::string_view text :
       {"application/openmetrics-text;version=1.0.0;q=0.6,text/plain;version=0.0.4;q=0.3,*/*;q=0.2\n"
        "gzip;q=0.5, zstd, identity;q=0\nup\na_seconds_bucket\nb_*",
        "application/"
        "vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=\"delimited\";q=1e3\n*;q=x\n_"
        "sum"}) {
    use({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
  }
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace exporter;
  std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto accept = take_until(text, '\n');
  if (content_type(negotiate_format(accept)).empty()) std::abort();
  const auto encodings = take_until(text, '\n');
  const auto encoding = encoding_name(negotiate_encoding(encodings));
  // What was not named is never sent.
  if (!encoding.empty() && encodings.find(encoding) == std::string_view::npos &&
      encodings.find('*') == std::string_view::npos) {
    std::abort();
  }
  std::vector<std::string_view> names;
  for (const auto name : Lines(text)) names.push_back(name);
  const NameSelection selection(names);
  for (const auto name : names) {
    if (!selection.has(name) || !selection.has_like(name)) std::abort();
  }
  return 0;
}
