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

/** An installation of its own: `url`, `run(args)` for its command line, `stop()`. */
export async function tenon() {
  if (!binary) throw new Error("There is no tenon binary: run `cargo build -p tenon` first, or set TENON.");
  const data = mkdtempSync(join(tmpdir(), "tenon-e2e-"));
  const port = await freePort();
  const server = spawn(binary, ["serve", "--data", data, "--port", String(port)], { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  server.stderr.on("data", (text) => (said += text));
  const url = `http://localhost:${port}`;
  for (let i = 0; ; i++) {
    const up = await fetch(url).then((a) => a.ok, () => false);
    if (up) break;
    if (i > 200 || server.exitCode !== null) throw new Error(`tenon did not start:\n${said}`);
    await new Promise((done) => setTimeout(done, 50));
  }
  return {
    url,
    run: (...args) => {
      const done = spawnSync(binary, [...args, "--data", data], { encoding: "utf8" });
      if (done.status !== 0) throw new Error(`tenon ${args.join(" ")} failed:\n${done.stderr}`);
      return done.stdout;
    },
    stop: async () => {
      const over = new Promise((done) => server.on("exit", done));
      server.kill("SIGKILL");
      await over;
      rmSync(data, { recursive: true, force: true });
    },
  };
}

function freePort() {
  return new Promise((done, fail) => {
    const probe = createServer();
    probe.on("error", fail);
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => done(port));
    });
  });
}
