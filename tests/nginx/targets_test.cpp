// SPDX-License-Identifier: Apache-2.0
// Addresses, labels and what the flags come to.

#include "targets.hpp"

#include <gtest/gtest.h>

namespace exporter::nginx {
namespace {

TEST(ConstantLabel, Forms) {
  EXPECT_EQ(parse_label("zone=a=b")->value, "a=b");
  EXPECT_EQ(parse_label("zone=")->value, "");
  EXPECT_FALSE(parse_label("zone"));
  EXPECT_FALSE(parse_label("1x=a"));
  EXPECT_FALSE(parse_label("__x=a"));
}

TEST(Settings, SeveralTargetsHaveTheirAddressAsLabel) {
  Flags flags("x", "y");
  const Settings settings(flags);
  const char* const arguments[] = {"x", "--nginx.scrape-uri=http://u:secret@a/s",
                                   "--nginx.scrape-uri=unix:/s:/p", "--prometheus.const-label=zone=a",
                                   "--nginx.ssl-verify"};
  ASSERT_TRUE(flags.parse(5, arguments));
  const auto targets = settings.targets();
  ASSERT_TRUE(targets) << targets.error().message;
  ASSERT_EQ(targets->size(), 2U);
  const auto labels = targets->front().label_views();
  ASSERT_EQ(labels.size(), 2U);
  EXPECT_EQ(labels[0].name, "zone");
  EXPECT_EQ(labels[1].value, "http://xxxxx@a/s");
  EXPECT_FALSE(targets->front().http.insecure);
  EXPECT_EQ(targets->back().http.unix_socket, "/s");
}

}  // namespace
}  // namespace exporter::nginx
