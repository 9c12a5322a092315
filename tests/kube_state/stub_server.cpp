// SPDX-License-Identifier: Apache-2.0
// The test server's two protocols.

#include "kube_state/stub_server.hpp"

#include <fcntl.h>
#include <nghttp2/nghttp2.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstring>

namespace kube_test {
namespace {

void take_target(std::string_view target, StubRequest& request) {
  const auto question = std::min(target.find('?'), target.size());
  request.path = unescaped(target.substr(0, question));
  for (auto rest = target.substr(std::min(question + 1, target.size())); !rest.empty();) {
    const auto end = std::min(rest.find('&'), rest.size());
    const auto part = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    const auto equals = std::min(part.find('='), part.size());
    request.query[unescaped(part.substr(0, equals))] =
        unescaped(part.substr(std::min(equals + 1, part.size())));
  }
}

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

}  // namespace

std::string unescaped(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      result += static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16));
      i += 2;
    } else {
      result += text[i];
    }
  }
  return result;
}

class StubConnection {
 public:
  explicit StubConnection(int fd) : fd_(fd) {}
  virtual ~StubConnection() { ::close(fd_); }
  StubConnection(const StubConnection&) = delete;
  StubConnection& operator=(const StubConnection&) = delete;

  void start() {
    thread_ = std::thread([this] { work(); });
  }
  virtual void cut() {
    gone_ = true;
    ::shutdown(fd_, SHUT_RDWR);
  }
  virtual void go_away() {}

 protected:
  virtual void work() = 0;
  /// For the destructors of derived classes.
  void finish() {
    cut();
    if (thread_.joinable()) thread_.join();
  }

  const int fd_;
  std::atomic<bool> gone_{false};

 private:
  std::thread thread_;
};

namespace {

// --- HTTP/1.1: one request a connection

class PlainConnection final : public StubConnection, public StubReply {
 public:
  PlainConnection(int fd, const StubServer& server) : StubConnection(fd), server_(server) {}
  ~PlainConnection() override { finish(); }

  void head(int status, const std::string& type, const std::string& retry_after) override {
    put("HTTP/1.1 " + std::to_string(status) + " X\r\nContent-Type: " + type +
        "\r\nTransfer-Encoding: chunked\r\n" +
        (retry_after.empty() ? "" : "Retry-After: " + retry_after + "\r\n") + "\r\n");
  }
  bool write(std::string_view bytes) override {
    if (bytes.empty()) return !gone();
    std::array<char, 20> size{};
    std::snprintf(size.data(), size.size(), "%zx\r\n", bytes.size());
    put(size.data());
    put(bytes);
    put("\r\n");
    return !gone();
  }
  void end() override { put("0\r\n\r\n"); }
  void cut() override { StubConnection::cut(); }
  bool gone() override {
    char byte = 0;
    if (!gone_ && ::recv(fd_, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0) gone_ = true;
    return gone_;
  }

 private:
  void put(std::string_view bytes) {
    while (!bytes.empty() && !gone_) {
      const auto sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) {
        gone_ = true;
        return;
      }
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
  }

  void work() override {
    std::string text;
    std::array<char, 4096> buffer{};
    std::size_t end = 0;
    while ((end = text.find("\r\n\r\n")) == std::string::npos) {
      const auto got = ::recv(fd_, buffer.data(), buffer.size(), 0);
      if (got <= 0) return;
      text.append(buffer.data(), static_cast<std::size_t>(got));
      if (text[0] < 'A' || text[0] > 'Z') {
        put("HTTP/1.0 400 Bad Request\r\n\r\n");
        ::shutdown(fd_, SHUT_RDWR);
        return;
      }
    }
    if (server_.options().silent) {
      while (!gone_ && ::recv(fd_, buffer.data(), buffer.size(), 0) > 0) {
      }
      return;
    }
    StubRequest request;
    const auto first = text.find("\r\n");
    const auto space = text.find(' ');
    request.method = text.substr(0, space);
    take_target(std::string_view(text).substr(space + 1, text.find(' ', space + 1) - space - 1), request);
    for (std::size_t at = first + 2; at < end;) {
      const auto line_end = text.find("\r\n", at);
      const auto colon = text.find(':', at);
      request.headers[lower(text.substr(at, colon - at))] = text.substr(colon + 2, line_end - colon - 2);
      at = line_end + 2;
    }
    request.body = text.substr(end + 4);
    const auto size =
        request.headers.count("content-length") ? std::stoul(request.headers["content-length"]) : 0;
    while (request.body.size() < size) {
      const auto got = ::recv(fd_, buffer.data(), buffer.size(), 0);
      if (got <= 0) return;
      request.body.append(buffer.data(), static_cast<std::size_t>(got));
    }
    server_.handler()(request, *this);
    ::shutdown(fd_, SHUT_RDWR);
  }

  const StubServer& server_;
};

// --- HTTP/2 over TLS

struct StubStream {
  StubRequest request;
  std::string out;  // guarded by the connection's mutex, as the next two
  bool ended = false;
  bool closed = false;
  std::thread handler;
};

class TlsConnection final : public StubConnection {
 public:
  TlsConnection(int fd, const StubServer& server, SSL_CTX* context)
      : StubConnection(fd),
        server_(server),
        ssl_(SSL_new(context)),
        event_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    SSL_set_fd(ssl_, fd);
  }
  ~TlsConnection() override {
    finish();
    for (auto& [id, stream] : streams_) {
      if (stream->handler.joinable()) stream->handler.join();
    }
    nghttp2_session_del(session_);
    SSL_free(ssl_);
    ::close(event_);
  }

