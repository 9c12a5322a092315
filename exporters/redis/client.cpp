// SPDX-License-Identifier: Apache-2.0
// The connection to a server over many scrapes.

#include <algorithm>

#include <exporter/log.hpp>

#include "instance.hpp"

namespace exporter::redis {

Deadline Client::limit(Deadline deadline) const {
  const auto own = std::chrono::steady_clock::now() +
                   std::chrono::duration_cast<std::chrono::steady_clock::duration>(options_.timeout);
  return std::min(deadline, own);
}

void Client::set_credentials(std::string user, std::string password) {
  if (user == address_.user && password == address_.password) return;
  address_.user = std::move(user);
  address_.password = std::move(password);
  close();
}

std::unique_ptr<Client> Client::sibling(std::string host, std::string port) const {
  auto address = address_;
  address.host = std::move(host);
  address.port = std::move(port);
  address.path.clear();
  address.database.clear();
  return std::make_unique<Client>(options_, std::move(address), tls_);
}

Status Client::connect(Deadline deadline) {
  if (connection_) return {};
  const auto began = std::chrono::steady_clock::now();
  Status status;
  Result<std::shared_ptr<const TlsContext>> tls;
  if (tls_) tls = tls_->current();
  auto connection = tls ? Connection::dial(address_, tls->get(), limit(deadline))
                        : Result<std::unique_ptr<Connection>>(std::unexpected(tls.error()));
  if (connection) {
    connection_ = std::move(*connection);
    status = greet(deadline);
    if (!status) close();
  } else {
    status = std::unexpected(connection.error());
  }
  connect_seconds_ = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  return status;
}

/// AUTH and SELECT must succeed; a name is only nice to have.
Status Client::greet(Deadline deadline) {
  Commands commands;
  std::size_t required = 0;
  if (!address_.password.empty()) {
    if (address_.user.empty()) {
      commands.add({"AUTH", address_.password});
    } else {
      commands.add({"AUTH", address_.user, address_.password});
    }
    ++required;
  }
  if (!address_.database.empty() && address_.database != "0") {
    commands.add({"SELECT", address_.database});
    ++required;
  }
  if (options_.client_name) commands.add({"CLIENT", "SETNAME", "redis_exporter"});
  if (commands.count() == 0) return {};
  Replies replies;
  if (auto status = connection_->exchange(commands, replies, limit(deadline)); !status) return status;
  for (std::size_t i = 0; i < required; ++i) {
    if (replies[i].failed()) return fail(Code::kDenied, std::string(replies[i].text));
  }
  return {};
}

Status Client::ask(const Commands& commands, Replies& replies, Deadline deadline) {
  const bool kept = connection_ != nullptr;
  if (auto status = connect(deadline); !status) return status;
  auto status = connection_->exchange(commands, replies, limit(deadline));
  if (!status && kept && connection_->closed_silently()) {
    close();
    if (auto again = connect(deadline); !again) return again;
    status = connection_->exchange(commands, replies, limit(deadline));
  }
  if (!status) {
    close();
    replies.clear();  // what came may be large
  }
  return status;
}

}  // namespace exporter::redis
