// SPDX-License-Identifier: Apache-2.0
// An application's endpoint: who owns what when a collector is stuck and the application wants to end.
//
// The thread that serves owns the Service and takes it down, which waits for handlers; nobody waits for that
// thread longer than stop() may. Late collectors and the application reach the server through Control only,
// which lives as long as anyone has use for it.

#include <exporter/endpoint.hpp>

#include <pthread.h>

#include <condition_variable>
#include <csignal>
#include <mutex>
#include <system_error>
#include <thread>

#include <exporter/log.hpp>

#include "detail/endpoint_service.hpp"
#include "detail/self_metrics.hpp"

namespace exporter {

struct Endpoint::Control {
  std::mutex mutex;
  std::condition_variable changed;
  Server* server = nullptr;  // while it serves
  bool gone = false;         // the Service is no more
  int collecting = 0;        // collectors at work
  std::thread thread{};

  class Watched;

  bool at_rest() const { return gone && collecting == 0; }

  void at(std::chrono::steady_clock::time_point when, std::move_only_function<void()> task) {
    const std::lock_guard lock(mutex);
    if (server) server->at(when, std::move(task));
  }
};

namespace {

constexpr std::chrono::milliseconds kMargin{500};  // for what comes after the grace

/// Signals are for the application's own threads, and a client that has gone must not end it by SIGPIPE.
class NoSignals {
 public:
  NoSignals() {
    sigset_t all;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~NoSignals() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  NoSignals(const NoSignals&) = delete;
  NoSignals& operator=(const NoSignals&) = delete;

 private:
  sigset_t before_;
};

}  // namespace

/// Tells Control while a collector is at work.
class Endpoint::Control::Watched final : public Collector {
 public:
  Watched(std::shared_ptr<Control> control, std::unique_ptr<Collector> collector)
      : control_(std::move(control)), collector_(std::move(collector)) {}

  Status start() override { return collector_->start(); }

  Status collect(Sink& sink, const Scrape& scrape) override {
    const Mark mark(*control_);
    return collector_->collect(sink, scrape);
  }

 private:
  struct Mark {
    explicit Mark(Control& marked) : control(marked) { add(1); }
    ~Mark() { add(-1); }
    Mark(const Mark&) = delete;
    Mark& operator=(const Mark&) = delete;
    void add(int number) const {
      const std::lock_guard lock(control.mutex);
      control.collecting += number;
      control.changed.notify_all();
    }
    Control& control;
  };
  std::shared_ptr<Control> control_;
  std::unique_ptr<Collector> collector_;
};

void Endpoint::Service::handle(const Request& request, Reply reply) {
  for (const auto& [path, handler] : routes) {
    if (request.path == path) return handler(request, std::move(reply));
  }
  if (request.path == options.path) return metrics.handle(request, std::move(reply));
  reply.send({.status = 404,
              .body = shared_body("There is nothing here; the metrics are at " + options.path + "\n")});
}

Endpoint::Endpoint(EndpointOptions options)
    : grace_(options.grace),
      control_(std::make_shared<Control>()),
      service_(std::make_unique<Service>(std::move(options))) {
  auto& service = *service_;
  detail::MetricsSettings settings;
  settings.timeout = service.options.timeout;
  service.metrics.open(
      std::move(settings), [control = control_](auto when, auto task) { control->at(when, std::move(task)); },
      service.options.collector_metrics);
  if (service.options.process_metrics) {
    service.metrics.runner().add(
        {.name = "process", .keep_partial = true, .observed = false, .families = detail::process_metrics()},
        detail::make_process_collector());
  }
  service.metrics.begin_choice();
}

Endpoint::~Endpoint() { stop(); }

void Endpoint::add(std::string name, std::unique_ptr<Collector> collector) {
  service_->metrics.runner().add({.name = std::move(name)},
                                 std::make_unique<Control::Watched>(control_, std::move(collector)));
}

void Endpoint::route(std::string path, Handler handler) {
  service_->routes.emplace_back(std::move(path), std::move(handler));
}

Status Endpoint::start() {
  if (!service_) return fail(Code::kInvalid, "the endpoint was started before");
  if (service_->options.listen.empty())
    return fail(Code::kInvalid, "the endpoint has no address to listen on");
  if (auto status = service_->metrics.start(); !status) return status;
  auto bound = service_->server.listen(service_->options.listen);
  if (!bound) return fail(bound);

  control_->server = &service_->server;
  const auto serve = [](std::unique_ptr<Service> service, const std::shared_ptr<Control>& control) {
    auto& self = *service;
    Handler handler = [&self](const Request& request, Reply reply) {
      self.handle(request, std::move(reply));
    };
    if (self.protection) handler = self.protection(self.server, std::move(handler));
    if (const auto status = self.server.run(std::move(handler), self.options.grace); !status) {
      log::error("The endpoint of metrics failed", {{"err", status.error().message}});
    }
    {
      const std::lock_guard lock(control->mutex);
      control->server = nullptr;
    }
    service.reset();  // waits for handlers
    const std::lock_guard lock(control->mutex);
    control->gone = true;
    control->changed.notify_all();
  };
  try {
    const NoSignals quiet;
    control_->thread = std::thread(serve, std::move(service_), control_);
  } catch (const std::system_error& e) {
    control_->server = nullptr;
    return fail(Code::kUnavailable, std::string("cannot start a thread for the endpoint: ") + e.what());
  }
  addresses_ = std::move(*bound);
  return {};
}

const std::vector<std::string>& Endpoint::addresses() const { return addresses_; }

bool Endpoint::stop() {
  auto& control = *control_;
  if (!control.thread.joinable()) return true;
  std::unique_lock lock(control.mutex);
  if (control.server) control.server->stop();
  const bool over = control.changed.wait_for(lock, grace_ + kMargin, [&] { return control.at_rest(); });
  lock.unlock();
  if (over) {
    control.thread.join();
  } else {
    control.thread.detach();
  }
  return over;
}

}  // namespace exporter
