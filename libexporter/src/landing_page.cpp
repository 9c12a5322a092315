// SPDX-License-Identifier: Apache-2.0
// The page at "/", and /-/status.

#include "detail/landing_page.hpp"

#include <libdeflate.h>

#include <array>
#include <cstdio>
#include <cstring>
#include <ctime>

#include <exporter/page.hpp>

#include "detail/version.hpp"
#include "log_line.hpp"

namespace exporter::detail {
namespace {

#include "landing_page_head.hpp"  // made by landing/pack.cpp

constexpr std::size_t kMostStored = 65535;  // bytes of one stored block of deflate

// What the browser lets the page do: its own style and script, requests to where it came from, nothing else.
std::string policy() {
  std::string text = "default-src 'none'; script-src ";
  text += kScriptSource;
  text += "; style-src ";
  text += kStyleSource;
  text +=
      "; img-src data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
      "require-trusted-types-for 'script'; trusted-types 'none'";
  return text;
}

void append_little_endian(std::string& out, std::uint32_t number, int bytes) {
  for (int i = 0; i < bytes; ++i) out += static_cast<char>(number >> (8 * i));
}

/// The packed beginning, and behind it `tail` in blocks that are only stored: compressing a few kilobytes
/// would take more memory than they do.
std::string gzip_member(std::string_view tail, std::uint32_t crc) {
  std::string out;
  out.reserve(sizeof kPackedHead + tail.size() + 32);
  out.append(reinterpret_cast<const char*>(kPackedHead), sizeof kPackedHead);
  const auto size = static_cast<std::uint32_t>(kHeadBytes + tail.size());
  do {
    const auto block = tail.substr(0, kMostStored);
    tail.remove_prefix(block.size());
    out += tail.empty() ? '\1' : '\0';
    append_little_endian(out, static_cast<std::uint32_t>(block.size()), 2);
    append_little_endian(out, ~static_cast<std::uint32_t>(block.size()), 2);
    out += block;
  } while (!tail.empty());
  append_little_endian(out, crc, 4);
  append_little_endian(out, size, 4);
  return out;
}

/// For clients that take no gzip: rare, so they pay.
std::string unpacked(std::string_view member, std::size_t size) {
  std::string out;
  auto* decompressor = libdeflate_alloc_decompressor();
  if (!decompressor) throw std::bad_alloc();
  out.resize_and_overwrite(size, [&](char* to, std::size_t room) {
    return libdeflate_gzip_decompress(decompressor, member.data(), member.size(), to, room, nullptr) ==
                   LIBDEFLATE_SUCCESS
               ? room
               : 0;
  });
  libdeflate_free_decompressor(decompressor);
  return out;
}

std::string_view state_of(const Runner::Health& collector) {
  if (!collector.ran) return "waiting";
  if (collector.success) return "ok";
  return collector.no_data ? "no_data" : "failed";
}

std::string_view words_of(std::string_view state) {
  if (state == "waiting") return "not yet";
  return state == "no_data" ? "no data" : state;
}

/// "/metrics" as seen from the page, wherever that is.
std::string relative(std::string_view path) { return "." + escape_html(path); }

void append_link(std::string& out, std::string_view path, std::string_view text) {
  out += "<a href=\"" + relative(path) + "\">" + escape_html(text) + "</a>\n";
}

std::string format_utc(std::chrono::system_clock::time_point when, const char* format) {
  const auto seconds = std::chrono::system_clock::to_time_t(when);
  tm parts{};
  gmtime_r(&seconds, &parts);
  std::array<char, 64> text{};
  return {text.data(), std::strftime(text.data(), text.size(), format, &parts)};
}

void append_milliseconds(std::string& out, double seconds) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.3g ms", seconds * 1000);
  out += text.data();
}

void append_forms(std::string& out, const LandingPage& page) {
  if (page.forms.empty()) return;
  out += "<section class=\"probes\" aria-labelledby=\"probes-title\"><h2 id=\"probes-title\">Probe</h2>\n";
  for (const auto& form : page.forms) {
    out += "<form action=\"" + relative(form.path) + "\">";
    for (const auto& field : form.fields) {
      const auto name = escape_html(field.name);
      out += "<label>" + name + "<input name=\"" + name + "\" placeholder=\"" + escape_html(field.example) +
             "\"" + (field.required ? " required" : "") + "></label>";
    }
    out += "<button>Open " + escape_html(form.path) + "</button></form>\n";
  }
  out += "</section>\n";
}

void append_collectors(std::string& out, const LandingPage& page) {
  if (page.collectors.empty()) return;
  out +=
      "<details class=\"collectors\" open><summary><h2>Collectors</h2> <span "
      "id=\"health\"></span></summary>\n";
  out += "<ul id=\"collectors\" class=\"list\">\n";
  for (const auto& collector : page.collectors) {
    const auto state = state_of(collector);
    out += "<li class=\"" + std::string(state) + "\"><span class=\"name\">" + escape_html(collector.name) +
           "</span> <span class=\"state\">" + std::string(words_of(state)) +
           "</span> <span class=\"problem\">";
    if (state == "failed") out += escape_html(collector.problem);
    out += "</span> <span class=\"took\">";
    if (collector.ran) append_milliseconds(out, collector.seconds);
    out += "</span></li>\n";
  }
  out += "</ul></details>\n";
}

/// All that stands behind the packed beginning.
std::string tail_of(const LandingPage& page) {
  std::string out = "<title>" + escape_html(page.title) + "</title>\n</head>\n<body data-metrics=\"" +
                    relative(page.metrics_path) + "\" data-status=\"./-/status\" data-query=\"" +
                    escape_html(page.query_example) + "\">\n<header><div><h1>" + escape_html(page.title) +
                    "</h1><p>" + escape_html(page.description) + "</p></div>\n<nav aria-label=\"Pages\">";
  append_link(out, page.metrics_path, "Metrics");
  for (const auto path : page.links) append_link(out, path, path);
  append_link(out, "/-/healthy", "Health");
  append_link(out, "/-/ready", "Readiness");
  out += "</nav></header>\n<main>\n<dl id=\"facts\"><div><dt>Started</dt><dd id=\"started\">" +
         format_utc(page.started, "%F %R UTC") + "</dd></div><div><dt>Version</dt><dd>" +
         escape_html(version()) + "</dd></div></dl>\n";
  append_forms(out, page);
  append_collectors(out, page);
  out += "</main>\n</body>\n</html>\n";
  return out;
}

}  // namespace

