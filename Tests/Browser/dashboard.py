#!/usr/bin/env python3
"""Tries the dashboard in a real browser: every page and every button, by eye, hand and keyboard.

Usage: dashboard.py SKEIN [--pictures FOLDER]

SKEIN is the tool; it is run with a queue of its own. Needs Debian's chromium, chromium-driver and python3-selenium.
With --pictures, the pictures of the documentation are taken.
"""

import argparse
import json
import math
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

from selenium import webdriver
from selenium.common.exceptions import NoAlertPresentException
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

HOSTILE = "<script>window.hacked=1</script><img src=x onerror=window.hacked=1>\"'&"
HOSTILE_QUEUE = "<b onmouseover=window.hacked=1>mail'\""
PAGES = ["/", "/jobs", "/failures", "/schedules", "/workers"]
MANY = 100_000


class Queue:
    """A queue with a worker and a dashboard."""

    def __init__(self, skein, history=False):
        self.skein = skein
        self.folder = tempfile.mkdtemp(prefix="skein-browser-")
        self.environment = {**os.environ, "SKEIN_DATA_DIR": self.folder + "/queue", "NO_COLOR": "1"}
        self.log = open(self.folder + "/log", "w+")
        if history:
            self.run("submit", "--", "true")
            make_history(self.folder + "/queue/history.sqlite")
        self.server = self.start("up", "--port", "0", "--concurrency", "4")
        self.url = self.wait_for_url()

    def start(self, *arguments):
        return subprocess.Popen(
            [self.skein, *arguments], env=self.environment, stderr=self.log, stdout=subprocess.DEVNULL)

    def wait_for_url(self):
        for _ in range(200):
            found = re.search(r"dashboard at (http://\S+?)/\n", open(self.log.name).read())
            if found:
                return found[1]
            time.sleep(0.05)
        raise SystemExit("the dashboard does not listen: " + open(self.log.name).read())

    def run(self, *arguments, text=None):
        return subprocess.run(
            [self.skein, *arguments], env=self.environment, input=text, text=True, check=True, capture_output=True
        ).stdout

    def close(self):
        # Once, so that running jobs may finish; a second time, so that they are given back.
        self.server.terminate()
        time.sleep(0.5)
        self.server.terminate()
        self.server.wait(timeout=30)
        self.log.close()
        shutil.rmtree(self.folder)

    def fill(self):
        """Some of everything."""
        lines = [json.dumps({"command": f"echo hello {n}; sleep 0.0{n % 7}", "priority": n % 10}) for n in range(60)]
        self.run("submit", text="\n".join(lines))
        self.run("submit", "--", "sh", "-c", "echo 'error: file 17 is missing' >&2; exit 3")
        self.run("submit", "--", "sh", "-c", "echo 'error: file 4 is missing' >&2; exit 3")
        self.run("submit", "--queue", HOSTILE_QUEUE, "--unique", HOSTILE, "--", "printf", "\\033[31m%s\\033[0m\\n", HOSTILE)
        self.run("submit", "--queue", "slow", "--", "sh", "-c", "for i in $(seq 300); do echo step $i; sleep 0.5; done")
        flow = [
            {"label": "fetch", "command": "true"},
            {"label": "left", "command": "true", "after": "fetch"},
            {"label": "right", "command": "true", "after": "fetch", "delay": "1h"},
            {"label": "join", "command": "true", "after": ["left", "right"]},
        ]
        self.flow = self.run("submit", text="\n".join(map(json.dumps, flow))).split()[-1]
        self.run("schedule", "add", "nightly <i>report</i>", "0 3 * * *", "--timezone", "Europe/Berlin", "--", "true")
        self.run("schedule", "add", "poll", "90s", "--", "true")

    def work(self):
        """What a picture shows: work of several kinds that is under way."""
        self.run("submit", "--queue", "slow", "--", "sh", "-c", "for i in $(seq 300); do echo frame $i of 300; sleep 0.1; done")
        for number in range(8):
            self.run("submit", "--queue", "mail", "--", "sh", "-c", f"echo 'smtp: mailbox {number} is full' >&2; exit 75")
        self.run("submit", "--queue", "reports", "--", "sh", "-c", "echo 'no such table: sales_2026' >&2; exit 1")
        self.run("submit", "--queue", "reports", "--delay", "2h", "--", "./report.sh", "weekly")
        self.run("schedule", "add", "nightly", "0 3 * * *", "--timezone", "Europe/Berlin", "--", "./backup.sh")
        for wave in range(5):
            for queue in ["thumbnails", "mail", "reports"]:
                lines = [f"sleep 0.{n % 3}{n % 10} # {queue[:-1]} {wave * 40 + n}" for n in range(30)]
                self.run("submit", "--queue", queue, "--priority", str(wave + 3), text="\n".join(lines))
            time.sleep(1)

    def add_many(self):
        """So many jobs that no page could show them all."""
        line = '{"command": "true", "delay": "10d", "queue": "many", "priority": 2}\n'
        self.run("submit", text=line * MANY)


