// SPDX-License-Identifier: Apache-2.0
// node_supervisord_*: the processes under supervisord, from its XML-RPC interface.

#include <exporter/log.hpp>

#include "collector_spec.hpp"
#include "stream.hpp"

namespace exporter::node {
namespace {

constexpr auto kUp = gauge("node_supervisord_up", "1 where the process runs, else 0.", "group", "name");
constexpr auto kState =
    gauge("node_supervisord_state", "State of the process, as supervisord counts them.", "group", "name");
constexpr auto kExitStatus =
    gauge("node_supervisord_exit_status", "Exit status of the process' last end.", "group", "name");
constexpr auto kStartTime = counter("node_supervisord_start_time_seconds",
                                    "When the process was started, Unix time in seconds.", "group", "name");
constexpr MetricInfo kMetrics[] = {kUp, kState, kExitStatus, kStartTime};

constexpr std::string_view kQuestion =
    "<?xml "
    "version=\"1.0\"?><methodCall><methodName>supervisor.getAllProcessInfo</methodName><params/></"
    "methodCall>";
constexpr std::size_t kMaxAnswer = 16 << 20;

/// Goes through XML without entities of its own: tags, and the text before the next one.
class Xml {
 public:
  explicit Xml(std::string_view text) : rest_(text) {}

  /// The next tag's content ("name", "/value", "string/"), or nothing at the end. Comments and the like are
  /// skipped.
  std::string_view tag() {
    for (;;) {
      const auto open = rest_.find('<');
      const auto close = rest_.find('>', open == std::string_view::npos ? open : open + 1);
      if (open == std::string_view::npos || close == std::string_view::npos) {
        rest_ = {};
        return {};
      }
      const auto content = rest_.substr(open + 1, close - open - 1);
      rest_.remove_prefix(close + 1);
      if (!content.empty() && content.front() != '?' && content.front() != '!') return trim(content);
    }
  }
  /// The text up to the next tag.
  std::string_view text() const { return rest_.substr(0, rest_.find('<')); }
  bool skip_to(std::string_view wanted) {
    for (auto found = tag(); !found.empty(); found = tag()) {
      if (found == wanted) return true;
    }
    return false;
  }

 private:
  std::string_view rest_;
};

std::string unescape(std::string_view text) {
  constexpr std::pair<std::string_view, char> kEntities[] = {
      {"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&apos;", '\''}};
  std::string result;
  while (!text.empty()) {
    bool found = false;
    for (const auto& [entity, character] : kEntities) {
      if (!text.starts_with(entity)) continue;
      result += character;
      text.remove_prefix(entity.size());
      found = true;
      break;
    }
    if (!found) {
      result += text.front();
      text.remove_prefix(1);
    }
  }
  return result;
}

/// "user:password" of a URL, "%40" and the like decoded, as the value of an Authorization header.
std::string basic_auth(std::string_view user_info) {
  std::string plain;
  for (std::size_t i = 0; i < user_info.size(); ++i) {
    const auto code =
        user_info[i] == '%' ? parse<unsigned>(user_info.substr(i + 1, 2), 16) : Result<unsigned>(256U);
    if (code && *code < 256) i += 2;
    plain += code && *code < 256 ? static_cast<char>(*code) : user_info[i];
  }
  if (plain.find(':') == std::string::npos) plain += ':';
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string result = "Basic ";
  for (std::size_t i = 0; i < plain.size(); i += 3) {
    std::uint32_t bits = 0;
    for (std::size_t j = 0; j < 3; ++j) {
      bits = bits << 8 | (i + j < plain.size() ? static_cast<unsigned char>(plain[i + j]) : 0U);
    }
    for (std::size_t j = 0; j < 4; ++j) {
      result += i + j > plain.size() ? '=' : kAlphabet[bits >> (18 - 6 * j) & 63];
    }
  }
  return result;
}

struct Process {
  std::string name, group;
  std::int64_t start = 0, state = 0, exit_status = 0;
  bool runs() const { return state == 10 || state == 20 || state == 40; }  // STARTING, RUNNING, STOPPING
};

class Supervisord final : public Collector {
 public:
  Supervisord(Host&, Flags& flags)
      : url_(flags.text("collector.supervisord.url", "http://localhost:9001/RPC2", "XML RPC endpoint.")
                 .env("SUPERVISORD_URL")) {}

  Status start() override {
    log::warn("This collector is deprecated and will be removed in the next major version",
              {{"collector", "supervisord"}});
    return {};
  }

