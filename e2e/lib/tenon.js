// Starts the built binary on a free port with a data folder of its own.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

export const root = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
const target = process.env.CARGO_TARGET_DIR ?? join(root, "target");
export const binary =
  process.env.TENON ?? ["quick", "debug", "release"].map((p) => join(target, p, "tenon")).find((p) => existsSync(p));
export const fixtures = join(root, "e2e/fixtures");
/** The folder of real logs beside the project, or nothing. */
export const shared = [process.env.TENON_SHARED, join(root, "../shared")].find((p) => p && existsSync(join(p, "data")));

/** Waits until something is so, and says what was not. */
export async function eventually(what, is, seconds = 120) {
  for (const end = Date.now() + seconds * 1000; Date.now() < end; ) {
    if (await is()) return;
    await new Promise((done) => setTimeout(done, 50));
  }
  throw new Error(`not so: ${what}`);
}

/** Sessions by the origin they are for: what `open` in browser.js signs in with. */
export const sessions = new Map();

/** An installation of its own, with its owner signed in: `url`, `run(args)` for its command line, `ask(path)` as the owner
 * without a browser, `link(email)` and `signIn(email)` for others, `restart()` after a kill, `stop()`. */
export async function tenon({ owner = true, port, env } = {}) {
  if (!binary) throw new Error("There is no tenon binary: run `cargo build -p tenon` first, or set TENON.");
  const data = mkdtempSync(join(tmpdir(), "tenon-e2e-"));
  port ??= await freePort();
  const url = `http://localhost:${port}`;
  let server;
  const start = async () => {
    server = spawn(binary, ["serve", "--data", data, "--port", String(port)], { stdio: ["ignore", "ignore", "pipe"], env: { ...process.env, ...env } });
    let said = "";
    server.stderr.on("data", (text) => (said += text));
    for (let i = 0; ; i++) {
      const up = await fetch(url).then((a) => a.ok, () => false);
      if (up) break;
      if (i > 200 || server.exitCode !== null) throw new Error(`tenon did not start:\n${said}`);
      await new Promise((done) => setTimeout(done, 50));
    }
  };
  const kill = async () => {
    const over = new Promise((done) => server.on("exit", done));
    server.kill("SIGKILL");
    await over;
  };
  await start();
  const run = (...args) => {
    const done = spawnSync(binary, [...args, "--data", data], { encoding: "utf8" });
    if (done.status !== 0) throw new Error(`tenon ${args.join(" ")} failed:\n${done.stderr}`);
    return done.stdout;
  };
  const link = (email) => run("people", "link", email, "--url", url).trim();
  /** The secret of a session of somebody's own. */
  const signIn = async (email) => {
    const answer = await fetch(link(email), { method: "POST", body: new URLSearchParams(), redirect: "manual" });
    const found = /tenon_session=([0-9a-f]+)/.exec(answer.headers.get("set-cookie") ?? "");
    if (!found) throw new Error(`${email} was not let in: ${answer.status}`);
    return found[1];
  };
  if (owner) {
    run("people", "add", "olive@halden.example", "--name", "Olive Owner", "--role", "owner");
    sessions.set(url, await signIn("olive@halden.example"));
  }
  return {
    url,
    data,
    run,
    link,
    signIn,
    ask: (path, init = {}) => fetch(url + path, { ...init, headers: { cookie: `tenon_session=${sessions.get(url)}`, ...init.headers } }),
    restart: async () => {
      await kill();
      await start();
    },
    stop: async () => {
      await kill();
      rmSync(data, { recursive: true, force: true });
    },
  };
}

export function freePort() {
  return new Promise((done, fail) => {
    const probe = createServer();
    probe.on("error", fail);
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => done(port));
    });
  });
}