class Browser:
    """Chromium, and what is looked for in it."""

    def __init__(self, url, width=1280, height=1000):
        options = Options()
        options.binary_location = shutil.which("chromium") or "/usr/bin/chromium"
        for argument in ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"]:
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self.driver = webdriver.Chrome(service=Service(shutil.which("chromedriver")), options=options)
        self.driver.set_page_load_timeout(30)
        self.url = url
        self.resize(width, height)

    def resize(self, width, height, is_phone=False):
        self.driver.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": is_phone})

    def theme(self, name):
        self.driver.execute_cdp_cmd(
            "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": name}]})

    def open(self, path):
        self.driver.get(self.url + path)

    def text(self):
        return self.script("return document.querySelector('main').innerText")

    def script(self, code, *arguments):
        return self.driver.execute_script(code, *arguments)

    def wait(self, what, condition, seconds=20):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                if condition():
                    return
            except Exception as error:  # what is looked for was replaced meanwhile
                if "stale" not in str(error) and "no such element" not in str(error):
                    raise
            time.sleep(0.1)
        raise AssertionError(f"within {seconds} s it did not come about that {what}; the page says:\n{self.text()[:1500]}")

    def press(self, title, row=None):
        """Presses a button, of a row of a table if one is named, and says yes."""
        self.wait(f"there is a button '{title}'", lambda: self.has_button(title, row))
        # Found and pressed in one go, for news may come in between; a question that follows is answered.
        self.script(BUTTON + "setTimeout(() => find(arguments[0], arguments[1]).click(), 0);", title, row)
        time.sleep(0.2)
        try:
            self.driver.switch_to.alert.accept()
        except NoAlertPresentException:
            pass

    def has_button(self, title, row=None):
        return self.script(BUTTON + "return find(arguments[0], arguments[1]) !== undefined;", title, row)

    def texts(self, selector):
        """What elements say, read in one go, for news may put others in their place."""
        return self.script("return [...document.querySelectorAll(arguments[0])].map((e) => e.textContent)", selector)

    def follow_link(self, text):
        find = "[...document.querySelectorAll('main a')].find((e) => e.textContent === arguments[0])"
        self.wait(f"there is a link '{text}'", lambda: self.script(f"return {find} !== undefined", text))
        self.script(f"{find}.click()", text)

    def rows(self):
        return self.script("return document.querySelectorAll('tbody tr').length")

    def check(self, place):
        """What holds for every page."""
        assert self.script("return window.hacked") is None, f"{place}: a name has become a script"
        logged = [entry["message"] for entry in self.driver.get_log("browser") if entry["level"] != "INFO"]
        assert not logged, f"{place}: the console says {logged}"
        faults = self.script(FAULTS)
        assert not faults, f"{place}: " + "; ".join(faults[:8])


# A button by its title, of the first row that has a text.
BUTTON = r"""
const find = (title, row) => {
  const places = row ? [...document.querySelectorAll("tbody tr")].filter((e) => e.textContent.includes(row)) : [document];
  return places.flatMap((e) => [...e.querySelectorAll("button")]).find((e) => e.textContent === title);
};
"""

