// SPDX-License-Identifier: Apache-2.0
// A file of its own, so that a static program without protection is one without OpenSSL.

#include "detail/endpoint_service.hpp"
#include "detail/web.hpp"

namespace exporter {

Status Endpoint::protect(const std::string& web_config_file) {
  auto web = detail::Web::open(web_config_file);
  if (!web) return std::unexpected(web.error());
  service_->protection = [held = std::shared_ptr<detail::Web>(std::move(*web))](
                             Server& server, Handler next) { return held->protect(server, std::move(next)); };
  return {};
}

}  // namespace exporter
