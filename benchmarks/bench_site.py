"""Measures the served site under load with wrk: pages of a thread, of a snapshot, of a search, and answers of 304.

Beside it, in the same run and on the same machine, stand Datasette over the same posts in SQLite and nginx with the
same bytes as static files. `onrecord serve` runs as an operator would run it; wrk and nginx must be installed, and
Datasette is installed into an environment of its own (--datasette). The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

from bench_pages import LONG as SHORT
from bench_pages import add_long_thread
from prepared import filled_store

from archiver.store import Store
from search.index import open_index
from search.sync import sync

SHORT_POSTS, LONG_POSTS = 60, 1500
LONG = SHORT + 10_000
CONNECTIONS = (1, 8, 64)
LONGEST = 20
"""So many seconds at most for one measurement."""
DATASETTE = "0.65.*"
THREAD = "/github.com/bench/corpus/issues"
# wrk's own report has no p99.9 and rounds; this line is for programs.
REPORT = """
done = function(summary, latency, requests)
  local e = summary.errors
  io.write(string.format("FIGURES %d %d %d %d %d\\n", summary.requests, summary.duration, latency:percentile(50),
    latency:percentile(99), e.connect + e.read + e.write + e.status + e.timeout))
end
"""
# Each request asks for an address of its own, so that nothing is answered from memory.
FRESH = """
local at = math.floor(%d)
request = function()
  at = at + 1
  return wrk.format("GET", wrk.path .. "%s" .. at)
end
"""


@dataclass(frozen=True)
class Peer:
    """A running server: its address, a small page of it, and the processes whose time is counted."""

    name: str
    url: str
    probe: str
    process: subprocess.Popen[bytes]

    def cpu_seconds(self) -> float:
        """Return the processor time that the process and its children have taken."""
        return sum(_cpu(each) for each in _family(self.process.pid))


def _family(pid: int) -> Iterator[int]:
    yield pid
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in task.read_text().split():
            yield from _family(int(child))


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / float(os.sysconf("SC_CLK_TCK"))


def free_port() -> int:
    """Return a port of the loopback address that is free at the moment."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextmanager
def running(name: str, command: Sequence[str], port: int, probe: str, log: Path) -> Iterator[Peer]:
    """Run a server until it answers, and end it afterwards."""
    url = f"http://127.0.0.1:{port}"
    with log.open("wb") as out, subprocess.Popen(command, stdout=out, stderr=out) as process:
        try:
            for _ in range(600):
                if process.poll() is not None:
                    raise SystemExit(f"{name} ended at once: {log.read_text(errors='replace')[-800:]}")
                try:
                    socket.create_connection(("127.0.0.1", port), timeout=1).close()
                    break
                except OSError:
                    time.sleep(0.1)
            yield Peer(name, url, probe, process)
        finally:
            process.terminate()


def quiet(peer: Peer) -> None:
    """Wait until a server has worked off what it was still asked for when wrk went away: it answers, and rests."""
    fetched(peer, peer.probe)
    for _ in range(100):
        before = peer.cpu_seconds()
        time.sleep(0.3)
        if peer.cpu_seconds() - before < 0.03:
            return


def load(peer: Peer, path: str, connections: int, seconds: int, folder: Path, script: str = "") -> dict[str, float]:
    """Ask for a path as fast as a server answers; return requests a second, milliseconds, and CPU ms a request."""
    lua = folder / "wrk.lua"
    lua.write_text(script + REPORT)
    before = peer.cpu_seconds()
    done = subprocess.run(
        ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "20s", "-s", str(lua), peer.url + path],
        capture_output=True,
        text=True,
        check=True,
    )
    cpu = peer.cpu_seconds() - before
    quiet(peer)
    found = re.search(r"FIGURES (\d+) (\d+) (\d+) (\d+) (\d+)", done.stdout)
    if found is None:
        raise SystemExit(f"wrk said nothing of use: {done.stdout} {done.stderr}")
    requests, micros, median, p99, errors = map(int, found.groups())
    if errors:
        raise SystemExit(f"{peer.name} {path}: {errors} errors\n{done.stdout}")
    if not requests:
        print(f"{peer.name} {path}: no answer within {seconds} s over {connections} connections", flush=True)
    return {
        "per_second": round(requests / (micros / 1e6), 1),
        "p50_ms": round(median / 1e3, 2),
        "p99_ms": round(p99 / 1e3, 2),
        "cpu_ms": round(1e3 * cpu / max(1, requests), 3),
    }


