// SPDX-License-Identifier: Apache-2.0

// Flags: the forms each style takes, the words it refuses others with, the environment, and the help.

#include <gtest/gtest.h>

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include <exporter/flags.hpp>

namespace exporter {
namespace {

using Strings = std::vector<std::string>;
using Outcome = Flags::Outcome;

/// A program with a flag of each kind.
struct Program {
  explicit Program(Flags::Style style = Flags::Style::kKingpin)
      : flags("demo_exporter", "Shows flags.", style),
        guest(flags.toggle("cpu.guest", true, "Expose guest time.")),
        path(flags.text("path.procfs", "/proc", "Where procfs is.").short_name('p')),
        config(flags.text("config", "", "A file.").env("DEMO_FILE")),
        most(flags.integer("max-requests", 40, "Most at once.").alias("old-max")),
        ratio(flags.number("ratio", 0.5, "A ratio.")),
        timeout(flags.duration("timeout", "5s", "Deadline.")),
        listen(flags.list("listen", {":9100"}, "Addresses.")),
        level(flags.text("log.level", "info", "Least severity.").choices({"debug", "info"})),
        password(flags.integer("pin", 1234, "Secret number.").secret()),
        verbose(flags.toggle("verbose", false, "Hidden.").hidden().short_name('v')) {
    flags.version_text("demo_exporter, version 1");
  }

  Result<Outcome> parse(const Strings& arguments) {
    std::vector<const char*> argv{"demo_exporter"};
    for (const auto& argument : arguments) argv.push_back(argument.c_str());
    return flags.parse(static_cast<int>(argv.size()), argv.data());
  }

  Flags flags;
  Flag<bool>& guest;
  Flag<std::string>& path;
  Flag<std::string>& config;
  Flag<long>& most;
  Flag<double>& ratio;
  Flag<std::chrono::nanoseconds>& timeout;
  Flag<Strings>& listen;
  Flag<std::string>& level;
  Flag<long>& password;
  Flag<bool>& verbose;
};

std::string refusal(Flags::Style style, const Strings& arguments) {
  Program program(style);
  const auto result = program.parse(arguments);
  return result ? "(accepted)" : result.error().message;
}

/// What a call prints on standard output.
std::string printed(Flags::Style style, const Strings& arguments) {
  testing::internal::CaptureStdout();
  Program program(style);
  const auto result = program.parse(arguments);
  auto text = testing::internal::GetCapturedStdout();
  EXPECT_TRUE(result && *result == Outcome::kExit);
  return text;
}

class Variable {
 public:
  Variable(const char* name, const char* value) : name_(name) { setenv(name, value, 1); }
  ~Variable() { unsetenv(name_); }

 private:
  const char* name_;
};

class ArgumentsFile {
 public:
  explicit ArgumentsFile(std::string_view text) {
    std::FILE* file = std::fopen(path_.c_str(), "w");
    std::fwrite(text.data(), 1, text.size(), file);
    std::fclose(file);
  }
  ~ArgumentsFile() { unlink(path_.c_str()); }
  std::string argument() const { return "@" + path_; }

