import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, delimiter, dirname, join } from "node:path";
import { withLock } from "./lock.mjs";
import { isNewEnough } from "./nodeVersion.mjs";
import { npmCi } from "./npm.mjs";
import { SetupError } from "./setupError.mjs";
import { fingerprint, isFresh, writeStamp } from "./stamp.mjs";

/**
 * Brings what is missing: a new enough Node, then the packages of the lockfile.
 * @param {string} root
 * @param {(message: string) => void} say
 * @returns {Promise<{ node: string, env: NodeJS.ProcessEnv }>} The Node to use, and an environment in which it is first.
 */
export async function setUp(root, say) {
  mkdirSync(join(root, ".toolchain"), { recursive: true });
  const node = await bringNode(root, say);
  const path = [dirname(node), join(root, "node_modules/.bin"), process.env["PATH"] ?? ""];
  const env = { ...process.env, PATH: path.join(delimiter) };
  await bringPackages(root, node, env, say);
  return { node, env };
}

/**
 * @param {string} root
 * @param {(message: string) => void} say
 */
async function bringNode(root, say) {
  const { engines } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  if (isNewEnough(process.versions.node, engines.node)) {
    return process.execPath;
  }
  const folder = join(root, ".toolchain");
  const lockfile = join(root, "scripts/toolchain/package-lock.json");
  const node = findNode(folder, lockfile, engines.node);
  const stampFile = join(folder, "node_modules/.set-up");
  const stamp = fingerprint([lockfile], [process.platform, process.arch]);
  const isReady = () => isFresh(stampFile, stamp) && existsSync(node.path);
  if (isReady()) {
    return node.path;
  }
  await withLock(join(folder, "lock"), say, async (onStart) => {
    if (isReady()) {
      return;
    }
    say(
      `Node ${process.versions.node} is too old for this project (${engines.node}); bringing Node ${node.locked.version}`,
    );
    writeManifest(folder, node);
    await npmCi({ folder, node: process.execPath, env: process.env, say, onStart });
    const trial = spawnSync(node.path, ["--version"], { encoding: "utf8" });
    if (trial.status !== 0) {
      throw new SetupError(1, `The Node that npm brought does not run here. ${ownNode(engines.node)}`);
    }
    writeStamp(stampFile, stamp);
  });
  return node.path;
}

/**
 * @typedef {{ version: string, integrity: string, os?: string, cpu?: string, bin?: { node: string } }} LockedPackage
 * @typedef {{ name: string, locked: LockedPackage, path: string }} PinnedNode
 */

/**
 * @param {string} folder
 * @param {string} lockfile
 * @param {string} range
 * @returns {PinnedNode}
 */
function findNode(folder, lockfile, range) {
  /** @type {Record<string, LockedPackage>} */
  const packages = JSON.parse(readFileSync(lockfile, "utf8")).packages;
  for (const [place, locked] of Object.entries(packages)) {
    if (locked.os === process.platform && locked.cpu === process.arch && locked.bin !== undefined) {
      return { name: basename(place), locked, path: join(folder, place, locked.bin.node) };
    }
  }
  throw new SetupError(
    1,
    `There is no Node to bring for ${process.platform} ${process.arch}. ${ownNode(range)}`,
  );
}

/**
 * Names the one package as required: where it is optional, npm passes over a wrong digest or a missing network.
 * @param {string} folder
 * @param {PinnedNode} node
 */
function writeManifest(folder, { name, locked }) {
  const manifest = { name: "toolchain", private: true, dependencies: { [name]: locked.version } };
  const { optional: _optional, ...required } = /** @type {LockedPackage & { optional?: boolean }} */ (locked);
  const packages = { "": manifest, [`node_modules/${name}`]: required };
  const lockfile = { lockfileVersion: 3, requires: true, packages };
  writeFileSync(join(folder, "package.json"), JSON.stringify(manifest));
  writeFileSync(join(folder, "package-lock.json"), JSON.stringify(lockfile));
}

/** @param {string} range */
const ownNode = (range) =>
  `Install Node ${range} (https://nodejs.org/en/download), then run the command again.`;

/**
 * @param {string} root
 * @param {string} node
 * @param {NodeJS.ProcessEnv} env
 * @param {(message: string) => void} say
 */
async function bringPackages(root, node, env, say) {
  const stampFile = join(root, "node_modules/.set-up");
  const files = [join(root, "package-lock.json"), join(root, ".npmrc")];
  const stamp = fingerprint(files, [nodeVersion(node), process.platform, process.arch]);
  if (isFresh(stampFile, stamp)) {
    return;
  }
  await withLock(join(root, ".toolchain/lock"), say, async (onStart) => {
    if (isFresh(stampFile, stamp)) {
      return;
    }
    say("installing the packages of package-lock.json (up to a minute; later runs skip this)");
    // npm ci empties node_modules first, the stamp with it: an interrupted installation is redone.
    await npmCi({ folder: root, node, env, say, onStart });
    writeStamp(stampFile, stamp);
  });
}

/** @param {string} node */
function nodeVersion(node) {
  if (node === process.execPath) {
    return process.version;
  }
  return spawnSync(node, ["--version"], { encoding: "utf8" }).stdout.trim();
}