def fetched(peer: Peer, path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    """Ask once; return status, headers by lower-case name, body."""
    with closing(HTTPConnection(urlsplit(peer.url).netloc, timeout=300)) as connection:
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()


# --- what is served ---------------------------------------------------------------------------------------------------


def site_config(folder: Path, port: int) -> Path:
    """Write the configuration of an operator who changed nothing but the port."""
    path = folder / "config.toml"
    path.write_text(
        f'[store]\nurl = "sqlite:///archive.db"\n[index]\nurl = "whoosh:index"\n'
        f'[site]\nbase_url = "http://127.0.0.1:{port}"\nlisten = "127.0.0.1:{port}"\n'
    )
    return path


def posts_table(store: Store, path: Path) -> None:
    """Write the posts of the two threads into tables for Datasette, and all posts with a full-text index."""
    with sqlite3.connect(path) as database:
        columns = (
            "id INTEGER PRIMARY KEY, kind TEXT, author TEXT, association TEXT, created_at TEXT, body TEXT, html TEXT"
        )
        for name, numbers in (("short", [SHORT]), ("long", [LONG]), ("posts", range(1, 301))):
            database.execute(f"CREATE TABLE {name} ({columns}, title TEXT)")
            for number in numbers:
                thread = store.thread(1, number)
                assert thread is not None
                rows = [
                    (each.id, each.kind.value, each.author and each.author.login, each.author_association,
                     each.created_at.isoformat(), each.body, each.revision.body_html, thread.summary.title)
                    for each in thread.posts
                ]  # fmt: skip
                database.executemany(f"INSERT INTO {name} VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)  # noqa: S608
        database.execute("CREATE VIRTUAL TABLE posts_fts USING fts5 (body, content='posts', content_rowid='id')")
        database.execute("INSERT INTO posts_fts (rowid, body) SELECT id, body FROM posts")
    database.close()


def datasette(folder: Path) -> Path:
    """Return Datasette's program in an environment of its own, which is made if it is not there."""
    program = folder / "bin" / "datasette"
    if not program.exists():
        print(f"installing Datasette {DATASETTE} into {folder} ...", flush=True)
        done = subprocess.run([sys.executable, "-m", "venv", str(folder)], capture_output=True, check=False)
        pip = [str(folder / "bin" / "pip"), "install", "--quiet", f"datasette=={DATASETTE}"]
        if done.returncode or subprocess.run(pip, check=False).returncode or not program.exists():
            raise SystemExit(f"Datasette cannot be installed into {folder}: bench_site.py needs it (pip, network)")
    return program


def nginx_config(folder: Path, port: int, user: bool) -> Path:
    """Write a configuration that serves the folder `static`, with as many workers as this machine has cores."""
    path = folder / "nginx.conf"
    temporary = "".join(
        f"{kind}_temp_path {folder}/{kind}; " for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    path.write_text(
        f"{'user root; ' if user else ''}worker_processes auto; daemon off; pid {folder}/nginx.pid;\n"
        f"error_log {folder}/nginx.err;\nevents {{ worker_connections 1024; }}\n"
        f"http {{ {temporary}access_log off; default_type text/html; sendfile on; open_file_cache max=100;\n"
        f"server {{ listen 127.0.0.1:{port}; root {folder}/static; }} }}\n"
    )
    return path


def needed() -> None:
    """Stop if a program is missing that the benchmark cannot install by itself."""
    missing = [name for name in ("wrk", "nginx") if shutil.which(name) is None]
    if missing:
        print(f"bench_site.py needs {' and '.join(missing)}: on Debian and Ubuntu, apt install {' '.join(missing)}")
        raise SystemExit(2)


# --- measuring --------------------------------------------------------------------------------------------------------


def header(name: str, value: str) -> str:
    """Return what makes wrk send a header."""
    return f"wrk.headers[{json.dumps(name)}] = {json.dumps(value)}\n"


def main() -> None:
    """Run the benchmark and print its figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=3, help="of each measurement")
    parser.add_argument("--only", default="", help="measure the pages with this word in their name")
    parser.add_argument("--datasette", type=Path, default=Path(tempfile.gettempdir()) / "onrecord-bench-datasette")
    arguments = parser.parse_args()
    needed()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the servers end, too
    peer_program = datasette(arguments.datasette)
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        store = filled_store(folder, 300)
        add_long_thread(store, SHORT_POSTS - 1, SHORT)
        add_long_thread(store, LONG_POSTS - 1, LONG)
        index = open_index(f"whoosh:{folder / 'index'}")
        sync(store, index)
        thread = store.thread(1, SHORT)
        assert thread is not None
        paths = {
            f"thread of {SHORT_POSTS} posts": f"{THREAD}/{SHORT}",
            f"thread of {LONG_POSTS:,} posts": f"{THREAD}/{LONG}",
            "search": "/search?q=license+copyleft",
            "snapshot": f"{THREAD}/{SHORT}@{thread.summary.snapshot}",
        }
        posts_table(store, folder / "posts.db")
        index.close()
        store.close()

        port = free_port()
        serve = [sys.executable, "-m", "web", "--config", str(site_config(folder, port)), "serve"]
        site = stack.enter_context(running("onrecord", serve, port, "/healthz", folder / "site.log"))
        port = free_port()
        command = [str(peer_program), "serve", "-h", "127.0.0.1", "-p", str(port), "-i", str(folder / "posts.db")]
        for setting in ("suggest_facets off", "allow_facet off", f"max_returned_rows {LONG_POSTS}",
                        f"default_page_size {LONG_POSTS}", "num_sql_threads 3", "cache_size_kb 65536"):  # fmt: skip
            command += ["--setting", *setting.split()]
        other = stack.enter_context(
            running("datasette", command, port, "/posts/short?_size=1", folder / "datasette.log")
        )
        static = folder / "static"
        static.mkdir()
        for at, path in enumerate(paths.values()):
            status, _, body = fetched(site, path)
            assert status == 200, path
            (static / f"{at}.html").write_bytes(body)
        port = free_port()
        folder.chmod(0o755)
        config = nginx_config(folder, port, user=os.geteuid() == 0)
        files = stack.enter_context(
            running("nginx", ["nginx", "-c", str(config)], port, "/0.html", folder / "nginx.log")
        )
        theirs = {
            f"thread of {SHORT_POSTS} posts": f"/posts/short?_size={SHORT_POSTS}&_nocount=1",
            f"thread of {LONG_POSTS:,} posts": f"/posts/long?_size={LONG_POSTS}&_nocount=1",
            "search": "/posts/posts?_search=license+copyleft&_size=20&_nocount=1",
            "snapshot": f"/posts/short?_size={SHORT_POSTS}&_nocount=1",
        }
        theirs = {page: path for page, path in theirs.items() if arguments.only in page}
        figures = measured(site, other, files, paths, theirs, arguments.seconds, folder)
    print(json.dumps(figures))


def measured(
    site: Peer, other: Peer, files: Peer, paths: dict[str, str], theirs: dict[str, str], seconds: int, folder: Path
) -> dict[str, object]:
    """Put the three under load, page by page, and print a line for each."""
    pages: dict[str, dict[str, dict[str, float]]] = {}
    behind: list[str] = []
    slow: list[str] = []
    print(f"load of the machine before: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores; wrk takes one of them")
    print(f"{'':42}{'requests/s':>12}{'p50 ms':>10}{'p99 ms':>10}{'CPU ms/request':>16}")

    def one(page: str, who: str, peer: Peer, path: str, connections: int, script: str = "") -> dict[str, float]:
        # What takes long for one is asked for long enough by many that some answers come.
        alone = pages.get(page, {}).get(f"{who} {CONNECTIONS[0]}", {"p50_ms": 0.0})["p50_ms"] / 1e3
        span = min(LONGEST, max(seconds, round(3 * alone * connections)))
        if peer is site and who != "made":
            # It has to be in memory: the pages made before may have pushed it out.
            fetched(peer, path, **({"Accept-Encoding": "gzip"} if who == "packed" else {}))
        found = load(peer, path, connections, span, folder, script)
        pages.setdefault(page, {})[f"{who} {connections}"] = found
        line = f"{page:22}{who:12}{connections:6}  "
        print(f"{line}{found['per_second']:12,.0f}{found['p50_ms']:10.2f}{found['p99_ms']:10.2f}{found['cpu_ms']:16.3f}",
              flush=True)  # fmt: skip
        return found

    for at, (page, path) in enumerate(paths.items()):
        if page not in theirs:
            continue
        status, _, body = fetched(other, theirs[page])
        assert status == 200, (theirs[page], body[:200])
        print(f"{page}: {len((folder / 'static' / f'{at}.html').read_bytes()):,} bytes, Datasette's {len(body):,}")
        _, headers, _ = fetched(site, path)
        unchanged = header("If-None-Match", headers["etag"])
        assert fetched(site, path, **{"If-None-Match": headers["etag"]})[0] == 304
        for connections in CONNECTIONS:
            # Lua prints fourteen digits; the next measurement begins further on than this one comes.
            fresh = FRESH % (time.time_ns() // 10**6 % 10**9 * 1000, "&x=" if "?" in path else "?x=")
            warm = one(page, "cached", site, path, connections)
            made = one(page, "made", site, path, connections, fresh)
            same = one(page, "304", site, path, connections, unchanged)
            one(page, "packed", site, path, connections, header("Accept-Encoding", "gzip"))
            peer = one(page, "datasette", other, theirs[page], connections)
            one(page, "nginx", files, f"/{at}.html", connections)
            for who, each in (("cached", warm), ("made", made), ("304", same)):
                if each["per_second"] < peer["per_second"]:
                    behind.append(f"{page}, {who}, {connections}")
                if who != "made" and each["per_second"] < 1000:
                    slow.append(f"{page}, {who}, {connections}")
    print(f"load of the machine after: {os.getloadavg()[0]:.1f}")
    print(f"behind Datasette: {'; '.join(behind) or 'nowhere'}")
    print(f"from memory, under 1,000 a second: {'; '.join(slow) or 'nowhere'}")
    return {"benchmark": "site", "load": os.getloadavg()[0], "pages": pages, "behind_datasette": behind, "slow": slow}


if __name__ == "__main__":
    main()
