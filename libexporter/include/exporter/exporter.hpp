// SPDX-License-Identifier: Apache-2.0
#pragma once

// All that an exporter usually needs. Each header stands alone, too.

#include <exporter/app.hpp>
#include <exporter/collector.hpp>
#include <exporter/endpoint.hpp>
#include <exporter/files.hpp>
#include <exporter/flags.hpp>
#include <exporter/json.hpp>
#include <exporter/log.hpp>
#include <exporter/metric.hpp>
#include <exporter/regex.hpp>
#include <exporter/result.hpp>
#include <exporter/sink.hpp>
#include <exporter/text.hpp>
