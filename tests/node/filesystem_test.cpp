// SPDX-License-Identifier: Apache-2.0
// What hung mounts cost: calls that never return, from a function that waits and from a FUSE mount nobody
// serves.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <thread>

#include <exporter/page.hpp>

#include "collectors.hpp"
#include "exposition.hpp"
#include "statfs_pool.hpp"

namespace exporter::node {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

std::atomic<bool> released{false};
std::atomic<int> calls{0};

/// Answers with the length of the path; a path with "hang" in it has to wait for the release.
int fake_statfs(const char* path, struct statfs* result) {
  ++calls;
  if (std::strstr(path, "hang")) {
    while (!released) std::this_thread::sleep_for(milliseconds(1));
  }
  if (std::strstr(path, "gone")) {
    errno = ENOENT;
    return -1;
  }
  *result = {};
  result->f_blocks = std::strlen(path);
  return 0;
}

std::size_t threads() {
  return static_cast<std::size_t>(
      std::distance(fs::directory_iterator("/proc/self/task"), fs::directory_iterator()));
}

template <class F>
bool eventually(F condition) {
  for (int i = 0; i < 500 && !condition(); ++i) std::this_thread::sleep_for(milliseconds(10));
  return condition();
}

TEST(StatfsPool, AnswersInOrder) {
  StatfsPool pool(2, fake_statfs);
  const std::vector<std::string> paths{"/a", "/gone", "/ccc"};
  std::vector<StatfsPool::Answer> answers;
  for (int round = 0; round < 3; ++round) {
    pool.start(paths);
    pool.finish(answers, Clock::now() + std::chrono::seconds(10));
    ASSERT_EQ(answers.size(), 3u);
    EXPECT_EQ(answers[0].error, 0);
    EXPECT_EQ(answers[0].stats.f_blocks, 2u);
    EXPECT_EQ(answers[1].error, ENOENT);
    EXPECT_EQ(answers[2].stats.f_blocks, 4u);
  }
}

TEST(StatfsPool, LeavesNoCallTwiceOnAHungPath) {
  released = false;
  calls = 0;
  StatfsPool pool(1, fake_statfs);
  // With one worker, each path that hangs is in front of one that does not.
  const std::vector<std::string> paths{"/hang1", "/a", "/hang2", "/b"};
  std::vector<StatfsPool::Answer> answers;
  for (int round = 0; round < 3; ++round) {
    const auto begin = Clock::now();
    pool.start(paths);
    pool.finish(answers, begin + std::chrono::seconds(1));
    EXPECT_LT(Clock::now() - begin, std::chrono::seconds(round == 0 ? 3 : 1));
    EXPECT_EQ(answers[0].error, StatfsPool::kTimedOut);
    EXPECT_EQ(answers[1].error, 0);
    EXPECT_EQ(answers[2].error, StatfsPool::kTimedOut);
    EXPECT_EQ(answers[3].error, 0);
  }
  EXPECT_EQ(calls, 2 + 3 * 2);
  released = true;
  EXPECT_TRUE(eventually([&] {
    pool.start(paths);
    pool.finish(answers, Clock::now() + std::chrono::seconds(1));
    return answers[0].error == 0 && answers[2].error == 0;
  }));
}

TEST(StatfsPool, EndsWhileACallHangs) {
  released = false;
  const auto before = threads();
  {
    StatfsPool pool(1, fake_statfs);
    const std::vector<std::string> paths{"/hang"};
    std::vector<StatfsPool::Answer> answers;
    pool.start(paths);
    pool.finish(answers, Clock::now() + milliseconds(20));
    EXPECT_EQ(answers[0].error, StatfsPool::kTimedOut);
  }
  released = true;
  EXPECT_TRUE(eventually([&] { return threads() <= before; }));
}

/// A FUSE mount whose daemon never answers, in a mount namespace of this process.
class HungMount {
 public:
  explicit HungMount(const fs::path& point) : point_(point) {
    fs::create_directories(point);
    if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) {
      reason_ = std::string("no mount namespace: ") + std::strerror(errno);
      return;
    }
    device_ = open("/dev/fuse", O_RDWR | O_CLOEXEC);
    if (device_ < 0) {
      reason_ = std::string("no /dev/fuse: ") + std::strerror(errno);
      return;
    }
    const auto options = "fd=" + std::to_string(device_) + ",rootmode=40000,user_id=0,group_id=0";
    mounted_ = mount("hung", point.c_str(), "fuse", MS_NOSUID | MS_NODEV, options.c_str()) == 0;
    if (!mounted_) reason_ = std::string("no FUSE mount: ") + std::strerror(errno);
  }
  ~HungMount() {
    release();
    unmount();
  }
  void unmount() {
    if (mounted_) umount2(point_.c_str(), MNT_DETACH);
    mounted_ = false;
  }
  /// Closing the device fails all calls that wait for the daemon.
  void release() {
    if (device_ >= 0) close(device_);
    device_ = -1;
  }
  const std::string& reason() const { return reason_; }

