// SPDX-License-Identifier: Apache-2.0
// node_logind_sessions: users' sessions by kind, from systemd-logind over D-Bus.

#include <algorithm>
#include <map>

#include "collector_spec.hpp"
#include "dbus.hpp"

namespace exporter::node {
namespace {

constexpr auto kSessions =
    gauge("node_logind_sessions", "Sessions by seat and kind.", "class", "remote", "seat", "type");
constexpr MetricInfo kMetrics[] = {kSessions};

constexpr std::string_view kService = "org.freedesktop.login1";
constexpr std::string_view kPath = "/org/freedesktop/login1";
constexpr std::string_view kManager = "org.freedesktop.login1.Manager";
constexpr std::string_view kSession = "org.freedesktop.login1.Session";

constexpr std::string_view kTypes[] = {"other", "unspecified", "tty", "x11", "wayland", "mir", "web"};
constexpr std::string_view kClasses[] = {"other", "user", "greeter", "lock-screen", "background"};

std::string_view known_or_other(std::string_view value, std::span<const std::string_view> known) {
  const auto found = std::ranges::find(known, value);
  return found == known.end() ? "other" : *found;
}

class Logind final : public Collector {
 public:
  Logind(Host&, Flags&) {}

  Status collect(Sink& sink, const Scrape& scrape) override {
    auto seat_reply = bus_.call(kService, kPath, kManager, "ListSeats", bus_deadline(scrape));
    if (!seat_reply) return fail(seat_reply);
    std::vector<std::string> seats{""};  // of remote sessions
    auto seat_list = seat_reply->body();
    for (const auto end = seat_list.array(8); seat_list.more_before(end);) {  // a(so): name, path
      seat_list.align(8);
      seats.emplace_back(seat_list.text());
      seat_list.text();
    }

    auto session_reply = bus_.call(kService, kPath, kManager, "ListSessions", bus_deadline(scrape));
    if (!session_reply) return fail(session_reply);
    std::vector<std::string_view> session_seats;
    std::vector<DBus::Property> wanted;
    auto list = session_reply->body();
    for (const auto end = list.array(8); list.more_before(end);) {  // a(susso): id, uid, user, seat, path
      list.align(8);
      list.text();
      list.u32();
      list.text();
      session_seats.push_back(list.text());
      const auto path = list.text();
      for (const std::string_view property : {"Remote", "Type", "Class"})
        wanted.push_back({path, kSession, property});
    }
    if (!seat_list.ok() || !list.ok()) return fail(Code::kInvalid, "logind sent a malformed answer");

    auto values = bus_.properties(kService, wanted, bus_deadline(scrape));
    if (!values) return fail(values);
    std::map<std::array<std::string_view, 4>, std::uint64_t> counts;
    for (std::size_t i = 0; i < session_seats.size(); ++i) {
      const auto* value = values->data() + 3 * i;
      if (!value[0] || !value[1] || !value[2]) continue;  // it has ended
      ++counts[{known_or_other(value[2]->text, kClasses), value[0]->number != 0 ? "true" : "false",
                session_seats[i], known_or_other(value[1]->text, kTypes)}];
    }
    const auto sessions = sink.family(kSessions);
    for (const std::string_view remote : {"true", "false"}) {
      for (const auto type : kTypes) {
        for (const auto session_class : kClasses) {
          for (const auto& seat : seats) {
            const auto found = counts.find({session_class, remote, seat, type});
            sessions({session_class, remote, seat, type}, found == counts.end() ? 0 : found->second);
          }
        }
      }
    }
    return {};
  }

 private:
  DBus bus_;
};

}  // namespace

extern const CollectorSpec logind{"Sessions, from systemd-logind over D-Bus.", kMetrics, make<Logind>};

}  // namespace exporter::node
