// SPDX-License-Identifier: Apache-2.0
// node_ntp_*: what the NTP daemon of this machine says of its clock, asked over SNTP (RFC 5905).

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/random.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <ctime>
#include <memory>

#include <exporter/log.hpp>

#include "collector_spec.hpp"
#include "stream.hpp"

namespace exporter::node {
namespace {

constexpr auto kStratum = gauge("node_ntp_stratum", "Stratum of the NTP server.");
constexpr auto kLeap =
    gauge("node_ntp_leap", "Leap second indicator: 0 none, 1 one more, 2 one less, 3 unknown.");
constexpr auto kRtt =
    gauge("node_ntp_rtt_seconds", "Time that the question and the answer took, in seconds.");
constexpr auto kOffset =
    gauge("node_ntp_offset_seconds", "Offset of this clock from the NTP server's, in seconds.");
constexpr auto kReference = gauge("node_ntp_reference_timestamp_seconds",
                                  "When the server's clock was last set, Unix time in seconds.");
constexpr auto kRootDelay =
    gauge("node_ntp_root_delay_seconds", "Round trip to the reference clock in seconds.");
constexpr auto kRootDispersion =
    gauge("node_ntp_root_dispersion_seconds", "Dispersion to the reference clock in seconds.");
constexpr auto kSanity = gauge("node_ntp_sanity", "1 where the server's answer is fit for use, else 0.");
constexpr MetricInfo kMetrics[] = {kStratum,   kLeap,           kRtt,   kOffset, kReference,
                                   kRootDelay, kRootDispersion, kSanity};

constexpr std::size_t kPacketSize = 48;
constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kUnixEpoch = 2'208'988'800;  // in NTP's seconds since 1900

std::uint64_t big_endian(const unsigned char* at, std::size_t bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < bytes; ++i) value = value << 8 | at[i];
  return value;
}

std::int64_t fraction_ns(std::uint64_t fraction, int bits) {
  return static_cast<std::int64_t>(
      (static_cast<unsigned __int128>(fraction) * kSecond + (1ULL << (bits - 1))) >> bits);
}

/// NTP's 32.32 bit time as nanoseconds of Unix time; times before 1970 are negative.
std::int64_t unix_ns(std::uint64_t time) {
  return (static_cast<std::int64_t>(time >> 32) - kUnixEpoch) * kSecond + fraction_ns(time & 0xffffffff, 32);
}

/// 16.16 bit seconds.
std::int64_t short_ns(std::uint64_t time) {
  return static_cast<std::int64_t>(time >> 16) * kSecond + fraction_ns(time & 0xffff, 16);
}

std::int64_t now_ns() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return now.tv_sec * kSecond + now.tv_nsec;
}

double seconds(std::int64_t ns) {
  return static_cast<double>(ns / kSecond) + static_cast<double>(ns % kSecond) / 1e9;
}

struct Answer {
  int leap, stratum;
  std::int64_t root_delay, root_dispersion, reference;
  std::int64_t sent, received, answered, arrived;  // this clock's, the server's, the server's, this clock's

  std::int64_t round_trip() const {
    return std::max<std::int64_t>(arrived - sent - (answered - received), 0);
  }
  std::int64_t offset() const { return ((received - sent) + (answered - arrived)) / 2; }
  std::int64_t root_distance() const { return (round_trip() + root_delay) / 2 + root_dispersion; }
  /// How much the clocks differ at least.
  std::int64_t least_error() const {
    return std::max<std::int64_t>({0, sent - received, answered - arrived});
  }
  bool valid() const {
    constexpr std::int64_t kMaxPoll = (std::int64_t{1} << 17) * kSecond;
    constexpr std::int64_t kMaxDispersion = 16 * kSecond;
    return leap != 3 && stratum > 0 && stratum < 16 && answered - reference <= kMaxPoll &&
           root_delay / 2 + root_dispersion <= kMaxDispersion && answered >= reference;
  }
};

