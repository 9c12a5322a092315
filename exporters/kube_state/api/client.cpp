// SPDX-License-Identifier: Apache-2.0
// The API client: single requests from any thread.

#include "api/client.hpp"

#include <condition_variable>
#include <mutex>
#include <optional>

#include "api/transport.hpp"

namespace exporter::kube {
namespace {

constexpr std::size_t kLargestAnswer = std::size_t{16} << 20;

/// Collects an answer, on the client's thread, for another that waits.
class Waiting final : public Exchange {
 public:
  explicit Waiting(Transport& transport) : transport_(transport) {}

  void head(const ResponseHead& head) override {
    answer_.status = head.status;
    answer_.content_type = head.content_type;
    if (head.status == 401) transport_.token_refused();
  }
  void data(std::string_view bytes) override {
    if (answer_.body.size() + bytes.size() > kLargestAnswer) {
      transport_.cancel(*this);
      return finish(fail(Code::kInvalid, "the API server's answer is larger than 16 MB"));
    }
    answer_.body += bytes;
  }
  void end(const Status& status) override {
    if (!status) return finish(fail(status));
    finish(std::move(answer_));
  }

  /// Nothing where the time is over.
  std::optional<Result<ApiAnswer>> wait_until(Client::Clock::time_point deadline) {
    std::unique_lock lock(mutex_);
    done_.wait_until(lock, deadline, [&] { return result_.has_value(); });
    return std::move(result_);
  }

 private:
  void finish(Result<ApiAnswer> result) {
    const std::lock_guard lock(mutex_);
    result_ = std::move(result);
    done_.notify_one();
  }

  Transport& transport_;
  ApiAnswer answer_;
  std::mutex mutex_;
  std::condition_variable done_;
  std::optional<Result<ApiAnswer>> result_;
};

}  // namespace

Client::Client(ApiOptions options) : transport_(std::make_unique<Transport>(std::move(options))) {}
Client::~Client() = default;

Status Client::start() { return transport_->start(); }
void Client::stop() { transport_->stop(); }
Transport& Client::transport() { return *transport_; }

Result<ApiAnswer> Client::call(ApiRequest request, Clock::time_point deadline) {
  auto& loop = transport_->loop();
  if (loop.on_thread()) return fail(Code::kInternal, "an answer of the API server cannot be awaited here");
  Waiting waiting(*transport_);
  const std::string what = request.method + " " + request.path.substr(0, request.path.find('?'));
  bool ended = false;
  loop.run([&] {
    ended = transport_->ended();
    if (!ended) transport_->begin(waiting, std::move(request));
  });
  if (ended) return fail(Code::kCancelled, "the program is stopping");
  auto result = waiting.wait_until(deadline);
  if (!result) {
    loop.run([&] { transport_->cancel(waiting); });
    return fail(Code::kTimeout, what + ": no answer of the API server in time");
  }
  return std::move(*result);
}

}  // namespace exporter::kube
