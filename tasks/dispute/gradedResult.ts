import { type Claim, claimKey, claimOf } from "@opg-network/sdk/evidence/claim";
import { type Evidence, evidenceSigner } from "@opg-network/sdk/evidence/evidence";
import { pipeEvidence } from "@opg-network/sdk/evidence/pipeEvidence";
import {
  fulfilmentEvidence,
  type LoggedRequest,
  signedFulfilments,
} from "@opg-network/sdk/evidence/requestEvidence";
import { CODEC_TENSORS } from "@opg-network/sdk/tensorCodec";
import { getBytes, keccak256, type TransactionReceipt } from "ethers";
import { ExactError } from "../../offchain-runner/src/exact/exactError.ts";
import { ExactInterpreter } from "../../offchain-runner/src/exact/interpreter.ts";
import { accountableFor } from "../../offchain-runner/src/verifier/accountable.ts";
import { type ChainGraph, readChainGraph } from "../../offchain-runner/src/verifier/chainGraph.ts";
import { findRequest } from "../inference/requestLog.ts";
import type { Session } from "../session.ts";

const MAX_GRAPH_BYTES = 512 * 1024 * 1024;

/** What computing a result again says of it. */
export type Grade =
  | "right"
  | "wrong"
  /** Floats differ between machines: there is nothing to compare bits with. */
  | "approximate"
  /** It was paid for and never used, so its input is in no log. */
  | "input-unknown"
  | "not-signed"
  | "not-accountable";

export interface GradedResult {
  grade: Grade;
  evidence: Evidence;
  claim: Claim | undefined;
  key: string | undefined;
  graph: ChainGraph | undefined;
}

/** Every result that a transaction used, computed again by the graph that the chain holds. */
export async function gradedResults(session: Session, receipt: TransactionReceipt): Promise<GradedResult[]> {
  const { requests, pipe } = await session.readOnly();
  const [requestsAddress, pipeAddress] = [String(requests.target), String(pipe.target)];
  const logs = receipt.logs;
  const evidence = pipeEvidence(logs, pipeAddress);
  for (const fulfilment of signedFulfilments(logs, requestsAddress)) {
    const asked = new Map<string, LoggedRequest>();
    for (const { id } of fulfilment.members) {
      const { request, input, block } = await findRequest(session, id);
      asked.set(id, { id, request, input, blockNumber: block });
    }
    evidence.push(...(fulfilmentEvidence(fulfilment, (id) => asked.get(id)) ?? []));
  }
  const graphs = new Map<string, ChainGraph>();
  const graded: GradedResult[] = [];
  for (const each of evidence) graded.push(await grade(session, each, graphs));
  return graded;
}

async function grade(
  session: Session,
  evidence: Evidence,
  graphs: Map<string, ChainGraph>,
): Promise<GradedResult> {
  const { operators, hub } = await session.readOnly();
  const { signed, signer, input } = evidence;
  const { result } = signed;
  const accountable = await accountableFor(operators, signer);
  const claim = accountable === undefined ? undefined : claimOf(accountable, result);
  const [graphRoot, exactFrom] = await hub.exactGraphOf(result.release);
  const isExact = exactFrom !== 0n && BigInt(result.validUntil) > exactFrom;
  const graph = isExact ? await graphOf(session, graphRoot, graphs) : undefined;
  const gradeOf = async (): Promise<Grade> => {
    if (evidenceSigner(signed, await operators.domainSeparator()) !== signer) return "not-signed";
    if (graph === undefined) return "approximate";
    if (input === undefined) return "input-unknown";
    if (isRight(graph, result.codec, input, result.outputHash)) return "right";
    return claim === undefined ? "not-accountable" : "wrong";
  };
  return { grade: await gradeOf(), evidence, claim, key: claim && claimKey(claim), graph };
}

/** The lowered graph of a root, out of the code that it is stored as. */
export async function graphOf(
  session: Session,
  graphRoot: string,
  graphs: Map<string, ChainGraph> = new Map(),
): Promise<ChainGraph> {
  const known = graphs.get(graphRoot);
  if (known !== undefined) return known;
  const { blobs } = await session.readOnly();
  const { provider } = session.connection.ethers;
  const readCode = (address: string): Promise<string> => provider.getCode(address);
  const graph = await readChainGraph(readCode, String(blobs.target), graphRoot, MAX_GRAPH_BYTES);
  graphs.set(graphRoot, graph);
  return graph;
}

function isRight(graph: ChainGraph, codec: number, input: string, outputHash: string): boolean {
  if (codec !== CODEC_TENSORS) return false;
  try {
    return keccak256(new ExactInterpreter(graph).evaluate(getBytes(input))) === outputHash;
  } catch (error) {
    if (error instanceof ExactError && error.code === "exact-input-invalid") return false;
    throw error;
  }
}
