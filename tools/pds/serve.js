// A personal data server of the AT Protocol and the directory of identities that it needs, on one machine and nothing else: no AppView, no relay.
//   node serve.js FOLDER PORT     the directory listens one port higher
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PDS, envToCfg, envToSecrets, readEnv } from "@atproto/pds";
import plc from "@did-plc/server";

const [folder, port] = [process.argv[2], Number(process.argv[3])];
const data = join(folder, "data");
mkdirSync(data, { recursive: true });

/** A secret of its own, the same at each start. */
function secret(name) {
  const file = join(data, name);
  if (!existsSync(file)) writeFileSync(file, randomBytes(32).toString("hex"), { mode: 0o600 });
  return readFileSync(file, "utf8");
}

// The directory forgets when it stops; the server knows its own people all the same.
await plc.PlcServer.create({ db: plc.Database.mock(), port: port + 1 }).start();

Object.assign(process.env, {
  LOG_ENABLED: "false",
  PDS_PORT: String(port),
  PDS_HOSTNAME: "localhost",
  PDS_DEV_MODE: "true",
  PDS_DISABLE_SSRF_PROTECTION: "true",
  PDS_SERVICE_HANDLE_DOMAINS: ".test",
  PDS_INVITE_REQUIRED: "false",
  PDS_RATE_LIMITS_ENABLED: "false",
  PDS_DID_PLC_URL: `http://localhost:${port + 1}`,
  PDS_DATA_DIRECTORY: data,
  PDS_BLOBSTORE_DISK_LOCATION: join(data, "blobs"),
  PDS_BLOBSTORE_DISK_TMP_LOCATION: join(data, "tmp"),
  PDS_JWT_SECRET: secret("jwt"),
  PDS_ADMIN_PASSWORD: secret("admin"),
  PDS_PLC_ROTATION_KEY_K256_PRIVATE_KEY_HEX: secret("rotation"),
});
const env = readEnv();
const server = await PDS.create(envToCfg(env), envToSecrets(env));
await server.start();
