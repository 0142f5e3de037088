import { workerData } from "node:worker_threads";

// Thread of an inference process: ends it when the node is gone, even while a run holds the main thread. The node's id
// is handed down, because a node that dies early is no longer the parent when this begins.

const CHECK_INTERVAL_MS = 500;
const node: unknown = workerData;

setInterval(() => {
  if (process.ppid !== node) process.kill(process.pid, "SIGKILL");
}, CHECK_INTERVAL_MS);
