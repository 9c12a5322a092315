// SPDX-License-Identifier: Apache-2.0
// Puts the parts of a web config file in their places.

#include "detail/web.hpp"

#include <utility>

#include <exporter/flags.hpp>
#include <exporter/log.hpp>

#include "detail/tls.hpp"
#include "detail/web_config_file.hpp"
#include "detail/web_guard.hpp"

namespace exporter::detail {

struct Web::Impl {
  std::shared_ptr<WebConfigFile> file;
  std::shared_ptr<const WebConfig> at_start;
  std::shared_ptr<TlsSource> tls;  // null: plain HTTP, whatever the file says later
};

Web::Web(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Web::~Web() = default;

Result<std::unique_ptr<Web>> Web::open(const std::string& path) {
  return from(std::make_shared<WebConfigFile>(path), path + ": ");
}

Result<std::unique_ptr<Web>> Web::make(const PortProtection& protection) {
  auto config = make_web_config(protection);
  if (!config) return fail(config);
  return from(std::make_shared<WebConfigFile>(std::move(*config)), "");
}

Result<std::unique_ptr<Web>> Web::from(std::shared_ptr<WebConfigFile> file, const std::string& where) {
  auto impl = std::make_unique<Impl>();
  impl->file = std::move(file);
  auto config = impl->file->current();
  if (!config) return fail(config);
  impl->at_start = std::move(*config);
  if (impl->at_start->tls) {
    auto source = TlsSource::open(impl->file);
    if (!source) return fail(source.error().code, where + source.error().message);
    impl->tls = std::move(*source);
  }
  return std::unique_ptr<Web>(new Web(std::move(impl)));
}

bool Web::tls() const { return impl_->tls != nullptr; }

Handler Web::protect(Server& server, Handler next) {
  const auto& limit = impl_->at_start->rate_limit;
  if (limit) {
    log::info("Rate Limiter is enabled.",
              {{"burst", std::to_string(limit->burst)}, {"interval", format_duration(limit->interval)}});
  }
  if (impl_->tls) server.use_layer([source = impl_->tls](int fd) { return source->accept(fd); });
  auto guard = std::make_shared<WebGuard>(
      impl_->file, limit, [&server](WebGuard::Task task) { server.work(std::move(task)); }, std::move(next));
  return [guard](const Request& request, Reply reply) { guard->handle(request, std::move(reply)); };
}

}  // namespace exporter::detail
