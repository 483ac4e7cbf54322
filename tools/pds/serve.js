// A personal data server of the AT Protocol with the directory of identities that it needs and, where there is a PostgreSQL, an AppView: a
// network on one machine, which knows of no other.
//   node serve.js FOLDER PORT     takes the six ports above it too; the AppView's name is in FOLDER/appview
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PDS, envToCfg, envToSecrets, readEnv } from "@atproto/pds";
import plc from "@did-plc/server";
import { appview, identity } from "./appview.js";
import { postgres } from "./postgres.js";

const [folder, port] = [process.argv[2], Number(process.argv[3])];
const data = join(folder, "data");
mkdirSync(data, { recursive: true });
rmSync(join(folder, "appview"), { force: true });

/** A secret of its own, the same at each start. */
function secret(name) {
  const file = join(data, name);
  if (!existsSync(file)) writeFileSync(file, randomBytes(32).toString("hex"), { mode: 0o600 });
  return readFileSync(file, "utf8");
}

// Not in the folder, which the user that PostgreSQL runs as may not reach.
const stored = await postgres(join(tmpdir(), `tenon-pds-${port}`), port + 2);
// Without one the directory forgets when it stops; the server knows its own people all the same.
const kept = stored ? plc.Database.postgres({ url: stored, schema: "plc" }) : plc.Database.mock();
await kept.migrateToLatestOrThrow?.();
await plc.PlcServer.create({ db: kept, port: port + 1 }).start();
const directory = `http://localhost:${port + 1}`;
const [known, view] = [stored && (await identity(directory, port + 3)), port + 3];

Object.assign(process.env, {
  LOG_ENABLED: "false",
  PDS_PORT: String(port),
  PDS_HOSTNAME: "localhost",
  PDS_DEV_MODE: "true",
  PDS_DISABLE_SSRF_PROTECTION: "true",
  PDS_SERVICE_HANDLE_DOMAINS: ".test",
  PDS_INVITE_REQUIRED: "false",
  PDS_RATE_LIMITS_ENABLED: "false",
  PDS_DID_PLC_URL: directory,
  PDS_DATA_DIRECTORY: data,
  PDS_BLOBSTORE_DISK_LOCATION: join(data, "blobs"),
  PDS_BLOBSTORE_DISK_TMP_LOCATION: join(data, "tmp"),
  PDS_JWT_SECRET: secret("jwt"),
  PDS_ADMIN_PASSWORD: secret("admin"),
  PDS_PLC_ROTATION_KEY_K256_PRIVATE_KEY_HEX: secret("rotation"),
  ...(known && { PDS_BSKY_APP_VIEW_URL: `http://localhost:${view}`, PDS_BSKY_APP_VIEW_DID: known.did }),
});
const env = readEnv();
const server = await PDS.create(envToCfg(env), envToSecrets(env));
await server.start();
if (known) {
  await appview(known, { postgres: stored, plc: directory, pds: `http://localhost:${port}`, port: view });
  writeFileSync(join(folder, "appview"), `${known.did}#bsky_appview`);
}
