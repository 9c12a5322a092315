// SPDX-License-Identifier: Apache-2.0
// The HTTP client, over one libcurl handle a target.

#include <exporter/http_client.hpp>

#include <curl/curl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>

#ifdef EXPORTER_STATIC
extern "C" int __nss_configure_lookup(const char*, const char*);  // NOLINT: glibc's name
#endif

/// What libcurl's start calls instead of OPENSSL_init_ssl (see cmake/curl.cmake).
extern "C" int exporter_openssl_later(std::uint64_t, const void*) { return 1; }

namespace exporter {
namespace {

using Clock = Scrape::Clock;

bool start_curl() {
#ifdef EXPORTER_STATIC
  // A static program must not load the plug-ins that nsswitch.conf may name: they belong to another libc.
  __nss_configure_lookup("hosts", "files dns");
#endif
  return curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
}

/// Where systems keep the certificates they trust: a static binary runs on all of them.
const char* system_certificates() {
  static constexpr std::array kPlaces = {
      "/etc/ssl/certs/ca-certificates.crt",                 // Debian, Alpine, distroless
      "/etc/pki/tls/certs/ca-bundle.crt",                   // Fedora, RHEL
      "/etc/ssl/ca-bundle.pem",                             // openSUSE
      "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",  // RHEL
      "/etc/ssl/cert.pem",                                  // Alpine, BSDs
  };
  if (const char* set = std::getenv("SSL_CERT_FILE"); set && *set) return set;
  for (const char* place : kPlaces) {
    if (access(place, R_OK) == 0) return place;
  }
  return nullptr;
}

Code code_of(CURLcode code) {
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
      return Code::kTimeout;
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_TOO_MANY_REDIRECTS:
    case CURLE_GOT_NOTHING:
      return Code::kInvalid;
    default:
      return Code::kUnavailable;
  }
}

/// One line, whatever a server's answer put into it.
std::string one_line(std::string_view text) {
  std::string line(text.substr(0, 300));
  std::replace_if(
      line.begin(), line.end(), [](unsigned char c) { return c < ' ' || c > '~'; }, ' ');
  while (!line.empty() && line.back() == ' ') line.pop_back();
  return line;
}

}  // namespace

