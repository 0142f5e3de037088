import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { InferenceResult } from "@opg-network/sdk/inferenceResult";
import type { InferenceRequest } from "@opg-network/sdk/request";
import { packRequest, requestIdOf } from "@opg-network/sdk/request";
import { encodeTensors } from "@opg-network/sdk/tensorCodec";
import { tensorFromNumbers } from "@opg-network/sdk/tensorValues";
import { hexlify, id, keccak256, Wallet, ZeroAddress, ZeroHash } from "ethers";
import { pino } from "pino";
import type { ChainLog } from "../../offchain-runner/src/chain/chainReader.ts";
import { requestsInterface } from "../../offchain-runner/src/chain/contracts.ts";
import { loadSignerKey } from "../../offchain-runner/src/chain/signerKey.ts";
import { systemClock } from "../../offchain-runner/src/clock.ts";
import { InferencePool, POOL_OPTIONS } from "../../offchain-runner/src/inference/inferencePool.ts";
import { OnnxEngine } from "../../offchain-runner/src/jobs/onnxEngine.ts";
import { registerKeccak } from "../../offchain-runner/src/keccak.ts";
import { ResultSigner } from "../../offchain-runner/src/proofs/resultSigner.ts";
import { SubmissionLedger } from "../../offchain-runner/src/proofs/submissionLedger.ts";
import { openDatabase } from "../../offchain-runner/src/store/database.ts";
import { DisputeStore } from "../../offchain-runner/src/verifier/disputeStore.ts";
import { EvidenceHandler } from "../../offchain-runner/src/verifier/evidenceHandler.ts";
import { EvidenceStore } from "../../offchain-runner/src/verifier/evidenceStore.ts";
import { GraphRunner } from "../../offchain-runner/src/verifier/graphRunner.ts";
import { ResultChecker } from "../../offchain-runner/src/verifier/resultChecker.ts";
import { LOCAL } from "../../scripts/local/paths.ts";
import { type ExactModel, readExactModel } from "../exactRelease.ts";
import type { Figures } from "../figures.ts";
import { quantile } from "../quantile.ts";
import { randomStream } from "../randomStream.ts";

const MODEL = "digits";
const RUNS_A_ROUND = 400;
const ROUNDS = 7;
/** Results under one signature. */
const BUNDLE = 20;
const DOMAIN = id("domain");
const RELEASE = id("release");
const REQUESTS = ZeroAddress;
const FEE = 10n ** 18n;
const VALID_UNTIL = 2_000_000_000;

interface Answer {
  readonly input: Uint8Array;
  readonly request: InferenceRequest;
  readonly id: string;
}

interface SignedAnswers {
  readonly answers: readonly Answer[];
  readonly outputs: readonly Uint8Array[];
  readonly signature: string;
}

/**
 * How fast a verifier gets from the logs of fulfilments to its verdict on every result, over how fast a node gets from
 * the inputs to signed results: the same exact model, one process or thread to compute in. Every input is another.
 */
export async function measure(): Promise<Figures> {
  await registerKeccak();
  const folder = join(LOCAL, "bench-verifier");
  await rm(folder, { recursive: true, force: true });
  const model = readExactModel(MODEL);
  const key = await loadSignerKey({ kind: "raw-key", privateKey: Wallet.createRandom().privateKey });
  const node = await openNode(join(folder, "node"), model, key);
  const verifier = await openVerifier(join(folder, "verifier"), model, key.address);
  try {
    const inputs = inputsOf(model);
    const turn = async (): Promise<number> => {
      const asked = Array.from({ length: RUNS_A_ROUND }, (_, lane) => asking(inputs(), lane));
      let signed: SignedAnswers[] = [];
      const serveMs = await timed(async () => {
        signed = await node.serve(asked);
      });
      const logs = signed.flatMap((each, index) => logsOf(each, key.address, index));
      return serveMs / (await timed(() => verifier.check(logs)));
    };
    await turn();
    const ratios: number[] = [];
    for (let round = 0; round < ROUNDS; round++) ratios.push(await turn());
    return { "ratio.verifier.speed": Number(quantile(ratios, 0.5).toFixed(2)) };
  } finally {
    await node.close();
    await verifier.close();
  }
}

type Key = Awaited<ReturnType<typeof loadSignerKey>>;

async function openNode(folder: string, { content, graph, name }: ExactModel, key: Key) {
  await mkdir(folder, { recursive: true });
  const pool = new InferencePool(POOL_OPTIONS, {
    clock: systemClock,
    log: { debug() {}, warn() {}, error() {} },
  });
  pool.start();
  const modelPath = fileURLToPath(new URL(`../../models/${name}/model.onnx`, import.meta.url));
  const prepared = { modelPath, bytes: Number(content.files[0]?.size ?? 0), graph };
  const engine = new OnnxEngine({ prepare: async () => prepared } as never, pool, () => undefined);
  const { signal } = new AbortController();
  const schema = readSchema(content);
  const release = { id: RELEASE, ...schema } as never;
  await engine.prepare(release, signal);
  const database = openDatabase(folder);
  const signer = new ResultSigner(key, new SubmissionLedger(database, systemClock), DOMAIN, () => true);
  return {
    async serve(asked: readonly Answer[]): Promise<SignedAnswers[]> {
      const done: SignedAnswers[] = [];
      let ready: { answer: Answer; output: Uint8Array }[] = [];
      await Promise.all(
        asked.map(async (answer) => {
          const output = await engine.run(release, answer.input, signal);
          ready.push({ answer, output });
          if (ready.length < BUNDLE) return;
          const bundle = ready;
          ready = [];
          const results = bundle.map(({ answer, output }) => resultOf(answer, output));
          const signature = signer.sign(results);
          done.push({
            answers: bundle.map(({ answer }) => answer),
            outputs: bundle.map(({ output }) => output),
            signature,
          });
        }),
      );
      return done;
    },
    async close(): Promise<void> {
      await engine.stop(1_000);
      database.close();
    },
  };
}

