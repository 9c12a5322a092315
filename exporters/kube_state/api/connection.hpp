// SPDX-License-Identifier: Apache-2.0
#pragma once

// One connection to the API server: finds the address, connects, goes through a proxy, begins TLS, and then
// carries requests.

#include <netinet/in.h>

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include <exporter/files.hpp>
#include <exporter/result.hpp>

#include "api/loop.hpp"
#include "api/protocol.hpp"
#include "api/tls.hpp"
#include "api/transport.hpp"

namespace exporter::kube {

class Connection final : public Pollable, public std::enable_shared_from_this<Connection> {
 public:
  explicit Connection(Transport& transport) : transport_(transport) {}
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void start();
  bool has_room() const;
  void begin(Call call);
  bool cancel(const Exchange& exchange);
  /// Ends all calls.
  void fail_with(Error error);

  void ready(std::uint32_t events) override;

 private:
  enum class State : unsigned char { kResolving, kConnecting, kTunnel, kHandshake, kOpen, kDead };

  struct Address {
    sockaddr_storage storage;
    socklen_t size;
  };

  const Url& peer() const { return transport_.proxy_ ? *transport_.proxy_ : transport_.server_; }
  void resolve();
  void resolved(std::vector<Address> addresses, const std::string& problem);
  void connect_next();
  void connected();
  void tunnel();
  void begin_tls();
  void handshake();
  void open(bool http2);
  void receive();
  void flush();
  void flush_soon();
  void want_write(bool wanted);
  void pause();
  void resume();
  void set_interest();
  void broken(Code code, std::string_view what);
  void die(const Status& why);
  void check_life();
  std::string about(std::string_view what) const;

  enum class Io : unsigned char { kDone, kBlocked, kClosed, kFailed };
  Io read_some(char* data, std::size_t& size);
  Io write_some(const char* data, std::size_t& size);

  Transport& transport_;
  State state_ = State::kResolving;
  std::vector<Address> addresses_;
  std::size_t next_address_ = 0;
  std::string problem_;  // of the last address
  Fd fd_;
  std::unique_ptr<TlsClient> tls_;
  std::unique_ptr<Protocol> protocol_;
  std::deque<Call> waiting_;  // for the connection to stand
  std::string out_;
  std::string in_;  // the proxy's answer
  bool wants_write_ = false;
  bool paused_ = false;
  bool flushing_ = false;
  Loop::Timer timer_ = 0;
  Loop::Timer pause_ = 0;
  Loop::Clock::time_point heard_{};
};

}  // namespace exporter::kube
