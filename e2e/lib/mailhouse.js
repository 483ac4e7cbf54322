// A real Dovecot with one mailbox, and a mail server that keeps what it is handed over.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "./tenon.js";

export const password = "open-sesame";
const program = ["/usr/sbin/dovecot", "/usr/local/sbin/dovecot"].find((p) => existsSync(p));
/** Why there is no Dovecot, or false. */
export const missing = program ? false : "NOT TESTED WITH DOVECOT: the package dovecot-imapd is not installed";

const said = (...command) => spawnSync(command[0], command.slice(1), { encoding: "utf8" }).stdout.trim();

/** A Dovecot of its own: `port`, `deliver(mail)`, `flags()`, `stop()`. */
export async function dovecot() {
  const folder = mkdtempSync(join(tmpdir(), "tenon-dovecot-e2e-"));
  const port = await freePort();
  const isRoot = said("id", "-un") === "root";
  const user = isRoot ? "nobody" : said("id", "-un");
  const group = said("id", "-gn", user);
  mkdirSync(join(folder, "mail"));
  writeFileSync(join(folder, "users"), `support:{PLAIN}${password}\n`);
  writeFileSync(
    join(folder, "dovecot.conf"),
    `protocols = imap\nlisten = 127.0.0.1\nbase_dir = ${folder}/run\nstate_dir = ${folder}/state\nlog_path = ${folder}/log
default_internal_user = ${user}\ndefault_internal_group = ${group}\ndefault_login_user = ${user}
disable_plaintext_auth = no\nauth_failure_delay = 0\nauth_mechanisms = plain login\nssl = no
mail_location = maildir:${folder}/mail/%u\nmail_fsync = never\nfirst_valid_uid = 1
passdb {\n driver = passwd-file\n args = ${folder}/users\n}
userdb {\n driver = static\n args = uid=${user} gid=${group} home=${folder}/mail/%u\n}
service imap-login {\n chroot =\n inet_listener imap {\n port = ${port}\n }\n inet_listener imaps {\n port = 0\n }\n}
service anvil {\n chroot =\n unix_listener anvil-auth-penalty {\n mode = 0\n }\n}\n`,
  );
  if (isRoot) spawnSync("chown", ["-R", `${user}:${group}`, folder]);
  const words = ["-F", "-c", join(folder, "dovecot.conf")];
  const as = isRoot ? ["setpriv", `--reuid=${user}`, `--regid=${group}`, "--clear-groups", program] : [program];
  const server = spawn(as[0], [...as.slice(1), ...words], { stdio: "ignore" });
  for (let i = 0; ; i++) {
    if (await reached(port)) break;
    if (i > 100) throw new Error("Dovecot did not start");
    await new Promise((done) => setTimeout(done, 50));
  }
  return {
    port,
    /** Puts a mail into the mailbox, as a mail server would that got it. */
    deliver: async (mail) => {
      const bytes = Buffer.byteLength(mail);
      await speak(port, [`LOGIN support ${password}`, `APPEND INBOX {${bytes}+}\r\n${mail}`]);
    },
    flags: async () => await speak(port, [`LOGIN support ${password}`, "SELECT INBOX", "FETCH 1:* (FLAGS)"]),
    stop: async () => {
      const over = new Promise((done) => server.on("exit", done));
      server.kill();
      await over;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function reached(port) {
  return new Promise((done) => {
    const socket = connect(port, "127.0.0.1", () => done(true));
    socket.on("error", () => done(false)).on("connect", () => socket.destroy());
  });
}

/** Says commands one by one; what was answered to the last one. */
function speak(port, commands) {
  return new Promise((done, fail) => {
    const socket = connect(port, "127.0.0.1");
    let heard = "", next = -1;
    socket.on("error", fail);
    socket.on("data", (more) => {
      heard += more;
      const isOver = next < 0 ? heard.includes("\r\n") : /^x (OK|NO|BAD)[^\n]*\n$/m.test(heard);
      if (!isOver) return;
      if (/^x (NO|BAD)/m.test(heard)) return fail(new Error(heard));
      if (++next === commands.length) {
        done(heard);
        return socket.destroy();
      }
      heard = "";
      socket.write(`x ${commands[next]}\r\n`);
    });
  });
}

/** A mail server that keeps mails, and hangs up instead of answering while `isSilent`. */
export async function mailServer() {
  const server = { got: [], isSilent: false };
  const listener = createServer((socket) => {
    let said = "", isContent = false;
    socket.on("error", () => {});
    socket.write("220 sink\r\n");
    socket.on("data", (more) => {
      said += more;
      for (;;) {
        const end = isContent ? "\r\n.\r\n" : "\r\n";
        const at = said.indexOf(end);
        if (at < 0) return;
        const part = said.slice(0, at);
        said = said.slice(at + end.length);
        if (isContent) {
          server.got.push(part);
          isContent = false;
          if (server.isSilent) return socket.destroy();
          socket.write("250 kept\r\n");
        } else if (part.startsWith("DATA")) {
          isContent = true;
          socket.write("354 go on\r\n");
        } else socket.write(part.startsWith("EHLO") ? "250-sink\r\n250 8BITMIME\r\n" : "250 ok\r\n");
      }
    });
  });
  server.port = await freePort();
  await new Promise((done) => listener.listen(server.port, "127.0.0.1", done));
  server.close = () => listener.close();
  return server;
}
