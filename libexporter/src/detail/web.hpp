// SPDX-License-Identifier: Apache-2.0
// --web.config.file, --web.systemd-socket and systemd's notifications, for App.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <exporter/app.hpp>
#include <exporter/result.hpp>
#include <exporter/server.hpp>

namespace exporter::detail {

class WebConfigFile;

class Web {
 public:
  /// Reads and checks the file and all that it names.
  static Result<std::unique_ptr<Web>> open(const std::string& path);
  /// The same for what flags say.
  static Result<std::unique_ptr<Web>> make(const PortProtection& protection);
  ~Web();

  bool tls() const;
  /// Puts all that the file asks for between the server and `next`. The server must outlive the handler.
  Handler protect(Server& server, Handler next);

 private:
  struct Impl;
  explicit Web(std::unique_ptr<Impl> impl);
  static Result<std::unique_ptr<Web>> from(std::shared_ptr<WebConfigFile> file, const std::string& where);
  std::unique_ptr<Impl> impl_;
};

/// Takes over the sockets that systemd has opened for this process; returns their addresses.
Result<std::vector<std::string>> adopt_systemd_sockets(Server& server);

/// Tells the service manager, where there is one: "READY=1".
void notify_systemd(std::string_view state);
/// "RELOADING=1", with the time that the manager wants to know with it.
void notify_systemd_reloading();

}  // namespace exporter::detail
