// SPDX-License-Identifier: Apache-2.0
#pragma once

// Asks a server for a page over HTTP, HTTPS or a unix socket, with a deadline and a limit for the answer's
// size. Link exporter::http; libcurl does the work.
//
//     HttpClient client({.user_agent = "My-Exporter/1.0"});
//     auto answer = client.get("http://127.0.0.1:8080/stub_status", answer_by(scrape, 5s));
//     if (!answer) return fail(answer);
//     if (answer->status != 200) ...
//
// A client keeps its connection between scrapes and is used by one thread at a time: one client a target.
// When one of its files has changed (password, token, certificates), the next request reads it and connects
// anew. Errors are one line, and hold neither passwords, nor headers, nor what stands behind '?' in the URL.

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <exporter/collector.hpp>
#include <exporter/export.hpp>
#include <exporter/result.hpp>

namespace exporter {

struct HttpOptions {
  std::string user_agent{};
  std::vector<std::string> headers{};  ///< more request headers, "Name: value"
  std::string host{};                  ///< Host header instead of the URL's
  std::string unix_socket{};           ///< path of a socket to connect to, whatever the URL's host is
  std::string user{};                  ///< with `password`: basic authentication
  std::string password{};
  std::string bearer{};  ///< a bearer token
  /// Files with the password and the token, read again when they change; they come before the two above.
  std::string password_file{};
  std::string bearer_file{};

  bool insecure = false;    ///< takes any certificate
  std::string ca_file{};    ///< certificates to trust, PEM; empty: the system's
  std::string cert_file{};  ///< client certificate, PEM, used together with key_file
  std::string key_file{};
  bool follow_redirects = false;  ///< up to ten; credentials only go to the first host
  bool proxy_protocol = false;  ///< begins connections with the header of HAProxy's PROXY protocol, version 2

  std::size_t max_body = std::size_t{64} << 20;  ///< bytes; a larger answer is an error, and is not read on
};

struct HttpAnswer {
  int status = 0;
  std::string_view body;          ///< good until the client's next request
  std::string_view content_type;  ///< as above; "" where the server sent none
};

class EXPORTER_API HttpClient {
 public:
  explicit HttpClient(HttpOptions options);
  ~HttpClient();
  HttpClient(HttpClient&&) noexcept;
  HttpClient& operator=(HttpClient&&) noexcept;

  /// Any status is an answer. kTimeout where the whole of it is not there by the deadline, kInvalid where it
  /// is too large or no HTTP, else kUnavailable.
  Result<HttpAnswer> get(const std::string& url, Scrape::Clock::time_point deadline);

  /// The same with another method ("POST", "PUT", "DELETE") and a body, which may be empty. A redirect is an
  /// answer like others.
  Result<HttpAnswer> send(const std::string& method, const std::string& url, std::string_view body,
                          const std::string& content_type, Scrape::Clock::time_point deadline);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// When an answer has to be there for a scrape's page still to tell about it: `limit` from now, and a little
/// before the scrape's own deadline.
EXPORTER_API Scrape::Clock::time_point answer_by(const Scrape& scrape, std::chrono::nanoseconds limit);

/// Where a page is.
struct HttpAddress {
  std::string url;
  std::string unix_socket;  ///< HttpOptions::unix_socket
};

/// "http://host/path", "https://host/path" or "unix:<socket>:<path>"; without a path the last means "/".
EXPORTER_API Result<HttpAddress> parse_http_address(std::string_view text);

/// A URL as it may be shown: user and password are "xxxxx", and the query is left out.
EXPORTER_API std::string shown_url(std::string_view url);

/// An address as a label's value: as shown_url() has it, with its query.
EXPORTER_API std::string address_label(std::string_view address);

}  // namespace exporter