# What a checker of accessibility looks at first: names of what can be used, headings, languages, contrast.
FAULTS = r"""
const faults = [];
const shown = (e) => e.checkVisibility({checkOpacity: true, checkVisibilityCSS: true}) && e.getClientRects().length > 0;
const name = (e) => (e.getAttribute("aria-label") || e.textContent || e.alt || "").trim();
if (!document.documentElement.lang) faults.push("the page has no language");
if (document.querySelectorAll("h1").length !== 1) faults.push(`${document.querySelectorAll("h1").length} headings h1`);
for (const e of document.querySelectorAll("input, select, textarea"))
  if (!e.labels.length && !e.getAttribute("aria-label")) faults.push(`${e.name} has no label`);
for (const e of document.querySelectorAll("a, button, [role=img]"))
  if (!name(e) && !e.querySelector("img[alt]:not([alt=''])")) faults.push(`${e.outerHTML.slice(0, 80)} has no name`);
for (const e of document.querySelectorAll("img:not([alt])")) faults.push("a picture has no alt");
for (const e of document.querySelectorAll("table")) if (!e.caption) faults.push("a table has no caption");
const ids = [...document.querySelectorAll("[id]")].map((e) => e.id);
for (const id of new Set(ids)) if (ids.filter((i) => i === id).length > 1) faults.push(`two elements are called ${id}`);
let level = 0;
for (const e of document.querySelectorAll("h1, h2, h3")) {
  const next = Number(e.tagName[1]);
  if (next > level + 1) faults.push(`a heading ${e.tagName} comes after h${level}`);
  level = next;
}
if (document.documentElement.scrollWidth > innerWidth)
  faults.push(`the page is ${document.documentElement.scrollWidth} wide, and the window ${innerWidth}`);
const colour = (text) => {
  const c = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
  c.fillStyle = text; c.fillRect(0, 0, 1, 1);
  return [...c.getImageData(0, 0, 1, 1).data];
};
const light = ([r, g, b]) => {
  const part = (v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
};
const back = (e) => {
  for (; e; e = e.parentElement) {
    const c = colour(getComputedStyle(e).backgroundColor);
    if (c[3] === 255) return c;
  }
  return [255, 255, 255, 255];
};
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
const seen = new Set();
for (let node = walker.nextNode(); node; node = walker.nextNode()) {
  const e = node.parentElement;
  if (!node.data.trim() || !shown(e) || ["SCRIPT", "STYLE", "OPTION"].includes(e.tagName)) continue;
  const style = getComputedStyle(e);
  const front = e instanceof SVGElement ? style.fill : style.color;
  const [a, b] = [light(colour(front)), light(back(e))].sort((x, y) => y - x);
  const ratio = (a + 0.05) / (b + 0.05);
  const large = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.6 && style.fontWeight >= 700);
  const key = `${e.tagName}.${e.className}`;
  if (ratio < (large ? 3 : 4.5) && !seen.has(key)) {
    seen.add(key);
    faults.push(`${key} “${node.data.trim().slice(0, 30)}” has a contrast of ${ratio.toFixed(2)}`);
  }
}
return faults;
"""


def look_at_pages(browser, queue):
    failed = queue.run("list", "--state", "failed").split("\t")[0]
    places = PAGES + ["/jobs/" + failed, "/jobs/" + queue.flow, "/jobs?state=failed", "/?span=24h", "/jobs/999999"]
    for theme in ["light", "dark"]:
        browser.theme(theme)
        for width, is_phone in [(1280, False), (390, True)]:
            browser.resize(width, 900, is_phone)
            for place in places:
                browser.open(place)
                if place == "/jobs/999999":
                    assert "there is no job 999999" in browser.text()
                    browser.driver.get_log("browser")  # which tells of the 404
                browser.check(f"{place} ({theme}, {width} wide)")
        back = browser.script("return getComputedStyle(document.body).backgroundColor")
        brightness = sum(map(int, re.findall(r"\d+", back)[:3]))
        assert (brightness < 200) == (theme == "dark"), f"{theme} is {back}"
    browser.theme("light")
    browser.resize(1280, 1000)


def look_at_names(browser, queue):
    browser.open("/jobs?q=hacked")
    assert HOSTILE_QUEUE in browser.text(), browser.text()
    number = browser.texts("tbody a")[0]
    browser.open("/jobs/" + number)
    browser.wait("the log is shown", lambda: HOSTILE in "".join(browser.texts(".log")))
    browser.check("a job with a hostile name")


