// A PostgreSQL of its own for as long as this process lives.
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { chownSync, existsSync, mkdirSync, readdirSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";

/** Its address, or nothing where none is installed. What is in it stays in the folder. */
export async function postgres(folder, port) {
  const home = "/usr/lib/postgresql";
  const versions = existsSync(home) ? readdirSync(home).sort((a, b) => Number(b) - Number(a)) : [];
  const bin = versions.map((v) => join(home, v, "bin")).find((b) => existsSync(join(b, "initdb")));
  if (!bin) return undefined;
  const as = {};
  mkdirSync(folder, { recursive: true });
  if (process.getuid() === 0) {
    // It does not run as root.
    const id = (flag) => Number(execFileSync("id", [flag, "postgres"], { encoding: "utf8" }));
    [as.uid, as.gid] = [id("-u"), id("-g")];
    chownSync(folder, as.uid, as.gid);
  }
  const data = join(folder, "data");
  if (existsSync(join(data, "postmaster.pid"))) {
    // One that was left behind.
    spawnSync(join(bin, "pg_ctl"), ["-D", data, "-m", "immediate", "stop"], { ...as, cwd: folder, stdio: "ignore" });
  }
  if (!existsSync(data)) execFileSync(join(bin, "initdb"), ["-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"], { ...as, cwd: folder, stdio: "ignore" });
  const server = spawn(join(bin, "postgres"), ["-D", data, "-p", String(port), "-h", "127.0.0.1", "-k", folder, "-c", "fsync=off", "-c", "shared_buffers=32MB"], { ...as, cwd: folder, stdio: ["ignore", "ignore", "inherit"] });
  const end = () => server.kill("SIGINT");
  process.on("SIGTERM", end).on("SIGINT", end);
  server.on("exit", () => process.exit(1));
  while (!(await listens(port))) await new Promise((done) => setTimeout(done, 200));
  return `postgres://postgres@127.0.0.1:${port}/postgres`;
}

function listens(port) {
  return new Promise((done) => {
    const socket = connect(port, "127.0.0.1");
    socket.on("error", () => done(false)).on("connect", () => {
      socket.destroy();
      done(true);
    });
  });
}
