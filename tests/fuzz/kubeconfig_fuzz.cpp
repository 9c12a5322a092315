// SPDX-License-Identifier: Apache-2.0
// Feeds arbitrary texts to the reader of kubeconfigs, and to those of URLs and base64.

#include <cstdlib>

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
        "https://u:p%20@[::1]:6443/x?y", "&a [*a]"}) {
    use({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
  }
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)parse_kubeconfig(text, "/dir");
  if (const auto url = parse_url(text, "http")) {
    const auto variable = [&](const char*) { return "10.0.0.0/8,a.b:1,*.c"; };
    (void)proxy_from_environment(*url, variable);
  }
  if (const auto bytes = base64_decoded(text)) {
    if (base64_decoded(base64_encoded(*bytes)) != bytes) std::abort();
  }
  return 0;
}
