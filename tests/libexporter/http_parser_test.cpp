// SPDX-License-Identifier: Apache-2.0
// The request parser.

#include "detail/http_parser.hpp"

#include <gtest/gtest.h>

namespace {

using namespace exporter::detail;

int status_of(std::string_view text, RequestHead* out = nullptr) {
  HeadFinder finder;
  const auto size = finder.find(text);
  if (size == HeadFinder::kNotHttp) return 400;
  EXPECT_EQ(size, text.size()) << text;
  RequestHead head;
  const int status = parse_head(text, head);
  if (out != nullptr) *out = head;
  return status;
}

RequestHead parsed(std::string_view text) {
  RequestHead head;
  EXPECT_EQ(status_of(text, &head), 0) << text;
  return head;
}

std::string with_header(std::string_view header) {
  return "GET / HTTP/1.1\r\nHost: t\r\n" + std::string(header) + "\r\n\r\n";
}

TEST(HttpParser, ReadsAHead) {
  const auto head = parsed(
      "GET /a%2Fb?collect[]=cpu&collect%5B%5D=mem+info&&flag&x= HTTP/1.1\r\nHost: t\r\nUser-Agent:  p/1 "
      "\t\r\n\r\n");
  EXPECT_EQ(head.method, "GET");
  EXPECT_EQ(head.path, "/a/b");
  EXPECT_EQ(head.query, (std::vector<NameValue>{
                            {"collect[]", "cpu"}, {"collect[]", "mem info"}, {"flag", ""}, {"x", ""}}));
  EXPECT_EQ(head.headers, (std::vector<NameValue>{{"host", "t"}, {"user-agent", "p/1"}}));
  EXPECT_TRUE(head.keep_alive);
}

TEST(HttpParser, TakesTheFormsOfATarget) {
  EXPECT_EQ(parsed("GET http://h:1/p?q HTTP/1.1\r\nHost: h\r\n\r\n").path, "/p");
  EXPECT_EQ(parsed("GET HTTP://h HTTP/1.1\r\nHost: h\r\n\r\n").path, "/");
  EXPECT_EQ(parsed("GET http://h?q=1 HTTP/1.1\r\nHost: h\r\n\r\n").query.size(), 1U);
  EXPECT_EQ(parsed("OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n").path, "*");
  EXPECT_EQ(parsed("GET /+ HTTP/1.0\n\n").path, "/+");
  for (const char* target : {"*", "x", "", "ftp://h/", "http:///x", "/%", "/%4", "/%zz", "/%00", "/#x",
                             "/a b", "/\x01", "/?%", "/?a=%x1", "h:80"}) {
    EXPECT_EQ(status_of("GET " + std::string(target) + " HTTP/1.1\r\nHost: t\r\n\r\n"), 400) << target;
  }
}

TEST(HttpParser, ChecksTheRequestLine) {
  for (const char* line :
       {"GET", "GET /", "GET  HTTP/1.1", "G(T / HTTP/1.1", "GET / HTTP/1.1 ", "GET / http/1.1",
        "GET / HTTP/11", "GET / HTTP/1.x", "GET / XTTP/1.1", "\x16\x03\x01"}) {
    EXPECT_EQ(status_of(std::string(line) + "\r\nHost: t\r\n\r\n"), 400) << line;
  }
  EXPECT_EQ(status_of("GET / HTTP/2.0\r\n\r\n"), 505);
  EXPECT_EQ(status_of("PRI * HTTP/2.0\r\n\r\n"), 505);
}

TEST(HttpParser, ChecksHeaders) {
  for (const char* header :
       {"X", "X : y", " folded", ": y", "X\x01: y", "X: a\x01", "X: a\rb", "Host: again",
        "Content-Length: 1\r\nContent-Length: 1", "Content-Length: -1", "Content-Length: 1 1",
        "Content-Length: ", "Content-Length: 99999999999999999999",
        "Content-Length: 1\r\nTransfer-Encoding: chunked"}) {
    EXPECT_EQ(status_of(with_header(header)), 400) << header;
  }
  EXPECT_EQ(status_of(with_header("Transfer-Encoding: gzip, chunked")), 501);
  EXPECT_EQ(status_of("GET / HTTP/1.1\r\n\r\n"), 400);
  EXPECT_EQ(status_of("GET / HTTP/1.0\r\n\r\n"), 0);
  EXPECT_EQ(status_of("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"), 400);
  std::string many;
  for (int i = 0; i < 200; ++i) many += "X: y\r\n";
  EXPECT_EQ(status_of(with_header(many + "X: y")), 431);
  EXPECT_FALSE(parsed(with_header("Connection: Upgrade, Close")).keep_alive);
  EXPECT_TRUE(parsed("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").keep_alive);
  EXPECT_FALSE(parsed("GET / HTTP/1.0\r\n\r\n").keep_alive);
  EXPECT_TRUE(parsed(with_header("Expect: 100-Continue")).expect_continue);
}

TEST(HttpParser, FindsTheEndBytewise) {
  const std::string text = "\r\nGET / HTTP/1.1\r\nHost: t\r\n\r\nnext";
  HeadFinder finder;
  for (std::size_t size = 0; size < text.size() - 4; ++size) {
    ASSERT_EQ(finder.find(std::string_view(text).substr(0, size)), HeadFinder::kNotYet) << size;
  }
  EXPECT_EQ(finder.find(text), text.size() - 4);
}

BodySkipper::Step skip_bytewise(std::string_view text) {
  RequestHead head;
  head.chunked = true;
  BodySkipper skipper;
  EXPECT_EQ(skipper.start(head), 0);
  BodySkipper::Step all;
  for (const char c : text) {
    const auto step = skipper.skip({&c, 1});
    all.used += step.used;
    all.done = step.done;
    all.status = step.status;
    if (step.done || step.status != 0) break;
  }
  return all;
}

TEST(HttpParser, SkipsBodies) {
  RequestHead head;
  head.content_length = 5;
  BodySkipper skipper;
  ASSERT_EQ(skipper.start(head), 0);
  EXPECT_FALSE(skipper.skip("abc").done);
  const auto step = skipper.skip("deGET");
  EXPECT_TRUE(step.done);
  EXPECT_EQ(step.used, 2U);
  head.content_length = kMaxBodyBytes + 1;
  EXPECT_EQ(skipper.start(head), 413);
  head.content_length = 0;
  ASSERT_EQ(skipper.start(head), 0);
  EXPECT_TRUE(skipper.skip("").done);

  for (const std::string body :
       {"0\r\n\r\n", "3\r\nabc\r\n0\r\n\r\n", "00A;x=y\r\n0123456789\r\n0\r\nA: b\r\n\r\n", "1\na\n0\n\n"}) {
    const auto chunked = skip_bytewise(body + "GET");
    EXPECT_TRUE(chunked.done) << body;
    EXPECT_EQ(chunked.used, body.size()) << body;
  }
  for (const char* body : {"\r\n", "x\r\n", "-1\r\n", "1\r\nab", "1\r\na\rb", "1\rx", "0x1\r\n", ";\r\n"}) {
    EXPECT_EQ(skip_bytewise(body).status, 400) << body;
  }
  EXPECT_EQ(skip_bytewise("fffffffff\r\n").status, 413);
  EXPECT_EQ(skip_bytewise("100001\r\n").status, 413);
  EXPECT_EQ(skip_bytewise("1;" + std::string(70000, 'x')).status, 413);
}

}  // namespace