  void cut() override {
    StubConnection::cut();
    wake();
  }
  void go_away() override {
    post([this] { nghttp2_session_terminate_session2(session_, last_, NGHTTP2_NO_ERROR); });
  }

  void post(std::function<void()> task) {
    {
      const std::lock_guard lock(mutex_);
      tasks_.push_back(std::move(task));
    }
    wake();
  }

  std::mutex mutex_;

  bool is_gone() const { return gone_; }
  nghttp2_session* session() { return session_; }

 private:
  void wake() const {
    const std::uint64_t one = 1;
    (void)!::write(event_, &one, sizeof one);
  }

  class Reply final : public StubReply {
   public:
    Reply(TlsConnection& connection, std::int32_t id, std::shared_ptr<StubStream> stream)
        : connection_(connection), id_(id), stream_(std::move(stream)) {}
    void head(int status, const std::string& type, const std::string& retry_after) override {
      connection_.post([this, status = std::to_string(status), type, retry_after, stream = stream_] {
        std::vector<std::pair<std::string, std::string>> all = {{":status", status}, {"content-type", type}};
        if (!retry_after.empty()) all.emplace_back("retry-after", retry_after);
        std::vector<nghttp2_nv> fields;
        for (auto& [name, value] : all) {
          fields.push_back({reinterpret_cast<std::uint8_t*>(name.data()),
                            reinterpret_cast<std::uint8_t*>(value.data()), name.size(), value.size(),
                            NGHTTP2_NV_FLAG_NONE});
        }
        nghttp2_data_provider provider{};
        provider.source.ptr = &connection_;
        provider.read_callback = read_out;
        nghttp2_submit_response(connection_.session(), id_, fields.data(), fields.size(), &provider);
      });
    }
    bool write(std::string_view bytes) override {
      {
        const std::lock_guard lock(connection_.mutex_);
        stream_->out += bytes;
      }
      resume();
      return !gone();
    }
    void end() override {
      {
        const std::lock_guard lock(connection_.mutex_);
        stream_->ended = true;
      }
      resume();
    }
    void cut() override {
      // What was written before comes first.
      connection_.post([connection = &connection_, id = id_] {
        nghttp2_session_send(connection->session());
        nghttp2_submit_rst_stream(connection->session(), NGHTTP2_FLAG_NONE, id, NGHTTP2_INTERNAL_ERROR);
      });
    }
    bool gone() override {
      const std::lock_guard lock(connection_.mutex_);
      return stream_->closed || connection_.is_gone();
    }

   private:
    void resume() {
      connection_.post(
          [connection = &connection_, id = id_] { nghttp2_session_resume_data(connection->session(), id); });
    }
    TlsConnection& connection_;
    const std::int32_t id_;
    const std::shared_ptr<StubStream> stream_;
  };

  static ssize_t read_out(nghttp2_session*, std::int32_t id, std::uint8_t* buffer, std::size_t size,
                          std::uint32_t* flags, nghttp2_data_source* source, void*) {
    auto& self = *static_cast<TlsConnection*>(source->ptr);
    const std::lock_guard lock(self.mutex_);
    auto& stream = *self.streams_[id];
    const auto count = std::min(size, stream.out.size());
    std::memcpy(buffer, stream.out.data(), count);
    stream.out.erase(0, count);
    if (stream.out.empty() && stream.ended) {
      *flags |= NGHTTP2_DATA_FLAG_EOF;
    } else if (count == 0) {
      return NGHTTP2_ERR_DEFERRED;
    }
    return static_cast<ssize_t>(count);
  }