async function openVerifier(folder: string, model: ExactModel, signerAddress: string) {
  await mkdir(folder, { recursive: true });
  const database = openDatabase(folder);
  const logger = pino({ level: "silent" });
  const evidence = new EvidenceStore(database, systemClock, 86_400);
  const runner = new GraphRunner({
    threads: 1,
    threadMemoryMb: 1_024,
    runTimeoutMs: 60_000,
    graphBytes: 10 ** 8,
  });
  const terms = { graphRoot: model.graph.graphRoot, exactFrom: 1 };
  const graph = async () => model.graph;
  let checked = 0;
  const checker = new ResultChecker(
    {
      ...{ evidence, runner, logger, clock: systemClock },
      disputes: new DisputeStore(database, systemClock),
      releases: { termsOf: async () => terms, graphOf: graph, freshGraphOf: graph } as never,
      operators: { slashableOperatorOf: async () => ({ operatorId: 1n, era: 0n }) } as never,
      onChecked: (end) => {
        if (end !== "right") throw new Error(`a right result of ${signerAddress} ended as ${end}`);
        checked += 1;
      },
      onWrong: () => undefined,
      onFault: (fault) => {
        throw new Error(fault);
      },
      nowSec: () => Math.floor(Date.now() / 1_000),
    },
    { domainSeparator: DOMAIN, windowSec: 86_400 },
  );
  const handler = new EvidenceHandler(
    { store: evidence, isOfInterest: () => true, onNew: () => undefined, logger },
    { requests: REQUESTS, pipe: undefined, share: 1, backlog: 10_000 },
  );
  const { signal } = new AbortController();
  return {
    async check(logs: readonly ChainLog[]): Promise<void> {
      checked = 0;
      handler.apply(logs);
      while ((await checker.step(signal)) > 0);
      if (checked !== RUNS_A_ROUND) throw new Error(`${checked} of ${RUNS_A_ROUND} results were checked`);
    },
    async close(): Promise<void> {
      await runner.stop();
      database.close();
    },
  };
}

function readSchema({ inputs, outputs }: ExactModel["content"]) {
  const named = (list: typeof inputs) =>
    list.map(({ name, dtype, shape }) => ({ name, dtype: DTYPE_NAMES[dtype] ?? "int64", shape }));
  return { inputs: named(inputs), outputs: named(outputs) };
}

/** Of the model measured here. */
const DTYPE_NAMES: Readonly<Record<number, string>> = { 2: "uint8", 7: "int64" };

/** Images of noise, each another. */
function inputsOf(model: ExactModel): () => Uint8Array {
  const [spec] = model.content.inputs;
  const shape = spec?.shape ?? [];
  const size = shape.reduce((product, dimension) => product * dimension, 1);
  const random = randomStream("verifier");
  return () => {
    const pixels = Array.from({ length: size }, () => Math.floor(random() * 17));
    return encodeTensors([tensorFromNumbers("uint8", shape, pixels)]);
  };
}

function asking(input: Uint8Array, lane: number): Answer {
  const request: InferenceRequest = {
    ...{ requester: ZeroAddress, lane, nonce: 1, release: RELEASE, mode: 0, codec: 1, fee: FEE, royalty: 0n },
    ...{ minStake: 0n, operatorId: 0, openedAt: 1, fullFeeUntil: 2, acceptPeriod: 0, callbackGas: 0 },
    ...{ delivery: 0, deadline: VALID_UNTIL, inputHash: keccak256(input) },
  };
  return { input, request, id: requestIdOf(REQUESTS, packRequest(request)) };
}

function resultOf({ id: context, request }: Answer, output: Uint8Array): InferenceResult {
  const { release, mode, codec, inputHash, fee } = request;
  const outputHash = keccak256(output);
  return {
    ...{ context, release, mode, codec, inputHash, outputHash, fee },
    ...{ maxCover: 0n, validUntil: VALID_UNTIL },
  };
}

/** What the chain would have logged of it. */
function logsOf({ answers, outputs, signature }: SignedAnswers, signer: string, index: number): ChainLog[] {
  const transactionHash = id(`transaction ${index} ${answers[0]?.id}`);
  const log = (name: string, values: unknown[]): ChainLog => {
    const { data, topics } = requestsInterface.encodeEventLog(name as "ResultsSigned", values as never);
    return {
      address: REQUESTS,
      data,
      topics,
      blockNumber: 1,
      blockHash: ZeroHash,
      transactionHash,
      index: 0,
    };
  };
  return [
    ...answers.map(({ id, request, input }) =>
      log("RequestOpened", [id, ZeroAddress, RELEASE, packRequest(request), hexlify(input)]),
    ),
    log("ResultsSigned", [signer, VALID_UNTIL, signature]),
    ...answers.map(({ id }, i) =>
      log("RequestFulfilled", [id, 1, FEE, hexlify(outputs[i] ?? new Uint8Array())]),
    ),
  ];
}

async function timed(run: () => Promise<void>): Promise<number> {
  const beganAt = performance.now();
  await run();
  return performance.now() - beganAt;
}
