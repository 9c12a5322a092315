// SPDX-License-Identifier: Apache-2.0
// redis_exporter: a Redis or Valkey server, on port 9121; /scrape?target= for any other.

#include <exporter/app.hpp>

#include "service.hpp"

int main(int argc, char** argv) {
  using namespace exporter;
  App app({.program = "redis_exporter",
           .title = "Redis Exporter",
           .description = "Exposes metrics of Redis, Valkey, KeyDB and their sentinels and clusters.",
           .listen = {":9121"},
           .collector_metrics = "",
           .start_error_status = 1,
           .flag_style = Flags::Style::kGo,
           .writes_build_info = true});
  redis::Service service(app);
  return app.run(argc, argv);
}
