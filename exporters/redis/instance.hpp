// SPDX-License-Identifier: Apache-2.0
// One server: what is asked of it in a scrape, and in which order.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include <exporter/collector.hpp>

#include "connection.hpp"
#include "info.hpp"
#include "options.hpp"

namespace exporter::redis {

/// A connection that is made when it is needed, and made again where the server has closed it meanwhile.
class Client {
 public:
  Client(const Options& options, Address address, std::shared_ptr<TlsSource> tls)
      : options_(options), address_(std::move(address)), tls_(std::move(tls)) {}

  /// The least of the scrape's deadline and connection-timeout from now.
  Deadline limit(Deadline deadline) const;
  /// Connects where there is no connection; logs in, names it and selects the database.
  Status connect(Deadline deadline);
  /// Sends and receives. A connection that turns out closed is made anew, once.
  Status ask(const Commands& commands, Replies& replies, Deadline deadline);
  void close() { connection_.reset(); }

  void set_credentials(std::string user, std::string password);
  /// Another server with the same credentials and settings.
  std::unique_ptr<Client> sibling(std::string host, std::string port) const;
  const Address& address() const { return address_; }
  /// How long the last connect() that did something took, in vain or not.
  double connect_seconds() const { return connect_seconds_; }

 private:
  Status greet(Deadline deadline);
  const Options& options_;
  Address address_;
  std::shared_ptr<TlsSource> tls_;
  std::unique_ptr<Connection> connection_;
  double connect_seconds_ = 0;
};

class ClusterClients;

class Instance {
 public:
  Instance(const Options& options, Address address, std::shared_ptr<TlsSource> tls);
  ~Instance();

  void set_credentials(std::string user, std::string password) {
    client_.set_credentials(std::move(user), std::move(password));
  }
  /// Writes everything; an error means that the server is down, what was written stays good.
  Status scrape(const KeyChoice& keys, Sink& sink, Deadline deadline);

 private:
  Status scrape_server(const KeyChoice& keys, Output& out, Deadline deadline);
  Status ping(Output& out, Deadline deadline);

  const Options& options_;
  Client client_;
  Commands commands_;
  Replies first_;  // the first answer, which the others refer to
  Replies more_;
  bool old_config_ = false;  // the server takes one name a CONFIG GET
  std::unique_ptr<ClusterClients> cluster_;
  unsigned long scrapes_ = 0;
  double seconds_sum_ = 0;
};

/// How often was scraped, and how long it took: of `timed` scrapes `seconds` in all.
void write_scrape_counts(Output& out, unsigned long scrapes, unsigned long timed, double seconds);

std::span<const MetricInfo> instance_metrics();

}  // namespace exporter::redis
