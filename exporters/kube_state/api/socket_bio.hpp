// SPDX-License-Identifier: Apache-2.0
#pragma once

// A socket as OpenSSL wants one, which is read in large pieces. OpenSSL's own reads ahead too, but moves what
// it has read to the front for each record: with many records in a piece that costs more than decrypting.

#include <openssl/bio.h>

#include <cstddef>
#include <memory>

namespace exporter::kube {

class SocketBio {
 public:
  /// Doesn't own the socket, which must not block.
  explicit SocketBio(int fd) : fd_(fd) {}
  SocketBio(const SocketBio&) = delete;
  SocketBio& operator=(const SocketBio&) = delete;

  /// A BIO over this, which has to outlive it; null where there is no memory.
  BIO* make();

 private:
  static constexpr std::size_t kPiece = std::size_t{64} << 10;

  static const BIO_METHOD* method();
  int read(BIO* bio, char* data, int size);
  int write(BIO* bio, const char* data, int size) const;

  int fd_;
  std::unique_ptr<char[]> piece_;  // there while something is left of it
  std::size_t at_ = 0;
  std::size_t end_ = 0;
  bool emptied_ = false;  // the socket, by the last read
  bool ended_ = false;
};

}  // namespace exporter::kube
