// SPDX-License-Identifier: Apache-2.0

#include "netlink.hpp"

#include <linux/genetlink.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace exporter::node {

namespace {

// The kernel fills datagrams of up to 32 KiB for a reader that offers so much.
constexpr std::size_t kBufferBytes = 32768;
constexpr int kAttempts = 4;

}  // namespace

void Attributes::Iterator::step() {
  nlattr header{};
  if (rest_.size() < sizeof header) {
    done_ = true;
    return;
  }
  std::memcpy(&header, rest_.data(), sizeof header);
  if (header.nla_len < sizeof header || header.nla_len > rest_.size()) {
    done_ = true;
    return;
  }
  current_.type = header.nla_type & NLA_TYPE_MASK;
  current_.data = rest_.subspan(NLA_HDRLEN, header.nla_len - NLA_HDRLEN);
  rest_ = rest_.subspan(std::min<std::size_t>(NLA_ALIGN(header.nla_len), rest_.size()));
}

Status Netlink::open() {
  if (socket_) return {};
  Fd fd(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol_));
  if (!fd) return std::unexpected(errno_error("socket", "netlink", errno));
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return std::unexpected(errno_error("bind", "netlink", errno));
  }
  socket_ = std::move(fd);
  return {};
}

Status Netlink::run(std::uint16_t type, std::uint16_t flags, Bytes body, Scrape::Clock::time_point deadline,
                    Callback reset, Callback visit) {
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    if (auto opened = open(); !opened) return opened;
    reset();
    auto sent = send(type, flags, body);
    if (!sent) {
      socket_.reset();
      return sent;
    }
    auto outcome = receive_all(deadline, visit);
    if (!outcome) {
      socket_.reset();  // what is still under way must not be taken for the next answer
      return fail(outcome);
    }
    if (*outcome == Outcome::kDone) return {};
  }
  return {};  // a list that changes all the time: what the last dump had is as good as any
}

Result<std::uint16_t> Netlink::family(std::string_view name, Scrape::Clock::time_point deadline) {
  struct {
    genlmsghdr header{CTRL_CMD_GETFAMILY, 1, 0};
    nlattr attribute{NLA_HDRLEN, CTRL_ATTR_FAMILY_NAME};
    std::array<char, GENL_NAMSIZ> name{};
  } request;
  const auto length = std::min(name.size(), request.name.size() - 1);
  std::copy_n(name.begin(), length, request.name.begin());
  request.attribute.nla_len = static_cast<std::uint16_t>(NLA_HDRLEN + length + 1);
  const auto body = as_bytes(request).first(sizeof(genlmsghdr) + NLA_ALIGN(request.attribute.nla_len));
  std::uint16_t number = 0;
  auto done = get(GENL_ID_CTRL, body, deadline, [&](const Message& message) {
    for (const auto& attribute : message.attributes(sizeof(genlmsghdr))) {
      if (attribute.type == CTRL_ATTR_FAMILY_ID) attribute.read(number);
    }
  });
  if (!done) return fail(done);
  if (number == 0) return fail(Code::kInvalid, "netlink: a family without a number");
  return number;
}

Status Netlink::send(std::uint16_t type, std::uint16_t flags, Bytes body) {
  nlmsghdr header{};
  header.nlmsg_len = static_cast<std::uint32_t>(NLMSG_HDRLEN + body.size());
  header.nlmsg_type = type;
  header.nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags);
  header.nlmsg_seq = ++sequence_;
  std::array<iovec, 2> parts{iovec{&header, sizeof header},
                             iovec{const_cast<std::byte*>(body.data()), body.size()}};
  sockaddr_nl kernel{};
  kernel.nl_family = AF_NETLINK;
  msghdr message{};
  message.msg_name = &kernel;
  message.msg_namelen = sizeof kernel;
  message.msg_iov = parts.data();
  message.msg_iovlen = parts.size();
  if (::sendmsg(socket_.get(), &message, 0) < 0)
    return std::unexpected(errno_error("send", "netlink", errno));
  return {};
}

Result<Netlink::Outcome> Netlink::receive_all(Scrape::Clock::time_point deadline, Callback visit) {
  alignas(nlmsghdr) std::array<std::byte, kBufferBytes> buffer;
  bool interrupted = false;
  for (;;) {
    sockaddr_nl sender{};
    socklen_t sender_size = sizeof sender;
    const auto got = ::recvfrom(socket_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT | MSG_TRUNC,
                                reinterpret_cast<sockaddr*>(&sender), &sender_size);
    if (got < 0) {
      if (errno == EINTR) continue;
      if (errno != EAGAIN) return std::unexpected(errno_error("receive", "netlink", errno));
      const auto left = Scrape(deadline).remaining();
      pollfd waiting{socket_.get(), POLLIN, 0};
      if (::poll(&waiting, 1, static_cast<int>(std::min<std::int64_t>(left.count(), 1 << 30))) == 0) {
        return fail(Code::kTimeout, "netlink: no answer in time");
      }
      continue;
    }
    if (sender.nl_pid != 0) continue;  // not from the kernel
    if (static_cast<std::size_t>(got) > buffer.size())
      return fail(Code::kInvalid, "netlink: message too long");
    Bytes rest(buffer.data(), static_cast<std::size_t>(got));
    while (rest.size() >= sizeof(nlmsghdr)) {
      nlmsghdr header{};
      std::memcpy(&header, rest.data(), sizeof header);
      if (header.nlmsg_len < NLMSG_HDRLEN || header.nlmsg_len > rest.size()) {
        return fail(Code::kInvalid, "netlink: message with a wrong length");
      }
      const Message message{header.nlmsg_type, rest.subspan(NLMSG_HDRLEN, header.nlmsg_len - NLMSG_HDRLEN)};
      rest = rest.subspan(std::min<std::size_t>(NLMSG_ALIGN(header.nlmsg_len), rest.size()));
      if (header.nlmsg_seq != sequence_) continue;
      if (header.nlmsg_flags & NLM_F_DUMP_INTR) interrupted = true;
      if (message.type == NLMSG_NOOP) continue;
      if (message.type == NLMSG_ERROR || message.type == NLMSG_DONE) {
        const int error = message.header<int>().value_or(0);  // both begin with a negative errno, or 0
        if (error < 0) return std::unexpected(errno_error("request", "netlink", -error));
        return interrupted ? Outcome::kAgain : Outcome::kDone;
      }
      visit(&message);
    }
  }
}

}  // namespace exporter::node
