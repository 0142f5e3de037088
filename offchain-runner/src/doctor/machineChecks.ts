import { mkdir, mkdtemp, rm, stat, statfs, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { pino } from "pino";
import { systemClock } from "../clock.ts";
import type { Config } from "../config.ts";
import { InferencePool, POOL_OPTIONS } from "../inference/inferencePool.ts";
import { BarredReleases } from "../jobs/barredReleases.ts";
import { isEmptied, isLocked } from "../store/database.ts";
import { MIGRATIONS } from "../store/migrations.ts";
import type { Check } from "./check.ts";
import { fail, ok, warn, wordsOf } from "./check.ts";

const LEAST_NODE = [22, 18] as const;
const MEBIBYTE = 1_048_576;
const RUN_LIMIT_MS = 60_000;

/** An ONNX file of one operator, `y = x + x` over two floats. */
const TINY_MODEL =
  "CAg6QBIFZ3JhcGgKFQoBeAoBeBIBeRoFQWRkX3kiA0FkZFoPCgF4EgoKCAgBEgQKAggCYg8KAXkSCgoICAESBAoCCAJCBAoAEBE=";
const TINY_SCHEMA = {
  inputs: [{ name: "x", dtype: "float32", shape: [2] }],
  outputs: [{ name: "y", dtype: "float32", shape: [2] }],
} as const;

export function checkNodeVersion(version: string = process.versions.node): Check {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const [leastMajor, leastMinor] = LEAST_NODE;
  const isEnough = major > leastMajor || (major === leastMajor && minor >= leastMinor);
  return isEnough
    ? ok("node-version", `Node ${version}`)
    : fail("node-version", `Node ${version} runs this`, `install Node ${LEAST_NODE.join(".")} or newer`);
}

/** Room, and that files can be written. */
export async function checkDisk({ dataDir, alarms }: Config): Promise<Check> {
  try {
    await mkdir(dataDir, { recursive: true, mode: 0o700 });
    const probe = join(dataDir, `.doctor-${process.pid}`);
    await writeFile(probe, "x");
    await rm(probe);
    const { bavail, bsize } = await statfs(dataDir);
    const free = bavail * bsize;
    const text = `${Math.floor(free / MEBIBYTE)} MiB are free in ${dataDir}`;
    if (free >= alarms.diskFreeBytes) return ok("disk", text);
    return warn("disk", text, "make room: without it nothing can be signed");
  } catch (error) {
    return fail("disk", `${dataDir} cannot be written: ${wordsOf(error)}`, "give the node's user the folder");
  }
}

export type FolderState = "free" | "in-use" | "broken";

/** Whether a node runs on the folder; changes nothing in it. */
export async function checkDataFolder({ dataDir }: Config): Promise<{ state: FolderState; check: Check }> {
  if (isEmptied(dataDir)) return brokenFolder("it is gone or empty");
  const file = join(dataDir, "node.sqlite");
  const isThere = await stat(file).then(
    () => true,
    () => false,
  );
  if (!isThere)
    return { state: "free", check: ok("data-folder", "no database yet: the first start makes it") };
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(file, { timeout: 0 });
    database.exec("BEGIN IMMEDIATE; ROLLBACK");
    const version = Number(database.prepare("PRAGMA user_version").get()?.user_version);
    const problem = database.prepare("PRAGMA quick_check").get()?.quick_check;
    if (problem !== "ok") return brokenFolder(String(problem));
    if (version > MIGRATIONS.length) return brokenFolder(`it is of version ${version}, of a newer node`);
    return { state: "free", check: barredOf(database) };
  } catch (error) {
    if (isLocked(error)) return { state: "in-use", check: ok("data-folder", "a node is running on it") };
    return brokenFolder(wordsOf(error));
  } finally {
    database?.close();
  }
}

/** A release that is barred is not served, whatever else is in order. */
function barredOf(database: DatabaseSync): Check {
  const hasTable = database.prepare("SELECT 1 FROM sqlite_master WHERE name = 'barred_releases'").get();
  const barred = hasTable === undefined ? [] : new BarredReleases(database, systemClock).all();
  if (barred.length === 0) return ok("data-folder", "the database is whole and nobody uses it");
  const text = `barred, since runtime and interpreter differed: ${barred.join(", ")}`;
  return warn(
    "data-folder",
    text,
    "find out what is wrong with this machine, then `opg-node unbar <release id>`",
  );
}

function brokenFolder(problem: string): { state: FolderState; check: Check } {
  const fix = "restore it from a backup: it holds what this key has signed";
  return { state: "broken", check: fail("data-folder", `the database cannot be used: ${problem}`, fix) };
}

export async function checkPort({ http }: Config, folder: FolderState): Promise<Check> {
  const { host, port } = http;
  const problem = await new Promise<NodeJS.ErrnoException | undefined>((resolve) => {
    const server = createServer();
    server.once("error", resolve);
    server.listen(port, host, () => server.close(() => resolve(undefined)));
  });
  if (problem === undefined) return ok("port", `${host}:${port} is free`);
  if (problem.code === "EADDRINUSE" && folder === "in-use")
    return ok("port", `${host}:${port} is taken, as by the running node`);
  return fail("port", `${host}:${port} cannot be opened: ${problem.code}`, "choose another http.port");
}

/** Runs a small model as the node runs all of them: in a process of its own. */
export async function checkRuntime({ limits }: Config): Promise<Check> {
  const folder = await mkdtemp(join(tmpdir(), "opg-doctor-"));
  const pool = new InferencePool(
    { ...POOL_OPTIONS, threads: limits.threads, memoryBytes: limits.memoryMb * MEBIBYTE },
    { clock: systemClock, log: pino({ level: "silent" }) },
  );
  try {
    const modelPath = join(folder, "model.onnx");
    const bytes = Buffer.from(TINY_MODEL, "base64");
    await writeFile(modelPath, bytes);
    pool.start();
    const data = new Uint8Array(new Float32Array([1.5, -2]).buffer);
    const { outputs, runMs } = await pool.run(
      {
        release: "doctor",
        modelPath,
        bytes: bytes.length,
        schema: { inputs: [...TINY_SCHEMA.inputs], outputs: [...TINY_SCHEMA.outputs] },
        inputs: [{ dtype: "float32", shape: [2], data }],
      },
      AbortSignal.timeout(RUN_LIMIT_MS),
    );
    const sums = new Float32Array(new Uint8Array(outputs[0]?.data ?? []).buffer);
    if (sums[0] !== 3 || sums[1] !== -4)
      return fail("native-runtime", "onnxruntime-node computes wrongly", "serve nothing on this machine");
    return ok("native-runtime", `onnxruntime-node runs a model in a child process, ${runMs.toFixed(1)} ms`);
  } catch (error) {
    const fix = "run `npm ci` on this machine, with this Node: the package brings a native library";
    return fail("native-runtime", `onnxruntime-node does not run: ${wordsOf(error)}`, fix);
  } finally {
    await pool.stop(0);
    await rm(folder, { recursive: true, force: true });
  }
}
