// SPDX-License-Identifier: Apache-2.0

// Any text as INFO, CLUSTER INFO, INFO MODULES, CLIENT LIST, CLUSTER NODES, an address, a list of keys and a
// password file. The first byte tells which.

#include <cstddef>
#include <cstdint>

#include "address.hpp"
#include "cluster.hpp"
#include "fuzz.hpp"
#include "info.hpp"
#include "options.hpp"
#include "sections.hpp"

void exporter::fuzz::seeds(const std::function<void(Input)>& use) {
  constexpr std::string_view kInputs[] = {
      "0# Server\r\nuptime_in_seconds:5\r\n# "
      "Replication\r\nrole:slave\r\nmaster_host:a\r\nmaster_1_port:1\r\n"
      "slave0:ip=a,port=1,state=online,offset=5,lag=0\r\n# "
      "Commandstats\r\ncmdstat_a|b:calls=1,usec=2,usec_per_call=2.00,"
      "rejected_calls=0,failed_calls=0\r\n# Latencystats\r\nlatency_percentiles_usec_a|b:p50=1.5,p99.9=2\r\n"
      "# Errorstats\r\nerrorstat_ERR:count=1\r\n# Keyspace\r\ndb0:keys=1,expires=0,avg_ttl=0,x=1\r\n"
      "# Sentinel\r\nmaster0:name=m,status=ok,address=a:1,slaves=0,sentinels=1\r\n",
      "1cluster_state:ok\r\ncluster_other-x:1_0\r\n",
      "2module:name=a,ver=1,api=1,filters=0,usedby=[],using=[],options=[]\r\nsearch_num_docs:0x1p4\r\n",
      "3id=3 addr=[::1]:5 name=n age=1 idle=0 flags=N db=0 sub=0 tot-mem=9 user=u resp=2\n",
      "4a ::1:7000@17000,host myself,master - 0 1 1 connected 0-5\n",
      "5rediss://u%41:p@[::1]:1/2",
      "6db1=a*,\"b\"",
      "7{\"redis://a\":\"\\ud83d\\ude00\\n\"}"};
  for (const auto input : kInputs) use({reinterpret_cast<const std::uint8_t*>(input.data()), input.size()});
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace exporter::redis;
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  Options options;
  options.prefix = "redis";
  options.client_port = true;
  exporter::Sink sink;
  Output out(sink, options);
  switch (data[0] % 8) {
    case 0:
      write_info(text, 4, 1000, options, out);
      break;
    case 1:
      write_cluster_info(text, out);
      break;
    case 2:
      write_modules(text, out);
      break;
    case 3:
      write_client_list(text, 1000, options, out);
      break;
    case 4:
      (void)discovery_page(parse_cluster_nodes(text, true), false);
      break;
    case 5:
      (void)parse_address(text);
      break;
    case 6:
      (void)parse_key_patterns(text);
      (void)parse_csv(text);
      break;
    default:
      (void)parse_passwords(text);
      break;
  }
  return 0;
}
