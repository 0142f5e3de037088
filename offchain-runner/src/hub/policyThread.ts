import { readFileSync } from "node:fs";
import { parentPort, workerData } from "node:worker_threads";
import { ModelError } from "./modelError.ts";
import { checkOnnxPolicy } from "./onnxPolicy.ts";
import type { PolicyTask, PolicyVerdict } from "./policyCheck.ts";

// Thread that checks one model and ends.

function verdictOn({ modelPath, subject, limits }: PolicyTask): PolicyVerdict {
  try {
    checkOnnxPolicy({ ...subject, bytes: readFileSync(modelPath) }, limits);
    return { kind: "accepted" };
  } catch (error) {
    if (error instanceof ModelError) return { kind: "refused", code: error.code, data: { ...error.data } };
    return { kind: "unreadable", reason: error instanceof Error ? error.message : String(error) };
  }
}

parentPort?.postMessage(verdictOn(workerData as PolicyTask));
