"""Five pipelines with one slow stage each, which the page has to name: by CPU, by waiting, a sink, a source, a lock."""
import os
import subprocess
import time

HERE = os.path.dirname(os.path.abspath(__file__))
SDK = os.path.join(HERE, "..", "..", "sdk", "include")
LINES = {
    "cpu": "core.generate size=16 | debug.work :name=before :workers=1 :queue=16 | "
           "debug.work cpu=2ms :name=planted :workers=1 :queue=16 | core.null",
    "sleep": "core.generate size=16 | debug.work wait=2ms :name=planted :workers=1 :queue=16 | "
             "debug.work :name=after :workers=1 | core.null",
    "sink": "core.generate size=16 | debug.work :name=before :workers=1 :queue=16 | ./slow.so:sink :name=planted :queue=16",
    "source": "core.generate size=16 rate=200 :name=planted | debug.work :name=after :workers=1 | core.null",
    "lock": "core.generate size=16 | debug.work wait=1ms lock=lock :name=planted :workers=4 :queue=16 | "
            "debug.work :name=after :workers=1 | core.null",
}


def prepare(folder):
    open(os.path.join(folder, "lock"), "w").close()
    subprocess.run(["cc", "-O2", "-fPIC", "-shared", "-I", SDK, "-o", os.path.join(folder, "slow.so"),
                    os.path.join(HERE, "slow_sink.c")], check=True)


def are_named(b, start, check, folder):
    """start(line): a pipeline that runs."""
    prepare(folder)
    for cause, line in LINES.items():
        p = start(line)
        b.go(p.root + "/")
        b.until(f"the slow stage of '{cause}'", lambda: b.text("#bottleneck") == "planted")
        time.sleep(2)  # it still is, two looks later
        check(f"the page names the slow stage: {cause}",
              b.text("#bottleneck") == "planted" and b.count("#stages tr.limits[data-stage=planted]") == 1)
        p.end()
