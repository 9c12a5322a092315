// SPDX-License-Identifier: Apache-2.0
// The server, over real sockets.

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <future>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <thread>
#include <vector>

#include <sys/resource.h>
#include <sys/stat.h>

#include <exporter/server.hpp>

#include <gtest/gtest.h>

#include "libexporter/http_client.hpp"

namespace {

using namespace std::chrono_literals;
using exporter::Reply;
using exporter::Request;
using exporter::Response;
using exporter::Server;
using exporter::ServerOptions;
using exporter::shared_body;
using exporter_test::Answer;
using exporter_test::Client;
using Clock = std::chrono::steady_clock;

void serve_default(const Request& request, Reply reply) {
  if (request.path == "/throw") throw std::runtime_error("a fault");
  if (request.path == "/forget") return;
  Response response;
  if (request.path == "/big") {
    static const auto big = shared_body(std::string(3 << 20, 'b'));
    response.body = big;
  } else if (request.path == "/stream") {
    response.stream = [n = 0](std::string& out) mutable {
      if (n == 1) return ++n, true;  // an empty chunk must not end it
      out += "chunk " + std::to_string(n) + "\n";
      return ++n < 4;
    };
  } else if (request.path == "/endless") {
    response.stream = [](std::string& out) {
      out.append(64 * 1024, 'e');
      return true;
    };
  } else if (request.path == "/broken-stream") {
    response.stream = [n = 0](std::string& out) mutable -> bool {
      if (n++ == 1) throw std::runtime_error("a fault");
      out += "start";
      return true;
    };
  } else {
    std::string text = request.method + " " + request.path;
    for (const auto& [name, value] : request.query) text += " " + name + "=" + value;
    response.body = shared_body(text);
  }
  reply.send(std::move(response));
}

class Running {
 public:
  explicit Running(ServerOptions options = {}, exporter::Handler handler = serve_default,
                   const std::string& address = "127.0.0.1:0", std::chrono::milliseconds grace = 2000ms)
      : server_(std::in_place, options) {
    const auto bound = server_->listen({address});
    if (!bound) {
      ADD_FAILURE() << bound.error().message;
      return;
    }
    address_ = bound->front();
    thread_ = std::thread([this, grace, h = std::move(handler)] {
      const auto status = server_->run(h, grace);
      EXPECT_TRUE(status) << status.error().message;
    });
  }
  ~Running() { stop(); }
  void stop() {
    if (!thread_.joinable()) return;
    server_->stop();
    thread_.join();
  }
  void destroy() {
    stop();
    server_.reset();
  }
  const std::string& address() const { return address_; }
  Server& server() { return *server_; }
  Client client(int receive_buffer = 0) const { return Client(address_, receive_buffer); }

 private:
  std::optional<Server> server_;
  std::string address_;
  std::thread thread_;
};

int status_of(const Running& running, std::string_view text) {
  auto client = running.client();
  client.write(text);
  const auto answer = client.read_answer();
  if (answer.status >= 400) {
    EXPECT_TRUE(answer.has("Connection: close")) << answer.head;
    EXPECT_TRUE(client.at_end());
  }
  return answer.status;
}

TEST(Server, TellsByWhichAddressARequestCame) {
  Server server;
  const auto bound = server.listen({"127.0.0.1:0", "127.0.0.1:0"});
  ASSERT_TRUE(bound) << bound.error().message;
  std::thread thread([&server] {
    EXPECT_TRUE(server.run([](const Request& request, Reply reply) {
      reply.send({.body = shared_body(std::to_string(request.listener))});
    }));
  });
  for (std::size_t i = 0; i < bound->size(); ++i) {
    EXPECT_EQ(Client((*bound)[i]).get("/").body, std::to_string(i));
  }
  server.stop();
  thread.join();
}

TEST(Server, KeepsConnectionsAlive) {
  const Running running;
  auto client = running.client();
  for (int i = 0; i < 3; ++i) {
    const auto answer = client.get("/a%20b?x=1&y=%2B+z");
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, "GET /a b x=1 y=+ z");
    EXPECT_TRUE(answer.has("Content-Type: text/plain; charset=utf-8\r\n"));
  }
}

TEST(Server, AnswersPipelinedRequestsInOrder) {
  const Running running;
  auto client = running.client();
  std::string all;
  for (int i = 0; i < 200; ++i) all += "GET /" + std::to_string(i) + " HTTP/1.1\r\nHost: t\r\n\r\n";
  ASSERT_TRUE(client.write(all));
  for (int i = 0; i < 200; ++i) ASSERT_EQ(client.read_answer().body, "GET /" + std::to_string(i));
}

