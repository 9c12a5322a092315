// SPDX-License-Identifier: Apache-2.0
// Feeds arbitrary texts to the reader of kubeconfigs, and to those of URLs (what follows a line's end is
// NO_PROXY), proxies' answers and base64.

#include <algorithm>
#include <cstdlib>
#include <string>

#include "api/base64.hpp"
#include "api/options.hpp"
#include "api/proxy.hpp"
#include "fuzz.hpp"

using namespace exporter::kube;  // NOLINT(google-build-using-namespace)

void exporter::fuzz::seeds(const std::function<void(Input)>& use) {
  for (const std::string_view text :
       {"current-context: c\ncontexts: [{name: c, context: {cluster: k, user: u}}]\n"
        "clusters: [{name: k, cluster: {server: 'https://a', certificate-authority-data: aGk=}}]\n"
        "users: [{name: u, user: {token: t, as-groups: [g]}}]\n",
        "https://u:p%20@[::1]:6443/x?y", "10.1.2.3\n10.0.0.0/8,a.b:1,*.c, .d,fe80::/10,[::1]:80", "a.b\n*",
        "HTTP/1.1 407 Who?\r\n\r\n", "&a [*a]"}) {
    use({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
  }
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)parse_kubeconfig(text, "/dir");
  const auto line = std::min(text.find('\n'), text.size());
  if (const auto url = parse_url(text.substr(0, line), "http")) {
    const std::string exceptions(text.substr(line));
    (void)proxy_from_environment(*url, [&](const char* name) {
      return std::string_view(name).starts_with("NO_") ? exceptions.c_str() : "http://proxy:1";
    });
    if (!parse_url(url->authority(), url->tls ? "https" : "http")) std::abort();
  }
  if (tunnel_refusal(text).empty() && !text.starts_with("HTTP/1.")) std::abort();
  if (const auto bytes = base64_decoded(text)) {
    if (base64_decoded(base64_encoded(*bytes)) != bytes) std::abort();
  }
  return 0;
}