def press_buttons(browser, queue):
    browser.open("/")
    browser.press("Pause", "slow")
    browser.wait("the queue is paused", lambda: "paused" in browser.text())
    browser.press("Resume", "slow")
    browser.wait("the queue is resumed", lambda: "paused" not in browser.text())

    failed = queue.run("list", "--state", "failed").split("\t")[0]
    browser.open("/jobs/" + failed)
    browser.press("Retry")
    browser.wait("it was tried again", lambda: browser.rows() == 2)

    browser.open("/failures")
    browser.wait("failures are one group", lambda: "file # is missing" in browser.text())
    browser.press("Retry")
    browser.wait("they have failed again", lambda: browser.has_button("Retry", "command"))

    later = queue.run("submit", "--delay", "1h", "--", "true").strip()
    browser.open("/jobs/" + later)
    browser.press("Cancel")
    browser.wait("it is cancelled", lambda: "cancelled" in browser.text())

    browser.open("/schedules")
    browser.press("Pause", "poll")
    browser.wait("it is paused", lambda: browser.has_button("Resume", "poll"))
    browser.press("Resume", "poll")
    browser.wait("it is resumed", lambda: browser.has_button("Pause", "poll"))
    browser.press("Run now", "poll")
    browser.wait("its job is shown", lambda: "/jobs/" in browser.driver.current_url)
    browser.open("/schedules")
    browser.press("Remove", "poll")
    browser.wait("it is removed", lambda: "poll" not in browser.text())
    browser.check("buttons")


def evict(browser, queue):
    """A worker that does not respond is given up by a button."""
    worker = queue.start("worker")
    browser.open("/workers")
    browser.wait("the second worker has come", lambda: browser.rows() == 2)
    worker.send_signal(signal.SIGSTOP)
    try:
        browser.wait("it does not respond", lambda: browser.has_button("Evict", "unresponsive"), seconds=90)
        browser.press("Evict", "unresponsive")
        browser.wait("it is gone", lambda: browser.rows() == 1)
    finally:
        worker.send_signal(signal.SIGCONT)
        worker.terminate()
        worker.wait(timeout=30)


def follow(browser, queue):
    browser.open("/")
    browser.script("window.mark = 1")
    queue.run("submit", "--queue", "fresh", "--", "true")
    browser.wait("the new queue is shown", lambda: "fresh" in browser.text())
    assert browser.script("return window.mark") == 1, "the page was loaded anew"
    button = browser.driver.find_element(By.ID, "live")
    assert button.text == "Live"
    button.click()
    assert button.text == "Paused" and button.get_attribute("aria-pressed") == "false"
    queue.run("submit", "--queue", "unseen", "--", "true")
    time.sleep(2.5)
    assert "unseen" not in browser.text()
    button.click()
    browser.wait("it goes on", lambda: "unseen" in browser.text())

    slow = queue.run("list", "--queue", "slow").split("\t")[0]
    browser.open("/jobs/" + slow)
    lines = lambda: browser.script("return document.querySelector('.log').textContent.split('step').length")
    first = lines()
    browser.wait("the log grows", lambda: lines() > first + 1)
    browser.check("a page that follows")


def use_keys(browser):
    browser.open("/")
    body = browser.driver.find_element(By.TAG_NAME, "body")
    body.send_keys(Keys.TAB)
    assert browser.driver.switch_to.active_element.text == "Skip to the content"
    body.send_keys("/")
    browser.wait("the search has the focus", lambda: browser.driver.switch_to.active_element.get_attribute("id") == "search")
    browser.driver.switch_to.active_element.send_keys("hello 7", Keys.ENTER)
    browser.wait("it is searched", lambda: "q=hello" in browser.driver.current_url and "hello 7" in browser.text())
    browser.open("/jobs")
    browser.driver.find_element(By.ID, "search").send_keys("1", Keys.ENTER)
    browser.wait("the number leads to the job", lambda: browser.driver.current_url.endswith("/jobs/1"))


