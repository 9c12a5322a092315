// SPDX-License-Identifier: Apache-2.0
// Server, as its users see it.

#include <utility>

#include <exporter/server.hpp>

#include "detail/server_impl.hpp"

namespace exporter {

Server::Server(ServerOptions options) : impl_(std::make_unique<Impl>(options)) {}

Server::~Server() = default;

Result<std::vector<std::string>> Server::listen(const std::vector<std::string>& addresses) {
  std::vector<detail::Listener> opened;
  std::vector<std::string> bound;
  for (const auto& address : addresses) {
    auto listener = detail::open_listener(address);
    if (!listener) return fail(listener);
    bound.push_back(listener->address());
    opened.push_back(std::move(*listener));
  }
  for (auto& listener : opened) impl_->listeners.push_back(std::move(listener));
  return bound;
}

Result<std::string> Server::adopt(int descriptor) {
  auto listener = detail::adopt_listener(descriptor);
  if (!listener) return fail(listener);
  auto address = listener->address();
  impl_->listeners.push_back(std::move(*listener));
  return address;
}

Status Server::run(Handler handler, std::chrono::milliseconds grace) {
  return impl_->run(std::move(handler), grace);
}

bool Server::busy() const { return impl_->busy(); }

void Server::stop() { impl_->inbox->stop(); }

void Server::post(std::move_only_function<void()> task) { impl_->inbox->post(std::move(task)); }

void Server::use_layer(Layer layer) { impl_->layer = std::move(layer); }

void Server::work(std::move_only_function<void()> task) {
  impl_->inbox->post([impl = impl_.get(), task = std::move(task)]() mutable { impl->work(std::move(task)); });
}

void Server::at(std::chrono::steady_clock::time_point when, std::move_only_function<void()> task) {
  impl_->inbox->post([impl = impl_.get(), when, task = std::move(task)]() mutable {
    impl->add_timer(when, std::move(task));
  });
}

}  // namespace exporter
