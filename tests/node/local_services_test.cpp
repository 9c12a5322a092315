// SPDX-License-Identifier: Apache-2.0
// The collectors that ask a service of this machine, against services made up here: ntp, supervisord, logind
// and systemd.

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <functional>
#include <map>
#include <thread>

#include <exporter/page.hpp>

#include "collectors.hpp"
#include "dbus.hpp"

namespace exporter::node {
namespace {

using Answer = std::function<std::string(std::string&)>;  // takes what it understood off what was received

/// A service on a socket: one connection after the other, until it is destroyed.
class Service {
 public:
  Service(int listener, bool datagrams, Answer answer)
      : listener_(listener), answer_(std::move(answer)), thread_([this, datagrams] {
          while (!stop_) {
            if (!ready(listener_)) continue;
            if (datagrams) {
              datagram();
            } else if (Fd connection(::accept(listener_, nullptr, nullptr)); connection) {
              serve(connection.get());
            }
          }
        }) {}
  ~Service() {
    stop_ = true;
    thread_.join();
    ::close(listener_);
  }

 private:
  static bool ready(int socket) {
    pollfd wanted{socket, POLLIN, 0};
    return ::poll(&wanted, 1, 20) > 0;
  }
  void serve(int socket) {
    std::string received;
    while (!stop_) {
      if (!ready(socket)) continue;
      char bytes[4096];
      const auto size = ::recv(socket, bytes, sizeof bytes, 0);
      if (size <= 0) return;
      received.append(bytes, static_cast<std::size_t>(size));
      const auto answer = answer_(received);
      if (answer.empty()) continue;
      ::send(socket, answer.data(), answer.size(), MSG_NOSIGNAL);
      if (answer.starts_with("HTTP/")) return;
    }
  }
  void datagram() {
    sockaddr_in from{};
    socklen_t length = sizeof from;
    char bytes[512];
    const auto size =
        ::recvfrom(listener_, bytes, sizeof bytes, 0, reinterpret_cast<sockaddr*>(&from), &length);
    if (size < 0) return;
    std::string question(bytes, static_cast<std::size_t>(size));
    const auto answer = answer_(question);
    ::sendto(listener_, answer.data(), answer.size(), 0, reinterpret_cast<sockaddr*>(&from), length);
  }

