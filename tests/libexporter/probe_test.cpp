// SPDX-License-Identifier: Apache-2.0

#include "detail/probe.hpp"

#include <stdexcept>

#include <gtest/gtest.h>

namespace exporter::detail {
namespace {

constexpr auto kAnswer = gauge("probe_answer", "An answer.", "target");

Response ask(const Probe& probe, std::string target, std::string encoding = "") {
  Request request{.method = "GET",
                  .path = "/probe",
                  .query = {{"target", std::move(target)}},
                  .headers = {},
                  .remote = "",
                  .received = {}};
  if (!encoding.empty()) request.headers.emplace_back("accept-encoding", std::move(encoding));
  return run_probe(probe, request, std::chrono::steady_clock::now() + std::chrono::seconds(1));
}

Status answer(Sink& sink, const Scrape& scrape) {
  const auto target = scrape.request()->parameter("target");
  if (target.empty()) return fail(Code::kInvalid, "no target");
  if (target == "throw") throw std::runtime_error("thrown");
  sink(kAnswer, {target}, 42);
  return {};
}

TEST(Probe, AnswersWithItsOwnPage) {
  const auto response = ask(answer, "a");
  EXPECT_EQ(response.status, 200);
  EXPECT_NE(response.body->find("probe_answer{target=\"a\"} 42\n"), std::string::npos) << *response.body;
  EXPECT_EQ(ask(answer, "b").body->find("\"a\""), std::string::npos);
}

TEST(Probe, Compresses) {
  const auto response = ask(answer, "a", "gzip");
  ASSERT_EQ(response.headers.size(), 1U);
  EXPECT_EQ(response.headers[0].second, "gzip");
  EXPECT_TRUE(response.body->starts_with("\x1f\x8b"));
}

TEST(Probe, AnswersErrorsByTheirKind) {
  EXPECT_EQ(ask(answer, "").status, 400);
  EXPECT_EQ(*ask(answer, "").body, "no target\n");
  EXPECT_EQ(ask(answer, "throw").status, 500);
  EXPECT_EQ(ask([](Sink&, const Scrape&) -> Status { return fail(Code::kTimeout, "late"); }, "a").status,
            504);
}

}  // namespace
}  // namespace exporter::detail