// Each round's first request can't be answered before its second: another thread must go on with the loop
// while a handler holds up the one that has it, and give it back, over and over.
TEST(Server, ServesOthersWhileAHandlerTakesLong) {
  std::mutex mutex;
  std::condition_variable changed;
  int released = 0;
  const Running running({}, [&](const Request& request, Reply reply) {
    std::unique_lock lock(mutex);
    if (request.path == "/release") {
      ++released;
      changed.notify_all();
    } else {
      const int round = std::stoi(request.path.substr(1));
      changed.wait(lock, [&] { return released > round; });
    }
    reply.send({.body = shared_body(request.path)});
  });
  auto held = running.client();
  auto other = running.client();
  for (int round = 0; round < 100; ++round) {
    const auto path = "/" + std::to_string(round);
    ASSERT_TRUE(held.write("GET " + path + " HTTP/1.1\r\nHost: t\r\n\r\n"));
    ASSERT_EQ(other.get("/release").body, "/release");
    ASSERT_EQ(held.read_answer().body, path);
  }
}

TEST(Server, TakesRequestsBytewise) {
  const Running running;
  auto client = running.client();
  for (const char c : std::string_view("\r\nGET /slow HTTP/1.1\r\nHost: t\r\n\r\n")) client.write({&c, 1});
  EXPECT_EQ(client.read_answer().body, "GET /slow");
}

TEST(Server, LeavesTheBodyOutForHead) {
  const Running running;
  auto client = running.client();
  client.write("HEAD /big HTTP/1.1\r\nHost: t\r\n\r\nHEAD /stream HTTP/1.1\r\nHost: t\r\n\r\n");
  EXPECT_TRUE(client.read_answer(true).has("Content-Length: 3145728\r\n"));
  EXPECT_TRUE(client.read_answer(true).has("Transfer-Encoding: chunked\r\n"));
  EXPECT_EQ(client.get("/after").body, "GET /after");
}

