// SPDX-License-Identifier: Apache-2.0
// Tile38's SERVER EXT, modules, search indexes and scripts.

#include <exporter/regex.hpp>
#include <exporter/text.hpp>

#include "keys.hpp"
#include "number.hpp"

namespace exporter::redis {
namespace {

constexpr struct {
  std::string_view key;
  Metric<0> metric;
} kTile38[] = {
    {"aof_size", gauge("redis_tile38_aof_size_bytes", "Size of the append-only file.")},
    {"avg_point_size", gauge("redis_tile38_avg_item_size_bytes", "Mean size of an item.")},
    {"sys_cpus", gauge("redis_tile38_cpus_total", "CPUs of the machine.")},
    {"go_goroutines", gauge("redis_tile38_go_goroutines_total", "Goroutines.")},
    {"heap_released_bytes", gauge("redis_tile38_heap_released_bytes", "Heap given back to the system.")},
    {"heap_alloc_bytes", gauge("redis_tile38_heap_size_bytes", "Heap in use.")},
    {"http_transport", gauge("redis_tile38_http_transport", "Whether HTTP is served.")},
    {"in_memory_size", gauge("redis_tile38_in_memory_size_bytes", "Size of the data in memory.")},
    {"last_gc_time_seconds",
     gauge("redis_tile38_last_gc_time_seconds", "Time of the last garbage collection.")},
    {"max_heap_size", gauge("redis_tile38_max_heap_size_bytes", "Limit of the heap.")},
    {"alloc_bytes", gauge("redis_tile38_mem_alloc_bytes", "Memory allocated.")},
    {"next_gc_bytes", gauge("redis_tile38_next_gc_bytes", "Heap at which garbage is collected next.")},
    {"num_collections", gauge("redis_tile38_num_collections_total", "Collections.")},
    {"num_hooks", gauge("redis_tile38_num_hooks_total", "Hooks.")},
    {"num_objects", gauge("redis_tile38_num_objects_total", "Objects.")},
    {"num_points", gauge("redis_tile38_num_points_total", "Points.")},
    {"pointer_size", gauge("redis_tile38_pointer_size_bytes", "Size of a pointer.")},
    {"read_only", gauge("redis_tile38_read_only", "Whether the server is read-only.")},
    {"go_threads", gauge("redis_tile38_threads_total", "Threads.")}};

constexpr double kMega = 1048576;
constexpr struct {
  std::string_view key;
  double scale;
  Metric<1> metric;
} kIndex[] = {
    {"num_docs", 1, gauge("redis_search_index_num_docs", "Documents in an index.", "index_name")},
    {"max_doc_id", 1, gauge("redis_search_index_max_doc_id", "Highest document id.", "index_name")},
    {"num_terms", 1, gauge("redis_search_index_num_terms", "Terms in an index.", "index_name")},
    {"num_records", 1, gauge("redis_search_index_num_records", "Records in an index.", "index_name")},
    {"inverted_sz_mb", kMega,
     gauge("redis_search_index_inverted_size_bytes", "Size of the inverted index.", "index_name")},
    {"vector_index_sz_mb", kMega,
     gauge("redis_search_index_vector_index_size_bytes", "Size of the vector index.", "index_name")},
    {"total_inverted_index_blocks", 1,
     gauge("redis_search_index_total_inverted_index_blocks", "Blocks of the inverted index.", "index_name")},
    {"offset_vectors_sz_mb", kMega,
     gauge("redis_search_index_offset_vectors_size_bytes", "Size of the offset vectors.", "index_name")},
    {"doc_table_size_mb", kMega,
     gauge("redis_search_index_doc_table_size_bytes", "Size of the document table.", "index_name")},
    {"sortable_values_size_mb", kMega,
     gauge("redis_search_index_sortable_values_size_bytes", "Size of the sortable values.", "index_name")},
    {"key_table_size_mb", kMega,
     gauge("redis_search_index_key_table_size_bytes", "Size of the key table.", "index_name")},
    {"tag_overhead_sz_mb", kMega,
     gauge("redis_search_index_tag_overhead_size_bytes", "Overhead of tags.", "index_name")},
    {"text_overhead_sz_mb", kMega,
     gauge("redis_search_index_text_overhead_size_bytes", "Overhead of text.", "index_name")},
    {"total_index_memory_sz_mb", kMega,
     gauge("redis_search_index_total_index_memory_size_bytes", "Memory of an index.", "index_name")},
    {"geoshapes_sz_mb", kMega,
     gauge("redis_search_index_geoshapes_size_bytes", "Size of the geo shapes.", "index_name")},
    {"records_per_doc_avg", 1,
     gauge("redis_search_index_avg_per_doc_records", "Mean records of a document.", "index_name")},
    {"bytes_per_record_avg", 1,
     gauge("redis_search_index_avg_per_record_bytes", "Mean size of a record.", "index_name")},
    {"offsets_per_term_avg", 1,
     gauge("redis_search_index_avg_per_term_offsets", "Mean offsets of a term.", "index_name")},
    {"offset_bits_per_record_avg", 1,
     gauge("redis_search_index_avg_per_record_offset_bits", "Mean offset bits of a record.", "index_name")},
    {"hash_indexing_failures", 1,
     gauge("redis_search_index_hash_indexing_failures", "Failures to index a hash.", "index_name")},
    {"indexing", 1, gauge("redis_search_index_indexing", "Whether the index is being built.", "index_name")},
    {"percent_indexed", 1,
     gauge("redis_search_index_percent_indexed", "Part of the documents that is indexed.", "index_name")},
    {"number_of_uses", 1,
     counter("redis_search_index_number_of_uses_total", "Uses of an index.", "index_name")},
    {"cleaning", 1,
     gauge("redis_search_index_cleaning", "Whether the index is being cleaned.", "index_name")}};

constexpr auto kScriptResult = gauge(
    "redis_script_result", "How a script ended: 1 well, 2 without values, 0 with an error.", "filename");
constexpr auto kScriptValue =
    gauge("redis_script_values", "A value that a script returned.", "filename", "key");

double number_of(const Reply& reply) {
  if (reply.kind == Reply::Kind::kInteger) return static_cast<double>(reply.integer);
  return go_float(reply.text).value_or(0);
}

}  // namespace

std::span<const MetricInfo> extension_metrics() {
  static const auto all = [] {
    std::vector<MetricInfo> list;
    for (const auto& field : kTile38) list.emplace_back(field.metric);
    for (const auto& field : kIndex) list.emplace_back(field.metric);
    list.emplace_back(kScriptResult);
    list.emplace_back(kScriptValue);
    return list;
  }();
  return all;
}

Status KeyScrape::tile38() {
  Replies replies;
  if (auto status = ask({"SERVER", "EXT"}, replies); !status) return status;
  const auto items = replies[0].array();
  for (std::size_t i = 0; i + 1 < items.size(); i += 2) {
    auto key = items[i]->text;
    if (key.starts_with("tile38_")) key.remove_prefix(7);
    for (const auto& field : kTile38) {
      if (field.key != key) continue;
      if (items[i + 1]->kind == Reply::Kind::kInteger) {
        out(field.metric, items[i + 1]->integer);
      } else if (const auto value = info_value(items[i + 1]->text)) {
        out(field.metric, *value);
      }
    }
  }
  return {};
}

Status KeyScrape::modules() {
  Replies replies;
  if (auto status = ask({"INFO", "MODULES"}, replies); !status) return status;
  write_modules(replies[0].text, out);
  return {};
}

Status KeyScrape::search_indexes() {
  auto wanted = Matcher::make("--check-search-indexes", options.search_pattern);
  if (!wanted) return std::unexpected(wanted.error());
  Replies names, indexes;
  if (auto status = ask({"FT._LIST"}, names); !status) return status;
  Commands commands;
  std::vector<std::string_view> chosen;
  for (const auto* name : names[0].array()) {
    if (!wanted->matches(name->text)) continue;
    chosen.push_back(name->text);
    commands.add({"FT.INFO", name->text});
  }
  if (chosen.empty()) return {};
  if (auto status = client->ask(commands, indexes, deadline); !status) return status;
  for (std::size_t i = 0; i < chosen.size(); ++i) {
    if (indexes[i].failed()) continue;
    for (const auto& field : kIndex)
      out(field.metric, {chosen[i]}, number_of(indexes[i].named(field.key)) * field.scale);
  }
  return {};
}

Status KeyScrape::scripts() {
  Replies replies;
  for (const auto& script : options.scripts) {
    if (auto status = ask({options.scripts_read_only ? "EVAL_RO" : "EVAL", script.text, "0"}, replies);
        !status) {
      out(kScriptResult, {script.filename}, 0);
      return fail(status.error().code, "script " + script.filename + ": " + status.error().message);
    }
    const auto items = replies[0].array();
    for (std::size_t i = 0; i + 1 < items.size(); i += 2) {
      const auto& value = *items[i + 1];
      if (value.kind == Reply::Kind::kInteger) {
        out(kScriptValue, {script.filename, items[i]->text}, value.integer);
      } else if (const auto number = go_float(value.text)) {
        out(kScriptValue, {script.filename, items[i]->text}, *number);
      }
    }
    out(kScriptResult, {script.filename}, items.empty() ? 2 : 1);
  }
  return {};
}

}  // namespace exporter::redis