class Ntp final : public Collector {
 public:
  Ntp(Host&, Flags& flags)
      : server_(flags.text("collector.ntp.server", "127.0.0.1", "NTP server to use for ntp collector")),
        port_(flags.integer("collector.ntp.server-port", 123, "UDP port number to connect to on NTP server")),
        version_(flags.integer("collector.ntp.protocol-version", 4, "NTP protocol version")),
        local_(flags.toggle("collector.ntp.server-is-local", false,
                            "Certify that collector.ntp.server address is not a public ntp server")),
        ttl_(flags.integer("collector.ntp.ip-ttl", 1, "IP TTL to use while sending NTP query")),
        max_distance_(
            flags.duration("collector.ntp.max-distance", "3.46608s", "Max accumulated distance to the root")),
        tolerance_(flags.duration("collector.ntp.local-offset-tolerance", "1ms",
                                  "Offset between local clock and local ntpd time to tolerate")) {}

  Status start() override {
    log::warn("This collector is deprecated and will be removed in the next major version",
              {{"collector", "ntp"}});
    if (!*local_ && !is_loopback(*server_)) {
      return fail(Code::kInvalid, "only IP address of local NTP server is valid for --collector.ntp.server");
    }
    if (*version_ < 2 || *version_ > 4) {
      return fail(Code::kInvalid,
                  "invalid NTP protocol version " + std::string(Digits(*version_)) + "; must be 2, 3, or 4");
    }
    if (tolerance_->count() < 0) return fail(Code::kInvalid, "offset tolerance must be non-negative");
    if (*port_ < 1 || *port_ > 65535) {
      return fail(Code::kInvalid, "invalid NTP port number " + std::string(Digits(*port_)) +
                                      "; must be between 1 and 65535 inclusive");
    }
    return {};
  }

  Status collect(Sink& sink, const Scrape& scrape) override {
    auto answer = ask(scrape);
    if (!answer) {
      return fail(answer.error().code, "couldn't get SNTP reply: " + answer.error().message);
    }
    sink(kStratum, answer->stratum);
    sink(kLeap, answer->leap);
    sink(kRtt, seconds(answer->round_trip()));
    sink(kOffset, seconds(answer->offset()));
    sink(kReference, answer->reference > 0 ? static_cast<double>(answer->reference) / 1e9 : 0.0);
    sink(kRootDelay, seconds(answer->root_delay));
    sink(kRootDispersion, seconds(answer->root_dispersion));

    // Around a leap second, daemons that smear and kernels that step differ by up to one second.
    constexpr std::int64_t kDay = 86400 * kSecond;
    if (leap_midnight_ == 0 && (answer->leap == 1 || answer->leap == 2)) {
      leap_midnight_ = (answer->answered / kDay + 1) * kDay;
    }
    auto tolerance = static_cast<std::int64_t>(tolerance_->count());
    if (leap_midnight_ != 0) {
      if (answer->answered >= leap_midnight_ - kDay && answer->answered < leap_midnight_ + kDay) {
        tolerance += kSecond;
      } else {
        leap_midnight_ = 0;
      }
    }
    const bool sane = answer->valid() && answer->root_distance() <= max_distance_->count() &&
                      answer->least_error() <= tolerance;
    sink(kSanity, sane ? 1 : 0);
    return {};
  }

