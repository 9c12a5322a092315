# SPDX-License-Identifier: Apache-2.0
"""The landing page in a real browser: what it shows of a live exporter, by pointer and keyboard, in both colour schemes
and on a phone. Screenshots go to build/screenshots/ (or $SCREENSHOTS)."""

import http.server
import os
import re
import threading
import unittest
import urllib.request

import harness
from browser import Browser, missing

SCREENSHOTS = os.environ.get("SCREENSHOTS") or os.path.join(harness.ROOT, "build", "screenshots")
EVIL = '<img src=x onerror="window.broken=1"><script>window.broken=1</script>'
HISTOGRAM = """# HELP job_seconds How long jobs took.
# TYPE job_seconds histogram
job_seconds_bucket{le="0.1"} 3
job_seconds_bucket{le="0.5"} 13
job_seconds_bucket{le="+Inf"} 41
job_seconds_sum 50
job_seconds_count 41
"""
COLLECTORS = ("cpu", "loadavg", "meminfo", "stat", "textfile", "uname")

ROWS = "document.querySelectorAll('#tree .row').length"
SHOWN = "[...document.querySelectorAll('#tree .row')].map((row) => row.querySelector('.metric').textContent)"
COUNT = "document.getElementById('count').textContent"
ACTIVE = ("document.getElementById(document.getElementById('tree').getAttribute('aria-activedescendant'))"
          "?.querySelector('.metric').textContent")


def fact(name):
    return f"[...document.querySelectorAll('#facts div')].find((div) => div.firstChild.textContent === '{name}').lastChild.textContent"