  void start_handler(std::int32_t id) {
    auto stream = streams_[id];
    last_ = id;
    stream->handler = std::thread([this, id, stream] {
      const auto reply = std::make_shared<Reply>(*this, id, stream);
      replies_keep(reply);
      server_.handler()(stream->request, *reply);
    });
  }
  void replies_keep(std::shared_ptr<Reply> reply) {
    const std::lock_guard lock(mutex_);
    replies_.push_back(std::move(reply));
  }

  void open_session() {
    nghttp2_session_callbacks* callbacks = nullptr;
    nghttp2_session_callbacks_new(&callbacks);
    nghttp2_session_callbacks_set_send_callback(
        callbacks,
        [](nghttp2_session*, const std::uint8_t* data, std::size_t size, int, void* user) -> ssize_t {
          auto& self = *static_cast<TlsConnection*>(user);
          const int put = SSL_write(self.ssl_, data, static_cast<int>(size));
          if (put > 0) return put;
          self.gone_ = true;
          return NGHTTP2_ERR_CALLBACK_FAILURE;
        });
    nghttp2_session_callbacks_set_on_begin_headers_callback(
        callbacks, [](nghttp2_session*, const nghttp2_frame* frame, void* user) {
          auto& self = *static_cast<TlsConnection*>(user);
          const std::lock_guard lock(self.mutex_);
          self.streams_[frame->hd.stream_id] = std::make_shared<StubStream>();
          return 0;
        });
    nghttp2_session_callbacks_set_on_header_callback(
        callbacks,
        [](nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name, std::size_t name_size,
           const std::uint8_t* value, std::size_t value_size, std::uint8_t, void* user) {
          auto& request = static_cast<TlsConnection*>(user)->streams_[frame->hd.stream_id]->request;
          const std::string key(reinterpret_cast<const char*>(name), name_size);
          const std::string text(reinterpret_cast<const char*>(value), value_size);
          if (key == ":method") request.method = text;
          if (key == ":path") take_target(text, request);
          request.headers[key] = text;
          return 0;
        });
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(
        callbacks, [](nghttp2_session*, std::uint8_t, std::int32_t id, const std::uint8_t* data,
                      std::size_t size, void* user) {
          static_cast<TlsConnection*>(user)->streams_[id]->request.body.append(
              reinterpret_cast<const char*>(data), size);
          return 0;
        });
    nghttp2_session_callbacks_set_on_frame_recv_callback(
        callbacks, [](nghttp2_session*, const nghttp2_frame* frame, void* user) {
          const bool request = frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA;
          if (request && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0) {
            static_cast<TlsConnection*>(user)->start_handler(frame->hd.stream_id);
          }
          return 0;
        });
    nghttp2_session_callbacks_set_on_stream_close_callback(
        callbacks, [](nghttp2_session*, std::int32_t id, std::uint32_t, void* user) {
          auto& self = *static_cast<TlsConnection*>(user);
          const std::lock_guard lock(self.mutex_);
          self.streams_[id]->closed = true;
          return 0;
        });
    nghttp2_session_server_new(&session_, callbacks, this);
    nghttp2_session_callbacks_del(callbacks);
    nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, nullptr, 0);
  }

  void work() override {
    serve();
    gone_ = true;
    ::shutdown(fd_, SHUT_RDWR);
  }

  void serve() {
    if (SSL_accept(ssl_) != 1) return;
    open_session();
    std::array<std::uint8_t, 16384> buffer{};
    while (!gone_) {
      if (server_.frozen()) {
        pollfd quiet{event_, POLLIN, 0};
        ::poll(&quiet, 1, 20);
        continue;
      }
      if (nghttp2_session_send(session_) != 0) return;
      if (nghttp2_session_want_read(session_) == 0 && nghttp2_session_want_write(session_) == 0) return;
      std::array<pollfd, 2> fds = {{{fd_, POLLIN, 0}, {event_, POLLIN, 0}}};
      if (SSL_pending(ssl_) == 0) ::poll(fds.data(), fds.size(), 1000);
      if (SSL_pending(ssl_) > 0 || (fds[0].revents & (POLLIN | POLLHUP | POLLERR)) != 0) {
        if (server_.frozen()) continue;
        const int got = SSL_read(ssl_, buffer.data(), static_cast<int>(buffer.size()));
        if (got <= 0) return;
        if (nghttp2_session_mem_recv(session_, buffer.data(), static_cast<std::size_t>(got)) < 0) return;
      }
      std::uint64_t count = 0;
      (void)!::read(event_, &count, sizeof count);
      std::vector<std::function<void()>> tasks;
      {
        const std::lock_guard lock(mutex_);
        tasks.swap(tasks_);
      }
      for (const auto& task : tasks) task();
    }
  }