def go_through_many(browser, queue):
    browser.open("/jobs?queue=many")
    seen = []
    for _ in range(3):
        seen += [int(text) for text in browser.texts("td[data-label=Job] a")]
        browser.follow_link("Earlier")
        browser.wait("the next page is there", lambda: f"cursor={seen[-1]}" in browser.driver.current_url)
    assert len(seen) == 150 and seen == sorted(seen, reverse=True), seen[:10]
    browser.open("/jobs?q=no+such+text&queue=many")
    browser.follow_link("Search on")
    browser.wait("it is searched on", lambda: "cursor=" in browser.driver.current_url)
    browser.open("/")
    browser.wait("all are counted", lambda: "100\u202f00" in browser.text())
    browser.check("many jobs")


def read_without_scripts(browser):
    browser.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    for place in PAGES:
        browser.open(place)
        assert len(browser.text()) > 40, place
        assert not browser.driver.find_element(By.ID, "live").is_displayed()
    browser.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


def take_pictures(browser, queue, folder):
    failed = queue.run("list", "--state", "failed").split("\t")[0]
    slow = queue.run("list", "--queue", "slow").split("\t")[0]
    shots = [
        ("dashboard", "/", 1200, 820, "light"), ("dashboard-dark", "/", 1200, 820, "dark"),
        ("dashboard-job", "/jobs/" + slow, 1200, 760, "light"), ("dashboard-jobs", "/jobs", 1200, 700, "light"),
        ("dashboard-failed", "/jobs/" + failed, 1200, 760, "dark"), ("dashboard-phone", "/", 390, 780, "light"),
    ]
    for name, place, width, height, theme in shots:
        browser.theme(theme)
        browser.resize(width, height, width < 500)
        browser.open(place)
        time.sleep(1.2)
        browser.driver.save_screenshot(f"{folder}/{name}.png")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("skein")
    parser.add_argument("--pictures", metavar="FOLDER")
    arguments = parser.parse_args()
    queue = Queue(os.path.abspath(arguments.skein), history=arguments.pictures is not None)
    browser = None
    try:
        if not arguments.pictures:
            queue.fill()
        browser = Browser(queue.url)
        if arguments.pictures:
            queue.work()
            return take_pictures(browser, queue, arguments.pictures)
        queue.run("wait", "1")
        steps = [
            ("pages in light and dark, wide and on a phone", lambda: look_at_pages(browser, queue)),
            ("hostile names", lambda: look_at_names(browser, queue)),
            ("news", lambda: follow(browser, queue)),
            ("buttons", lambda: press_buttons(browser, queue)),
            ("keys", lambda: use_keys(browser)),
            ("without scripts", lambda: read_without_scripts(browser)),
            ("a worker that does not respond", lambda: evict(browser, queue)),
            (f"{MANY} jobs", lambda: (queue.add_many(), go_through_many(browser, queue))),
        ]
        for title, step in steps:
            start = time.monotonic()
            step()
            print(f"✔ {title} ({time.monotonic() - start:.0f} s)", flush=True)
    finally:
        if browser:
            browser.driver.quit()
        queue.close()


def make_history(path):
    """An hour that has not been, for the charts of a picture: the step of a latency is 0.1 ms times two to the power of its quarter."""
    database = sqlite3.connect(path)
    database.execute("CREATE TABLE buckets (level INTEGER, start INTEGER, data TEXT, PRIMARY KEY (level, start)) WITHOUT ROWID")
    database.execute("CREATE TABLE position (id INTEGER PRIMARY KEY CHECK (id = 1), revision INTEGER NOT NULL, sequence INTEGER NOT NULL)")
    now = int(time.time()) // 10 * 10
    for start in range(now - 3600, now, 10):
        minute = (start - now) / 60
        load = 90 + 60 * math.sin(minute / 7) + 25 * math.sin(minute * 1.7) + (140 if -22 < minute < -17 else 0)
        done, failed = int(load), int(4 + 3 * math.sin(minute) + (25 if -21 < minute < -19 else 0))
        wait = int(26 + load / 14)
        bucket = {
            "enqueued": int(load * (1.3 if -22 < minute < -20 else 1)), "succeeded": done, "failed": max(0, failed), "dropped": 0,
            "wait": [wait, done, wait + 9, max(2, done // 40)], "run": [38, done, 46 + int(2 * math.sin(minute / 3)), max(2, done // 50)],
        }
        database.execute("INSERT INTO buckets VALUES (0, ?, ?)", (start, json.dumps(bucket)))
    database.commit()
    database.close()


if __name__ == "__main__":
    main()
