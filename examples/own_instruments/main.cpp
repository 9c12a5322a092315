// SPDX-License-Identifier: Apache-2.0
// An application, with a main loop and signals of its own, that counts what it does and serves it as
// /metrics.

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <memory>
#include <thread>

#include <exporter/endpoint.hpp>
#include <exporter/instruments.hpp>
#include <exporter/metric.hpp>

#include <prometheus/counter.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

using namespace std::chrono_literals;

constexpr auto kQueue = exporter::gauge("shop_queue_orders", "Orders that wait.");

int main(int argc, char** argv) {
  // Instruments are kept by the application, which is what prometheus-cpp is for.
  auto registry = std::make_shared<prometheus::Registry>();
  auto& orders =
      prometheus::BuildCounter().Name("shop_orders_total").Help("Orders done.").Register(*registry).Add({});
  auto& seconds = prometheus::BuildHistogram()
                      .Name("shop_order_seconds")
                      .Help("Time for an order.")
                      .Register(*registry)
                      .Add({}, prometheus::Histogram::BucketBoundaries{0.001, 0.01, 0.1, 1});

  // What is known elsewhere is asked for when there is a scrape, which is what collectors are for.
  auto queue = std::make_shared<std::atomic<int>>(0);

  exporter::Endpoint endpoint({.listen = {argc > 1 ? argv[1] : ":9464"}});
  endpoint.add("instruments", exporter::instruments(registry));
  endpoint.add("queue", exporter::collector_from(
                            [queue](exporter::Sink& sink, const exporter::Scrape&) -> exporter::Status {
                              sink(kQueue, queue->load());
                              return {};
                            }));
  if (auto status = endpoint.start(); !status) {
    std::fprintf(stderr, "shop: %s\n", status.error().message.c_str());
    return 1;
  }

  static volatile std::sig_atomic_t over = 0;
  std::signal(SIGTERM, [](int) { over = 1; });
  std::signal(SIGINT, [](int) { over = 1; });
  for (int order = 0; !over; ++order) {
    *queue = order % 7;
    std::this_thread::sleep_for(10ms);  // the application's work
    orders.Increment();
    seconds.Observe(0.01);
  }
  std::puts("shop: closed");
  return endpoint.stop() ? 0 : 1;
}
