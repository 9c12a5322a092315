// SPDX-License-Identifier: Apache-2.0
// Reads the web config file.

#include "detail/web_config.hpp"

#include <algorithm>
#include <array>
#include <span>

#include <exporter/flags.hpp>
#include <exporter/text.hpp>
#include <exporter/yaml.hpp>

namespace exporter::detail {
namespace {

// Values are never part of a message unless they come from a fixed list of words: they may be secrets.
std::unexpected<Error> error_at(const YamlNode& node, const std::string& what) {
  return fail(Code::kInvalid, "line " + std::to_string(node.line()) + ": " + what);
}

std::string quoted(std::string_view text) { return '"' + std::string(text) + '"'; }

/// One key of a mapping and what to do with its value.
struct Key {
  std::string_view name;
  std::function<Status(const YamlNode&)> take;
};

/// Calls `entry` with each key, once, and its value; a null instead of a mapping has none.
template <class Function>
Status each_entry(const YamlNode& node, std::string_view where, Function entry) {
  if (node.is_null()) return {};
  if (!node.is_map()) return error_at(node, std::string(where) + " must be a mapping");
  std::vector<std::string> seen;
  for (const auto& item : node.entries()) {
    if (!item.first.is_scalar())
      return error_at(item.first, "a key that is no word in " + std::string(where));
    const auto name = item.first.scalar();
    if (std::find(seen.begin(), seen.end(), name) != seen.end()) {
      return error_at(item.first, "key " + quoted(name) + " is there twice in " + std::string(where));
    }
    seen.push_back(name);
    if (auto status = entry(name, item.first, item.second); !status) return status;
  }
  return {};
}

Status take_keys(const YamlNode& node, std::string_view where, std::span<const Key> keys) {
  return each_entry(node, where,
                    [&](const std::string& name, const YamlNode& at, const YamlNode& value) -> Status {
                      for (const auto& key : keys) {
                        if (key.name == name) return value.is_null() ? Status{} : key.take(value);
                      }
                      return error_at(at, "unknown key " + quoted(name) + " in " + std::string(where));
                    });
}

Key text_key(std::string_view name, std::string& out) {
  return {name, [name, &out](const YamlNode& node) -> Status {
            if (!node.is_scalar()) return error_at(node, std::string(name) + " must be a text");
            out = node.scalar();
            return {};
          }};
}

Key bool_key(std::string_view name, bool& out) {
  return {name, [name, &out](const YamlNode& node) -> Status {
            // YAML 1.1's words, in its three spellings each.
            constexpr std::array kTrue{"y",    "Y",    "yes", "Yes", "YES", "true",
                                       "True", "TRUE", "on",  "On",  "ON"};
            constexpr std::array kFalse{"n",     "N",     "no",  "No",  "NO", "false",
                                        "False", "FALSE", "off", "Off", "OFF"};
            const auto is = [&node](const char* word) { return node.scalar() == word; };
            const bool yes = node.is_scalar() && std::any_of(kTrue.begin(), kTrue.end(), is);
            if (!yes && !(node.is_scalar() && std::any_of(kFalse.begin(), kFalse.end(), is))) {
              return error_at(node, std::string(name) + " must be true or false");
            }
            out = yes;
            return {};
          }};
}

/// A list of texts, each given to `take`.
template <class Function>
Key list_key(std::string_view name, Function take) {
  return {name, [name, take](const YamlNode& node) -> Status {
            if (!node.is_list()) return error_at(node, std::string(name) + " must be a list");
            for (const auto& item : node.items()) {
              if (!item.is_scalar()) return error_at(item, std::string(name) + " must be a list of texts");
              if (auto status = take(item); !status) return status;
            }
            return {};
          }};
}

std::optional<int> tls_version(std::string_view name) {
  constexpr std::array<std::string_view, 4> kVersions{"TLS10", "TLS11", "TLS12", "TLS13"};
  const auto* const found = std::find(kVersions.begin(), kVersions.end(), name);
  if (found == kVersions.end()) return {};
  return 0x0301 + static_cast<int>(found - kVersions.begin());
}

Key version_key(std::string_view name, int& out) {
  return {name, [name, &out](const YamlNode& node) -> Status {
            const auto version = tls_version(node.is_scalar() ? node.scalar() : "");
            if (!version) return error_at(node, std::string(name) + " must be TLS10, TLS11, TLS12 or TLS13");
            out = *version;
            return {};
          }};
}

/// Names of a list, through a table, joined with ":".
Key names_key(std::string_view name, std::string_view what, const char* (*lookup)(std::string_view),
              std::string& out) {
  return list_key(name, [what, lookup, &out](const YamlNode& item) -> Status {
    const char* const found = lookup(item.scalar());
    if (found == nullptr) return error_at(item, "unknown " + std::string(what) + " " + quoted(item.scalar()));
    if (*found == '\0') return {};
    if (!out.empty()) out += ':';
    out += found;
    return {};
  });
}

Result<ClientAuth> client_auth(const std::string& word) {
  if (word.empty() || word == "NoClientCert") return ClientAuth::kNone;
  if (word == "RequestClientCert") return ClientAuth::kRequest;
  if (word == "RequireAnyClientCert" || word == "RequireClientCert") return ClientAuth::kRequireAny;
  if (word == "VerifyClientCertIfGiven") return ClientAuth::kVerifyIfGiven;
  if (word == "RequireAndVerifyClientCert") return ClientAuth::kRequireAndVerify;
  return fail(Code::kInvalid, "unknown client_auth_type " + quoted(word));
}

void make_absolute(std::string& path, std::string_view directory) {
  if (!path.empty() && path.front() != '/' && !directory.empty()) path = std::string(directory) + "/" + path;
}

Status take_tls(const YamlNode& node, std::string_view directory, std::optional<TlsSettings>& out) {
  TlsSettings tls;
  std::string auth;
  bool chose_ciphers = false;
  const auto mark_ciphers = [&chose_ciphers](Key key) {
    return Key{key.name, [&chose_ciphers, take = std::move(key.take)](const YamlNode& list) {
                 chose_ciphers = !list.items().empty();
                 return take(list);
               }};
  };
  auto sans = list_key("client_allowed_sans", [&tls](const YamlNode& item) -> Status {
    tls.allowed_sans.push_back(item.scalar());
    return {};
  });
  sans.take = [&tls, take = std::move(sans.take)](const YamlNode& list) {
    tls.check_sans = true;  // even where it is empty
    return take(list);
  };
  const std::array keys{
      sans,
      text_key("cert_file", tls.certificate.file),
      text_key("cert", tls.certificate.text),
      text_key("key_file", tls.key.file),
      text_key("key", tls.key.text),
      text_key("client_ca_file", tls.client_ca.file),
      text_key("client_ca", tls.client_ca.text),
      text_key("client_auth_type", auth),
      version_key("min_version", tls.min_version),
      version_key("max_version", tls.max_version),
      mark_ciphers(names_key("cipher_suites", "cipher suite", openssl_cipher, tls.ciphers)),
      names_key("curve_preferences", "curve", openssl_group, tls.groups),
      bool_key("prefer_server_cipher_suites", tls.server_preference),
  };
  if (auto status = take_keys(node, "tls_server_config", keys); !status) return status;

  if (!tls.certificate.given() && !tls.key.given() && !tls.client_ca.given() && auth.empty()) return {};
  const auto wrong = [&node](const std::string& what) {
    return error_at(node, "tls_server_config: " + what);
  };
  const auto policy = client_auth(auth);
  if (!policy) return wrong(policy.error().message);
  tls.client_auth = *policy;
  if (!tls.certificate.given()) return wrong("missing one of cert or cert_file");
  if (!tls.key.given()) return wrong("missing one of key or key_file");
  if (tls.client_ca.given() && tls.client_auth == ClientAuth::kNone) {
    return wrong("client CAs without a client_auth_type that uses them");
  }
  if (tls.check_sans && tls.client_auth != ClientAuth::kRequireAny &&
      tls.client_auth != ClientAuth::kRequireAndVerify) {
    return wrong(
        "client_allowed_sans needs a client_auth_type of RequireAnyClientCert or RequireAndVerifyClientCert");
  }
  if (tls.min_version > tls.max_version) return wrong("min_version is above max_version");
  // Of TLS 1.3 alone, so that nothing is left for the versions below.
  if (chose_ciphers && tls.ciphers.empty()) {
    if (tls.max_version < 0x0304) return wrong("cipher_suites has none for the versions allowed");
    tls.min_version = 0x0304;
  }
  for (auto* pem : {&tls.certificate, &tls.key, &tls.client_ca}) make_absolute(pem->file, directory);
  out = std::move(tls);
  return {};
}

Status take_headers(const YamlNode& node, std::shared_ptr<const Headers>& out) {
  auto headers = std::make_shared<Headers>();
  auto status = each_entry(
      node, "headers", [&](const std::string& name, const YamlNode& at, const YamlNode& value) -> Status {
        constexpr std::array kAllowed{"Content-Security-Policy", "Strict-Transport-Security",
                                      "X-Content-Type-Options", "X-Frame-Options", "X-XSS-Protection"};
        if (std::find(kAllowed.begin(), kAllowed.end(), name) == kAllowed.end()) {
          return error_at(at, "HTTP header " + quoted(name) + " can not be configured");
        }
        if (!value.is_scalar() && !value.is_null()) return error_at(at, "header " + name + " must be a text");
        const std::string text = value.is_null() ? "" : value.scalar();
        if (name == "X-Content-Type-Options" && text != "nosniff") {
          return error_at(at, "header X-Content-Type-Options must be nosniff");
        }
        if (name == "X-Frame-Options" && text != "deny" && text != "sameorigin") {
          return error_at(at, "header X-Frame-Options must be deny or sameorigin");
        }
        headers->emplace_back(name, text);
        return {};
      });
  if (status && !headers->empty()) out = std::move(headers);
  return status;
}

Status take_http(const YamlNode& node, WebConfig& config) {
  const std::array keys{
      bool_key("http2", config.http2),
      Key{"headers", [&config](const YamlNode& headers) { return take_headers(headers, config.headers); }},
  };
  return take_keys(node, "http_server_config", keys);
}

Status take_users(const YamlNode& node, WebConfig& config) {
  return each_entry(node, "basic_auth_users",
                    [&](const std::string& name, const YamlNode& at, const YamlNode& value) -> Status {
                      if (!value.is_scalar() || !is_bcrypt_hash(value.scalar())) {
                        return error_at(
                            at, "the password of user " + quoted(name) + " is not a bcrypt hash ($2y$...)");
                      }
                      config.users.emplace(name, value.scalar());
                      return {};
                    });
}

Status take_rate_limit(const YamlNode& node, WebConfig& config) {
  RateLimit limit;
  const std::array keys{
      Key{"burst",
          [&limit](const YamlNode& value) -> Status {
            const auto number = parse<std::int64_t>(value.is_scalar() ? value.scalar() : "");
            if (!number || *number < 0) return error_at(value, "burst must be a whole number of 0 or more");
            limit.burst = *number;
            return {};
          }},
      Key{"interval",
          [&limit](const YamlNode& value) -> Status {
            const auto text = value.scalar();
            if (const auto number = parse<std::int64_t>(text)) {  // as Go reads a number: nanoseconds
              limit.interval = std::chrono::nanoseconds(*number);
            } else {
              const auto duration = parse_duration(text);
              if (!duration) return error_at(value, "interval must be a duration such as 1s");
              limit.interval = *duration;
            }
            if (limit.interval.count() < 0) return error_at(value, "interval must not be negative");
            return {};
          }},
  };
  if (auto status = take_keys(node, "rate_limit", keys); !status) return status;
  if (limit.interval.count() > 0) config.rate_limit = limit;
  return {};
}

}  // namespace

bool is_bcrypt_hash(std::string_view hash) {
  constexpr std::string_view kAlphabet = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  if (hash.size() != 60 || !hash.starts_with("$2") ||
      std::string_view("abxy").find(hash[2]) == std::string_view::npos || hash[3] != '$' || !digit(hash[4]) ||
      !digit(hash[5]) || hash[6] != '$') {
    return false;
  }
  const int cost = (hash[4] - '0') * 10 + (hash[5] - '0');
  return cost >= 4 && cost <= 31 && hash.find_first_not_of(kAlphabet, 7) == std::string_view::npos;
}

Result<WebConfig> make_web_config(const PortProtection& protection) {
  WebConfig config;
  if (!protection.certificate_file.empty() && !protection.key_file.empty()) {
    TlsSettings tls;
    tls.certificate.file = protection.certificate_file;
    tls.key.file = protection.key_file;
    tls.client_ca.file = protection.client_ca_file;
    if (tls.client_ca.given()) tls.client_auth = ClientAuth::kRequireAndVerify;
    const auto version = tls_version(protection.min_tls_version);
    if (!version)
      return fail(Code::kInvalid, "unknown TLS version " + quoted(protection.min_tls_version) +
                                      ", which must be TLS10, TLS11, TLS12 or TLS13");
    tls.min_version = *version;
    config.tls = std::move(tls);
  }
  if (protection.user.empty()) return config;
  if (!protection.password.empty() && !protection.password_hash.empty())
    return fail(Code::kInvalid, "a password and a password's hash are both set; use one of them");
  if (!protection.password_hash.empty()) {
    if (!is_bcrypt_hash(protection.password_hash))
      return fail(Code::kInvalid, "the password's hash is not a bcrypt hash ($2y$...)");
    config.users.emplace(protection.user, protection.password_hash);
  } else if (!protection.password.empty()) {
    config.users.emplace(protection.user, protection.password);
    config.plain_passwords = true;
  }
  return config;
}

Result<WebConfig> parse_web_config(std::string_view text, std::string_view directory) {
  WebConfig config;
  const std::array keys{
      Key{"tls_server_config", [&](const YamlNode& node) { return take_tls(node, directory, config.tls); }},
      Key{"http_server_config", [&](const YamlNode& node) { return take_http(node, config); }},
      Key{"rate_limit", [&](const YamlNode& node) { return take_rate_limit(node, config); }},
      Key{"basic_auth_users", [&](const YamlNode& node) { return take_users(node, config); }},
  };
  const auto yaml = Yaml::parse(text);
  if (!yaml) return fail(yaml);
  if (auto status = take_keys(yaml->root(), "the web config", keys); !status) return fail(status);
  return config;
}

}  // namespace exporter::detail