 private:
  static bool is_loopback(const std::string& address) {
    in_addr v4{};
    if (::inet_pton(AF_INET, address.c_str(), &v4) == 1) return (ntohl(v4.s_addr) >> 24) == 127;
    in6_addr v6{};
    return ::inet_pton(AF_INET6, address.c_str(), &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
  }

  Result<Answer> ask(const Scrape& scrape) const {
    addrinfo hints{};
    hints.ai_socktype = SOCK_DGRAM;
    addrinfo* found = nullptr;
    const std::string port{std::string_view(Digits(*port_))};
    if (const int error = ::getaddrinfo(server_->c_str(), port.c_str(), &hints, &found); error != 0) {
      return fail(Code::kUnavailable, "lookup " + *server_ + ": " + ::gai_strerror(error));
    }
    const std::unique_ptr<addrinfo, void (*)(addrinfo*)> addresses(found, ::freeaddrinfo);
    const Fd socket(::socket(found->ai_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!socket) return std::unexpected(errno_error("socket", *server_, errno));
    const int ttl = static_cast<int>(*ttl_);
    if (found->ai_family == AF_INET6) {
      ::setsockopt(socket.get(), IPPROTO_IPV6, IPV6_UNICAST_HOPS, &ttl, sizeof ttl);
    } else {
      ::setsockopt(socket.get(), IPPROTO_IP, IP_TTL, &ttl, sizeof ttl);
    }
    if (::connect(socket.get(), found->ai_addr, found->ai_addrlen) != 0) {
      return std::unexpected(errno_error("connect", *server_, errno));
    }

    std::array<unsigned char, kPacketSize> question{};
    question[0] = static_cast<unsigned char>(*version_ << 3 | 3);  // mode 3: a client
    // Not the time but a number that the answer has to repeat: nothing is told of this clock.
    if (::getrandom(question.data() + 40, 8, 0) != 8) return fail(Code::kInternal, "no random numbers");
    Answer answer{};
    answer.sent = now_ns();
    if (::send(socket.get(), question.data(), question.size(), MSG_NOSIGNAL) < 0) {
      return std::unexpected(errno_error("send", *server_, errno));
    }
    const auto deadline = std::min(scrape.deadline(), Scrape::Clock::now() + std::chrono::seconds(1));
    for (;;) {
      auto ready = wait_for(socket.get(), POLLIN, deadline);
      if (!ready) return fail(ready);
      std::array<unsigned char, 512> reply{};
      const auto size = ::recv(socket.get(), reply.data(), reply.size(), 0);
      answer.arrived = now_ns();
      if (size < 0) {
        if (errno == EAGAIN || errno == EINTR) continue;
        return std::unexpected(errno_error("receive", *server_, errno));
      }
      if (static_cast<std::size_t>(size) < kPacketSize) return fail(Code::kInvalid, "a short packet");
      if (std::memcmp(reply.data() + 24, question.data() + 40, 8) != 0)
        continue;  // the answer to another question
      return read(reply.data(), answer);
    }
  }

  static Result<Answer> read(const unsigned char* packet, Answer answer) {
    if ((packet[0] & 7) != 4) return fail(Code::kInvalid, "an answer that is not a server's");
    answer.leap = packet[0] >> 6;
    answer.stratum = packet[1];
    answer.root_delay = short_ns(big_endian(packet + 4, 4));
    answer.root_dispersion = short_ns(big_endian(packet + 8, 4));
    answer.reference = unix_ns(big_endian(packet + 16, 8));
    answer.received = unix_ns(big_endian(packet + 32, 8));
    const auto transmitted = big_endian(packet + 40, 8);
    answer.answered = unix_ns(transmitted);
    if (transmitted == 0) return fail(Code::kInvalid, "an answer without a time");
    if (answer.received > answer.answered)
      return fail(Code::kInvalid, "an answer that was sent before its question came");
    return answer;
  }

  const Flag<std::string>& server_;
  const Flag<long>& port_;
  const Flag<long>& version_;
  const Flag<bool>& local_;
  const Flag<long>& ttl_;
  const Flag<std::chrono::nanoseconds>& max_distance_;
  const Flag<std::chrono::nanoseconds>& tolerance_;
  std::int64_t leap_midnight_ = 0;
};

}  // namespace

extern const CollectorSpec ntp{"The local NTP daemon's clock, over SNTP.", kMetrics, make<Ntp>};

}  // namespace exporter::node
