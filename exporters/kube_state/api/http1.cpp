// SPDX-License-Identifier: Apache-2.0
// HTTP/1.1, for servers and proxies without HTTP/2: one connection a request.

#include <algorithm>
#include <optional>

#include <exporter/text.hpp>

#include "api/protocol.hpp"

namespace exporter::kube {
namespace {

constexpr std::size_t kLargestHead = std::size_t{64} << 10;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool same(std::string_view text, std::string_view lower_case) {
  return std::equal(text.begin(), text.end(), lower_case.begin(), lower_case.end(),
                    [](char a, char b) { return lower(a) == b; });
}

class Http1 final : public Protocol {
 public:
  Http1(std::string authority, std::string prefix)
      : authority_(std::move(authority)), prefix_(std::move(prefix)) {}

  bool has_room() const override { return !begun_; }
  bool patient() const override { return call_.exchange == nullptr || call_.exchange->patient(); }
  bool finished() const override { return begun_ && call_.exchange == nullptr; }

  void begin(Call call) override {
    begun_ = true;
    call_ = std::move(call);
    const auto& request = call_.request;
    out_ = request.method + ' ' + prefix_ + request.path + " HTTP/1.1\r\nHost: " + authority_ +
           "\r\nAccept: " + request.accept + "\r\nConnection: close\r\n";
    for (const auto& [name, value] : call_.headers) out_ += name + ": " + value + "\r\n";
    if (request.method != "GET") {
      out_ += "Content-Type: " + request.content_type +
              "\r\nContent-Length: " + std::to_string(request.body.size()) + "\r\n";
    }
    out_ += "\r\n";
    out_ += request.body;
  }

  bool cancel(const Exchange& exchange) override {
    if (call_.exchange != &exchange) return false;
    call_.exchange = nullptr;
    return true;
  }

  void produce(std::string& out) override {
    out += out_;
    out_.clear();
  }

  Status receive(std::string_view bytes) override {
    while (!bytes.empty() && call_.exchange != nullptr) {
      switch (state_) {
        case State::kHead:
        case State::kChunkSize:
        case State::kTrailer: {
          const auto end = bytes.find('\n');
          line_ += bytes.substr(0, end);
          head_size_ += std::min(end, bytes.size()) + 1;
          if (head_size_ > kLargestHead)
            return fail(Code::kInvalid, "the answer's head is longer than 64 kB");
          if (end == std::string_view::npos) return {};
          bytes.remove_prefix(end + 1);
          if (line_.ends_with('\r')) line_.pop_back();
          const auto status = take_line();
          line_.clear();
          if (!status) return status;
          break;
        }
        case State::kSized:
        case State::kChunk: {
          const auto part =
              bytes.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size())));
          bytes.remove_prefix(part.size());
          left_ -= part.size();
          call_.exchange->data(part);
          if (left_ == 0 && state_ == State::kSized) finish({});
          if (left_ == 0 && state_ == State::kChunk) state_ = State::kChunkSize;
          break;
        }
        case State::kUntilClose:
          call_.exchange->data(bytes);
          return {};
      }
    }
    return {};
  }

  void closed(const Status& why) override {
    if (call_.exchange == nullptr) return;
    if (why && begun_ && state_ == State::kUntilClose) return finish({});
    finish(why ? fail(Code::kUnavailable, "API server " + authority_ + ": the server closed the connection")
               : why);
  }

 private:
  enum class State : unsigned char { kHead, kSized, kChunkSize, kChunk, kTrailer, kUntilClose };

  void finish(const Status& status) {
    if (auto* const exchange = std::exchange(call_.exchange, nullptr)) exchange->end(status);
  }

  Status take_line() {
    if (state_ == State::kHead) return take_head_line();
    if (state_ == State::kTrailer) {
      if (line_.empty()) finish({});
      return {};
    }
    if (line_.empty() && !first_chunk_) return {};  // behind a chunk
    const std::string_view text = line_;
    const auto size = parse<std::uint64_t>(text.substr(0, text.find(';')), 16);
    if (!size) return fail(Code::kInvalid, "the answer has a malformed chunk");
    first_chunk_ = false;
    head_size_ = 0;
    left_ = *size;
    state_ = left_ == 0 ? State::kTrailer : State::kChunk;
    return {};
  }

  Status take_head_line() {
    const std::string_view line = line_;
    if (head_.status == 0) {
      const auto code = line.size() >= 12 && line.starts_with("HTTP/1.")
                            ? parse<unsigned>(line.substr(9, 3))
                            : Result<unsigned>(fail(Code::kInvalid, ""));
      if (!code || *code < 100 || *code > 599) return fail(Code::kInvalid, "the server does not speak HTTP");
      head_.status = static_cast<int>(*code);
      return {};
    }
    if (!line.empty()) {
      const auto field = split_pair(line, ':');
      if (!field) return fail(Code::kInvalid, "the answer has a malformed header");
      if (same(field->key, "content-type")) head_.content_type = field->value;
      if (same(field->key, "retry-after")) head_.retry_after = retry_after(field->value);
      if (same(field->key, "transfer-encoding")) chunked_ = same(field->value, "chunked");
      if (same(field->key, "content-length")) {
        const auto size = parse<std::uint64_t>(field->value);
        if (!size) return fail(Code::kInvalid, "the answer has a malformed length");
        size_ = *size;
      }
      return {};
    }
    if (head_.status < 200) {
      head_ = {};
      return {};
    }
    head_size_ = 0;
    if (chunked_) {
      state_ = State::kChunkSize;
    } else if (size_) {
      state_ = State::kSized;
      left_ = *size_;
    } else {
      state_ = State::kUntilClose;
    }
    const bool empty = head_.status == 204 || head_.status == 304 || (state_ == State::kSized && left_ == 0);
    call_.exchange->head(head_);
    if (empty) finish({});
    return {};
  }

  std::string authority_;
  std::string prefix_;
  bool begun_ = false;
  Call call_;
  std::string out_;

  State state_ = State::kHead;
  std::string line_;
  std::size_t head_size_ = 0;
  ResponseHead head_;
  bool chunked_ = false;
  bool first_chunk_ = true;
  std::optional<std::uint64_t> size_;
  std::uint64_t left_ = 0;
};

}  // namespace

std::unique_ptr<Protocol> make_http1(std::string authority, std::string prefix) {
  return std::make_unique<Http1>(std::move(authority), std::move(prefix));
}

std::optional<std::chrono::seconds> retry_after(std::string_view value) {
  const auto seconds = parse<std::uint32_t>(value);
  if (!seconds) return std::nullopt;
  return std::chrono::seconds(std::min<std::uint32_t>(*seconds, 3600));
}

}  // namespace exporter::kube