std::string escape_html(std::string_view text) {
  std::string result;
  for (const char c : text) {
    switch (c) {
      case '<':
        result += "&lt;";
        break;
      case '>':
        result += "&gt;";
        break;
      case '&':
        result += "&amp;";
        break;
      case '"':
        result += "&quot;";
        break;
      default:
        result += c;
    }
  }
  return result;
}

Response landing_response(const LandingPage& page, const Request& request) {
  const auto tail = tail_of(page);
  const auto crc = libdeflate_crc32(kHeadCrc, tail.data(), tail.size());
  const bool gzip = negotiate_encoding(request.header("accept-encoding")) == Encoding::kGzip;
  Response response;
  response.content_type = "text/html; charset=utf-8";
  std::array<char, 32> tag{};
  std::snprintf(tag.data(), tag.size(), "\"%08x%s\"", crc, gzip ? "-gzip" : "");
  response.headers = {{"ETag", tag.data()},
                      {"Cache-Control", "no-cache"},
                      {"Vary", "Accept-Encoding"},
                      {"Content-Security-Policy", policy()},
                      {"X-Content-Type-Options", "nosniff"},
                      {"Referrer-Policy", "no-referrer"}};
  if (request.header("if-none-match") == tag.data()) {
    response.status = 304;
    return response;
  }
  auto member = gzip_member(tail, crc);
  if (gzip) {
    response.headers.emplace_back("Content-Encoding", "gzip");
    response.body = shared_body(std::move(member));
  } else {
    response.body = shared_body(unpacked(member, kHeadBytes + tail.size()));
  }
  return response;
}

Response status_response(const LandingPage& page) {
  const auto seconds = [](std::chrono::system_clock::time_point when) {
    return std::to_string(std::chrono::duration<double>(when.time_since_epoch()).count());
  };
  std::string out = "{\"title\":";
  log::append_json(out, page.title);
  out += ",\"version\":";
  log::append_json(out, version());
  out += ",\"started\":" + seconds(page.started) + ",\"now\":" + seconds(std::chrono::system_clock::now());
  out += ",\"collectors\":[";
  for (const auto& collector : page.collectors) {
    if (out.back() != '[') out += ',';
    out += "{\"name\":";
    log::append_json(out, collector.name);
    out += ",\"state\":\"" + std::string(state_of(collector)) + "\",\"seconds\":";
    out += std::to_string(collector.seconds) + ",\"problem\":";
    log::append_json(out, collector.problem);
    out += '}';
  }
  out += "]}\n";
  return {.content_type = "application/json; charset=utf-8",
          .headers = {{"Cache-Control", "no-store"}, {"X-Content-Type-Options", "nosniff"}},
          .body = shared_body(std::move(out))};
}

}  // namespace exporter::detail
