"""The page of a running pipeline in a real browser: what it shows, and what it lets one do. Leaves the pictures of
docs/monitoring.md.

usage: web_page.py MICROPIPE FOLDER
"""
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request

import planted
from browser import Browser

HERE = os.path.dirname(os.path.abspath(__file__))


class Pipeline:
    def __init__(self, program, what, runtime):
        environment = dict(os.environ, XDG_RUNTIME_DIR=runtime)
        self.process = subprocess.Popen([program, "run", *what], stderr=subprocess.PIPE, text=True, env=environment,
                                        cwd=runtime)
        for line in self.process.stderr:
            found = re.search(r"http: (http://[^/]+)/#token=([0-9a-f]+)", line)
            if found:
                break
        else:
            raise RuntimeError("the pipeline did not start")
        self.root, self.token = found.groups()

    def status(self):
        with urllib.request.urlopen(self.root + "/api/v1/status") as answer:
            return json.load(answer)

    def stage(self, name):
        return next(s for s in self.status()["stages"] if s["name"] == name)

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.stderr.read()
        self.process.wait()


def check(what, holds):
    if not holds:
        raise AssertionError(what)
    print(f"   ok: {what}", flush=True)


def shows_the_pipeline(b, p):
    b.go(p.root + "/")
    names = [s["name"] for s in p.status()["stages"]]
    b.until("the graph", lambda: b.count("#graph .node") == len(names))
    check("a node for each stage, named", all(b.text(f"#graph .node[data-stage={n}] .name") == n for n in names))
    check("an edge for each connection", b.count("#graph .edge") == len(p.status()["edges"]))
    figure = "#stages tr[data-stage=shards] td:nth-child(10)"
    first = b.text(figure)
    b.until("numbers that change", lambda: b.text(figure) != first)
    check("numbers that change", True)
    b.until("a dead letter that appears", lambda: b.text("#dead") not in ("0", "–"))
    b.until("the stage that refused it", lambda: b.text("#letters b") == "check")
    check("a dead letter that appears, with its stage", b.count(".node[data-stage=check] .badge[visibility=visible]") == 1)
    b.until("the log of the scaler", lambda: b.count("#decisions li b") > 0)
    check("decisions of the scaler with their reason", len(b.text("#decisions small")) > 10)


def refuses_without_the_token(b, p):
    check("no button changes anything without a token",
          b.count("#stages button") == 0 and b.run("return document.querySelector('#pause').disabled"))
    status = b.run("return fetch('/api/v1/pause', {method: 'POST'}).then(r => r.status)")
    check("a request without the token is refused", status == 401)
    b.click("#unlock")
    b.type("#token", "0123456789abcdef")
    b.click("#ask .main")
    b.until("pause can be pressed", lambda: not b.run("return document.querySelector('#pause').disabled"))
    b.click("#pause")
    b.until("what is wrong", lambda: "token is wrong" in (b.text("#toast") or ""))
    check("a wrong token is refused, and said to be wrong", p.status()["state"] == "running")
    check("the page locks itself again", b.run("return document.querySelector('#pause').disabled"))


def obeys_with_the_token(b, p):
    b.click("#unlock")
    b.type("#token", p.token)
    b.click("#ask .main")
    b.until("buttons", lambda: b.count("#stages tr[data-stage=encode] .scale button") >= 2)
    b.until("a button that can be pressed", lambda: press(b, "#stages tr[data-stage=encode] .scale button:enabled"))
    b.until("the pipeline obeys", lambda: p.stage("encode")["workers_by"] == "hand")
    check("scaling with the token", any(d["why"] == "by hand" for d in p.status()["decisions"]))
    b.until("by hand", lambda: b.text("#stages tr[data-stage=encode] .scale small") == "by hand")
    b.until("pause", lambda: press(b, "#pause"))
    b.until("paused", lambda: b.text("#state") == "paused" and p.status()["state"] == "paused")
    b.until("resume", lambda: b.text("#pause") == "Resume" and press(b, "#pause"))
    b.until("running", lambda: b.text("#state") == "running")
    check("pause and resume with the token", p.status()["state"] == "running")
    b.until("auto", lambda: press(b, "#stages tr[data-stage=encode] .scale button:nth-of-type(3)"))
    b.until("the scaler", lambda: p.stage("encode")["workers_by"] == "scaler")


def press(b, selector):
    """False: it was drawn anew in that moment."""
    try:
        b.click(selector)
        return True
    except RuntimeError:
        return False


def keeps_the_token_out_of_sight(b, p):
    b.click("#unlock")
    check("locked again, there are no buttons", b.count("#stages button") == 0)
    b.go(p.root + "/#token=" + p.token)
    b.until("buttons", lambda: b.count("#stages .scale button") >= 2)
    check("a link with the token unlocks, and the address no longer has it",
          b.run("return location.href") == p.root + "/")


def settles(b):
    """Waits for the next status, and until all that moves to its new place has done so: for looks alone."""
    before = b.run("return last.elapsed_s")
    b.until("the next status", lambda: b.run("return last.elapsed_s") != before)
    time.sleep(0.7)


def take_pictures(b, folder):
    b.size(1440, 1130)
    b.run("document.activeElement.blur(); graph.fit()")
    b.until("a line of half a minute", lambda: b.run("return lines.get('').length >= 30"), 90)
    b.until("no message", lambda: b.run("return document.querySelector('#toast').hidden"))
    for scheme in "light", "dark":
        b.scheme(scheme)
        b.until(scheme, lambda: b.run("return document.documentElement.dataset.theme") == scheme)
        settles(b)
        path = os.path.join(folder, f"page-{scheme}.png")
        b.picture(path)
        subprocess.run(["pngquant", "--force", "--output", path, path], check=True)
        check(f"{path}: {os.path.getsize(path) // 1024} KiB", 10_000 < os.path.getsize(path) < 200_000)


def says_that_it_is_over(b, p):
    p.end()
    b.until("the end", lambda: b.text("#state") == "has ended")
    check("the page says that the run has ended", True)


def main():
    program, folder = os.path.abspath(sys.argv[1]), sys.argv[2]
    os.makedirs(folder, exist_ok=True)
    with tempfile.TemporaryDirectory() as work:
        p = Pipeline(program, [os.path.join(HERE, "scene.cfg")], work)
        b = Browser(os.path.join(work, "profile"))
        try:
            b.size(1440, 1130)
            shows_the_pipeline(b, p)
            refuses_without_the_token(b, p)
            obeys_with_the_token(b, p)
            complaints = [c for c in b.complaints() if "401" not in c]
            check(f"no script fails, and none is refused: {complaints}", not complaints)
            keeps_the_token_out_of_sight(b, p)
            take_pictures(b, folder)
            says_that_it_is_over(b, p)
            planted.are_named(b, lambda line: Pipeline(program, ["--set", "http=127.0.0.1:0", "-e", line], work), check,
                              work)
        except BaseException:
            b.picture(os.path.join(os.path.dirname(program), "page-failed.png"))
            raise
        finally:
            b.close()
            p.process.kill()


main()
