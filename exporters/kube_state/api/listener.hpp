// SPDX-License-Identifier: Apache-2.0
#pragma once

// What follows a resource tells whoever keeps its state. All calls come from one thread. Objects are
// protobuf's wire format without the envelope, good during the call only.

#include <string_view>

namespace exporter::kube {

class Listener {
 public:
  virtual ~Listener() = default;

  /// A list (or the first part of a streaming list) begins. What was known stays visible until list_ends().
  virtual void list_begins() = 0;
  /// An object that is new or has changed, in a list or by a watch. A malformed one is the listener's to
  /// count and leave out.
  virtual void object(std::string_view wire) = 0;
  virtual void deleted(std::string_view wire) = 0;
  /// The list is whole: what wasn't among its objects is gone, and the resource counts as synced.
  virtual void list_ends() = 0;
  /// The list broke off; the next list_begins() starts again.
  virtual void list_fails() = 0;
};

/// The same for objects as JSON: custom resources, whose fields nobody knows beforehand.
class JsonListener {
 public:
  virtual ~JsonListener() = default;
  virtual void list_begins() = 0;
  virtual void object(std::string_view json) = 0;
  virtual void deleted(std::string_view json) = 0;
  virtual void list_ends() = 0;
  virtual void list_fails() = 0;
};

}  // namespace exporter::kube
