// SPDX-License-Identifier: Apache-2.0
// Any bytes as addresses of pages. What is shown of one never has its password.

#include <cstdlib>
#include <string>
#include <string_view>

#include <exporter/http_client.hpp>
#include <exporter/text.hpp>

#include "fuzz.hpp"

void exporter::fuzz::seeds(const std::function<void(Input)>& use) {
  for (const std::string_view text :
       {"http://a:80/b?c", "unix:/run/a.sock:/status?auto", "user\npa%20ss\nhost:1/@x"}) {
    use({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
  }
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace exporter;
  std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)address_label(text);
  if (const auto address = parse_http_address(text); address && address->url.empty()) std::abort();

  constexpr std::string_view kSecret = "S3cret";
  const auto user = take_until(text, '\n');
  const auto password = take_until(text, '\n');
  // With these characters in it, it would not be a user and a password.
  const auto fits = [](std::string_view part) { return part.find_first_of("/?#") == std::string_view::npos; };
  if (!fits(user) || !fits(password) || text.find(kSecret) != std::string_view::npos) return 0;
  for (const std::string_view scheme : {"http://", "https://", ""}) {
    std::string url(scheme);
    url.append(user).append(1, ':').append(kSecret).append(password).append(1, '@').append(text);
    if (shown_url(url).find(kSecret) != std::string::npos) std::abort();
    if (const auto refused = parse_http_address(url); !refused) {
      if (refused.error().message.find(kSecret) != std::string::npos) std::abort();
    }
  }
  return 0;
}