 private:
  std::string path_ = testing::TempDir() + "flags_test." + std::to_string(getpid());
};

constexpr auto kKingpin = Flags::Style::kKingpin;
constexpr auto kGo = Flags::Style::kGo;
constexpr auto kPflag = Flags::Style::kPflag;

TEST(Flags, Defaults) {
  Program program;
  ASSERT_EQ(program.parse({}).value(), Outcome::kRun);
  EXPECT_TRUE(*program.guest);
  EXPECT_EQ(*program.path, "/proc");
  EXPECT_EQ(*program.most, 40);
  EXPECT_EQ(*program.timeout, std::chrono::seconds(5));
  EXPECT_EQ(*program.listen, Strings{":9100"});
  EXPECT_FALSE(program.path.given());
}

TEST(Flags, KingpinForms) {
  Program program;
  ASSERT_TRUE(program.parse({"--no-cpu.guest", "--path.procfs=/a=b", "--old-max", "0x10", "--listen=:1",
                             "--listen", ":2", "--ratio=-1e3", "--timeout=1m", "--log.level=debug", "-v",
                             "--config", "--", "-x"}));
  EXPECT_FALSE(*program.guest);
  EXPECT_EQ(*program.path, "/a=b");
  EXPECT_EQ(*program.most, 16);
  EXPECT_EQ(*program.listen, (Strings{":1", ":2"}));
  EXPECT_EQ(*program.ratio, -1000);
  EXPECT_EQ(*program.timeout, std::chrono::minutes(1));
  EXPECT_EQ(*program.level, "debug");
  EXPECT_TRUE(*program.verbose);
  EXPECT_EQ(*program.config, "-x");
  EXPECT_TRUE(program.config.given());
  Program shorthand;
  ASSERT_TRUE(shorthand.parse({"-vp/x"}));
  EXPECT_EQ(*shorthand.path, "/x");
  EXPECT_TRUE(*shorthand.verbose);
}

TEST(Flags, KingpinRefusals) {
  const struct {
    Strings arguments;
    std::string_view message;
  } kCases[] = {
      {{"--xyz"}, "unknown long flag '--xyz'"},
      {{"--xyz=5", "--help"}, "unknown long flag '--xyz'"},
      {{"--help", "--xyz"}, "unknown long flag '--xyz'"},
      {{"--no-path.procfs"}, "unknown long flag '--no-path.procfs'"},
      {{"---x"}, "unknown long flag '---x'"},
      {{"--=x"}, "unknown long flag '--'"},
      {{"-Z"}, "unknown short flag '-Z'"},
      {{"-hx"}, "unknown short flag '-x'"},
      {{"--config"}, "expected argument for flag '--config'"},
      {{"--config", "-h"}, "expected argument for flag '--config'"},
      {{"-p"}, "expected argument for flag '-p'"},
      {{"--cpu.guest=false"}, "unexpected false"},
      {{"--no-cpu.guest=1"}, "unexpected 1"},
      {{"foo"}, "unexpected foo"},
      {{"--", "--help"}, "unexpected --help"},
      {{"-"}, "unexpected -"},
      {{"--config=a", "--config=b"}, "flag 'config' cannot be repeated"},
      {{"--cpu.guest", "--no-cpu.guest"}, "flag 'cpu.guest' cannot be repeated"},
      {{"--old-max=1", "--max-requests=2"}, "flag 'max-requests' cannot be repeated"},
      {{"--log.level=loud"}, "invalid value 'loud' for flag '--log.level': must be one of debug, info"},
      {{"--max-requests=x"}, "invalid value 'x' for flag '--max-requests': not a whole number"},
      {{"--ratio="}, "invalid value '' for flag '--ratio': not a number"},
      {{"--timeout=5"}, "invalid value '5' for flag '--timeout': missing unit in duration \"5\""},
      {{"--pin=secret"}, "invalid value '(not shown)' for flag '--pin': malformed"},
      {{"@/does/not/exist"},
       "failed to open arguments file \"/does/not/exist\": open /does/not/exist: no such file or directory"},
  };
  for (const auto& c : kCases) EXPECT_EQ(refusal(kKingpin, c.arguments), c.message);
}

TEST(Flags, GoForms) {
  Program program(kGo);
  ASSERT_TRUE(program.parse({"-cpu.guest=false", "--path.procfs", "-x", "-max-requests=1", "-max-requests=2",
                             "-listen", "a", "-verbose", "rest", "-unknown"}));
  EXPECT_FALSE(*program.guest);
  EXPECT_EQ(*program.path, "-x");
  EXPECT_EQ(*program.most, 2);
  EXPECT_TRUE(*program.verbose);
  const struct {
    Strings arguments;
    std::string_view message;
  } kCases[] = {
      {{"-x"}, "flag provided but not defined: -x"},
      {{"--x=1"}, "flag provided but not defined: -x"},
      {{"-config"}, "flag needs an argument: -config"},
      {{"---x"}, "bad flag syntax: ---x"},
      {{"-=x"}, "bad flag syntax: -=x"},
      {{"-cpu.guest=maybe"}, "invalid boolean value \"maybe\" for -cpu.guest: parse error"},
      {{"-max-requests=x"}, "invalid value \"x\" for flag -max-requests: not a whole number"},
      {{"@file", "-x"}, "(accepted)"},
      {{"--", "-x"}, "(accepted)"},
  };
  for (const auto& c : kCases) EXPECT_EQ(refusal(kGo, c.arguments), c.message);
  EXPECT_TRUE(printed(kGo, {"-h"})
                  .starts_with("Usage of demo_exporter:\n  -config string\n    \tA file.\n  -cpu.guest\n"));
}

TEST(Flags, PflagForms) {
  Program program(kPflag);
  ASSERT_TRUE(program.parse({"--cpu.guest=false", "--path.procfs", "-x", "-vp=/y", "--listen=a"}));
  EXPECT_FALSE(*program.guest);
  EXPECT_EQ(*program.path, "/y");
  const struct {
    Strings arguments;
    std::string_view message;
  } kCases[] = {
      {{"--x"}, "unknown flag: --x"},
      {{"--no-cpu.guest"}, "unknown flag: --no-cpu.guest"},
      {{"-vx"}, "unknown shorthand flag: 'x' in -vx"},
      {{"-p"}, "flag needs an argument: 'p' in -p"},
      {{"--config"}, "flag needs an argument: --config"},
      {{"--=x"}, "bad flag syntax: --=x"},
      {{"--ratio=x"}, "invalid argument \"x\" for \"--ratio\" flag: not a number"},
      {{"word"}, "unknown command \"word\" for \"demo_exporter\""},
  };
  for (const auto& c : kCases) EXPECT_EQ(refusal(kPflag, c.arguments), c.message);
  EXPECT_NE(printed(kPflag, {"--help"})
                .find("\n  -p, --path.procfs string   Where procfs is. (default \"/proc\")\n"),
            std::string::npos);
}

TEST(Flags, ArgumentsFiles) {
  {
    const ArgumentsFile file("# a comment\n--path.procfs\n/a b\n\n--listen=x\r\n");
    Program program;
    ASSERT_TRUE(program.parse({file.argument(), "--listen=y"}));
    EXPECT_EQ(*program.path, "/a b");
    EXPECT_EQ(*program.listen, (Strings{"x", "y"}));
    Program literal;
    ASSERT_TRUE(literal.parse({"--config=" + file.argument()}));
    EXPECT_EQ(*literal.config, file.argument());
  }
  const ArgumentsFile itself("@" + testing::TempDir() + "flags_test." + std::to_string(getpid()));
  EXPECT_TRUE(refusal(kKingpin, {itself.argument()}).starts_with("too many arguments files"));
}

TEST(Flags, TheLaterOfTwoOwnsTheirVariable) {
  const Variable level("APP_LOG_LEVEL", "INFO");
  Flags flags("app", "An app.");
  const auto& frames = flags.text("log.level", "info", "The frame's.").choices({"info", "warn"});
  const auto& own = flags.text("log-level", "warn", "The exporter's.");
  const char* const arguments[] = {"app"};
  ASSERT_TRUE(flags.parse(1, arguments));
  EXPECT_EQ(*frames, "info");
  EXPECT_FALSE(frames.given());
  EXPECT_EQ(*own, "INFO");
}

TEST(Flags, Environment) {
  {
    const Variable lines("DEMO_EXPORTER_LISTEN", "a\n\nb\n");
    const Variable number("DEMO_EXPORTER_MAX_REQUESTS", "7");
    const Variable flag("DEMO_EXPORTER_CPU_GUEST", "false");
    const Variable file("DEMO_FILE", "explicit");
    const Variable automatic("DEMO_EXPORTER_CONFIG", "automatic");
    const Variable empty("DEMO_EXPORTER_PATH_PROCFS", "");
    Program program;
    ASSERT_TRUE(program.parse({"--max-requests=8"}));
    EXPECT_EQ(*program.listen, (Strings{"a", "b"}));
    EXPECT_EQ(*program.most, 8);
    EXPECT_FALSE(*program.guest);
    EXPECT_EQ(*program.config, "explicit");
    EXPECT_EQ(*program.path, "/proc");
    EXPECT_TRUE(program.listen.given());
    EXPECT_FALSE(program.path.given());
  }
  const Variable bad("DEMO_EXPORTER_TIMEOUT", "soon");
  EXPECT_EQ(refusal(kKingpin, {}),
            "invalid value 'soon' in environment variable DEMO_EXPORTER_TIMEOUT: invalid duration \"soon\"");
  EXPECT_EQ(refusal(kKingpin, {"--timeout=1s"}), "(accepted)");
}

TEST(Flags, KubernetesServiceLinksAreNoValues) {
  const Variable link("DEMO_EXPORTER_PORT", "tcp://10.0.0.1:8080");
  Flags flags("demo-exporter", "");
  const auto& port = flags.integer("port", 8080, "Port.");
  const char* argv[] = {"demo-exporter"};
  ASSERT_TRUE(flags.parse(1, argv));
  EXPECT_EQ(*port, 8080);
}

TEST(Flags, Help) {
  const auto text = printed(kKingpin, {"--max-requests=x", "--help"});
  EXPECT_TRUE(
      text.starts_with("usage: demo_exporter [<flags>]\n\nShows flags.\n\nFlags:\n  -h, --[no-]help"));
  for (const std::string_view part :
       {"      --[no-]cpu.guest       Expose guest time.\n",
        "  -p, --path.procfs=\"/proc\"  Where procfs is.\n",
        "      --config=CONFIG        A file. ($DEMO_FILE)\n", "      --listen=:9100 ...     Addresses.\n",
        "Least severity. One of: [debug, info]\n", "--pin=PIN ", "DEMO_EXPORTER_CPU_GUEST"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << text;
  }
  EXPECT_EQ(text.find("verbose"), std::string::npos);
  EXPECT_NE(printed(kKingpin, {"--help-long"}).find("verbose"), std::string::npos);
  EXPECT_EQ(printed(kKingpin, {"--version", "--xyz"}), "demo_exporter, version 1\n");
  EXPECT_NE(printed(kKingpin, {"--help-man"}).find(".SH OPTIONS"), std::string::npos);
  EXPECT_EQ(printed(kKingpin, {"--completion-bash", "--", "--cpu"}), "--cpu.guest\n");
  EXPECT_EQ(printed(kKingpin, {"--completion-bash", "--", "--log.level", ""}), "debug\ninfo\n");
  EXPECT_NE(printed(kKingpin, {"--completion-script-bash"}).find("complete "), std::string::npos);
  EXPECT_NE(printed(kKingpin, {"--completion-script-zsh"}).find("#compdef demo_exporter"), std::string::npos);
}

TEST(Flags, SecretsStayOut) {
  for (const auto style : {kKingpin, kGo, kPflag}) {
    Program program(style);
    EXPECT_EQ(program.flags.help(true).find("1234"), std::string::npos);
    EXPECT_EQ(program.flags.markdown().find("1234"), std::string::npos);
  }
}

TEST(Flags, Markdown) {
  const auto text = Program().flags.markdown();
  EXPECT_NE(text.find("| `--[no-]cpu.guest` | `true` | `DEMO_EXPORTER_CPU_GUEST` | Expose guest time. |\n"),
            std::string::npos);
  EXPECT_NE(text.find("`DEMO_EXPORTER_CONFIG`, `DEMO_FILE`"), std::string::npos);
}

TEST(Flags, Reports) {
  testing::internal::CaptureStderr();
  Program().flags.report({Code::kInvalid, "unexpected \x1B[31m"});
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "demo_exporter: error: unexpected ?[31m, try --help\n");
}

}  // namespace
}  // namespace exporter
