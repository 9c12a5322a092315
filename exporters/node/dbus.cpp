// SPDX-License-Identifier: Apache-2.0
#include "dbus.hpp"

#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <unordered_map>

#include <exporter/text.hpp>

namespace exporter::node {
namespace {

constexpr std::string_view kDefaultSocket = "/var/run/dbus/system_bus_socket";
constexpr std::size_t kMaxMessage = 64 << 20;
constexpr std::size_t kWindow = 64;  // the bus allows 128 calls without an answer
constexpr bool kLittle = std::endian::native == std::endian::little;

enum Field : std::uint8_t {
  kPath = 1,
  kInterface,
  kMember,
  kErrorName,
  kReplySerial,
  kDestination,
  kSender,
  kSignature
};
enum Type : std::uint8_t { kCall = 1, kReturn, kError, kSignal };

/// Appends values in little-endian order.
class Writer {
 public:
  explicit Writer(std::string& out) : out_(out), base_(out.size()) {}

  void byte(std::uint8_t value) { out_ += static_cast<char>(value); }
  void u32(std::uint32_t value) {
    align(4);
    for (int i = 0; i < 4; ++i) byte(static_cast<std::uint8_t>(value >> (8 * i)));
  }
  void text(std::string_view value) {
    u32(static_cast<std::uint32_t>(value.size()));
    out_.append(value).append(1, '\0');
  }
  void signature(std::string_view value) {
    byte(static_cast<std::uint8_t>(value.size()));
    out_.append(value).append(1, '\0');
  }
  void field(Field field, std::string_view type, std::string_view value) {
    align(8);
    byte(field);
    signature(type);
    if (type == "g") {
      signature(value);
    } else {
      text(value);
    }
  }
  void align(std::size_t to) {
    while ((out_.size() - base_) % to != 0) out_ += '\0';
  }
  std::size_t size() const { return out_.size() - base_; }
  void patch_u32(std::size_t at, std::size_t value) {
    for (std::size_t i = 0; i < 4; ++i) out_[base_ + at + i] = static_cast<char>(value >> (8 * i));
  }

 private:
  std::string& out_;
  std::size_t base_;
};

std::string socket_path() {
  const char* address = std::getenv("DBUS_SYSTEM_BUS_ADDRESS");
  if (!address) return std::string(kDefaultSocket);
  std::string_view rest = address;
  while (!rest.empty()) {  // "unix:path=/run/x,guid=...;tcp:..."
    auto one = take_until(rest, ';');
    if (!one.starts_with("unix:")) continue;
    one.remove_prefix(5);
    while (!one.empty()) {
      const auto option = take_until(one, ',');
      if (option.starts_with("path=")) return std::string(option.substr(5));
    }
  }
  return std::string(kDefaultSocket);
}

}  // namespace

std::uint64_t DBusReader::number(std::size_t size) {
  align(size);
  if (!ok_ || bytes_.size() - at_ < size) {
    ok_ = false;
    return 0;
  }
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < size; ++i) {
    const std::size_t shift = 8 * (swap_ == kLittle ? size - 1 - i : i);
    value |= std::uint64_t{static_cast<unsigned char>(bytes_[at_ + i])} << shift;
  }
  at_ += size;
  return value;
}

std::string_view DBusReader::sized(std::size_t size) {
  if (!ok_ || bytes_.size() - at_ <= size) {  // a zero byte follows
    ok_ = false;
    return {};
  }
  const auto value = bytes_.substr(at_, size);
  at_ += size + 1;
  return value;
}

void DBusReader::align(std::size_t to) {
  const std::size_t aligned = (at_ + to - 1) / to * to;
  if (aligned > bytes_.size()) {
    ok_ = false;
  } else {
    at_ = aligned;
  }
}

std::size_t DBusReader::array(std::size_t alignment) {
  const std::size_t size = u32();
  align(alignment);
  if (!ok_ || bytes_.size() - at_ < size) {
    ok_ = false;
    return at_;
  }
  return at_ + size;
}

