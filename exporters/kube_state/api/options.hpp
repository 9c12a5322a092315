// SPDX-License-Identifier: Apache-2.0
#pragma once

// Where the API server is and how to show who we are: from a kubeconfig file, from what every pod has
// (environment and service account), and from --apiserver. Files are named here and read when a connection is
// made, so that rotated certificates and tokens need no restart. No error of these functions holds a secret.

#include <string>
#include <string_view>
#include <vector>

#include <exporter/result.hpp>

namespace exporter::kube {

/// PEM, in a file or as text.
struct Pem {
  std::string file{};
  std::string text{};
  bool given() const { return !file.empty() || !text.empty(); }
};

struct ApiOptions {
  std::string server{};  ///< "https://10.96.0.1:443"; a path in front of the API's own is allowed
  std::string user_agent{};

  Pem ca{};  ///< not given: the system's certificates
  Pem client_certificate{};
  Pem client_key{};
  bool insecure = false;          ///< takes any certificate
  std::string tls_server_name{};  ///< name that the certificate has to have, instead of the URL's host

  std::string token{};
  std::string token_file{};  ///< read again every minute, and when the server says 401
  std::string user{};        ///< with `password`: basic authentication
  std::string password{};
  std::string impersonate_user{};
  std::string impersonate_uid{};
  std::vector<std::string> impersonate_groups{};

  /// "http://proxy:3128", "none", or "": HTTPS_PROXY, HTTP_PROXY and NO_PROXY decide.
  std::string proxy{};
};

/// What the flags --kubeconfig and --apiserver (each may be "") and the environment come to: both empty means
/// the pod's own service account; an API server alone means no credentials; and what is in neither
/// may be in KUBERNETES_MASTER.
Result<ApiOptions> api_options(const std::string& kubeconfig, const std::string& apiserver);

/// A kubeconfig's current context. Relative paths in it are relative to `directory`.
Result<ApiOptions> parse_kubeconfig(std::string_view text, const std::string& directory);

/// The service account that a pod has.
Result<ApiOptions> in_cluster_options(
    const std::string& folder = "/var/run/secrets/kubernetes.io/serviceaccount");

}  // namespace exporter::kube