class Prefix:
    """A reverse proxy that serves an exporter below /behind/."""

    def __init__(self, port):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                if not self.path.startswith("/behind/"):
                    self.send_error(404)
                    return
                answer = harness.request(port, self.path[len("/behind"):], Accept=self.headers.get("Accept", "*/*"))
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    if name.lower() not in ("content-length", "content-encoding", "connection"):
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer.body)))
                self.end_headers()
                self.wfile.write(answer.body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class LandingPage(harness.TestCase):
    def browser(self, **size):
        browser = Browser(self.folder, **size)
        self.addCleanup(browser.close)
        return browser

    def node(self, *flags, port=None, collectors=COLLECTORS):
        os.makedirs(os.path.join(self.folder, "textfile"), exist_ok=True)
        flags = ["--collector.disable-defaults", *(f"--collector.{name}" for name in collectors),
                 f"--collector.textfile.directory={self.folder}/textfile", *flags]
        port = port or harness.free_port()
        return self.start([harness.binary("node_exporter"), f"--web.listen-address=127.0.0.1:{port}", *flags], port)

    def textfile(self, name, text):
        self.write(f"textfile/{name}.new", text)
        os.rename(f"{self.folder}/textfile/{name}.new", f"{self.folder}/textfile/{name}.prom")

    def opened(self, exporter, fragment="every=1", browser=None):
        browser = browser or self.browser()
        browser.open(f"http://127.0.0.1:{exporter.port}/#{fragment}")
        browser.wait(ROWS + " > 3")
        return browser

    def search(self, browser, text):
        browser.run("const s = document.getElementById('search'); s.value = arguments[0];"
                    "s.dispatchEvent(new Event('input')); return 1", text)

    def check_console(self, browser, allowed=()):
        lines = [line for line in browser.console() if not any(part in line[1] for part in allowed)]
        self.assertEqual(lines, [])

    def test_shows_the_exporter(self):
        exporter = self.node()
        browser = self.opened(exporter)
        self.assertEqual(browser.run("document.querySelector('h1').textContent"), "Node Exporter")
        self.assertEqual(browser.run("document.title"), f"Node Exporter · 127.0.0.1:{exporter.port}")
        browser.wait(f"{fact('State')} === 'Serving' && {fact('Collectors')} === '6 ok'")
        series = len(harness.Page(exporter.get("/metrics").text).samples)
        self.assertEqual(int(browser.run(fact("Series"))), series)
        self.assertRegex(browser.run(COUNT), rf"^{series} series in \d+ families$")
        links = browser.run("[...document.querySelectorAll('nav a')].map((a) => a.href)")
        for link in links:
            with urllib.request.urlopen(link, timeout=10) as answer:
                self.assertEqual(answer.status, 200, link)
        self.assertEqual(len(links), 3)
        names = browser.run("[...document.querySelectorAll('#collectors .ok .name')].map((n) => n.textContent)")
        self.assertEqual(names, sorted(COLLECTORS))
        # All of it came from where the page came from.
        outside = browser.run("performance.getEntriesByType('resource').map((e) => e.name).filter((n) => !n.startsWith(location.origin))")
        self.assertEqual(outside, [])
        self.check_console(browser)

    def test_rates_and_plots_after_two_refreshes(self):
        exporter = self.node()
        browser = self.opened(exporter)
        self.search(browser, "node_context_switches_total")
        rate = browser.wait("document.querySelector('.row .rate').textContent")
        self.assertRegex(rate, r"^[\d.,]+ /s$")
        browser.wait("(document.querySelector('.row .spark path').getAttribute('d').match(/L/g) ?? []).length >= 2")
        self.check_console(browser)

    def test_search(self):
        exporter = self.node()
        browser = self.opened(exporter)
        total = len(harness.Page(exporter.get("/metrics").text).samples)

        def found(query):
            self.search(browser, query)
            match = re.match(r"([\d,]+)(?: of [\d,]+)? series", browser.run(COUNT))
            return int(match.group(1).replace(",", ""))

        cpus = os.cpu_count()
        self.assertEqual(found('mode="idle"'), cpus)
        self.assertEqual(found('mode="id'), cpus, "what is not finished yet is a beginning")
        self.assertEqual(found('node_cpu_seconds_total{cpu="0",mode="idle"}'), 1, "a selector of PromQL")
        self.assertEqual(found('node_cpu_seconds_total mode=~"idle|user"'), 2 * cpus)
        self.assertEqual(found('node_cpu_seconds_total mode!="idle"'), 7 * cpus)
        self.assertEqual(found("node_load1 >= 0"), 2, "node_load1 and node_load15")
        self.assertEqual(found("node_load1 < 0"), 0)
        self.assertEqual(browser.run("document.querySelector('.empty').textContent"), "Nothing matches.")
        self.assertEqual(found("NODE_UNAME"), 1, "capitals do not matter")
        self.search(browser, 'mode=~"("')
        self.assertIn("no regular expression", browser.run(COUNT))
        self.assertEqual(found(""), total)
        browser.run("const s = document.getElementById('show'); s.value = 'counter'; s.dispatchEvent(new Event('change')); return 1")
        kinds = set(browser.run("[...document.querySelectorAll('.row .kind')].map((k) => k.textContent)"))
        self.assertEqual(kinds, {"counter"})
        # A link to this page finds the same.
        self.search(browser, "node_cpu")
        address = browser.run("location.href")
        browser.open("about:blank")
        browser.open(address)
        browser.wait(ROWS + " > 1")
        self.assertEqual(browser.run("[document.getElementById('search').value, document.getElementById('show').value]"), ["node_cpu", "counter"])
        self.check_console(browser)

    def test_keyboard(self):
        browser = self.opened(self.node(), "every=60")
        browser.keys("/")
        self.assertEqual(browser.run("document.activeElement.id"), "search")
        browser.keys("node_cpu_seconds_total")
        self.assertEqual(browser.run(SHOWN)[0], "node_cpu_seconds_total")
        browser.keys("Down")
        self.assertEqual(browser.run("document.activeElement.id"), "tree")
        self.assertEqual(browser.run(ACTIVE), "node_cpu_seconds_total")
        browser.keys("j")
        self.assertEqual(browser.run(ACTIVE), "{cpu=0, mode=user}")
        browser.keys("Enter")
        browser.wait("document.querySelector('.row.active .detail code').textContent === 'node_cpu_seconds_total{cpu=\"0\",mode=\"user\"}'")
        browser.keys("Enter", "Left", "Left")
        self.assertEqual(browser.run(SHOWN), ["node_cpu_seconds_total"])
        browser.keys("Right", "End")
        self.assertEqual(browser.run(ACTIVE), f"{{cpu={os.cpu_count() - 1}, mode=steal}}")
        browser.keys("k", "Home", "Up")
        self.assertEqual(browser.run("document.activeElement.id"), "search")
        browser.keys("Escape")
        self.assertEqual(browser.run("document.getElementById('search').value"), "")
        browser.keys("Escape", "p")
        self.assertEqual(browser.run("document.getElementById('pause').getAttribute('aria-pressed')"), "true")
        self.assertEqual(browser.run(fact("State")), "Paused")
        # Everything that takes the focus shows it.
        browser.run("document.activeElement.blur(); return 1")
        seen = []
        for _ in range(30):
            browser.keys("Tab")
            who, outline, active = browser.run(
                "const e = document.activeElement; const s = getComputedStyle(e);"
                "return [e.id || (e === document.body ? '' : e.textContent), s.outlineStyle !== 'none', !!document.querySelector('#tree:focus .row.active')]")
            if who in seen:
                break
            if not who:
                continue  # beyond the page's end
            seen.append(who)
            self.assertTrue(outline or active, f"{who} takes the focus and does not show it")
        for one in ("Metrics", "search", "show", "sort", "every", "expand", "pause", "tree"):
            self.assertIn(one, seen)
        self.check_console(browser)

    def test_roles_are_whole(self):
        browser = self.opened(self.node(), "every=60")
        self.search(browser, "node_cpu")
        rows = browser.run("[...document.querySelectorAll('#tree > .row')].map((r) => ['role', 'aria-level', 'aria-expanded', 'aria-posinset',"
                           " 'aria-setsize'].map((name) => r.getAttribute(name)))")
        self.assertTrue(rows)
        for row in rows:
            self.assertEqual(row[0], "treeitem")
            self.assertNotIn(None, row)
        unnamed = browser.run("[...document.querySelectorAll('button, input, select, a, [role=tree]')].filter((e) =>"
                              " !(e.textContent || e.ariaLabel || e.labels?.length)).map((e) => e.outerHTML)")
        self.assertEqual(unnamed, [])
        tree = browser.devtools("Accessibility.getFullAXTree")["nodes"]
        roles = {node["role"]["value"] for node in tree if not node["ignored"]}
        self.assertLessEqual({"main", "navigation", "heading", "search", "searchbox", "tree", "treeitem"}, roles)

    def test_contrast(self):
        """WCAG AA: 4.5 between each text and what is behind it."""
        browser = self.opened(self.node("--collector.filesystem"), "every=60")
        self.textfile("bad", "this is no metric {\n")
        measure = r"""
            const rgb = (text) => (text.match(/[\d.]+/g) ?? []).map(Number);
            const light = ([r, g, b]) => [r, g, b].map((c) => c / 255).map((c) => c <= .04045 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4)
              .reduce((sum, c, i) => sum + c * [.2126, .7152, .0722][i], 0);
            const behind = (e) => { for (; e; e = e.parentElement) { const c = rgb(getComputedStyle(e).backgroundColor); if (c.length === 3 || c[3] === 1) return c; } return rgb(getComputedStyle(document.documentElement).getPropertyValue('color-scheme') && '255 255 255'); };
            const low = new Set();
            for (const e of document.querySelectorAll('body *')) {
              if (!e.checkVisibility() || ![...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()) || e.closest('.unseen')) continue;
              const [a, b] = [light(rgb(getComputedStyle(e).color)), light(behind(e))].sort((x, y) => y - x);
              const ratio = (a + .05) / (b + .05);
              if (ratio < 4.5) low.add(`${e.tagName}.${e.className} ${ratio.toFixed(2)}`);
            }
            return [...low];"""
        for dark in (False, True):
            browser.device(1280, 900, dark=dark)
            self.assertEqual(browser.run(measure), [], "dark" if dark else "light")

    def test_a_failing_collector(self):
        self.textfile("bad", "this is no metric {\n")
        browser = self.opened(self.node("--collector.ntp", "--collector.ntp.server=127.0.0.1", "--collector.ntp.server-port=1"))
        problem = browser.wait("document.querySelector('#failed .failed .problem')?.textContent", seconds=30)
        self.assertRegex(problem, r"\S")
        self.assertEqual(browser.run("document.querySelector('#failed .failed .name').textContent"), "ntp")
        self.assertEqual(browser.run(fact("Collectors")), "1 failing")
        self.assertIn("1 failing", browser.run("document.getElementById('health').textContent"))

    def test_no_text_is_taken_for_html(self):
        quoted = EVIL.replace('"', '\\"')
        self.textfile("x", f'# HELP evil {EVIL}\n# TYPE evil gauge\nevil{{label="{quoted}"}} 1\nevil{{label="two\\nlines"}} 2\n')
        browser = self.opened(self.node())
        self.search(browser, "evil{")
        browser.wait(f"{SHOWN}.length === 3")
        browser.keys("Down")
        browser.run("document.querySelectorAll('.row.series').forEach((row) => row.firstChild.click()); return 1")
        text = browser.run("document.getElementById('tree').innerText")
        self.assertIn("<script>window.broken=1</script>", text)
        self.assertIn("two", text)
        self.assertEqual(browser.run("[window.broken ?? 0, document.querySelectorAll('#tree img, #tree script').length]"), [0, 0])
        self.search(browser, EVIL)
        self.assertEqual(browser.run("window.broken ?? 0"), 0)
        self.check_console(browser)

    def test_histogram(self):
        self.textfile("job", HISTOGRAM)
        browser = self.opened(self.node())
        self.search(browser, "job_seconds")
        browser.run("document.querySelector('.row .line').click(); return 1")
        text = browser.wait("document.querySelector('.detail .buckets')?.innerText")
        self.assertEqual(text.split("\n"), ["≤ 100 ms", "3", "≤ 500 ms", "10", "≤ +Inf", "28"])
        self.assertIn("mean 1.22 s", browser.run("document.querySelector('.detail .acts').innerText"))
        self.assertIn("41 seen", browser.run("document.querySelector('.row .value').textContent"))

    def test_says_when_the_exporter_is_gone_and_recovers(self):
        exporter = self.node()
        browser = self.opened(exporter)
        browser.wait(f"{fact('State')} === 'Serving'")
        series = browser.run(fact("Series"))
        exporter.stop()
        browser.wait(f"{fact('State')} === 'Not answering'")
        self.assertIn("does not answer", browser.wait("document.getElementById('notice').innerText"))
        self.assertEqual(browser.run(fact("Series")), series, "what was read before stays")
        self.assertGreater(browser.run(ROWS), 3)
        self.node(port=exporter.port)
        browser.wait(f"{fact('State')} === 'Serving' && document.getElementById('notice').hidden", seconds=30)
        self.check_console(browser, allowed=("ERR_CONNECTION", "ERR_EMPTY", "ERR_SOCKET"))

    def test_pauses_and_rests_while_hidden(self):
        exporter = self.node()
        browser = self.opened(exporter)

        def scrapes():
            return harness.Page(exporter.get("/metrics").text).value("promhttp_metric_handler_requests_total", code="200")

        browser.click("#pause")
        browser.wait("!document.getElementById('tree').hasAttribute('aria-busy')")
        before = scrapes()
        browser.run("window.waited = 0; setTimeout(() => { window.waited = 1; }, 2500); return 1")
        browser.wait("window.waited")
        self.assertEqual(scrapes(), before + 1, "only this test's own")
        browser.click("#pause")
        browser.wait(f"{fact('State')} === 'Serving'")

    def test_a_page_behind_a_prefix(self):
        proxy = Prefix(self.node().port)
        self.addCleanup(proxy.close)
        browser = self.browser()
        browser.open(f"http://127.0.0.1:{proxy.port}/behind/")
        browser.wait(f"{ROWS} > 3 && {fact('Collectors')} === '6 ok'")
        links = browser.run("[...document.querySelectorAll('nav a')].map((a) => new URL(a.href).pathname)")
        self.assertEqual(links, ["/behind/metrics", "/behind/-/healthy", "/behind/-/ready"])
        self.check_console(browser, allowed=("favicon",))

    def test_ten_thousand_series_are_quick(self):
        lines = ["# HELP many_requests_total Requests.", "# TYPE many_requests_total counter"]
        lines += [f'many_requests_total{{host="host-{i % 100}",path="/api/{i // 100}",method="GET"}} {i * 7}' for i in range(10000)]
        self.textfile("many", "\n".join(lines) + "\n")
        browser = self.browser()
        browser.devtools("Page.addScriptToEvaluateOnNewDocument", source="""
            window.longest = 0;
            new PerformanceObserver((list) => { for (const e of list.getEntries()) window.longest = Math.max(window.longest, e.duration); })
              .observe({type: 'longtask', buffered: true});""")
        self.opened(self.node(), "every=1", browser)
        browser.wait(f"Number({fact('Series')}.replace(',', '')) > 10000")
        took = {"first parse": browser.run("performance.getEntriesByName('parse')[0].duration")}
        browser.wait("document.querySelector('.row .rate').textContent", what="a second refresh")
        took["parse again"] = browser.run("performance.getEntriesByName('parse')[0].duration")
        browser.click("#expand")
        browser.wait("document.querySelectorAll('#tree .row.series').length > 5")
        self.assertLess(browser.run(ROWS), 200, "only what is in sight is in the document")
        took["render all"] = browser.run("performance.getEntriesByName('render')[0].duration")
        slowest = 0
        browser.keys("/")
        for key in "host-42 pa":
            browser.keys(key)
            slowest = max(slowest, browser.run("performance.getEntriesByName('search')[0].duration + performance.getEntriesByName('render')[0].duration"))
        took["slowest keystroke"] = slowest
        self.assertRegex(browser.run(COUNT), r"^100 of 10,\d+ series")
        self.search(browser, 'host="host-7" path=~"/api/.5"')
        took["first by labels"] = browser.run("performance.getEntriesByName('search')[0].duration")
        self.assertRegex(browser.run(COUNT), r"^9 of 10,\d+ series")
        self.search(browser, "")
        browser.run("document.getElementById('tree').focus(); return 1")
        browser.keys("End")
        self.assertEqual(browser.wait(ACTIVE), "{code=503}", "promhttp's, ten thousand rows below")
        took["longest task"] = browser.run("window.longest")
        print("".join(f"\n    {name}: {ms:.1f} ms" for name, ms in took.items()))
        for name, ms in took.items():
            self.assertLess(ms, 2000, name)

    def test_a_page_that_is_too_large(self):
        line = 'many{{name="{}-{}"}} 1'
        self.textfile("large", "# TYPE many gauge\n" + "\n".join(line.format("x" * 400, i) for i in range(25000)) + "\n")
        exporter = self.node(collectors=("textfile", "uname"))
        browser = self.browser()
        browser.open(f"http://127.0.0.1:{exporter.port}/#every=1")
        self.assertIn("larger than 8.00 MiB", browser.wait("document.getElementById('notice').innerText", seconds=60))
        self.assertEqual(browser.run(fact("State")), "Paused")
        browser.run("document.querySelector('#notice input').value = 'collect[]=uname'; document.querySelector('#notice button').click(); return 1")
        browser.wait(f"Number({fact('Series')}.replace(',', '')) < 200 && {fact('State')} === 'Serving'")
        self.search(browser, "node_uname_info")
        self.assertEqual(browser.run(ROWS), 1)
        self.check_console(browser)

    def test_a_probe(self):
        exporter = self.exporter("-redis.addr=", name="redis_exporter")
        browser = self.browser()
        browser.open(f"http://127.0.0.1:{exporter.port}/#every=1")
        browser.wait(ROWS + " > 1")
        self.assertEqual(browser.run("document.querySelector('.probes form').getAttribute('action')"), "./scrape")
        browser.run("document.querySelector('.probes input[name=target]').value = 'redis://127.0.0.1:1'; return 1")
        browser.click(".probes button[type=button]")
        self.search(browser, "redis_up")
        browser.wait("document.querySelector('.row .value')?.textContent === '0'")
        self.assertEqual(browser.run("document.getElementById('source-name').textContent"), "./scrape?target=redis%3A%2F%2F127.0.0.1%3A1")
        browser.click(".probes button:not([type=button])")
        browser.wait("location.pathname === '/scrape' && document.body.innerText.includes('redis_up 0')")

    def test_without_scripts(self):
        exporter = self.node()
        exporter.get("/metrics")
        browser = self.browser()
        browser.devtools("Emulation.setScriptExecutionDisabled", value=True)
        browser.open(f"http://127.0.0.1:{exporter.port}/")
        browser.screenshot(os.path.join(SCREENSHOTS, "without-scripts.png"))
        text = exporter.get("/").text
        self.assertIn('<a href="./metrics">Metrics</a>', text)
        self.assertIn('<li class="ok"><span class="name">cpu</span>', text)

    def test_fits_a_phone(self):
        self.textfile("long", f'# HELP {"long_" * 30}name {"Words and words. " * 40}\n{"long_" * 30}name{{label="{"x" * 500}"}} 1\n')
        browser = self.browser(width=360, height=740)
        browser.device(360, 740, 2)
        self.opened(self.node(), browser=browser)
        self.search(browser, "node_cpu")
        self.assertLessEqual(browser.run("document.documentElement.scrollWidth"), 360)
        self.search(browser, "long_")
        browser.run("document.querySelector('.row .line').click(); return 1")
        browser.wait("document.querySelector('.detail')")
        self.assertLessEqual(browser.run("document.documentElement.scrollWidth"), 360)
        small = browser.run("[...document.querySelectorAll('button, select, input')].filter((e) => e.checkVisibility() && e.offsetHeight < 32).length")
        self.assertEqual(small, 0, "controls are large enough for fingers")

    def test_screenshots(self):
        self.textfile("job", HISTOGRAM)
        defaults = [f"--collector.{name}" for name in ("diskstats", "filesystem", "netdev", "vmstat", "sockstat", "netstat", "filefd", "time")]
        browser = self.opened(self.node(*defaults))
        browser.wait("(document.querySelectorAll('.row .spark path')[3].getAttribute('d').match(/L/g) ?? []).length >= 7", seconds=30)
        to_live = "window.scrollTo(0, document.getElementById('live').getBoundingClientRect().top + scrollY); return 1"
        for name, width, height, dark, query in (("light", 1280, 900, False, ""), ("dark", 1280, 900, True, "node_cpu"),
                                                 ("phone", 360, 740, False, ""), ("phone-dark", 360, 740, True, "node_memory")):
            browser.device(width, height, 2 if width < 600 else 1, dark)
            browser.run("window.scrollTo(0, 0); return 1")
            self.search(browser, query)
            if query:
                browser.run(to_live)
            browser.run("return new Promise((go) => setTimeout(go, 300))")
            path = os.path.join(SCREENSHOTS, f"{name}.png")
            browser.screenshot(path)
            self.assertGreater(os.path.getsize(path), 20000)


if __name__ == "__main__":
    if missing():
        harness.skip_all(missing())
    os.makedirs(SCREENSHOTS, exist_ok=True)
    harness.main(binaries=["node_exporter", "redis_exporter"])