struct HttpClient::Impl {
  explicit Impl(HttpOptions given) : options(std::move(given)) {}
  ~Impl() {
    curl_slist_free_all(headers);
    curl_easy_cleanup(handle);
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  HttpOptions options;
  CURL* handle = nullptr;
  curl_slist* headers = nullptr;
  std::string body;
  bool too_large = false;
  std::array<char, CURL_ERROR_SIZE> problem{};

  Status open();
  void set_tls();
  static std::size_t take(const char* data, std::size_t size, std::size_t count, void* self);

  template <class T>
  void set(CURLoption option, T value) {
    curl_easy_setopt(handle, option, value);
  }
  void set_text(CURLoption option, const std::string& text) {
    if (!text.empty()) set(option, text.c_str());
  }
  void add_header(const std::string& line) { headers = curl_slist_append(headers, line.c_str()); }
};

HttpClient::HttpClient(HttpOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}
HttpClient::~HttpClient() = default;
HttpClient::HttpClient(HttpClient&&) noexcept = default;
HttpClient& HttpClient::operator=(HttpClient&&) noexcept = default;

std::size_t HttpClient::Impl::take(const char* data, std::size_t size, std::size_t count, void* self) {
  auto& impl = *static_cast<Impl*>(self);
  const std::size_t bytes = size * count;
  if (impl.body.size() + bytes > impl.options.max_body) {
    impl.too_large = true;
    return 0;
  }
  impl.body.append(data, bytes);
  return bytes;
}

void HttpClient::Impl::set_tls() {
  if (options.insecure) {
    set(CURLOPT_SSL_VERIFYPEER, 0L);
    set(CURLOPT_SSL_VERIFYHOST, 0L);
  }
  if (!options.ca_file.empty()) {
    set_text(CURLOPT_CAINFO, options.ca_file);
  } else if (!options.insecure) {
    if (const char* file = system_certificates()) set(CURLOPT_CAINFO, file);
  }
  if (!options.cert_file.empty() && !options.key_file.empty()) {
    set_text(CURLOPT_SSLCERT, options.cert_file);
    set_text(CURLOPT_SSLKEY, options.key_file);
  }
}

Status HttpClient::Impl::open() {
  static const bool started = start_curl();
  if (!started || !(handle = curl_easy_init())) return fail(Code::kInternal, "libcurl does not start");
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_QUICK_EXIT, 1L);  // a name server that is silent does not hold up what comes after the deadline
  set(CURLOPT_NOPROXY, "*");
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
  set(CURLOPT_FOLLOWLOCATION, options.follow_redirects ? 1L : 0L);
  set(CURLOPT_MAXREDIRS, 10L);
  set(CURLOPT_MAXCONNECTS, 2L);
  set(CURLOPT_ERRORBUFFER, problem.data());
  set(CURLOPT_WRITEFUNCTION, &take);
  set(CURLOPT_WRITEDATA, this);
  set_text(CURLOPT_USERAGENT, options.user_agent);
  set_text(CURLOPT_UNIX_SOCKET_PATH, options.unix_socket);
  if (options.proxy_protocol) set(CURLOPT_HAPROXYPROTOCOL, 1L);
  set_tls();
  if (!options.user.empty() || !options.password.empty()) {
    set(CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
    set(CURLOPT_USERNAME, options.user.c_str());
    set(CURLOPT_PASSWORD, options.password.c_str());
  } else if (!options.bearer.empty()) {
    add_header("Authorization: Bearer " + options.bearer);
  }
  for (const auto& header : options.headers) add_header(header);
  if (!options.host.empty()) add_header("Host: " + options.host);
  if (headers) set(CURLOPT_HTTPHEADER, headers);
  return {};
}

Result<HttpAnswer> HttpClient::get(const std::string& url, Clock::time_point deadline) {
  auto& impl = *impl_;
  const auto problem_with = [&](Code code, std::string_view what) {
    return fail(code, "get " + shown_url(url) + ": " + one_line(what));
  };
  if (!impl.handle) {
    if (auto status = impl.open(); !status) return fail(status);
  }
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
  if (left <= 0) return problem_with(Code::kTimeout, "no time is left for asking");
  if (impl.body.capacity() > (std::size_t{1} << 20)) std::string().swap(impl.body);
  impl.body.clear();
  impl.too_large = false;
  impl.problem[0] = 0;
  impl.set(CURLOPT_URL, url.c_str());
  impl.set(CURLOPT_TIMEOUT_MS, static_cast<long>(left));
  impl.set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(left));

  const CURLcode code = curl_easy_perform(impl.handle);
  if (impl.too_large) {
    return problem_with(Code::kInvalid, "the answer is larger than " + std::to_string(impl.options.max_body) +
                                            " bytes, the most that is read");
  }
  if (code == CURLE_OPERATION_TIMEDOUT) {
    return problem_with(Code::kTimeout, "no answer within " + std::to_string(left) + " ms");
  }
  if (code == CURLE_UNSUPPORTED_PROTOCOL && url.starts_with("http")) {
    return problem_with(Code::kInvalid, "the server does not speak HTTP/1");
  }
  if (code != CURLE_OK) {
    return problem_with(code_of(code), impl.problem[0] ? impl.problem.data() : curl_easy_strerror(code));
  }
  long status = 0;
  const char* type = nullptr;
  curl_easy_getinfo(impl.handle, CURLINFO_RESPONSE_CODE, &status);
  curl_easy_getinfo(impl.handle, CURLINFO_CONTENT_TYPE, &type);
  return HttpAnswer{.status = static_cast<int>(status), .body = impl.body, .content_type = type ? type : ""};
}

Clock::time_point answer_by(const Scrape& scrape, std::chrono::nanoseconds limit) {
  const auto now = Clock::now();
  const Clock::duration left = scrape.deadline() - now;
  const auto margin = std::min<Clock::duration>(std::chrono::milliseconds(200), left / 10);
  return std::min(now + std::chrono::duration_cast<Clock::duration>(limit), scrape.deadline() - margin);
}

std::string shown_url(std::string_view url) {
  const auto query = url.find_first_of("?#");
  std::string text(url.substr(0, query));
  const auto scheme = text.find("://");
  const std::size_t begin = scheme == std::string::npos ? 0 : scheme + 3;
  const auto host_end = std::min(text.find('/', begin), text.size());
  const auto at = text.rfind('@', host_end);
  if (at != std::string::npos && at >= begin && at < host_end) text.replace(begin, at - begin, "xxxxx");
  return text;
}

}  // namespace exporter
