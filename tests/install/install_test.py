# SPDX-License-Identifier: Apache-2.0
"""Installs the library, static and shared, moves it elsewhere, and builds and runs the examples against it: by
find_package, by pkg-config with a plain compiler, and by add_subdirectory. The library is built in build/sdk and
build/sdk-shared, which stay for the next time."""

import concurrent.futures
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "integration"))
import answering  # noqa: E402
import harness  # noqa: E402

ROOT = harness.ROOT
EXAMPLES = os.path.join(ROOT, "examples")
FOREIGN = re.compile(r"/(re2|curl|openssl|yaml|libdeflate|zstd|zlib|nghttp2)\w*(\.h$|/)")
STATUS = b'{"version": "1.4.2", "uptime_seconds": 512.5, "more": [{}], "queues": [{"name": "mail", "jobs": 3}]}'


def run(*command, env=None, cwd=None):
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=cwd, timeout=1500,
                          stdin=subprocess.DEVNULL, env={**os.environ, **(env or {})})
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(command)}: status {done.returncode}\n{done.stdout[-6000:]}{done.stderr[-6000:]}")
    return done.stdout


def cmake(source, folder, *options, build=True):
    launcher = ["-DCMAKE_CXX_COMPILER_LAUNCHER=ccache"] if shutil.which("ccache") else []
    run("cmake", "-S", source, "-B", folder, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release", *launcher, *options)
    if build:
        run("cmake", "--build", folder)


def setUpModule():
    global prefix, work
    work = tempfile.mkdtemp(prefix="exporter-install-")
    unittest.addModuleCleanup(shutil.rmtree, work, True)
    first = os.path.join(work, "first")
    for preset in ("sdk", "sdk-shared"):
        run("cmake", "--preset", preset, cwd=ROOT)
        run("cmake", "--build", "--preset", preset, cwd=ROOT)
        run("cmake", "--install", os.path.join(ROOT, "build", preset), "--prefix", first)
    prefix = os.path.join(work, "moved", "elsewhere")
    os.makedirs(os.path.dirname(prefix))
    os.rename(first, prefix)


def symbols(binary):
    return set(re.findall(r"\S+$", run("nm", binary), re.M))


def needed(binary):
    return set(re.findall(r"NEEDED.*\[(\S+?)\.so", run("readelf", "-d", binary)))


def resident(pid):
    with open(f"/proc/{pid}/status", encoding="utf-8") as f:
        return int(re.search(r"VmRSS:\s*(\d+) kB", f.read()).group(1))


class Consumer(harness.TestCase):
    def report(self, what, binary, child):
        for _ in range(20):
            child.get("/metrics", Accept_Encoding="gzip")
        size = os.path.getsize(binary)
        print(f"\n{what}: {size / 1e6:.2f} MB, {resident(child.pid) / 1e3:.2f} MB resident after 20 scrapes", flush=True)

    def check_minimal(self, binary, what):
        port = harness.free_port()
        child = self.start([binary, f"--web.listen-address=127.0.0.1:{port}"], port)
        page = harness.Page(child.get("/metrics").text)
        self.assertGreater(page.value("entropy_available_bits"), 0)
        self.assertEqual(page.types["entropy_available_bits"], "gauge")
        self.report(what, binary, child)
        self.assertEqual(child.stop(), 0)

    def check_http_json(self, binary, what):
        server = answering.Answering(self, answering.ok(STATUS))
        port = harness.free_port()
        child = self.start([binary, f"--web.listen-address=127.0.0.1:{port}",
                            f"--service.url=http://127.0.0.1:{server.port}/status"], port)
        page = harness.Page(child.get("/metrics").text)
        self.assertEqual(page.value("service_up"), 1)
        self.assertEqual(page.value("service_info", version="1.4.2"), 1)
        self.assertEqual(page.value("service_uptime_seconds"), 512.5)
        self.assertEqual(page.value("service_queue_jobs", queue="mail"), 3)
        silent = harness.run(binary, "--once", f"--service.url=http://127.0.0.1:{harness.free_port()}/status")
        self.assertEqual(harness.Page(silent.stdout).value("service_up"), 0, silent.stderr)
        self.report(what, binary, child)
        self.assertEqual(child.stop(), 0)

    def check_multi_target(self, binary):
        port = harness.free_port()
        child = self.start([binary, f"--web.listen-address=127.0.0.1:{port}"], port)
        volume = os.statvfs("/")
        page = harness.Page(child.get("/probe?target=/").text)
        self.assertEqual(page.value("volume_size_bytes"), volume.f_blocks * volume.f_frsize)
        self.assertEqual(child.get("/probe?target=x").status, 400)
        self.assertEqual(child.get("/probe?target=/nonexistent").status, 404)
        self.assertEqual(child.stop(), 0)

    def check_own_instruments(self, binary, what):
        port = harness.free_port()
        child = self.start([binary, f"127.0.0.1:{port}"], port, ready="/metrics")
        first = harness.Page(child.get("/metrics").text)
        while True:
            page = harness.Page(child.get("/metrics").text)
            if page.value("shop_orders_total") > first.value("shop_orders_total"):
                break
        self.assertEqual(page.types["shop_order_seconds"], "histogram")
        self.assertEqual(page.value("shop_order_seconds_bucket", le="+Inf"), page.value("shop_order_seconds_count"))
        self.assertIn(page.value("shop_queue_orders"), range(7))
        self.report(what, binary, child)
        self.assertEqual(child.stop(), 0)
        self.assertIn("shop: closed", child.log)  # its own handler and its own end

    def check_push(self, binary):
        folder = os.path.join(self.folder, "data")
        os.mkdir(folder)
        self.write("data/file", "x")
        program = shutil.which("prometheus-pushgateway")
        if not program:
            self.skipTest("prometheus-pushgateway is not installed")
        port = harness.free_port()
        gateway = self.start([program, f"--web.listen-address=127.0.0.1:{port}"], port)
        run(binary, f"http://127.0.0.1:{port}", folder)
        page = harness.Page(gateway.get("/metrics").text)
        self.assertEqual(page.value("backup_files", job="backup", folder=folder, instance=""), 1)
        refused = harness.run(binary, f"http://127.0.0.1:{port}/nothing", folder)
        self.assertEqual(refused.returncode, 1)
        self.assertRegex(refused.stderr, r"^backup: PUT http://127.0.0.1:\d+/nothing/metrics/job/backup/\S+: the gateway answered 404.*\n$")


class FindPackage(Consumer):
    def build(self, name, *options):
        folder = os.path.join(self.folder, name)
        cmake(os.path.join(EXAMPLES, name), folder, f"-DCMAKE_PREFIX_PATH={prefix}", *options)
        return lambda binary: os.path.join(folder, binary)

    def test_static(self):
        minimal = self.build("minimal", "-DCMAKE_EXE_LINKER_FLAGS=-static")("minimal_exporter")
        self.check_minimal(minimal, "minimal, static")
        self.assertFalse({s for s in symbols(minimal) if s.startswith("curl_")})
        service = self.build("http_json")("service_exporter")
        self.check_http_json(service, "http_json, dynamic on archives")
        self.assertTrue({s for s in symbols(service) if s.startswith("curl_")})
        self.check_multi_target(self.build("multi_target")("volume_exporter"))
        shop = self.build("own_instruments", "-DCMAKE_EXE_LINKER_FLAGS=-static")("shop")
        self.check_own_instruments(shop, "own_instruments, static")
        self.assertFalse({s for s in symbols(shop) if s.startswith(("curl_", "SSL_", "yaml_"))})

    def test_shared(self):
        minimal = self.build("minimal", "-DBUILD_SHARED_LIBS=ON")("minimal_exporter")
        self.assertIn("libexporter", needed(minimal))
        self.check_minimal(minimal, "minimal, shared")
        self.check_http_json(self.build("http_json", "-DBUILD_SHARED_LIBS=ON")("service_exporter"), "http_json, shared")
        shop = self.build("own_instruments", "-DBUILD_SHARED_LIBS=ON")("shop")
        self.check_own_instruments(shop, "own_instruments, shared")

    def test_push(self):
        self.check_push(self.build("push")("backup"))

    def test_only_what_is_used_is_linked(self):
        shop = self.build("own_instruments")("shop")
        self.assertFalse(needed(shop) & {"libssl", "libcrypto", "libyaml-0", "libcurl", "libexporter"}, needed(shop))

    def test_says_what_is_missing(self):
        project = self.write("project/CMakeLists.txt", "cmake_minimum_required(VERSION 3.25)\nproject(p LANGUAGES CXX)\n"
                             "find_package(libexporter ${WANTED})\n")
        for wanted, problem in (("REQUIRED;COMPONENTS;nonsense", "nonsense"), ("9.0;REQUIRED", "9.0")):
            with self.assertRaisesRegex(AssertionError, problem):
                cmake(os.path.dirname(project), os.path.join(self.folder, "build"), f"-DCMAKE_PREFIX_PATH={prefix}",
                      f"-DWANTED={wanted}", build=False)


class PkgConfig(Consumer):
    def build(self, name, package, static):
        def flags(*options):
            return run("pkg-config", *options, package, env={"PKG_CONFIG_PATH": os.path.join(prefix, "lib", "pkgconfig")}).split()

        objects = os.path.join(self.folder, name + ".o")
        if not os.path.exists(objects):
            run("g++", "-std=c++23", "-O1", *flags("--cflags"), "-c", os.path.join(EXAMPLES, name, "main.cpp"), "-o", objects)
        binary = os.path.join(self.folder, name + ("-static" if static else "-shared"))
        libraries = ["-static", *flags("--static", "--libs")] if static else [
            *flags("--libs"), f"-Wl,-rpath,{os.path.join(prefix, 'lib')}"]
        run("g++", "-o", binary, objects, *libraries)
        return binary

    def test_minimal(self):
        self.check_minimal(self.build("minimal", "libexporter", True), "minimal, static, by pkg-config")
        self.check_minimal(self.build("minimal", "libexporter", False), "minimal, shared, by pkg-config")

    def test_http_json(self):
        self.check_http_json(self.build("http_json", "libexporter-http", True), "http_json, static, by pkg-config")
        self.check_http_json(self.build("http_json", "libexporter-http", False), "http_json, shared, by pkg-config")

    def test_own_instruments(self):
        self.check_own_instruments(self.build("own_instruments", "libexporter-instruments", True),
                                   "own_instruments, static, by pkg-config")


class Subdirectory(Consumer):
    def test_gives_targets_and_nothing_else(self):
        folder = os.path.join(self.folder, "build")
        cmake(os.path.join(ROOT, "tests", "install", "subdirectory"), folder, f"-DEXPORTER_SOURCE={ROOT}",
              "-DEXAMPLE=own_instruments", "-DLIBRARIES=exporter::instruments", "-DCMAKE_EXPORT_COMPILE_COMMANDS=ON",
              f"-DEXPORTER_PROMETHEUS_CPP_SOURCE={ROOT}/build/sdk/sources/prometheus-cpp")
        self.check_own_instruments(os.path.join(folder, "consumer"), "own_instruments, by add_subdirectory")
        with open(os.path.join(folder, "compile_commands.json"), encoding="utf-8") as f:
            commands = f.read()
        self.assertNotRegex(commands, r"-Wall|-Werror|-fsanitize")
        link = run("ninja", "-C", folder, "-t", "commands", "consumer").splitlines()[-1]
        self.assertNotIn("gc-sections", link)
        self.assertFalse(os.path.exists(os.path.join(folder, "libexporter", "curl", "lib")))  # nobody asked for it
        run("cmake", "--install", folder, "--prefix", os.path.join(self.folder, "installed"))
        installed = [f for _, _, files in os.walk(os.path.join(self.folder, "installed")) for f in files]
        self.assertEqual(installed, ["consumer"])


class Installed(harness.TestCase):
    def test_each_header_stands_alone(self):
        folder = os.path.join(prefix, "include", "exporter")
        headers = sorted(os.listdir(folder))
        self.assertIn("app.hpp", headers)

        def compile_alone(name):
            source = self.write(name + ".cpp", f"#include <exporter/{name}>\n#include <exporter/{name}>\nint main() {{}}\n")
            found = os.path.join(self.folder, name + ".d")
            # prometheus-cpp's headers, in the same folder, have warnings of their own.
            kind = "-isystem" if name == "instruments.hpp" else "-I"
            run("g++", "-std=c++23", "-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wnon-virtual-dtor", "-Werror", "-fsyntax-only",
                kind, os.path.join(prefix, "include"), "-MD", "-MF", found, source)
            with open(found, encoding="utf-8") as f:
                return [path for path in f.read().split() if FOREIGN.search(path) and "/include/exporter/" not in path]

        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            for name, foreign in zip(headers, pool.map(compile_alone, headers)):
                self.assertEqual(foreign, [], f"{name} brings headers of other libraries along")

    def test_code_in_documents_compiles(self):
        for document in ("libexporter/README.md", "docs/writing-an-exporter.md"):
            with open(os.path.join(ROOT, document), encoding="utf-8") as f:
                blocks = re.findall(r"^```cpp\n(.*?)^```$", f.read(), re.M | re.S)
            self.assertTrue(blocks, document)
            source = self.write("document.cpp", "".join(blocks))
            run("g++", "-std=c++23", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", "-I", os.path.join(prefix, "include"), source)

    def test_shared_library_shows_only_its_own(self):
        for name in ("libexporter", "libexporter_http"):
            path = os.path.join(prefix, "lib", name + ".so")
            self.assertRegex(run("readelf", "-d", path), rf"SONAME.*\[{name}\.so\.\d+\.\d+\]")
            shown = re.findall(r"^\S+ \w (.*)$", run("nm", "-DC", "--defined-only", path), re.M)
            self.assertTrue(shown)
            self.assertEqual([s for s in shown if "exporter::" not in s], [])
            self.assertEqual([s for s in shown if re.match(r"exporter::detail::", s)], [])

    def test_nothing_names_the_place_it_was_made_in(self):
        for folder, _, files in os.walk(os.path.join(prefix, "lib")):
            for name in files:
                if name.endswith((".cmake", ".pc")):
                    with open(os.path.join(folder, name), encoding="utf-8") as f:
                        text = f.read()
                    self.assertNotIn(ROOT, text, name)
                    self.assertNotIn(os.path.join(work, "first"), text, name)


if __name__ == "__main__":
    harness.main(tools=["cmake", "ninja", "g++", "pkg-config"])