 private:
  fs::path point_;
  int device_ = -1;
  bool mounted_ = false;
  std::string reason_;
};

TEST(Filesystem, ServesTheOthersWhenAMountHangs) {
  const fs::path dir = fs::temp_directory_path() / ("filesystem_test." + std::to_string(getpid()));
  HungMount hung(dir / "root/hung");
  if (!hung.reason().empty()) {
    fs::remove_all(dir);
    GTEST_SKIP() << hung.reason();
  }
  fs::create_directories(dir / "proc/self");
  fs::create_directories(dir / "sys");
  fs::create_directories(dir / "root/nfs");
  std::ofstream(dir / "proc/self/mountinfo") << "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n"
                                                "2 1 0:40 / /hung rw - fuse.hung hung rw\n"
                                                "3 1 0:41 / /hung/below rw - ext4 /dev/sdb1 rw\n"
                                                "4 1 0:42 / /nfs rw - nfs4 server:/ rw\n";
  const std::string proc = "--path.procfs=" + (dir / "proc").string();
  const std::string sys = "--path.sysfs=" + (dir / "sys").string();
  const std::string root = "--path.rootfs=" + (dir / "root").string();
  const char* const argv[] = {"node_exporter", proc.c_str(), sys.c_str(), root.c_str(),
                              "--collector.filesystem.mount-timeout=300ms"};
  const CollectorSpec* spec = nullptr;
  for (const auto& entry : collectors()) {
    if (entry.name == "filesystem") spec = entry.spec;
  }
  ASSERT_NE(spec, nullptr);
  Flags flags("node_exporter", "");
  Host host(flags);
  const auto before = threads();
  {
    auto collector = spec->make(host, flags);
    ASSERT_TRUE(flags.parse(std::size(argv), argv));
    ASSERT_TRUE(collector->start());

    const auto page = [&](milliseconds deadline) {
      Sink sink;
      auto status = collector->collect(sink, Scrape(Clock::now() + deadline));
      EXPECT_TRUE(status);
      std::string text;
      const Sink* const sinks[] = {&sink};
      PageBuilder().build(sinks, PageFormat::kText, text);
      return text;
    };
    for (int round = 0; round < 4; ++round) {
      const auto begin = Clock::now();
      const auto text =
          page(round == 0 ? milliseconds(200) : milliseconds(10000));  // the deadline, then the timeout
      EXPECT_LT(Clock::now() - begin, milliseconds(2000)) << "round " << round;
      for (const char* point : {"/hung", "/hung/below"}) {
        EXPECT_NE(text.find(std::string("device_error=\"mountpoint timeout\",fstype=\"") +
                            (point == std::string("/hung") ? "fuse.hung" : "ext4") + "\",mountpoint=\"" +
                            point + "\"} 1"),
                  std::string::npos)
            << text;
      }
      for (const char* labels :
           {"device=\"/dev/sda1\",device_error=\"\",fstype=\"ext4\",mountpoint=\"/\"",
            "device=\"server:/\",device_error=\"\",fstype=\"nfs4\",mountpoint=\"/nfs\""}) {
        EXPECT_NE(text.find("node_filesystem_size_bytes{" + std::string(labels)), std::string::npos) << text;
      }
    }
    EXPECT_LE(threads(), before + 2 + 4);  // one for each of the two that hang, and the workers
    hung.release();
    EXPECT_TRUE(
        eventually([&] { return page(milliseconds(1000)).find("mountpoint timeout") == std::string::npos; }));
  }
  EXPECT_TRUE(eventually([&] { return threads() <= before; }));
  hung.unmount();
  fs::remove_all(dir);
}

}  // namespace
}  // namespace exporter::node
