import { readFileSync } from "node:fs";
import { parentPort, workerData } from "node:worker_threads";
import { ExactError } from "../exact/exactError.ts";
import { lowerCommitted } from "../exact/lowering.ts";
import { ModelError } from "./modelError.ts";
import { checkOnnxPolicy } from "./onnxPolicy.ts";
import type { PolicyTask, PolicyVerdict } from "./policyCheck.ts";

// Thread that checks one model and ends.

function verdictOn({ modelPath, subject, limits, graph }: PolicyTask): PolicyVerdict {
  try {
    const bytes = readFileSync(modelPath);
    const { hasFreeBatch } = checkOnnxPolicy({ ...subject, bytes }, limits);
    if (graph === undefined) return { kind: "accepted", hasFreeBatch };
    const { graphRoot, rootBytes, stream } = lowerCommitted(bytes, subject.schema, graph);
    return { kind: "accepted", hasFreeBatch, graph: { graphRoot, rootBytes, stream } };
  } catch (error) {
    if (error instanceof ModelError) return { kind: "refused", code: error.code, data: { ...error.data } };
    if (error instanceof ExactError) return { kind: "inexact", code: error.code, data: { ...error.data } };
    return { kind: "unreadable", reason: error instanceof Error ? error.message : String(error) };
  }
}

parentPort?.postMessage(verdictOn(workerData as PolicyTask));
