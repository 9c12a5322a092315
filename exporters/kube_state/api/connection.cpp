// SPDX-License-Identifier: Apache-2.0
// A connection to the API server, step by step.

#include "api/connection.hpp"

#include <netdb.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <thread>

#include "api/base64.hpp"

#ifdef EXPORTER_STATIC
extern "C" int __nss_configure_lookup(const char*, const char*);  // NOLINT: glibc's name
#endif

namespace exporter::kube {
namespace {

/// Rounds of reading before other things have their turn.
constexpr int kReads = 64;
constexpr std::size_t kReadSize = 16384;
/// A cluster's changes come one by one, hundreds a second. Looking after each costs more than the change:
/// once some have come, the next look is after so long, which is how much later a page may show them.
constexpr std::chrono::milliseconds kPause{80};
/// The same for lists, which come in pieces of 4 kB. The socket holds what comes in so short a time.
constexpr std::chrono::milliseconds kShortPause{1};

void set(int fd, int level, int option, int value) { ::setsockopt(fd, level, option, &value, sizeof value); }

/// A peer that has vanished is noticed after 45 seconds of silence, or after 30 with data unanswered.
void set_options(int fd) {
  set(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  set(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
  set(fd, IPPROTO_TCP, TCP_KEEPIDLE, 15);
  set(fd, IPPROTO_TCP, TCP_KEEPINTVL, 10);
  set(fd, IPPROTO_TCP, TCP_KEEPCNT, 3);
  set(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, 30'000);
}

}  // namespace

Connection::~Connection() {
  transport_.loop().cancel(timer_);
  transport_.loop().cancel(pause_);
  if (fd_) transport_.loop().remove(fd_.get(), *this);
}

std::string Connection::about(std::string_view what) const {
  std::string text = "API server " + transport_.server_.authority();
  if (transport_.proxy_) text += " by proxy " + transport_.proxy_->authority();
  text += ": ";
  text += what;
  return text;
}

void Connection::start() {
  timer_ = transport_.loop().at(Loop::Clock::now() + transport_.settings_.connect, [this] {
    timer_ = 0;
    broken(Code::kTimeout, "no connection within " + std::to_string(transport_.settings_.connect.count()) +
                               " ms" + (problem_.empty() ? "" : ": " + problem_));
  });
  resolve();
}

void Connection::resolve() {
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init)
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  const auto look_up = [hints](const std::string& host, const std::string& port, bool numeric,
                               std::vector<Address>& found) -> int {
    addrinfo wanted = hints;
    if (numeric) wanted.ai_flags |= AI_NUMERICHOST;
    addrinfo* list = nullptr;
    const int code = ::getaddrinfo(host.c_str(), port.c_str(), &wanted, &list);
    if (code != 0) return code;
    for (const auto* at = list; at != nullptr; at = at->ai_next) {
      Address address{};
      std::memcpy(&address.storage, at->ai_addr, at->ai_addrlen);
      address.size = at->ai_addrlen;
      found.push_back(address);
    }
    ::freeaddrinfo(list);
    return 0;
  };
  const std::string host = peer().host;
  const std::string port = std::to_string(peer().port);
  std::vector<Address> found;
  if (look_up(host, port, true, found) == 0) return resolved(std::move(found), {});
  // Name servers may be silent for long: a thread of its own waits for them, and nobody for it.
  std::thread([host, port, look_up, inbox = transport_.loop().inbox(), weak = weak_from_this()] {
#ifdef EXPORTER_STATIC
    // A static program must not load the plug-ins that nsswitch.conf may name: they belong to another libc.
    __nss_configure_lookup("hosts", "files dns");
#endif
    std::vector<Address> addresses;
    const int code = look_up(host, port, false, addresses);
    inbox->put([weak, code, host, addresses = std::move(addresses)]() mutable {
      const auto self = weak.lock();
      if (!self || self->state_ != State::kResolving) return;
      self->resolved(std::move(addresses),
                     code == 0 ? "" : "no address of " + host + ": " + ::gai_strerror(code));
    });
  }).detach();
}

void Connection::resolved(std::vector<Address> addresses, const std::string& problem) {
  addresses_ = std::move(addresses);
  problem_ = problem;
  connect_next();
}

void Connection::connect_next() {
  while (next_address_ < addresses_.size()) {
    const auto& address = addresses_[next_address_++];
    if (fd_) transport_.loop().remove(fd_.get(), *this);
    fd_.reset(::socket(address.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!fd_) {
      problem_ = errno_text(errno);
      continue;
    }
    set_options(fd_.get());
    if (::connect(fd_.get(), reinterpret_cast<const sockaddr*>(&address.storage), address.size) == 0 ||
        errno == EINPROGRESS) {
      state_ = State::kConnecting;
      wants_write_ = true;
      transport_.loop().add(fd_.get(), EPOLLIN | EPOLLOUT, *this);
      return;
    }
    problem_ = errno_text(errno);
    fd_.reset();
  }
  broken(Code::kUnavailable, problem_);
}

void Connection::ready(std::uint32_t events) {
  const auto keep = shared_from_this();
  switch (state_) {
    case State::kConnecting: {
      int error = 0;
      socklen_t size = sizeof error;
      ::getsockopt(fd_.get(), SOL_SOCKET, SO_ERROR, &error, &size);
      if (error != 0) {
        problem_ = errno_text(error);
        return connect_next();
      }
      if ((events & EPOLLOUT) != 0) connected();
      return;
    }
    case State::kTunnel:
      return tunnel();
    case State::kHandshake:
      return handshake();
    case State::kOpen:
      receive();
      if (state_ == State::kOpen) flush();
      return;
    default:
      return;
  }
}

void Connection::connected() {
  if (transport_.proxy_ && transport_.server_.tls) {
    const auto& proxy = *transport_.proxy_;
    const std::string authority = transport_.server_.authority();
    out_ = "CONNECT " + authority + " HTTP/1.1\r\nHost: " + authority + "\r\n";
    if (!proxy.user.empty()) {
      out_ += "Proxy-Authorization: Basic " + base64_encoded(proxy.user + ":" + proxy.password) + "\r\n";
    }
    out_ += "\r\n";
    state_ = State::kTunnel;
    return tunnel();
  }
  begin_tls();
}

void Connection::tunnel() {
  while (!out_.empty()) {
    std::size_t size = out_.size();
    const auto io = write_some(out_.data(), size);
    if (io == Io::kBlocked) return;
    if (io != Io::kDone) return broken(Code::kUnavailable, problem_);
    out_.erase(0, size);
  }
  want_write(false);
  // One byte at a time: what follows the proxy's answer is for TLS.
  while (!in_.ends_with("\r\n\r\n")) {
    char byte = 0;
    std::size_t size = 1;
    const auto io = read_some(&byte, size);
    if (io == Io::kBlocked) return;
    if (io != Io::kDone) return broken(Code::kUnavailable, "the proxy closed the connection");
    in_ += byte;
    if (in_.size() > 16384) return broken(Code::kInvalid, "the proxy does not speak HTTP");
  }
  if (const auto status = tunnel_refusal(in_); !status.empty())
    return broken(Code::kUnavailable, "the proxy refused the tunnel: " + status);
  in_.clear();
  begin_tls();
}

void Connection::begin_tls() {
  if (!transport_.server_.tls) return open(false);
  auto tls = TlsClient::open(transport_.options_, transport_.server_, fd_.get(), transport_.settings_.http2);
  if (!tls) return broken(tls.error().code, tls.error().message);
  tls_ = std::move(*tls);
  state_ = State::kHandshake;
  handshake();
}

void Connection::handshake() {
  switch (tls_->handshake()) {
    case TlsClient::Outcome::kDone:
      open(tls_->chose_http2());
      return ready(EPOLLIN);  // for what came with the handshake's end
    case TlsClient::Outcome::kWantsRead:
      return want_write(false);
    case TlsClient::Outcome::kWantsWrite:
      return want_write(true);
    case TlsClient::Outcome::kClosed:
      return broken(Code::kUnavailable, "the server closed the connection during the TLS handshake");
    case TlsClient::Outcome::kFailed:
      return broken(Code::kUnavailable, tls_->problem());
  }
}

void Connection::open(bool http2) {
  auto& loop = transport_.loop();
  loop.cancel(timer_);
  state_ = State::kOpen;
  transport_.http2_ = http2;
  heard_ = Loop::Clock::now();
  const std::string authority = transport_.server_.authority();
  if (http2) {
    protocol_ = make_http2(authority, true);
    timer_ = loop.at(heard_ + transport_.settings_.ping_after, [this] { check_life(); });
  } else {
    const bool by_proxy = transport_.proxy_ && !transport_.server_.tls;
    protocol_ = make_http1(authority, by_proxy ? "http://" + authority : "");
  }
  while (!waiting_.empty() && protocol_->has_room()) {
    protocol_->begin(std::move(waiting_.front()));
    waiting_.pop_front();
  }
  for (auto& call : std::exchange(waiting_, {})) transport_.begin(std::move(call));
  flush();
}

bool Connection::has_room() const {
  if (state_ == State::kDead) return false;
  if (state_ != State::kOpen) return transport_.http2_ ? waiting_.size() < 1000 : waiting_.empty();
  return protocol_->has_room();
}

void Connection::begin(Call call) {
  if (state_ != State::kOpen) return waiting_.push_back(std::move(call));
  protocol_->begin(std::move(call));
  resume();
  flush_soon();
}

bool Connection::cancel(const Exchange& exchange) {
  const auto found = std::find_if(waiting_.begin(), waiting_.end(),
                                  [&](const Call& call) { return call.exchange == &exchange; });
  if (found != waiting_.end()) {
    waiting_.erase(found);
    return true;
  }
  if (!protocol_ || !protocol_->cancel(exchange)) return false;
  flush_soon();
  return true;
}

void Connection::flush_soon() {
  if (flushing_) return;
  flushing_ = true;
  transport_.loop().defer([weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self) return;
    self->flushing_ = false;
    if (self->state_ == State::kOpen) self->flush();
  });
}

void Connection::receive() {
  std::array<char, kReadSize> buffer;  // NOLINT(cppcoreguidelines-pro-type-member-init)
  for (int round = 0; round < kReads; ++round) {
    std::size_t size = buffer.size();
    const auto io = read_some(buffer.data(), size);
    if (io == Io::kBlocked) return round > 0 ? pause() : resume();
    if (io == Io::kClosed) return die({});
    if (io == Io::kFailed) return broken(Code::kUnavailable, problem_);
    heard_ = Loop::Clock::now();
    if (auto status = protocol_->receive({buffer.data(), size}); !status) {
      return broken(status.error().code, status.error().message);
    }
    if (state_ != State::kOpen) return;
    for (auto& call : protocol_->take_refused()) transport_.begin(std::move(call));
    if (protocol_->finished()) return die({});
  }
  // There may be more, which a socket that TLS has emptied doesn't tell.
  transport_.loop().defer([weak = weak_from_this()] {
    if (const auto self = weak.lock(); self && self->state_ == State::kOpen) self->ready(EPOLLIN);
  });
}

void Connection::flush() {
  protocol_->produce(out_);
  while (!out_.empty()) {
    std::size_t size = out_.size();
    const auto io = write_some(out_.data(), size);
    if (io == Io::kBlocked) break;
    if (io == Io::kClosed || io == Io::kFailed) return broken(Code::kUnavailable, problem_);
    out_.erase(0, size);
    if (out_.empty()) protocol_->produce(out_);
  }
  if (out_.empty() && out_.capacity() > 4096) std::string().swap(out_);
  want_write(!out_.empty());
  if (out_.empty() && protocol_->finished()) die({});
}

void Connection::want_write(bool wanted) {
  if (wanted == wants_write_) return;
  wants_write_ = wanted;
  set_interest();
}

/// Doesn't look at the socket for a while. It stays so from look to look as long as there is something.
void Connection::pause() {
  if (pause_ != 0) return;
  if (!std::exchange(paused_, true)) set_interest();
  const auto length = protocol_->patient() ? kPause : kShortPause;
  pause_ = transport_.loop().at(Loop::Clock::now() + length, [this] {
    pause_ = 0;
    ready(EPOLLIN);
  });
}

void Connection::resume() {
  transport_.loop().cancel(pause_);
  if (std::exchange(paused_, false)) set_interest();
}

void Connection::set_interest() {
  const std::uint32_t events = (paused_ ? 0U : EPOLLIN) | (wants_write_ ? EPOLLOUT : 0U);
  transport_.loop().change(fd_.get(), events, *this);
}

Connection::Io Connection::read_some(char* data, std::size_t& size) {
  if (tls_) {
    switch (tls_->read(data, size)) {
      case TlsClient::Outcome::kDone:
        return Io::kDone;
      case TlsClient::Outcome::kWantsRead:
      case TlsClient::Outcome::kWantsWrite:
        return Io::kBlocked;
      case TlsClient::Outcome::kClosed:
        return Io::kClosed;
      case TlsClient::Outcome::kFailed:
        problem_ = tls_->problem();
        return Io::kFailed;
    }
  }
  const auto got = ::recv(fd_.get(), data, size, 0);
  if (got > 0) {
    size = static_cast<std::size_t>(got);
    return Io::kDone;
  }
  if (got == 0) return Io::kClosed;
  if (errno == EAGAIN || errno == EINTR) return Io::kBlocked;
  problem_ = errno_text(errno);
  return Io::kFailed;
}

Connection::Io Connection::write_some(const char* data, std::size_t& size) {
  if (tls_) {
    switch (tls_->write(data, size)) {
      case TlsClient::Outcome::kDone:
        return Io::kDone;
      case TlsClient::Outcome::kWantsRead:
      case TlsClient::Outcome::kWantsWrite:
        return Io::kBlocked;
      default:
        problem_ = tls_->problem();
        return Io::kFailed;
    }
  }
  const auto put = ::send(fd_.get(), data, size, MSG_NOSIGNAL);
  if (put >= 0) {
    size = static_cast<std::size_t>(put);
    return Io::kDone;
  }
  if (errno == EAGAIN || errno == EINTR) return Io::kBlocked;
  problem_ = errno_text(errno);
  return Io::kFailed;
}

void Connection::check_life() {
  timer_ = 0;
  const auto now = Loop::Clock::now();
  const auto& limits = transport_.settings_;
  auto due = heard_ + limits.ping_after;
  if (due <= now) {
    if (protocol_->awaits_pong()) {
      return broken(Code::kTimeout, "the server is silent, and did not answer a ping in " +
                                        std::to_string(limits.ping_wait.count()) + " ms");
    }
    protocol_->ping();
    flush_soon();
    due = now + limits.ping_wait;
  }
  timer_ = transport_.loop().at(due, [this] { check_life(); });
}

void Connection::broken(Code code, std::string_view what) { die(fail(code, about(what))); }
void Connection::fail_with(Error error) { die(std::unexpected(std::move(error))); }

void Connection::die(const Status& why) {
  if (state_ == State::kDead) return;
  const auto keep = shared_from_this();
  auto& loop = transport_.loop();
  loop.cancel(timer_);
  loop.cancel(pause_);
  state_ = State::kDead;
  if (fd_) loop.remove(fd_.get(), *this);
  transport_.drop(*this);
  if (tls_) tls_->close();
  fd_.reset();
  // Those who are called may begin anew, on other connections.
  if (protocol_) protocol_->closed(why);
  while (!waiting_.empty()) {
    auto* const exchange = waiting_.front().exchange;
    waiting_.pop_front();
    exchange->end(why ? fail(Code::kUnavailable, about("the connection was closed")) : why);
  }
  loop.defer([keep] {});  // not before what is under way is done
}

}  // namespace exporter::kube