  Status collect(Sink& sink, const Scrape& scrape) override {
    auto answer = ask(std::min(scrape.deadline(), Scrape::Clock::now() + std::chrono::seconds(10)));
    if (!answer) return fail(answer.error().code, "unable to call supervisord: " + answer.error().message);
    if (answer->find("<fault>") != std::string::npos) {
      return fail(Code::kInvalid, "unable to call supervisord: it answered with a fault");
    }
    Xml xml(*answer);
    if (!xml.skip_to("array")) return fail(Code::kInvalid, "supervisord's answer has no list of processes");
    for (auto tag = xml.tag(); tag != "/array"; tag = xml.tag()) {
      if (tag.empty()) return fail(Code::kInvalid, "supervisord's answer ends too early");
      if (tag != "struct") continue;
      auto process = read(xml);
      if (!process) return fail(process);
      sink(kState, {process->group, process->name}, process->state);
      sink(kExitStatus, {process->group, process->name}, process->exit_status);
      sink(kUp, {process->group, process->name}, process->runs() ? 1 : 0);
      if (process->runs()) sink(kStartTime, {process->group, process->name}, process->start);
    }
    return {};
  }

 private:
  /// From behind <struct> to behind </struct>.
  static Result<Process> read(Xml& xml) {
    Process process;
    std::string key;
    for (auto tag = xml.tag(); tag != "/struct"; tag = xml.tag()) {
      if (tag.empty()) return fail(Code::kInvalid, "supervisord's answer ends too early");
      if (tag == "name") {
        key = unescape(trim(xml.text()));
      } else if (tag == "string" || tag == "value") {  // a value without a type is a string
        if (tag == "value" && trim(xml.text()).empty()) continue;
        if (key == "name") process.name = unescape(xml.text());
        if (key == "group") process.group = unescape(xml.text());
      } else if (tag == "int" || tag == "i4" || tag == "i8") {
        auto* const field = key == "start"        ? &process.start
                            : key == "state"      ? &process.state
                            : key == "exitstatus" ? &process.exit_status
                                                  : nullptr;
        if (!field) continue;
        auto number = parse<std::int64_t>(xml.text());
        if (!number) return fail(number);
        *field = *number;
      }
    }
    return process;
  }

  /// The body of supervisord's answer.
  Result<std::string> ask(Stream::Deadline deadline) const {
    std::string_view rest = *url_;
    Result<Stream> stream = fail(Code::kInvalid, "expected http:// or unix://, got " + *url_);
    std::string host = "unix";
    std::string path = "/RPC2";
    std::string authorization;
    if (rest.starts_with("unix://")) {
      stream = Stream::connect_unix(rest.substr(7), deadline);
    } else if (rest.starts_with("http://")) {
      rest.remove_prefix(7);
      const auto slash = rest.find('/');
      host = rest.substr(0, slash);
      path = slash == std::string_view::npos ? "/" : rest.substr(slash);
      if (const auto at = host.rfind('@'); at != std::string::npos) {
        authorization = "Authorization: " + basic_auth(std::string_view(host).substr(0, at)) + "\r\n";
        host.erase(0, at + 1);
      }
      std::string name = host;
      std::string port = "80";
      if (const auto colon = name.rfind(':');
          colon != std::string::npos && name.find(']', colon) == std::string::npos) {
        port = name.substr(colon + 1);
        name.resize(colon);
      }
      if (name.starts_with('[') && name.ends_with(']')) name = name.substr(1, name.size() - 2);
      stream = Stream::connect_tcp(name, port, deadline);
    }
    if (!stream) return fail(stream);

    std::string request =
        "POST " + path + " HTTP/1.0\r\nHost: " + host +
        "\r\nContent-Type: text/xml\r\nContent-Length: " + std::string(Digits(kQuestion.size())) +
        "\r\nConnection: close\r\n\r\n";
    request += kQuestion;
    auto sent = stream->send(request, deadline);
    if (!sent) return fail(sent);
    std::string answer;
    for (;;) {
      auto more = stream->receive(answer, deadline);
      if (!more) return fail(more);
      if (!*more) break;
      if (answer.size() > kMaxAnswer) return fail(Code::kInvalid, "its answer is too long");
    }
    const auto end = answer.find("\r\n\r\n");
    Fields status_line(std::string_view(answer).substr(0, answer.find('\r')));
    if (!status_line.next().starts_with("HTTP/1.") || end == std::string::npos) {
      return fail(Code::kInvalid, "its answer is not HTTP");
    }
    if (const auto code = status_line.next(); code != "200") {
      return fail(Code::kUnavailable, "it answered with status " + std::string(code));
    }
    answer.erase(0, end + 4);
    return answer;
  }

  const Flag<std::string>& url_;
};

}  // namespace

extern const CollectorSpec supervisord{"Processes under supervisord, from its XML-RPC interface.", kMetrics,
                                       make<Supervisord>};

}  // namespace exporter::node