  const StubServer& server_;
  SSL* ssl_;
  const int event_;
  nghttp2_session* session_ = nullptr;
  std::map<std::int32_t, std::shared_ptr<StubStream>> streams_;
  std::vector<std::shared_ptr<Reply>> replies_;
  std::vector<std::function<void()>> tasks_;
  std::int32_t last_ = 0;
};

SSL_CTX* make_context(const exporter_test::Identity& identity) {
  SSL_CTX* const context = SSL_CTX_new(TLS_server_method());
  auto* bio = BIO_new_mem_buf(identity.certificate.data(), -1);
  auto* certificate = PEM_read_bio_X509(bio, nullptr, nullptr, nullptr);
  BIO_free(bio);
  bio = BIO_new_mem_buf(identity.key.data(), -1);
  auto* key = PEM_read_bio_PrivateKey(bio, nullptr, nullptr, nullptr);
  BIO_free(bio);
  SSL_CTX_use_certificate(context, certificate);
  SSL_CTX_use_PrivateKey(context, key);
  X509_free(certificate);
  EVP_PKEY_free(key);
  SSL_CTX_set_alpn_select_cb(
      context,
      [](SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* in, unsigned in_size,
         void*) {
        static constexpr std::array<unsigned char, 3> kH2 = {2, 'h', '2'};
        unsigned char* chosen = nullptr;
        if (SSL_select_next_proto(&chosen, out_size, kH2.data(), kH2.size(), in, in_size) !=
            OPENSSL_NPN_NEGOTIATED) {
          return SSL_TLSEXT_ERR_ALERT_FATAL;
        }
        *out = chosen;
        return SSL_TLSEXT_ERR_OK;
      },
      nullptr);
  return context;
}

}  // namespace

StubServer::StubServer(Handler handler, Options options) : handler_(std::move(handler)), options_(options) {
  ::signal(SIGPIPE, SIG_IGN);  // of writing to clients that have gone
  start();
}
StubServer::~StubServer() { stop(); }

std::string StubServer::url() const {
  return (options_.identity != nullptr ? "https://127.0.0.1:" : "http://127.0.0.1:") + std::to_string(port_);
}

void StubServer::start() {
  listening_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  ::setsockopt(listening_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<in_port_t>(port_));
  socklen_t size = sizeof address;
  if (::bind(listening_, reinterpret_cast<const sockaddr*>(&address), size) != 0 ||
      ::listen(listening_, 64) != 0) {
    std::abort();
  }
  ::getsockname(listening_, reinterpret_cast<sockaddr*>(&address), &size);
  port_ = ntohs(address.sin_port);
  stopping_ = false;
  frozen_ = false;
  thread_ = std::thread([this] { accept_connections(); });
}

void StubServer::stop() {
  if (!thread_.joinable()) return;
  stopping_ = true;
  ::shutdown(listening_, SHUT_RDWR);
  thread_.join();
  ::close(listening_);
  std::vector<std::shared_ptr<StubConnection>> all;
  {
    const std::lock_guard lock(mutex_);
    all.swap(open_);
  }
  for (const auto& connection : all) connection->cut();
}

void StubServer::go_away() {
  const std::lock_guard lock(mutex_);
  for (const auto& connection : open_) connection->go_away();
}

void StubServer::accept_connections() {
  const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(
      options_.identity != nullptr ? make_context(*options_.identity) : nullptr, SSL_CTX_free);
  while (!stopping_) {
    const int fd = ::accept4(listening_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) continue;
    ++connections_;
    std::shared_ptr<StubConnection> connection;
    if (context) {
      connection = std::make_shared<TlsConnection>(fd, *this, context.get());
    } else {
      connection = std::make_shared<PlainConnection>(fd, *this);
    }
    connection->start();
    const std::lock_guard lock(mutex_);
    open_.push_back(connection);
  }
}

}  // namespace kube_test