TEST(Server, SpeaksHttp10) {
  const Running running;
  auto client = running.client();
  client.write("GET /x HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_TRUE(client.read_answer().has("Connection: keep-alive\r\n"));
  client.write("GET /stream HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  const auto answer = client.read_answer();
  EXPECT_FALSE(answer.has("chunked"));
  EXPECT_EQ(answer.body, "chunk 0\nchunk 2\nchunk 3\n");
  auto second = running.client();
  second.write("GET /x HTTP/1.0\r\n\r\n");
  EXPECT_EQ(second.read_answer().body, "GET /x");
  EXPECT_TRUE(second.at_end());
}

TEST(Server, ClosesWhenAsked) {
  const Running running;
  auto client = running.client();
  client.write("GET /x HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(client.read_answer().has("Connection: close\r\n"));
  EXPECT_TRUE(client.at_end());
}

TEST(Server, AnswersAClientThatHasEndedItsOutput) {
  const Running running;
  auto client = running.client();
  client.write("GET /big HTTP/1.1\r\nHost: t\r\n\r\n");
  client.end_output();
  EXPECT_EQ(client.read_answer().body.size(), 3U << 20);
  EXPECT_TRUE(client.at_end());
}

TEST(Server, StreamsInChunks) {
  const Running running;
  auto client = running.client();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(client.get("/stream").body, "chunk 0\nchunk 2\nchunk 3\n");
  const auto broken = client.get("/broken-stream");
  EXPECT_EQ(broken.status, 0) << "a stream that failed must not look whole";
  EXPECT_EQ(broken.body, "start");
}

TEST(Server, DropsBodies) {
  const Running running;
  auto client = running.client();
  client.write("POST /p HTTP/1.1\r\nHost: t\r\nContent-Length: 500000\r\n\r\n" + std::string(500000, 'x'));
  EXPECT_EQ(client.read_answer().body, "POST /p");
  client.write(
      "POST /c HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n0\r\nT: x\r\n\r\n");
  EXPECT_EQ(client.read_answer().body, "POST /c");
  client.write("POST /e HTTP/1.1\r\nHost: t\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
  EXPECT_EQ(client.read_answer().status, 100);
  client.write("abc");
  EXPECT_EQ(client.read_answer().body, "POST /e");
}

TEST(Server, RefusesWhatIsWrong) {
  const Running running;
  EXPECT_EQ(status_of(running, "GET /x\r\n\r\n"), 400);
  EXPECT_EQ(status_of(running, "\x16\x03\x01\x02"), 400);
  EXPECT_EQ(status_of(running, "GET / HTTP/1.1\r\n\r\n"), 400);
  EXPECT_EQ(status_of(running, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), 505);
  EXPECT_EQ(status_of(running, "GET / HTTP/1.1\r\nHost: t\r\nX: " + std::string(20000, 'x')), 431);
  EXPECT_EQ(status_of(running, "POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 1048577\r\n\r\n"), 413);
  EXPECT_EQ(status_of(running, "POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n200000\r\n" +
                                   std::string(2 << 20, 'x')),
            413);
}

TEST(Server, Answers500ForFaultyHandlers) {
  const Running running;
  auto client = running.client();
  EXPECT_EQ(client.get("/throw").status, 500);
  EXPECT_EQ(client.get("/forget").status, 500);
  EXPECT_EQ(client.get("/x").status, 200);
}

TEST(Server, IsNotHeldUpBySlowRequests) {
  ServerOptions options;
  options.head_timeout = 700ms;
  const Running running(options);
  std::vector<Client> slow;
  for (int i = 0; i < 500; ++i) {
    slow.push_back(running.client());
    ASSERT_TRUE(slow.back().write("GET / HTTP/1.1\r\nHo"));
  }
  const auto start = Clock::now();
  EXPECT_EQ(running.client().get("/x").status, 200);
  EXPECT_LT(Clock::now() - start, 1s);
  for (auto& client : slow) {
    ASSERT_EQ(client.read_answer().status, 408);
    ASSERT_TRUE(client.at_end());
  }
}

TEST(Server, IsNotHeldUpByClientsThatNeverRead) {
  ServerOptions options;
  options.max_workers = 2;
  const Running running(options);
  std::vector<Client> deaf;
  for (int i = 0; i < 50; ++i) {
    deaf.push_back(running.client(4096));
    ASSERT_TRUE(deaf.back().write(std::string(i % 2 == 0 ? "GET /endless" : "GET /big") +
                                  " HTTP/1.1\r\nHost: t\r\n\r\n"));
  }
  for (int i = 0; i < 20; ++i) {
    const auto start = Clock::now();
    EXPECT_EQ(running.client().get("/x").status, 200);
    EXPECT_LT(Clock::now() - start, 1s);
  }
}

TEST(Server, GivesUpOnClientsThatNeverRead) {
  ServerOptions options;
  options.send_timeout = 200ms;
  std::promise<void> gone;
  const Running running(options, [&](const Request&, Reply reply) {
    Response response;
    const std::shared_ptr<void> last(nullptr, [&gone](void*) { gone.set_value(); });
    response.stream = [last](std::string& out) {
      out.append(1 << 20, 'x');
      return true;
    };
    reply.send(std::move(response));
  });
  auto client = running.client(4096);
  client.write("GET / HTTP/1.1\r\nHost: t\r\n\r\n");
  EXPECT_EQ(gone.get_future().wait_for(10s), std::future_status::ready);
}

TEST(Server, ServesTwoHundredClientsAtOnce) {
  const Running running;
  std::vector<Client> clients;
  for (int i = 0; i < 200; ++i) clients.push_back(running.client());
  for (int round = 0; round < 5; ++round) {
    for (auto& client : clients) ASSERT_TRUE(client.write("GET /r HTTP/1.1\r\nHost: t\r\n\r\n"));
    for (auto& client : clients) ASSERT_EQ(client.read_answer().body, "GET /r");
  }
}

TEST(Server, RepliesLaterFromAnotherThread) {
  std::mutex mutex;
  std::vector<Reply> kept;
  std::promise<void> two;
  Running running({}, [&](const Request&, Reply reply) {
    const std::lock_guard lock(mutex);
    kept.push_back(std::move(reply));
    if (kept.size() == 2) two.set_value();
  });
  auto first = running.client();
  auto second = running.client();
  first.write("GET / HTTP/1.1\r\nHost: t\r\n\r\n");
  second.write("GET / HTTP/1.1\r\nHost: t\r\n\r\n");
  two.get_future().wait();
  second.close();
  for (auto& reply : kept) reply.send({.body = shared_body("late")});
  EXPECT_EQ(first.read_answer().body, "late");
}

TEST(Server, StopsWithRequestsUnderWay) {
  std::promise<void> begun;
  std::promise<void> go_on;
  Running running({}, [&](const Request&, Reply reply) {
    begun.set_value();
    go_on.get_future().wait();
    reply.send({.body = shared_body("done")});
  });
  auto client = running.client();
  auto idle = running.client();
  client.write("GET / HTTP/1.1\r\nHost: t\r\n\r\n");
  begun.get_future().wait();
  running.server().stop();
  EXPECT_TRUE(idle.at_end());
  go_on.set_value();
  EXPECT_EQ(client.read_answer().body, "done");
  EXPECT_TRUE(client.at_end());
  running.stop();
}

TEST(Server, LetsRepliesOutliveIt) {
  std::promise<Reply> kept;
  Running running(
      {}, [&](const Request&, Reply reply) { kept.set_value(std::move(reply)); }, "127.0.0.1:0", 10ms);
  auto client = running.client();
  client.write("GET / HTTP/1.1\r\nHost: t\r\n\r\n");
  auto reply = kept.get_future().get();
  running.stop();
  EXPECT_EQ(client.read_answer().status, 0);
  running.destroy();
  reply.send({.body = shared_body("too late")});
}

TEST(Server, RunsTasksAndTimersInOrder) {
  Running running;
  std::promise<std::thread::id> posted;
  running.server().post([&] { posted.set_value(std::this_thread::get_id()); });
  EXPECT_NE(posted.get_future().get(), std::this_thread::get_id());
  std::vector<int> order;
  std::promise<void> last;
  const auto now = Clock::now();
  running.server().at(now + 60ms, [&] {
    order.push_back(2);
    last.set_value();
  });
  running.server().at(now + 20ms, [&] { order.push_back(1); });
  running.server().at(now - 1s, [&] { order.push_back(0); });
  last.get_future().get();
  EXPECT_GE(Clock::now() - now, 60ms);
  EXPECT_EQ(order, (std::vector{0, 1, 2}));
}

void allow_descriptors(rlim_t count) {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = std::min(limit.rlim_max, count);
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

TEST(Server, HoldsThousandsOfIdleConnections) {
  allow_descriptors(8192);
  const Running running;
  std::vector<Client> idle;
  for (int i = 0; i < 2500; ++i) {
    idle.push_back(running.client());
    ASSERT_TRUE(idle.back().connected()) << i;
  }
  for (std::size_t i = 0; i < idle.size(); i += 100) ASSERT_EQ(idle[i].get("/x").status, 200);
  const auto start = Clock::now();
  EXPECT_EQ(running.client().get("/x").status, 200);
  EXPECT_LT(Clock::now() - start, 1s);
}

TEST(Server, ClosesTheLongestIdleAboveItsLimit) {
  ServerOptions options;
  options.max_connections = 2;
  const Running running(options);
  auto first = running.client();
  EXPECT_EQ(first.get("/1").status, 200);
  auto second = running.client();
  EXPECT_EQ(second.get("/2").status, 200);
  EXPECT_EQ(first.get("/1").status, 200);
  auto third = running.client();
  EXPECT_EQ(third.get("/3").status, 200);
  EXPECT_TRUE(second.at_end());
  EXPECT_EQ(first.get("/1").status, 200);
}

TEST(Server, ClosesIdleConnectionsInTheEnd) {
  ServerOptions options;
  options.idle_timeout = 100ms;
  const Running running(options);
  auto client = running.client();
  EXPECT_EQ(client.get("/x").status, 200);
  EXPECT_TRUE(client.at_end());
}

// Lets this process open `count` more descriptors, until it is destroyed.
class DescriptorsLeft {
 public:
  explicit DescriptorsLeft(rlim_t count) {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    const int next = ::dup(0);
    ::close(next);
    rlimit tight = before_;
    tight.rlim_cur = static_cast<rlim_t>(next) + count;
    ::setrlimit(RLIMIT_NOFILE, &tight);
  }
  ~DescriptorsLeft() { ::setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
};

// The sanitizer that comes with this one looks at memory through a pipe, and takes it for bad where there is
// no descriptor.
#ifdef __SANITIZE_ADDRESS__
#define SKIP_WHERE_A_SANITIZER_NEEDS_DESCRIPTORS() \
  GTEST_SKIP() << "needs a build without -fsanitize=undefined, such as the preset tsan"
#else
#define SKIP_WHERE_A_SANITIZER_NEEDS_DESCRIPTORS() static_assert(true)
#endif

TEST(Server, MakesRoomWhenDescriptorsRunOut) {
  SKIP_WHERE_A_SANITIZER_NEEDS_DESCRIPTORS();
  const Running running;
  auto client = running.client();
  EXPECT_EQ(client.get("/x").status, 200);
  Answer answer;
  {
    const DescriptorsLeft only_the_clients(1);
    auto other = running.client();
    answer = other.get("/x");
  }
  EXPECT_EQ(answer.status, 200) << "the idle connection should have made room";
  EXPECT_TRUE(client.at_end());
}

TEST(Server, TurnsClientsAwayWhenDescriptorsRunOut) {
  SKIP_WHERE_A_SANITIZER_NEEDS_DESCRIPTORS();
  std::promise<Reply> kept;
  const Running running({}, [&](const Request&, Reply reply) { kept.set_value(std::move(reply)); });
  auto busy = running.client();
  busy.write("GET / HTTP/1.1\r\nHost: t\r\n\r\n");
  auto reply = kept.get_future().get();
  bool turned_away = false;
  {
    const DescriptorsLeft only_the_clients(1);
    auto other = running.client();
    turned_away = other.at_end();
  }
  EXPECT_TRUE(turned_away);
  reply.send({.body = shared_body("kept")});
  EXPECT_EQ(busy.read_answer().body, "kept");
}

TEST(Server, ListensOnAUnixSocket) {
  const std::string path = ::testing::TempDir() + "server_test." + std::to_string(::getpid()) + ".sock";
  struct stat status {};
  {
    Running running({}, serve_default, "unix:" + path);
    EXPECT_EQ(running.address(), "unix:" + path);
    EXPECT_EQ(running.client().get("/x").body, "GET /x");
    Server second;
    const auto bound = second.listen({"unix:" + path});
    ASSERT_FALSE(bound);
    EXPECT_EQ(bound.error().message, "listen unix " + path + ": bind: address already in use");
    EXPECT_EQ(running.client().get("/x").status, 200);
  }
  EXPECT_NE(::stat(path.c_str(), &status), 0) << "the file should be gone";
  const int stale = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un un{};
  un.sun_family = AF_UNIX;
  path.copy(un.sun_path, path.size());
  ASSERT_EQ(::bind(stale, reinterpret_cast<sockaddr*>(&un), sizeof un), 0);
  ::close(stale);
  Running running({}, serve_default, "unix:" + path);
  EXPECT_EQ(running.client().get("/x").status, 200);
}

TEST(Server, TellsThatAPortIsInUse) {
  const Running running;
  Server second;
  const auto bound = second.listen({"127.0.0.1:0", running.address()});
  ASSERT_FALSE(bound);
  EXPECT_EQ(bound.error().message, "listen tcp " + running.address() + ": bind: address already in use");
}

TEST(Server, UnderstandsAddresses) {
  Server server;
  const auto message = [&](const char* address) {
    const auto bound = server.listen({address});
    return bound ? bound->front() : bound.error().message;
  };
  EXPECT_EQ(message("9100"), "listen tcp: address 9100: missing port in address");
  EXPECT_EQ(message("::1:9100"), "listen tcp: address ::1:9100: too many colons in address");
  EXPECT_EQ(message(":99999"), "listen tcp: address 99999: invalid port");
  EXPECT_EQ(message(":no-such-service"), "listen tcp: lookup tcp/no-such-service: unknown port");
  EXPECT_TRUE(message("0.0.0.0:0").starts_with("0.0.0.0:"));
  EXPECT_TRUE(message("localhost:0").starts_with("127.0.0.1:"));
  EXPECT_TRUE(message("unix:").starts_with("listen unix "));
}

TEST(Server, ListensOnBothFamilies) {
  const Running running(
      {}, [](const Request& request, Reply reply) { reply.send({.body = shared_body(request.remote)}); },
      ":0");
  const auto port = running.address().substr(running.address().rfind(':'));
  EXPECT_TRUE(Client("127.0.0.1" + port).get("/").body.starts_with("127.0.0.1:"));
  if (!running.address().starts_with("[::]")) GTEST_SKIP() << "no IPv6 here";
  Client six("[::1]" + port);
  if (!six.connected()) GTEST_SKIP() << "no IPv6 loopback here";
  EXPECT_TRUE(six.get("/").body.starts_with("[::1]:"));
}

TEST(Server, TakesOverAListeningSocket) {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  Server server;
  EXPECT_FALSE(server.adopt(fd));
  ASSERT_EQ(::listen(fd, 8), 0);
  const auto address = server.adopt(fd);
  ASSERT_TRUE(address);
  std::thread thread([&] { EXPECT_TRUE(server.run(serve_default)); });
  EXPECT_EQ(Client(*address).get("/x").status, 200);
  server.stop();
  thread.join();
}

}  // namespace