DBusReader::Basic DBusReader::basic(char type) {
  switch (type) {
    case 's':
    case 'o':
      return {type, text(), 0};
    case 'g':
      return {type, signature(), 0};
    case 'y':
      return {type, {}, byte()};
    case 'n':
    case 'q':
      return {type, {}, number(2)};
    case 'b':
    case 'u':
    case 'i':
    case 'h':
      return {type, {}, u32()};
    case 't':
    case 'x':
    case 'd':
      return {type, {}, u64()};
    default:
      ok_ = false;
      return {};
  }
}

DBusReader::Basic DBusReader::variant() {
  const auto type = signature();
  return basic(type.size() == 1 ? type.front() : '\0');
}

Status DBus::connect(Deadline deadline) {
  if (stream_) return {};
  received_.clear();
  used_ = 0;
  is_private_ = private_use_ == Private::kAlways;
  auto stream = Stream::connect_unix(is_private_ ? private_socket_ : socket_path(), deadline);
  if (!stream && private_use_ == Private::kWithoutBus) {
    if (auto other = Stream::connect_unix(private_socket_, deadline)) {
      is_private_ = true;
      stream = std::move(other);
    }
  }
  if (!stream) return fail(stream.error().code, "couldn't get dbus connection: " + stream.error().message);
  stream_ = std::move(*stream);
  auto status = authenticate(deadline);
  if (status && !is_private_) {
    constexpr std::string_view kBus = "org.freedesktop.DBus";
    auto hello = call_once(kBus, "/org/freedesktop/DBus", kBus, "Hello", deadline);
    if (!hello) status = fail(hello);
  }
  if (!status) stream_.reset();
  return status;
}

Status DBus::authenticate(Deadline deadline) {
  std::string greeting(1, '\0');
  greeting += "AUTH EXTERNAL ";
  const Digits user(::geteuid());
  for (const char c : std::string_view(user)) greeting += std::string_view(Digits(int{c}, 16));
  greeting += "\r\n";
  auto sent = stream_->send(greeting, deadline);
  if (!sent) return sent;
  std::string answer;
  while (answer.find("\r\n") == std::string::npos) {
    auto more = stream_->receive(answer, deadline);
    if (!more) return fail(more);
    if (!*more || answer.size() > 4096) return fail(Code::kUnavailable, "dbus does not answer to a greeting");
  }
  if (!answer.starts_with("OK ")) return fail(Code::kDenied, "dbus refuses this user");
  return stream_->send("BEGIN\r\n", deadline);
}

std::uint32_t DBus::append_call(std::string& to, std::string_view service, std::string_view path,
                                std::string_view interface, std::string_view method,
                                std::span<const std::string_view> arguments) {
  if (++serial_ == 0) ++serial_;
  Writer writer(to);
  writer.byte('l');
  writer.byte(kCall);
  writer.byte(0);  // flags
  writer.byte(1);  // version
  writer.u32(0);   // the body's size, below
  writer.u32(serial_);
  writer.u32(0);  // the fields' size, below
  const auto fields = writer.size();
  writer.field(kPath, "o", path);
  writer.field(kInterface, "s", interface);
  writer.field(kMember, "s", method);
  if (!is_private_) writer.field(kDestination, "s", service);
  if (!arguments.empty()) writer.field(kSignature, "g", std::string(arguments.size(), 's'));
  writer.patch_u32(12, writer.size() - fields);
  writer.align(8);
  const auto body = writer.size();
  for (const auto argument : arguments) writer.text(argument);
  writer.patch_u32(4, writer.size() - body);
  return serial_;
}

