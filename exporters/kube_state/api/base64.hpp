// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace exporter::kube {

std::string base64_encoded(std::string_view bytes);
/// Standard alphabet with its padding; line breaks are passed over. Nothing where it's malformed.
std::optional<std::string> base64_decoded(std::string_view text);

}  // namespace exporter::kube