  int listener_;
  Answer answer_;
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

int unix_listener(const std::string& path) {
  const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
  EXPECT_EQ(::bind(socket, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  EXPECT_EQ(::listen(socket, 4), 0);
  return socket;
}

struct Outcome {
  Status status;
  std::string page;
  bool has(std::string_view line) const {
    return ("\n" + page).find("\n" + std::string(line) + "\n") != std::string::npos;
  }
};

class Subject {
 public:
  Subject(std::string_view name, const std::vector<std::string>& arguments) {
    for (const auto& entry : collectors()) {
      if (entry.name == name) collector_ = entry.spec->make(host_, flags_);
    }
    std::vector<const char*> argv{"node_exporter"};
    for (const auto& argument : arguments) argv.push_back(argument.c_str());
    EXPECT_TRUE(flags_.parse(static_cast<int>(argv.size()), argv.data()));
    started_ = collector_->start();
  }
  const Status& started() const { return started_; }

  Outcome collect(std::chrono::milliseconds patience = std::chrono::seconds(5)) {
    Sink sink;
    Outcome outcome{collector_->collect(sink, Scrape(Scrape::Clock::now() + patience, ++serial_)), {}};
    const Sink* const sinks[] = {&sink};
    PageBuilder().build(sinks, PageFormat::kText, outcome.page);
    return outcome;
  }

 private:
  Flags flags_{"node_exporter", ""};
  Host host_{flags_};
  std::unique_ptr<Collector> collector_;
  Status started_;
  std::uint64_t serial_ = 0;
};

class LocalServices : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "service_XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    dir_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(dir_); }
  std::string socket() const { return dir_ + "/socket"; }
  std::string dir_;
};

// --- ntp

void append_big_endian(std::string& to, std::uint64_t value, int bytes) {
  for (int i = bytes - 1; i >= 0; --i) to += static_cast<char>(value >> (8 * i));
}

struct Clock {
  int leap = 0, mode = 4, stratum = 2;
  long offset = 0;
  std::uint32_t dispersion = 567;
};

/// Runs the collector against an NTP server like this.
Outcome ask_ntp(const Clock& clock) {
  const int socket = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  EXPECT_EQ(::bind(socket, reinterpret_cast<sockaddr*>(&address), length), 0);
  ::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &length);
  const Service service(socket, true, [&](std::string& question) {
    std::string packet;
    packet += static_cast<char>(clock.leap << 6 | (question[0] & 0x38) | clock.mode);
    packet += static_cast<char>(clock.stratum);
    packet += std::string("\6\xe9", 2);
    append_big_endian(packet, 0x8000, 4);  // half a second
    append_big_endian(packet, clock.dispersion, 4);
    packet += "LOCL";
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    const auto seconds = static_cast<std::uint64_t>(now.tv_sec + 2'208'988'800 + clock.offset) << 32;
    const auto time = seconds | static_cast<std::uint64_t>(now.tv_nsec * 4.294967296);
    append_big_endian(packet, time - (std::uint64_t{64} << 32), 8);
    packet += question.substr(40, 8);
    append_big_endian(packet, time, 8);
    append_big_endian(packet, time, 8);
    return packet;
  });
  const std::string port(std::to_string(ntohs(address.sin_port)));
  Subject subject("ntp",
                  {"--collector.ntp.server-port=" + port, "--collector.ntp.local-offset-tolerance=100ms"});
  EXPECT_TRUE(subject.started());
  return subject.collect();
}

TEST(Ntp, TrustsAGoodAnswer) {
  const auto outcome = ask_ntp({});
  ASSERT_TRUE(outcome.status) << outcome.status.error().message;
  EXPECT_TRUE(outcome.has("node_ntp_sanity 1"));
  EXPECT_TRUE(outcome.has("node_ntp_stratum 2"));
  EXPECT_TRUE(outcome.has("node_ntp_leap 0"));
  EXPECT_TRUE(outcome.has("node_ntp_root_delay_seconds 0.5"));
}

TEST(Ntp, TellsWhatIsNotFitForUse) {
  EXPECT_TRUE(ask_ntp({.leap = 3}).has("node_ntp_sanity 0"));
  EXPECT_TRUE(ask_ntp({.stratum = 16}).has("node_ntp_sanity 0"));
  EXPECT_TRUE(ask_ntp({.stratum = 0}).has("node_ntp_sanity 0"));
  EXPECT_TRUE(ask_ntp({.offset = 2}).has("node_ntp_sanity 0"));
  EXPECT_TRUE(ask_ntp({.dispersion = 4 << 16}).has("node_ntp_sanity 0"));
  EXPECT_FALSE(ask_ntp({.mode = 3}).status);
}

TEST(Ntp, AsksOnlyThisMachine) {
  EXPECT_FALSE(Subject("ntp", {"--collector.ntp.server=192.0.2.1"}).started());
  EXPECT_FALSE(Subject("ntp", {"--collector.ntp.server=localhost"}).started());
  EXPECT_TRUE(Subject("ntp", {"--collector.ntp.server=::1"}).started());
  EXPECT_TRUE(
      Subject("ntp", {"--collector.ntp.server=192.0.2.1", "--collector.ntp.server-is-local"}).started());
}

// --- supervisord

Outcome ask_supervisord(const std::string& path, const std::string& answer) {
  const Service service(unix_listener(path), false, [&](std::string& received) {
    return received.find("</methodCall>") == std::string::npos ? std::string() : answer;
  });
  auto outcome = Subject("supervisord", {"--collector.supervisord.url=unix://" + path}).collect();
  std::filesystem::remove(path);
  return outcome;
}

constexpr std::string_view kProcesses =
    "HTTP/1.0 200 OK\r\nServer: x\r\n\r\n<?xml "
    "version='1.0'?>\n<methodResponse><params><param><value><array><data>\n"
    "<value><struct><member><name>name</name><value><string>web&amp;1</string></value></member>\n"
    "<member><name>group</name><value>front</value></member>\n"
    "<member><name>start</name><value><int>1700000000</int></value></member>\n"
    "<member><name>state</name><value><int>20</int></value></member>\n"
    "<member><name>spawnerr</name><value><string></string></value></member>\n"
    "<member><name>exitstatus</name><value><int>-1</int></value></member></struct></value>\n"
    "<value><struct><member><name>name</name><value><string>job</string></value></member>\n"
    "<member><name>state</name><value><i4>100</i4></value></member></struct></value>\n"
    "</data></array></value></param></params></methodResponse>\n";

TEST_F(LocalServices, SupervisordTellsOfItsProcesses) {
  const auto outcome = ask_supervisord(socket(), std::string(kProcesses));
  ASSERT_TRUE(outcome.status) << outcome.status.error().message;
  EXPECT_TRUE(outcome.has("node_supervisord_up{group=\"front\",name=\"web&1\"} 1"));
  EXPECT_TRUE(outcome.has("node_supervisord_state{group=\"front\",name=\"web&1\"} 20"));
  EXPECT_TRUE(outcome.has("node_supervisord_exit_status{group=\"front\",name=\"web&1\"} -1"));
  EXPECT_TRUE(outcome.has("node_supervisord_up{group=\"\",name=\"job\"} 0"));
  EXPECT_EQ(outcome.page.find("node_supervisord_start_time_seconds{group=\"\""), std::string::npos);
}

TEST_F(LocalServices, SupervisordsCutAnswersAreErrors) {
  for (std::size_t size = 1; size < kProcesses.rfind("</array>"); size += 43) {
    EXPECT_FALSE(ask_supervisord(socket(), std::string(kProcesses.substr(0, size))).status) << size;
  }
  EXPECT_FALSE(ask_supervisord(socket(), "HTTP/1.0 401 Unauthorized\r\n\r\n").status);
  EXPECT_FALSE(ask_supervisord(socket(), "HTTP/1.0 200 OK\r\n\r\n<methodResponse><fault></fault>").status);
}

TEST_F(LocalServices, ThatAreSilentCostNoMoreThanTheDeadline) {
  const Service service(unix_listener(socket()), false, [](std::string&) { return std::string(); });
  const auto begin = Scrape::Clock::now();
  auto outcome = Subject("supervisord", {"--collector.supervisord.url=unix://" + socket()})
                     .collect(std::chrono::milliseconds(100));
  ASSERT_FALSE(outcome.status);
  EXPECT_EQ(outcome.status.error().code, Code::kTimeout);
  EXPECT_LT(Scrape::Clock::now() - begin, std::chrono::seconds(3));
}

// --- D-Bus

/// Puts together a message's parts, in little-endian order.
class Message {
 public:
  Message& align(std::size_t to) {
    while (text_.size() % to != 0) text_ += '\0';
    return *this;
  }
  Message& u32(std::uint32_t value) {
    align(4);
    for (int i = 0; i < 4; ++i) text_ += static_cast<char>(value >> (8 * i));
    return *this;
  }
  Message& u64(std::uint64_t value) {
    align(8);
    u32(static_cast<std::uint32_t>(value));
    return u32(static_cast<std::uint32_t>(value >> 32));
  }
  Message& text(std::string_view value) {
    u32(static_cast<std::uint32_t>(value.size()));
    text_.append(value).append(1, '\0');
    return *this;
  }
  Message& signature(std::string_view value) {
    text_ += static_cast<char>(value.size());
    text_.append(value).append(1, '\0');
    return *this;
  }
  Message& byte(char value) {
    text_ += value;
    return *this;
  }
  /// An array of structs, its elements written by `fill`.
  Message& array(const std::function<void(Message&)>& fill) {
    Message elements;  // both begin at a multiple of 8, so that alignment is the same
    fill(elements);
    u32(static_cast<std::uint32_t>(elements.text_.size()));
    align(8);
    text_ += elements.text_;
    return *this;
  }
  const std::string& str() const { return text_; }

 private:
  std::string text_;
};

std::string reply_message(std::uint32_t serial, bool error, const std::string& body) {
  Message message;
  message.byte('l').byte(error ? 3 : 2).byte(1).byte(1).u32(static_cast<std::uint32_t>(body.size())).u32(99);
  Message fields;
  fields.byte(5).signature("u").u32(serial).align(8);
  fields.byte(7).signature("s").text("org.freedesktop.DBus");
  if (error) fields.align(8).byte(4).signature("s").text("org.example.Error");
  message.u32(static_cast<std::uint32_t>(fields.str().size()));
  std::string result = message.str() + fields.str();
  result.resize((result.size() + 7) / 8 * 8, '\0');
  return result + body;
}

struct Call {
  std::uint32_t serial = 0;
  std::string path, member, property;
};

/// Answers a client's greeting and its calls. An empty body is an error.
class FakeBus {
 public:
  using Body = std::function<std::string(const Call&)>;
  explicit FakeBus(Body body) : body_(std::move(body)) {}

  std::string operator()(std::string& received) {
    std::string out;
    if (received.starts_with('\0')) {
      if (received.find("\r\n") == std::string::npos) return out;
      received.erase(0, received.find("\r\n") + 2);
      out = "OK 0123456789abcdef\r\n";
    }
    if (received.starts_with("BEGIN\r\n")) received.erase(0, 7);
    while (received.size() >= 16) {
      DBusReader head(received, false);
      head.u32();
      const std::size_t body_size = head.u32();
      Call call;
      call.serial = head.u32();
      const std::size_t end = head.array(8);
      const std::size_t body_begin = (end + 7) / 8 * 8;
      if (!head.ok() || received.size() < body_begin + body_size) break;
      while (head.more_before(end)) {
        head.align(8);
        const auto field = head.byte();
        const auto value = head.variant();
        if (field == 1) call.path = value.text;
        if (field == 3) call.member = value.text;
      }
      if (body_size > 0) {
        DBusReader body(std::string_view(received).substr(body_begin), false);
        body.text();
        call.property = body.text();
      }
      const auto answer = call.member == "Hello" ? Message().text(":1.1").str() : body_(call);
      out += reply_message(call.serial, answer.empty(), answer);
      received.erase(0, body_begin + body_size);
    }
    return out;
  }

 private:
  Body body_;
};

void add_unit(Message& units, std::string_view name, std::string_view load, std::string_view active) {
  units.align(8).text(name).text("about it").text(load).text(active).text("sub").text("");
  units.text("/unit/" + std::string(name)).u32(0).text("").text("/");
}

std::string systemd_body(const Call& call) {
  if (call.member == "ListUnits") {
    return Message()
        .array([](Message& units) {
          add_unit(units, "ssh.service", "loaded", "active");
          add_unit(units, "gone.service", "not-found", "inactive");
          add_unit(units, "x.socket", "loaded", "active");
          add_unit(units, "backup.timer", "loaded", "inactive");
          add_unit(units, "sda.device", "loaded", "active");
          for (int i = 0; i < 200; ++i)
            add_unit(units, "many" + std::to_string(i) + ".service", "loaded", "reloading");
        })
        .str();
  }
  const std::map<std::string, std::string> texts = {
      {"Version", "252.36-1"}, {"Virtualization", ""}, {"SystemState", "running"}, {"Type", "notify"}};
  const std::map<std::string, std::uint32_t> numbers = {
      {"NAccepted", 7}, {"NConnections", 1}, {"NRestarts", 3}};
  const std::map<std::string, std::uint64_t> large = {
      {"LastTriggerUSec", 1700000000654321}, {"TasksCurrent", 5}, {"TasksMax", UINT64_MAX}};
  if (const auto found = texts.find(call.property); found != texts.end()) {
    return Message().signature("s").text(found->second).str();
  }
  if (const auto found = numbers.find(call.property); found != numbers.end()) {
    return Message().signature("u").u32(found->second).str();
  }
  if (const auto found = large.find(call.property); found != large.end()) {
    return Message().signature("t").u64(found->second).str();
  }
  return {};
}

TEST_F(LocalServices, SystemdTellsOfItsUnits) {
  const Service service(unix_listener(socket()), false, FakeBus(systemd_body));
  ::setenv("DBUS_SYSTEM_BUS_ADDRESS", ("unix:path=" + socket()).c_str(), 1);
  Subject subject("systemd",
                  {"--collector.systemd.enable-task-metrics", "--collector.systemd.enable-restarts-metrics"});
  for (int run = 0; run < 2; ++run) {
    const auto outcome = subject.collect();
    ASSERT_TRUE(outcome.status) << outcome.status.error().message;
    EXPECT_TRUE(outcome.has("node_systemd_version{version=\"252.36-1\"} 252.36"));
    EXPECT_TRUE(outcome.has("node_systemd_virtualization_info{virtualization_type=\"none\"} 1"));
    EXPECT_TRUE(outcome.has("node_systemd_system_running 1"));
    EXPECT_TRUE(outcome.has("node_systemd_units{state=\"active\"} 3"));
    EXPECT_TRUE(outcome.has("node_systemd_units{state=\"reloading\"} 200"));
    EXPECT_TRUE(outcome.has("node_systemd_units{state=\"failed\"} 0"));
    EXPECT_TRUE(
        outcome.has("node_systemd_unit_state{name=\"ssh.service\",state=\"active\",type=\"notify\"} 1"));
    EXPECT_TRUE(
        outcome.has("node_systemd_unit_state{name=\"many199.service\",state=\"active\",type=\"notify\"} 0"));
    EXPECT_TRUE(outcome.has("node_systemd_socket_accepted_connections_total{name=\"x.socket\"} 7"));
    EXPECT_TRUE(outcome.has("node_systemd_unit_tasks_current{name=\"ssh.service\"} 5"));
    EXPECT_TRUE(outcome.has("node_systemd_service_restart_total{name=\"ssh.service\"} 3"));
    EXPECT_NE(outcome.page.find("node_systemd_timer_last_trigger_seconds{name=\"backup.timer\"} 1"),
              std::string::npos);
    for (const auto* missing : {"gone.service", "sda.device", "refused_connections", "unit_tasks_max{"}) {
      EXPECT_EQ(outcome.page.find(missing), std::string::npos) << missing;
    }
  }
}

TEST_F(LocalServices, LogindCountsSessions) {
  const Service service(
      unix_listener(socket()), false, FakeBus([](const Call& call) {
        if (call.member == "ListSeats") {
          return Message().array([](Message& m) { m.align(8).text("seat0").text("/seat0"); }).str();
        }
        if (call.member == "ListSessions") {
          return Message()
              .array([](Message& m) {
                m.align(8).text("1").u32(0).text("root").text("seat0").text("/1");
                m.align(8).text("2").u32(1000).text("me").text("").text("/2");
                m.align(8).text("3").u32(1000).text("me").text("").text("/gone");
              })
              .str();
        }
        if (call.path == "/gone") return std::string();
        if (call.property == "Remote") return Message().signature("b").u32(call.path == "/2").str();
        const auto* type = call.path == "/2" ? "hologram" : "tty";
        return Message().signature("s").text(call.property == "Type" ? type : "user").str();
      }));
  ::setenv("DBUS_SYSTEM_BUS_ADDRESS", ("unix:path=" + socket()).c_str(), 1);
  const auto outcome = Subject("logind", {}).collect();
  ASSERT_TRUE(outcome.status) << outcome.status.error().message;
  EXPECT_TRUE(
      outcome.has("node_logind_sessions{class=\"user\",remote=\"false\",seat=\"seat0\",type=\"tty\"} 1"));
  EXPECT_TRUE(outcome.has("node_logind_sessions{class=\"user\",remote=\"true\",seat=\"\",type=\"other\"} 1"));
  EXPECT_TRUE(outcome.has("node_logind_sessions{class=\"user\",remote=\"true\",seat=\"\",type=\"tty\"} 0"));
}

TEST_F(LocalServices, BrokenMessagesAreErrors) {
  std::string good = reply_message(2, false, systemd_body({0, "", "ListUnits", ""}));
  ::setenv("DBUS_SYSTEM_BUS_ADDRESS", ("unix:path=" + socket()).c_str(), 1);
  for (std::size_t at = 0; at < 200; at += 5) {
    const Service service(unix_listener(socket()), false, [&](std::string& received) {
      const bool list = received.find("ListUnits") != std::string::npos;
      auto answer = FakeBus([](const Call&) { return std::string(); })(received);
      if (!list) return answer;
      answer = good;
      answer[at] = static_cast<char>(answer[at] ^ 0xa5);
      return answer;
    });
    Subject subject("systemd", {});
    (void)subject.collect(
        std::chrono::milliseconds(50));  // what it says does not matter: it must not crash or hang
    std::filesystem::remove(socket());
  }
}

TEST_F(LocalServices, WithoutABusThereIsAnError) {
  ::setenv("DBUS_SYSTEM_BUS_ADDRESS", ("unix:path=" + socket()).c_str(), 1);
  EXPECT_FALSE(Subject("logind", {}).collect().status);
}

}  // namespace
}  // namespace exporter::node
