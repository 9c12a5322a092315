// SPDX-License-Identifier: Apache-2.0
// Runs while libexporter is built: makes one page of index.html and what it names, compresses it, and
// writes it as a C++ header. The page is the beginning of what a browser gets; landing_page.cpp adds the rest
// at run time, which is why the deflate stream ends open, at a byte's border.
//
//     pack <folder> <header to write>

#include <openssl/evp.h>
#include <zlib.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

namespace {

[[noreturn]] void die(const std::string& message) {
  std::fprintf(stderr, "pack: %s\n", message.c_str());
  std::exit(1);
}

std::string read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) die("cannot read " + path);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// Indentation and lines that are only a comment are for those who read the sources.
std::string without_margins(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size() - 1);
    auto line = text.substr(0, end + 1);
    text.remove_prefix(end + 1);
    line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
    if (line != "\n" && !line.starts_with("//")) result += line;
  }
  return result;
}

/// index.html with the files that it names as {{file}}.
std::string assemble(const std::string& folder) {
  auto page = read(folder + "/index.html");
  for (std::size_t at = 0; (at = page.find("{{", at)) != std::string::npos;) {
    const auto end = page.find("}}", at);
    if (end == std::string::npos) die("index.html has a {{ without its }}");
    const auto text = without_margins(read(folder + "/" + page.substr(at + 2, end - at - 2)));
    page.replace(at, end + 2 - at, text);
    at += text.size();
  }
  return page;
}

/// What stands within an element that the page has once.
std::string_view inside(std::string_view page, std::string_view opening, std::string_view closing) {
  const auto begin = page.find(opening);
  const auto end = page.find(closing, begin);
  if (begin == std::string_view::npos || end == std::string_view::npos)
    die("the page has no " + std::string(opening));
  return page.substr(begin + opening.size(), end - begin - opening.size());
}

/// As Content-Security-Policy names what may stand in a page.
std::string source_hash(std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha256(), nullptr) != 1)
    die("no SHA-256");
  std::array<unsigned char, 64> base64{};
  const int length = EVP_EncodeBlock(base64.data(), digest.data(), static_cast<int>(size));
  return "'sha256-" + std::string(base64.begin(), base64.begin() + length) + "'";
}

std::string gzip_left_open(std::string_view text) {
  z_stream stream{};
  if (deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY) != Z_OK)
    die("zlib does not start");
  std::string out(deflateBound(&stream, text.size()) + 64, '\0');
  std::string in(text);
  stream.next_in = reinterpret_cast<Bytef*>(in.data());
  stream.avail_in = static_cast<uInt>(in.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  if (deflate(&stream, Z_FULL_FLUSH) != Z_OK || stream.avail_in != 0) die("zlib fails");
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) die("usage: pack <folder> <header>");
  const std::string folder = argv[1];
  const auto page = assemble(folder);
  const auto style = inside(page, "<style>", "</style>");
  const auto script = inside(page, "<script type=\"module\">", "</script>");
  const auto packed = gzip_left_open(page);
  const auto crc = crc32(0, reinterpret_cast<const Bytef*>(page.data()), static_cast<uInt>(page.size()));

  std::string header = "// Made by landing/pack.cpp.\n#pragma once\n";
  header += "constexpr char kScriptSource[] = \"" + source_hash(script) + "\";\n";
  header += "constexpr char kStyleSource[] = \"" + source_hash(style) + "\";\n";
  header += "constexpr unsigned kHeadCrc = " + std::to_string(crc) + "U;\n";
  header += "constexpr unsigned kHeadBytes = " + std::to_string(page.size()) + ";\n";
  header += "constexpr unsigned char kPackedHead[] = {";
  for (std::size_t i = 0; i < packed.size(); ++i) {
    header += (i % 32 == 0 ? "\n" : "") + std::to_string(static_cast<unsigned char>(packed[i])) + ',';
  }
  header += "};\n";
  std::ofstream out(argv[2], std::ios::binary | std::ios::trunc);
  if (!(out << header << std::flush)) die(std::string("cannot write ") + argv[2]);
  std::printf("The landing page's head: %zu bytes, %zu packed\n", page.size(), packed.size());
}
