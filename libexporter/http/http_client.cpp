// SPDX-License-Identifier: Apache-2.0
// The HTTP client, over one libcurl handle a target.

#include <exporter/http_client.hpp>

#include <curl/curl.h>
#include <link.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>
#include <optional>

#include <exporter/files.hpp>

#include "proxy_header.hpp"
#include "secret_file.hpp"

extern "C" int __nss_configure_lookup(const char*, const char*);  // NOLINT: glibc's name

// What libcurl calls instead of functions that it would call by their own names: see cmake/curl.cmake.
extern "C" int exporter_openssl_later(std::uint64_t, const void*) { return 1; }

extern "C" int exporter_connect(int fd, const sockaddr* address, socklen_t size) {
  const int result = connect(fd, address, size);
  return result != 0 && errno == EISCONN ? 0 : result;
}

namespace exporter {
namespace {

using Clock = Scrape::Clock;

bool is_static_program() {
  bool interpreted = false;
  dl_iterate_phdr(
      [](dl_phdr_info* object, std::size_t, void* result) {
        for (int i = 0; i < object->dlpi_phnum; ++i) {
          if (object->dlpi_phdr[i].p_type == PT_INTERP) *static_cast<bool*>(result) = true;
        }
        return 1;  // the program comes first, and it alone counts
      },
      &interpreted);
  return !interpreted;
}

bool start_curl() {
  // A static program must not load the plug-ins that nsswitch.conf may name: they belong to another libc.
  if (is_static_program()) __nss_configure_lookup("hosts", "files dns");
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
    case CURLE_FILESIZE_EXCEEDED:
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
  explicit Impl(HttpOptions given) : options(std::move(given)) {
    for (const auto* file : {&options.password_file, &options.bearer_file, &options.ca_file,
                             &options.cert_file, &options.key_file}) {
      files.add(*file);
    }
  }
  ~Impl() { close(); }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  HttpOptions options;
  detail::WatchedFiles files;
  CURL* handle = nullptr;
  curl_slist* headers = nullptr;
  std::string body;
  bool too_large = false;
  Clock::time_point deadline{};
  std::string connect_problem;  // why connect_with_header() failed
  std::array<char, CURL_ERROR_SIZE> problem{};

  Status open();
  void close();
  Status set_credentials();
  void set_tls();
  template <class F>
  Result<HttpAnswer> ask(std::string_view verb, const std::string& url, Clock::time_point until, F prepare);
  std::optional<Error> why(CURLcode code, std::chrono::milliseconds limit) const;
  Result<Fd> connect_with_header(const curl_sockaddr& to) const;
  static std::size_t take(const char* data, std::size_t size, std::size_t count, void* self);
  static curl_socket_t open_socket(void* self, curlsocktype, curl_sockaddr* to);
  static int already_connected(void*, curl_socket_t, curlsocktype) { return CURL_SOCKOPT_ALREADY_CONNECTED; }

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
  try {
    impl.body.append(data, bytes);
  } catch (const std::bad_alloc&) {  // it must not pass through libcurl
    impl.too_large = true;
    return 0;
  }
  return bytes;
}

curl_socket_t HttpClient::Impl::open_socket(void* self, curlsocktype, curl_sockaddr* to) {
  auto& impl = *static_cast<Impl*>(self);
  auto connected = impl.connect_with_header(*to);
  if (connected) return connected->release();
  impl.connect_problem = connected.error().message;
  return CURL_SOCKET_BAD;
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

/// A connection whose first bytes are the PROXY header: libcurl, which only knows the header's first version,
/// takes it over.
Result<Fd> HttpClient::Impl::connect_with_header(const curl_sockaddr& to) const {
  const auto failed = [](const char* what, int error) {
    return fail(Code::kUnavailable, std::string(what) + ": " + errno_text(error));
  };
  Fd fd(socket(to.family, to.socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, to.protocol));
  if (!fd) return failed("socket", errno);
  if (connect(fd.get(), &to.addr, to.addrlen) != 0) {
    if (errno != EINPROGRESS) return failed("connect", errno);
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
    pollfd wait{.fd = fd.get(), .events = POLLOUT, .revents = 0};
    if (poll(&wait, 1, static_cast<int>(std::max<long>(left.count(), 0))) <= 0)
      return failed("connect", ETIMEDOUT);
    int error = 0;
    socklen_t size = sizeof error;
    (void)getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) return failed("connect", error);
  }
  sockaddr_storage ours{}, theirs{};
  socklen_t size = sizeof ours;
  if (getsockname(fd.get(), reinterpret_cast<sockaddr*>(&ours), &size) != 0)
    return failed("getsockname", errno);
  std::memcpy(&theirs, &to.addr, std::min<std::size_t>(to.addrlen, sizeof theirs));
  const auto header = detail::proxy_header(ours, theirs);  // fits into any socket's empty buffer
  if (::send(fd.get(), header.data(), header.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(header.size()))
    return failed("send", errno);
  return fd;
}

Status HttpClient::Impl::set_credentials() {
  std::string password = options.password, bearer = options.bearer;
  for (const auto& [file, secret] :
       {std::pair(&options.password_file, &password), std::pair(&options.bearer_file, &bearer)}) {
    if (file->empty()) continue;
    auto text = detail::read_secret(*file);
    if (!text) return fail(text);
    *secret = std::move(*text);
  }
  if (!options.user.empty() || !password.empty()) {
    set(CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
    set(CURLOPT_USERNAME, options.user.c_str());
    set(CURLOPT_PASSWORD, password.c_str());
  } else if (!bearer.empty()) {
    add_header("Authorization: Bearer " + bearer);
  }
  return {};
}

void HttpClient::Impl::close() {
  curl_slist_free_all(headers);
  curl_easy_cleanup(handle);
  headers = nullptr;
  handle = nullptr;
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
  set(CURLOPT_MAXFILESIZE_LARGE, static_cast<curl_off_t>(options.max_body));
  if (options.proxy_protocol) {
    set(CURLOPT_OPENSOCKETFUNCTION, &open_socket);
    set(CURLOPT_OPENSOCKETDATA, this);
    set(CURLOPT_SOCKOPTFUNCTION, &already_connected);
  }
  set_tls();
  if (auto status = set_credentials(); !status) {
    close();
    return status;
  }
  for (const auto& header : options.headers) add_header(header);
  if (!options.host.empty()) add_header("Host: " + options.host);
  if (headers) set(CURLOPT_HTTPHEADER, headers);
  return {};
}

/// What went wrong with a request; nothing where nothing did.
std::optional<Error> HttpClient::Impl::why(CURLcode code, std::chrono::milliseconds limit) const {
  if (too_large || code == CURLE_FILESIZE_EXCEEDED) {
    return Error{Code::kInvalid, "the answer is larger than " + std::to_string(options.max_body) +
                                     " bytes, the most that is read"};
  }
  switch (code) {
    case CURLE_OK:
      return std::nullopt;
    case CURLE_OPERATION_TIMEDOUT:
      return Error{Code::kTimeout, "no answer within " + std::to_string(limit.count()) + " ms"};
    case CURLE_UNSUPPORTED_PROTOCOL:
      return Error{Code::kInvalid, "the server does not speak HTTP/1"};
    case CURLE_COULDNT_CONNECT:
      if (!connect_problem.empty()) return Error{Code::kUnavailable, connect_problem};
      break;
    default:
      break;
  }
  return Error{code_of(code), problem[0] ? problem.data() : curl_easy_strerror(code)};
}

/// One request; `prepare` sets what is not the same for all.
template <class F>
Result<HttpAnswer> HttpClient::Impl::ask(std::string_view verb, const std::string& url,
                                         Clock::time_point until, F prepare) {
  const auto problem_with = [&](const Error& error) {
    return fail(error.code, std::string(verb) + " " + shown_url(url) + ": " + one_line(error.message));
  };
  if (!url.starts_with("http://") && !url.starts_with("https://"))
    return problem_with({Code::kInvalid, "the address begins with neither http:// nor https://"});
  if (files.changed()) close();
  if (!handle) {
    if (auto status = open(); !status) return problem_with(status.error());
  }
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now());
  if (left.count() <= 0) return problem_with({Code::kTimeout, "no time is left for asking"});
  if (body.capacity() > (std::size_t{1} << 20)) std::string().swap(body);
  body.clear();
  too_large = false;
  problem[0] = 0;
  connect_problem.clear();
  deadline = until;
  set(CURLOPT_URL, url.c_str());
  set(CURLOPT_TIMEOUT_MS, static_cast<long>(left.count()));
  set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(left.count()));

  prepare();
  if (const auto error = why(curl_easy_perform(handle), left)) return problem_with(*error);
  long status = 0;
  const char* type = nullptr;
  curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
  curl_easy_getinfo(handle, CURLINFO_CONTENT_TYPE, &type);
  return HttpAnswer{.status = static_cast<int>(status), .body = body, .content_type = type ? type : ""};
}

Result<HttpAnswer> HttpClient::get(const std::string& url, Clock::time_point deadline) {
  return impl_->ask("get", url, deadline, [] {});
}

Result<HttpAnswer> HttpClient::send(const std::string& method, const std::string& url, std::string_view body,
                                    const std::string& content_type, Clock::time_point deadline) {
  auto& impl = *impl_;
  std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)> headers(nullptr, &curl_slist_free_all);
  const auto add_header = [&](const char* line) {
    auto* const longer = curl_slist_append(headers.get(), line);
    (void)headers.release();
    headers.reset(longer);
  };
  auto answer = impl.ask(method, url, deadline, [&] {
    for (const auto* header = impl.headers; header; header = header->next) add_header(header->data);
    add_header(("Content-Type: " + content_type).c_str());
    add_header("Expect:");  // or curl waits a second for servers that don't know it
    impl.set(CURLOPT_HTTPHEADER, headers.get());
    impl.set(CURLOPT_POSTFIELDS, body.data() ? body.data() : "");
    impl.set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
    impl.set(CURLOPT_CUSTOMREQUEST, method.c_str());
    impl.set(CURLOPT_FOLLOWLOCATION, 0L);
  });
  if (impl.handle) {  // as get() wants it
    impl.set(CURLOPT_HTTPGET, 1L);
    impl.set<const char*>(CURLOPT_CUSTOMREQUEST, nullptr);
    impl.set(CURLOPT_HTTPHEADER, impl.headers);
    impl.set(CURLOPT_FOLLOWLOCATION, impl.options.follow_redirects ? 1L : 0L);
  }
  return answer;
}

Clock::time_point answer_by(const Scrape& scrape, std::chrono::nanoseconds limit) {
  const auto now = Clock::now();
  const Clock::duration left = scrape.deadline() - now;
  const auto margin = std::min<Clock::duration>(std::chrono::milliseconds(200), left / 10);
  return std::min(now + std::chrono::duration_cast<Clock::duration>(limit), scrape.deadline() - margin);
}

}  // namespace exporter
