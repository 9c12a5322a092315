// SPDX-License-Identifier: Apache-2.0
// The table of all collectors. To add one: write collectors/<name>.cpp and add its name here.

#include "collectors.hpp"

namespace exporter::node {

extern const CollectorSpec arp, bcache, bcachefs, bonding, btrfs, buddyinfo, cgroups, conntrack, cpu,
    cpu_vulnerabilities, cpufreq, diskstats, dmi, dmmultipath, drbd, drm, edac, entropy, ethtool,
    fibrechannel, filefd, filesystem, hwmon, infiniband, interrupts, ipvs, kernel_hung, ksmd, lnstat, loadavg,
    logind, mdadm, meminfo, meminfo_numa, mountstats, netclass, netdev, netstat, network_route, nfs, nfsd,
    ntp, nvme, nvmesubsystem, os, pcidevice, perf, powersupplyclass, pressure, processes, qdisc, rapl, runit,
    schedstat, selinux, slabinfo, sockstat, softirqs, softnet, stat, supervisord, swap, sysctl, systemd,
    tapestats, tcpstat, textfile, thermal_zone, time, timex, udp_queues, uname, vmstat, watchdog, wifi, xfrm,
    xfs, zfs, zoneinfo;

namespace {

constexpr bool kOn = true;
constexpr bool kOff = false;

constexpr CollectorEntry kCollectors[] = {
    {"arp", kOn, &arp},
    {"bcache", kOn, &bcache},
    {"bcachefs", kOn, &bcachefs},
    {"bonding", kOn, &bonding},
    {"btrfs", kOn, &btrfs},
    {"buddyinfo", kOff, &buddyinfo},
    {"cgroups", kOff, &cgroups},
    {"conntrack", kOn, &conntrack},
    {"cpu", kOn, &cpu},
    {"cpu_vulnerabilities", kOff, &cpu_vulnerabilities},
    {"cpufreq", kOn, &cpufreq},
    {"diskstats", kOn, &diskstats},
    {"dmi", kOn, &dmi},
    {"dmmultipath", kOn, &dmmultipath},
    {"drbd", kOff, &drbd},
    {"drm", kOff, &drm},
    {"edac", kOn, &edac},
    {"entropy", kOn, &entropy},
    {"ethtool", kOff, &ethtool},
    {"fibrechannel", kOn, &fibrechannel},
    {"filefd", kOn, &filefd},
    {"filesystem", kOn, &filesystem},
    {"hwmon", kOn, &hwmon},
    {"infiniband", kOn, &infiniband},
    {"interrupts", kOff, &interrupts},
    {"ipvs", kOn, &ipvs},
    {"kernel_hung", kOn, &kernel_hung},
    {"ksmd", kOff, &ksmd},
    {"lnstat", kOff, &lnstat},
    {"loadavg", kOn, &loadavg},
    {"logind", kOff, &logind},
    {"mdadm", kOn, &mdadm},
    {"meminfo", kOn, &meminfo},
    {"meminfo_numa", kOff, &meminfo_numa},
    {"mountstats", kOff, &mountstats},
    {"netclass", kOn, &netclass},
    {"netdev", kOn, &netdev},
    {"netstat", kOn, &netstat},
    {"network_route", kOff, &network_route},
    {"nfs", kOn, &nfs},
    {"nfsd", kOn, &nfsd},
    {"ntp", kOff, &ntp},
    {"nvme", kOn, &nvme},
    {"nvmesubsystem", kOff, &nvmesubsystem},
    {"os", kOn, &os},
    {"pcidevice", kOff, &pcidevice},
    {"perf", kOff, &perf},
    {"powersupplyclass", kOn, &powersupplyclass},
    {"pressure", kOn, &pressure},
    {"processes", kOff, &processes},
    {"qdisc", kOff, &qdisc},
    {"rapl", kOn, &rapl},
    {"runit", kOff, &runit},
    {"schedstat", kOn, &schedstat},
    {"selinux", kOn, &selinux},
    {"slabinfo", kOff, &slabinfo},
    {"sockstat", kOn, &sockstat},
    {"softirqs", kOff, &softirqs},
    {"softnet", kOn, &softnet},
    {"stat", kOn, &stat},
    {"supervisord", kOff, &supervisord},
    {"swap", kOff, &swap},
    {"sysctl", kOff, &sysctl},
    {"systemd", kOff, &systemd},
    {"tapestats", kOn, &tapestats},
    {"tcpstat", kOff, &tcpstat},
    {"textfile", kOn, &textfile},
    {"thermal_zone", kOn, &thermal_zone},
    {"time", kOn, &time},
    {"timex", kOn, &timex},
    {"udp_queues", kOn, &udp_queues},
    {"uname", kOn, &uname},
    {"vmstat", kOn, &vmstat},
    {"watchdog", kOn, &watchdog},
    {"wifi", kOff, &wifi},
    {"xfrm", kOff, &xfrm},
    {"xfs", kOn, &xfs},
    {"zfs", kOn, &zfs},
    {"zoneinfo", kOff, &zoneinfo},
};

}  // namespace

std::span<const CollectorEntry> collectors() { return kCollectors; }

}  // namespace exporter::node
