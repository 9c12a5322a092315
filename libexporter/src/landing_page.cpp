// SPDX-License-Identifier: Apache-2.0
// The page at "/".

#include "detail/landing_page.hpp"

#include <cstdio>

#include "detail/version.hpp"

namespace exporter::detail {
namespace {

constexpr std::string_view kStyle = R"(<meta name="viewport" content="width=device-width,initial-scale=1">
<style>
:root{color-scheme:light dark;--line:#8884;--bad:#c0392b;--good:#2e8b57}
body{font:16px/1.5 system-ui,sans-serif;margin:0 auto;max-width:60rem;padding:0 1rem 2rem}
header{border-bottom:4px solid #e6522c;margin-bottom:1rem}
h1{margin:.8rem 0 0}
header p{margin:.2rem 0 .8rem}
nav a{margin-right:1rem}
table{border-collapse:collapse;width:100%;margin-top:1rem}
th,td{text-align:left;padding:.25rem .5rem;border-bottom:1px solid var(--line)}
td.number{text-align:right;font-variant-numeric:tabular-nums}
.good{color:var(--good)}.bad{color:var(--bad)}
</style>)";

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

std::string landing_page(std::string_view title, std::string_view description, std::string_view metrics_path,
                         const std::vector<Runner::Health>& collectors) {
  std::string page = "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>";
  page += escape_html(title);
  page += "</title>\n";
  page += kStyle;
  page += "</head>\n<body><header><h1>" + escape_html(title) + "</h1><p>" + escape_html(description) +
          " Version " + std::string(version()) + ".</p></header>\n<nav><a href=\"" +
          escape_html(metrics_path) +
          "\">Metrics</a><a href=\"/-/healthy\">Health</a><a href=\"/-/ready\">Readiness</a></nav>\n";
  if (!collectors.empty()) {
    page +=
        "<table><thead><tr><th>Collector</th><th>Last scrape</th><th>Milliseconds</th></tr></thead><tbody>\n";
    for (const auto& collector : collectors) {
      char duration[32];
      std::snprintf(duration, sizeof duration, "%.3f", collector.seconds * 1000);
      page += "<tr><td>" + escape_html(collector.name) + "</td>";
      if (!collector.ran) {
        page += "<td>not yet</td><td></td></tr>\n";
        continue;
      }
      page += collector.success ? "<td class=\"good\">ok</td>"
                                : "<td class=\"bad\">" + escape_html(collector.problem) + "</td>";
      page += "<td class=\"number\">" + std::string(duration) + "</td></tr>\n";
    }
    page += "</tbody></table>\n";
  }
  page += "</body></html>\n";
  return page;
}

}  // namespace exporter::detail