Result<DBus::Reply> DBus::next_reply(Deadline deadline) {
  constexpr std::size_t kFixed = 16;
  for (;;) {
    const auto rest = std::string_view(received_).substr(used_);
    std::size_t wanted = kFixed;
    if (rest.size() >= kFixed) {
      const char order = rest.front();
      if (order != 'l' && order != 'B')
        return fail(Code::kInvalid, "dbus sent something that is not a message");
      const bool swap = (order == 'l') != kLittle;
      DBusReader head(rest, swap);
      head.byte();
      const auto type = head.byte();
      head.byte();
      head.byte();
      const std::size_t body = head.u32();
      head.u32();
      const std::size_t fields = head.u32();
      const std::size_t body_begin = (kFixed + fields + 7) / 8 * 8;
      if (fields > kMaxMessage || body > kMaxMessage)
        return fail(Code::kInvalid, "dbus sent too long a message");
      wanted = body_begin + body;
      if (rest.size() >= wanted) {
        Reply reply{std::string(rest.substr(0, wanted)), body_begin, swap, 0, {}};
        used_ += wanted;
        if (type != kReturn && type != kError) continue;
        DBusReader header(reply.message, swap);
        header.skip_to(kFixed);
        while (header.more_before(kFixed + fields)) {
          header.align(8);
          const auto field = header.byte();
          const auto value = header.variant();
          if (field == kReplySerial) reply.serial = static_cast<std::uint32_t>(value.number);
          if (field == kErrorName) reply.error = value.text;
        }
        if (!header.ok()) return fail(Code::kInvalid, "dbus sent a malformed message");
        if (type == kError && reply.error.empty()) reply.error = "unknown error";
        return reply;
      }
    }
    if (used_ > 0) {
      received_.erase(0, used_);
      used_ = 0;
    }
    while (received_.size() < wanted) {
      auto more = stream_->receive(received_, deadline);
      if (!more) return fail(more);
      if (!*more) return fail(Code::kUnavailable, "dbus closed the connection");
    }
  }
}

Result<DBus::Reply> DBus::call_once(std::string_view service, std::string_view path,
                                    std::string_view interface, std::string_view method, Deadline deadline) {
  auto connected = connect(deadline);
  if (!connected) return fail(connected);
  std::string message;
  const auto serial = append_call(message, service, path, interface, method, {});
  auto sent = stream_->send(message, deadline);
  if (!sent) return fail(sent);
  for (;;) {
    auto reply = next_reply(deadline);
    if (!reply || reply->serial == serial) return reply;
  }
}

Result<DBus::Reply> DBus::call(std::string_view service, std::string_view path, std::string_view interface,
                               std::string_view method, Deadline deadline) {
  const bool was_connected = stream_.has_value();
  auto reply = call_once(service, path, interface, method, deadline);
  if (!reply) {
    stream_.reset();
    if (was_connected && reply.error().code == Code::kUnavailable) {  // the bus was restarted
      reply = call_once(service, path, interface, method, deadline);
      if (!reply) stream_.reset();
    }
  }
  if (!reply) return reply;
  if (!reply->error.empty()) {
    return fail(Code::kUnavailable, std::string(interface) + '.' + std::string(method) + ": " + reply->error);
  }
  return reply;
}

Result<std::vector<std::optional<DBus::Value>>> DBus::properties(std::string_view service,
                                                                 std::span<const Property> wanted,
                                                                 Deadline deadline) {
  auto connected = connect(deadline);
  if (!connected) return fail(connected);
  std::vector<std::optional<Value>> values(wanted.size());
  std::unordered_map<std::uint32_t, std::size_t> open;
  std::size_t next = 0;
  while (next < wanted.size() || !open.empty()) {
    if (next < wanted.size() && open.size() <= kWindow / 2) {
      std::string messages;
      for (; next < wanted.size() && open.size() < kWindow; ++next) {
        const std::string_view arguments[] = {wanted[next].interface, wanted[next].name};
        const auto serial = append_call(messages, service, wanted[next].path,
                                        "org.freedesktop.DBus.Properties", "Get", arguments);
        open.emplace(serial, next);
      }
      auto sent = stream_->send(messages, deadline);
      if (!sent) {
        stream_.reset();
        return fail(sent);
      }
    }
    auto reply = next_reply(deadline);
    if (!reply) {
      stream_.reset();
      return fail(reply);
    }
    const auto found = open.find(reply->serial);
    if (found == open.end()) continue;
    if (reply->error.empty()) {
      auto body = reply->body();
      const auto value = body.variant();
      if (body.ok()) values[found->second] = Value{value.type, std::string(value.text), value.number};
    }
    open.erase(found);
  }
  return values;
}

}  // namespace exporter::node
