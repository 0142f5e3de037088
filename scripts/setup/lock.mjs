import {
  appendFileSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";

const POLL_MS = 250;
const UNSIGNED_GRACE_MS = 5_000;

/**
 * Runs `work` while no other process of this machine holds the lock. A lock is taken over when its owner has died, and
 * so has the process that the owner named as doing the work: an orphan may still be writing.
 * @template T
 * @param {string} lockDir
 * @param {(message: string) => void} say
 * @param {(nameWorker: (pid: number) => void) => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withLock(lockDir, say, work) {
  let told = false;
  while (!tryLock(lockDir)) {
    if (!told) {
      told = true;
      say("another set-up is at work in this folder; waiting for it");
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  try {
    return await work((pid) => appendFileSync(join(lockDir, "pids"), ` ${pid}`));
  } finally {
    rmSync(lockDir, { recursive: true, force: true });
  }
}

/** @param {string} lockDir */
function tryLock(lockDir) {
  try {
    mkdirSync(lockDir);
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== "EEXIST") {
      throw error;
    }
    breakIfAbandoned(lockDir);
    return false;
  }
  writeFileSync(join(lockDir, "pids"), String(process.pid));
  return true;
}

/** @param {string} lockDir */
function breakIfAbandoned(lockDir) {
  try {
    if (ownerIsAlive(lockDir)) {
      return;
    }
    // A rename succeeds for one process only, so that two cannot both break the lock.
    const grave = `${lockDir}.${process.pid}`;
    renameSync(lockDir, grave);
    rmSync(grave, { recursive: true, force: true });
  } catch {
    // Released or broken by somebody else in the meantime.
  }
}

/** @param {string} lockDir */
function ownerIsAlive(lockDir) {
  const ageMs = Date.now() - statSync(lockDir).mtimeMs;
  let pids = "";
  try {
    pids = readFileSync(join(lockDir, "pids"), "utf8");
  } catch {
    // Its owner is between making the folder and signing it, or died there.
  }
  return pids === "" ? ageMs < UNSIGNED_GRACE_MS : pids.split(" ").some((pid) => isAlive(Number(pid)));
}

/** @param {number} pid */
function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === "EPERM";
  }
}
