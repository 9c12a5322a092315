// SPDX-License-Identifier: Apache-2.0
// Puts requests on connections to the API server, and what they have to carry into their headers.

#include "api/transport.hpp"

#include <algorithm>
#include <cstdlib>

#include <exporter/text.hpp>

#include "api/base64.hpp"
#include "api/connection.hpp"

namespace exporter::kube {
namespace {

constexpr std::chrono::seconds kTokenAge{60};

bool fits_header(std::string_view value) {
  return std::none_of(value.begin(), value.end(), [](unsigned char c) { return c < ' ' || c == 0x7f; });
}

std::optional<std::chrono::seconds> seconds_variable(const char* name) {
  const char* const text = std::getenv(name);
  if (text == nullptr || *text == 0) return std::nullopt;
  const auto number = parse<std::uint32_t>(text);
  if (!number || *number == 0) return std::nullopt;
  return std::chrono::seconds(std::min<std::uint32_t>(*number, 86'400));
}

}  // namespace

Transport::Transport(ApiOptions options, TransportSettings settings)
    : options_(std::move(options)), settings_(settings) {}

Transport::~Transport() { stop(); }

Status Transport::start() {
  auto server = parse_url(options_.server, "http");
  if (!server) return fail(Code::kInvalid, "API server's URL: " + server.error().message);
  server_ = std::move(*server);
  // What Kubernetes' own client takes from the environment.
  if (const char* off = std::getenv("DISABLE_HTTP2"); off != nullptr && *off != 0) settings_.http2 = false;
  if (const auto idle = seconds_variable("HTTP2_READ_IDLE_TIMEOUT_SECONDS")) settings_.ping_after = *idle;
  if (const auto wait = seconds_variable("HTTP2_PING_TIMEOUT_SECONDS")) settings_.ping_wait = *wait;
  http2_ = settings_.http2 && server_.tls;

  const std::string proxy =
      !options_.proxy.empty() ? options_.proxy : proxy_from_environment(server_, std::getenv);
  if (!proxy.empty() && proxy != "none") {
    auto url = parse_url(proxy, "http");
    if (!url) return fail(Code::kInvalid, "proxy's URL: " + url.error().message);
    if (url->tls) return fail(Code::kInvalid, "proxy's URL: only http:// proxies are supported");
    proxy_ = std::move(*url);
  }
  for (const auto* value :
       {&options_.token, &options_.user_agent, &options_.impersonate_user, &options_.impersonate_uid}) {
    if (!fits_header(*value)) return fail(Code::kInvalid, "token or user has a control character in it");
  }
  if (!options_.token_file.empty()) {
    if (auto token = bearer(); !token) return fail(token);
  }
  if (server_.tls) {  // tells now what is wrong with certificates
    if (auto tls = TlsClient::open(options_, server_, -1, true); !tls) return fail(tls);
  }
  return loop_.start();
}

void Transport::stop() {
  loop_.stop([this] {
    ended_ = true;
    while (!connections_.empty()) {
      connections_.back()->fail_with(Error{Code::kCancelled, "the program is stopping"});
    }
  });
}

Result<std::string> Transport::bearer() {
  if (options_.token_file.empty()) return options_.token;
  const auto now = Loop::Clock::now();
  if (token_read_ != Loop::Clock::time_point{} && now - token_read_ < kTokenAge) return token_;
  const auto text = read_file(options_.token_file);
  const auto token = text ? trim(*text) : std::string_view();
  if (token.empty() || !fits_header(token)) {
    // While the file is being replaced, what it held last may still be good.
    const std::string& last = token_.empty() ? options_.token : token_;
    if (!last.empty()) return last;
    if (!text) return fail(text);
    return fail(Code::kInvalid, "no token in " + options_.token_file);
  }
  token_ = token;
  token_read_ = now;
  return token_;
}

Status Transport::add_headers(Call& call) {
  auto& headers = call.headers;
  headers.emplace_back("user-agent",
                       options_.user_agent.empty() ? "kube-state-metrics" : options_.user_agent);
  if (!options_.user.empty() || !options_.password.empty()) {
    headers.emplace_back("authorization", "Basic " + base64_encoded(options_.user + ":" + options_.password));
  } else if (!options_.token.empty() || !options_.token_file.empty()) {
    auto token = bearer();
    if (!token) return fail(token);
    headers.emplace_back("authorization", "Bearer " + *token);
  }
  if (!options_.impersonate_user.empty()) headers.emplace_back("impersonate-user", options_.impersonate_user);
  if (!options_.impersonate_uid.empty()) headers.emplace_back("impersonate-uid", options_.impersonate_uid);
  for (const auto& group : options_.impersonate_groups) headers.emplace_back("impersonate-group", group);
  if (proxy_ && !server_.tls && !proxy_->user.empty()) {
    headers.emplace_back("proxy-authorization",
                         "Basic " + base64_encoded(proxy_->user + ":" + proxy_->password));
  }
  return {};
}

void Transport::begin(Exchange& exchange, ApiRequest request) {
  Call call;
  call.exchange = &exchange;
  call.request = std::move(request);
  call.request.path.insert(0, server_.path);
  if (ended_) return end_soon(exchange, {Code::kCancelled, "the program is stopping"});
  if (auto status = add_headers(call); !status) return end_soon(exchange, status.error());
  begin(std::move(call));
}

void Transport::begin(Call call) {
  if (ended_) return end_soon(*call.exchange, {Code::kCancelled, "the program is stopping"});
  const auto found =
      std::find_if(connections_.begin(), connections_.end(), [](const auto& c) { return c->has_room(); });
  if (found != connections_.end()) return (*found)->begin(std::move(call));
  const auto connection = std::make_shared<Connection>(*this);
  connections_.push_back(connection);
  connection->begin(std::move(call));
  // Not at once: whoever begins must not be called before this has returned.
  loop_.defer([weak = std::weak_ptr(connection)] {
    if (const auto begun = weak.lock()) begun->start();
  });
}

void Transport::end_soon(Exchange& exchange, Error error) {
  failing_.emplace_back(&exchange, std::move(error));
  loop_.defer([this, key = &exchange] {
    const auto found =
        std::find_if(failing_.begin(), failing_.end(), [&](const auto& one) { return one.first == key; });
    if (found == failing_.end()) return;
    auto [failed, why] = std::move(*found);
    failing_.erase(found);
    failed->end(std::unexpected(std::move(why)));
  });
}

void Transport::cancel(Exchange& exchange) {
  std::erase_if(failing_, [&](const auto& one) { return one.first == &exchange; });
  for (const auto& connection : std::vector(connections_)) {
    if (connection->cancel(exchange)) return;
  }
}

void Transport::drop(const Connection& connection) {
  std::erase_if(connections_, [&](const auto& one) { return one.get() == &connection; });
}

}  // namespace exporter::kube
