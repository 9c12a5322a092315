// SPDX-License-Identifier: Apache-2.0
// Writes commands, and makes replies of what hiredis' reader finds.

#include "resp.hpp"

#include <charconv>
#include <cstring>
#include <new>

#include <hiredis/read.h>

namespace exporter::redis {
namespace {

/// No honest answer has as many; a broken one must not make us allocate for them.
constexpr int kMostItems = 2 << 20;
const Reply kNilReply{};

void append_count(std::string& out, char kind, std::size_t count) {
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof digits, count).ptr;
  out += kind;
  out.append(digits, end);
  out += "\r\n";
}

}  // namespace

const Reply& Reply::at(std::size_t index) const { return index < items.size() ? *items[index] : kNilReply; }

const Reply& Reply::named(std::string_view key) const {
  for (std::size_t i = 0; i + 1 < items.size(); i += 2) {
    if (items[i]->text == key) return *items[i + 1];
  }
  return kNilReply;
}

std::size_t Commands::add(std::span<const std::string_view> words) {
  append_count(bytes_, '*', words.size());
  for (const auto word : words) {
    append_count(bytes_, '$', word.size());
    bytes_ += word;
    bytes_ += "\r\n";
  }
  return count_++;
}

/// The reader's callbacks. Null tells it to give up; an exception must not cross it.
struct ReplyMaker {
  static Reply* make(const redisReadTask* task, Reply::Kind kind) {
    auto* reply = new (replies(task).arena_.allocate(sizeof(Reply), alignof(Reply))) Reply;
    reply->kind = kind;
    if (task->parent)
      static_cast<Reply*>(task->parent->obj)->items[static_cast<std::size_t>(task->idx)] = reply;
    return reply;
  }
  static Replies& replies(const redisReadTask* task) { return *static_cast<Replies*>(task->privdata); }

  static void* string(const redisReadTask* task, char* text, std::size_t size) try {
    auto* copy = static_cast<char*>(replies(task).arena_.allocate(size + 1, 1));
    std::memcpy(copy, text, size);
    auto* reply = make(task, task->type == REDIS_REPLY_ERROR    ? Reply::Kind::kError
                             : task->type == REDIS_REPLY_STATUS ? Reply::Kind::kStatus
                                                                : Reply::Kind::kString);
    reply->text = {copy, size};
    return reply;
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
  static void* array(const redisReadTask* task, int count) try {
    if (count < 0 || count > kMostItems) return nullptr;
    auto* reply = make(task, Reply::Kind::kArray);
    const auto size = static_cast<std::size_t>(count);
    auto* items = static_cast<const Reply**>(
        replies(task).arena_.allocate(size * sizeof(const Reply*) + 1, alignof(const Reply*)));
    for (std::size_t i = 0; i < size; ++i) items[i] = &kNilReply;
    reply->items = {items, size};
    return reply;
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
  static void* integer(const redisReadTask* task, long long value) try {
    auto* reply = make(task, Reply::Kind::kInteger);
    reply->integer = value;
    return reply;
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
  static void* nil(const redisReadTask* task) try {
    return make(task, Reply::Kind::kNil);
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
  static void release(void*) {}  // the arena does it

  static inline redisReplyObjectFunctions functions{string, array, integer, nil, release};
};

Replies::Replies() = default;

Replies::~Replies() {
  if (reader_) redisReaderFree(reader_);
}

void Replies::clear() {
  if (reader_) redisReaderFree(reader_);
  reader_ = nullptr;
  replies_.clear();
  arena_.release();
}

/// Of the string that has begun: so that what is too large need not come first. The reader keeps its size in
/// front of what it has not taken yet.
std::size_t Replies::announced_bytes() const {
  if (reader_->ridx < 0 || reader_->rstack[reader_->ridx].type != REDIS_REPLY_STRING) return 0;
  std::size_t size = 0;
  std::from_chars(reader_->buf + reader_->pos, reader_->buf + reader_->len, size);
  return size;
}

Status Replies::feed(std::string_view bytes) {
  if (!reader_) {
    reader_ = redisReaderCreateWithFunctions(&ReplyMaker::functions);
    if (!reader_) return fail(Code::kInternal, "out of memory");
    reader_->privdata = this;
  }
  if (redisReaderFeed(reader_, bytes.data(), bytes.size()) != REDIS_OK) {
    return fail(Code::kInvalid, std::string("cannot read the answer: ") + reader_->errstr);
  }
  for (;;) {
    void* reply = nullptr;
    if (redisReaderGetReply(reader_, &reply) != REDIS_OK) {
      return fail(Code::kInvalid, std::string("cannot read the answer: ") + reader_->errstr);
    }
    if (!reply) {
      if (announced_bytes() > kMostReplyBytes)
        return fail(Code::kInvalid, "the answer is larger than 128 MB");
      return {};
    }
    replies_.push_back(static_cast<const Reply*>(reply));
  }
}

}  // namespace exporter::redis
