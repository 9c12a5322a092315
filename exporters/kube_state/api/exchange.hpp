// SPDX-License-Identifier: Apache-2.0
#pragma once

// One request and its answer, as it comes in. All calls are made on the client's thread.

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include <exporter/result.hpp>

namespace exporter::kube {

struct ResponseHead {
  int status = 0;
  std::string content_type{};
  std::optional<std::chrono::seconds> retry_after{};
};

/// Each of its functions may call Transport::cancel() for it, and is not called again then.
class Exchange {
 public:
  virtual void head(const ResponseHead& head) = 0;
  /// A piece of the body, good during the call.
  virtual void data(std::string_view bytes) = 0;
  /// The answer is whole, or broke off: why, in one line. The exchange may be started again at once.
  virtual void end(const Status& status) = 0;
  /// Whether what comes next may lie for a tenth of a second, so that more of it is read at once.
  virtual bool patient() const { return false; }

 protected:
  ~Exchange() = default;
};

}  // namespace exporter::kube
