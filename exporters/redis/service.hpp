// SPDX-License-Identifier: Apache-2.0
// What redis_exporter serves: /metrics, /scrape, /discover-cluster-nodes, /health, /-/reload.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include <exporter/app.hpp>

#include "instance.hpp"
#include "options.hpp"

namespace exporter::redis {

class Service {
 public:
  explicit Service(App& app);
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

 private:
  Status start();
  /// /metrics: the server of --redis.addr.
  Status collect(Sink& sink, const Scrape& scrape);
  /// /scrape: the server that the request names.
  Status scrape_target(Sink& sink, const Scrape& scrape);
  /// The families about the exporter itself.
  void write_own(Sink& sink, unsigned long bad_targets) const;
  Response discover(const Request& request);
  Result<std::shared_ptr<TlsSource>> tls_for(const Address& address, std::string_view server_name);

  App& app_;
  OptionFlags flags_;
  std::unique_ptr<Instance> main_;
  std::string main_key_;  // the address as the password file has it
  std::string main_user_;
  bool password_in_address_ = false;
  std::shared_ptr<TlsSource> tls_;
  std::mutex tls_mutex_;
  std::atomic<unsigned long> bad_targets_{0};
  unsigned long idle_scrapes_ = 0;  // without a server to scrape
};

}  // namespace exporter::redis
