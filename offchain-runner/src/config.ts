import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { getAddress, isAddress, parseUnits } from "ethers";
import { z } from "zod";
import { withoutComments } from "./jsonWithComments.ts";
import { NodeError } from "./nodeError.ts";

/** The chain id on which a raw key is accepted: Hardhat's own. */
export const LOCAL_CHAIN_ID = 31_337;

const DEFAULT_COIN_PER_DAY = parseUnits("1", 18);

/** Part of all results that a node checks which serves. */
const SERVING_SHARE = 0.02;
const RECENT_BLOCKS = 5_000;
/** Of 2 seconds: a validity of an hour, a dispute window of a day, and some more. */
const EVIDENCE_BLOCKS = 50_000;

const ENVIRONMENT = {
  OPG_NODE_RPC_URLS: ["chain", "rpcUrls"],
  OPG_NODE_CHAIN_ID: ["chain", "chainId"],
  OPG_NODE_DEPLOYMENT_FILE: ["chain", "deploymentFile"],
  OPG_NODE_KEYSTORE_FILE: ["signer", "keystoreFile"],
  OPG_NODE_KEYSTORE_PASSWORD: ["signer", "password"],
  OPG_NODE_KEYSTORE_PASSWORD_FILE: ["signer", "passwordFile"],
  OPG_NODE_PRIVATE_KEY: ["signer", "privateKey"],
  OPG_NODE_DATA_DIR: ["dataDir"],
  OPG_NODE_MODEL_DIR: ["modelDir"],
  OPG_NODE_SERVE: ["serve"],
  OPG_NODE_ROLES: ["roles"],
  OPG_NODE_HTTP_HOST: ["http", "host"],
  OPG_NODE_HTTP_PORT: ["http", "port"],
  OPG_NODE_LOG_LEVEL: ["logLevel"],
} as const satisfies Record<string, readonly string[]>;

/** Never in the file: a secret there ends up in backups and pull requests. */
const SECRET_KEYS = ["password", "privateKey"] as const;

const decimal = z.union([z.string(), z.number()]).transform(String);

function amountIn(decimals: number) {
  return decimal.transform((text, context) => {
    if (/^\d+(\.\d+)?$/.test(text) && (text.split(".")[1]?.length ?? 0) <= decimals)
      return parseUnits(text, decimals);
    context.addIssue({ code: "custom", message: `not an amount with at most ${decimals} decimals` });
    return z.NEVER;
  });
}

const opg = amountIn(18);
const coin = amountIn(18);
const gwei = amountIn(9);
const address = z
  .string()
  .refine((text) => isAddress(text), "not an address")
  .transform(getAddress);
const whole = z.coerce.number().int().nonnegative();
const positive = z.coerce.number().int().positive();

const part = z.number().min(0).max(1);

const releaseName = /^(0x[0-9a-fA-F]{64}|0x[0-9a-fA-F]{40}\/[a-z0-9][a-z0-9._-]{0,63}@v?\d{1,5}\.\d{2,5})$/;

const servedSchema = z.strictObject({
  release: z.string().regex(releaseName, "not a release id or publisher/name@version"),
  minFee: opg.default(0n),
  modes: z
    .array(z.enum(["VANILLA", "ZK"]))
    .min(1)
    .refine((modes) => new Set(modes).size === modes.length, "names a mode twice")
    .default(["VANILLA"]),
  /** Token wei for one inference inside a transaction; `minFee` when it is not said. Never below what royalty and protocol take. */
  pipeFee: opg.optional(),
  /** Token wei for one result in mode ZK, requested or inside a transaction; as in the other modes when it is not said. */
  zkFee: opg.optional(),
  /** Folder with the keys for mode ZK, as `hub prove-setup` made it; `keys` beside the model when it is not said. */
  proofs: z.string().min(1).optional(),
  /** Only until the node has measured the model itself; more than 50 makes it a slow one from the start. */
  expectedRunMs: positive.default(50),
  /**
   * Unless false, each result of an exact release is compared with the interpreter before it is signed. Without that a
   * fault of the runtime on this machine is signed as it is, and can be proved: it costs the stake.
   */
  checkExact: z.boolean().optional(),
});

/** Proofs of results in mode ZK. */
const proofsSchema = z.strictObject({
  /** Processes that prove, one proof at a time each. */
  provers: positive.max(64).default(1),
  /** Of each; one that takes more is ended. */
  memoryMb: positive.default(4_096),
  /** One proof, checking it included. */
  timeoutMs: positive.default(120_000),
  /** Requests in mode ZK that may wait. */
  queue: positive.default(64),
  /** Proofs that calls may wait for; of one caller a quarter. */
  maxWaiting: positive.default(16),
});

const addressesSchema = z.strictObject({
  Operators: address,
  ModelHub: address,
  InferenceRequests: address,
  /** Without it the node answers requests only. */
  Pipe: address.optional(),
  /** Without it the node checks nobody's results. */
  Disputes: address.optional(),
});

/** What the node reads of the record that `protocol deploy` writes. */
const recorded = z.object({ address, block: whole });
const deploymentSchema = z.object({
  chainId: positive,
  contracts: z.object({
    Operators: recorded,
    ModelHub: recorded,
    InferenceRequests: recorded,
    Pipe: recorded.optional(),
    Disputes: recorded.optional(),
  }),
});

/** Calls that are pre-executed while their callers wait, and unpaid reads. */
const pipeSchema = z.strictObject({
  enabled: z.boolean().default(true),
  /** A call may infer so often, each time with what the last answers led to. */
  maxRounds: positive.max(255).default(16),
  /** Results for one call. */
  maxResults: positive.max(255).default(64),
  /** Gas of every simulation. */
  simulationGas: positive.default(16_777_216),
  /** Bytes of a body, and of all results of a call. */
  maxBytes: positive.default(2_500_000),
  /** The longest that a call may take, whatever it asks for. */
  maxDeadlineMs: positive.default(15_000),
  resultValiditySec: positive.default(300),
  /** Calls at once: of all callers, of one. */
  maxCalls: positive.default(64),
  maxCallsPerCaller: positive.default(32),
  /** Runs of calls that may wait for an inference process; above it callers are told to come back. */
  maxWaiting: positive.default(64),
  /** Part of the inference processes' time that requests on chain keep. */
  requestShare: z.number().min(0.05).max(0.95).default(0.3),
  /** Outputs kept in memory, so that asking again costs no run. */
  outputCacheBytes: whole.default(67_108_864),
  callsPerMinute: positive.default(1_200),
  anonymousCallsPerMinute: positive.default(60),
  /** What may be served and is not paid yet, OPG. */
  unpaid: z
    .strictObject({
      /** An unpaid result is forgotten after this. */
      windowSec: positive.default(3_600),
      /** Of a caller that has signed its call. */
      base: opg.prefault("5"),
      /** More for a caller that paid: this part of what it paid in the last 30 days, up to `most`. */
      growth: z.number().min(0).max(10).default(0.5),
      most: opg.prefault("500"),
      /** Of all callers of one network address together that have paid nothing yet. */
      newcomers: opg.prefault("20"),
      /** Of all unsigned calls and reads of one network address; 0 refuses them. */
      anonymous: opg.prefault("1"),
      /** What a result counts for at the least. */
      least: opg.prefault("0.001"),
      /** The same of a result in mode ZK. */
      leastProof: opg.prefault("0.05"),
    })
    .prefault({}),
});

/** What the node insures, within what its operator set aside on chain; without it, nothing. Amounts are OPG of cover. */
const coverSchema = z
  .strictObject({
    /** Part of the cover, in basis points, that insuring it adds to the price; advertised by `operator cover`. */
    rateBps: positive.max(10_000),
    /** Through one result; for one payer; at once, in results that can still be used. */
    perResult: opg,
    perPayer: opg,
    total: opg,
  })
  .refine(({ perResult }) => perResult > 0n, { path: ["perResult"], error: "insures nothing" })
  .refine(({ perResult, perPayer }) => perResult <= perPayer, {
    path: ["perPayer"],
    error: "is below what one result may insure",
  })
  .refine(({ perPayer, total }) => perPayer <= total, {
    path: ["total"],
    error: "is below what one payer may be insured for",
  });

const commaList = z.preprocess(
  (value) => (typeof value === "string" ? value.split(",").map((part) => part.trim()) : value),
  z.array(z.url({ protocol: /^https?$/ })).min(1),
);
const served = z
  .array(servedSchema)
  .refine(
    (all) => new Set(all.map(({ release }) => release.toLowerCase())).size === all.length,
    "names a release twice",
  );
const servedOrText = z.union([served, z.string().transform(jsonFrom).pipe(served)]);
const roles = z.preprocess(
  (value) => (typeof value === "string" ? value.split(",").map((part) => part.trim()) : value),
  z.array(z.enum(["inference", "verifier"])).min(1),
);

/** Results of exact releases that are computed again, and disputes about those that are wrong. */
const verifierSchema = z.strictObject({
  /** Part of all results, chosen at random; by default all in the role `verifier`, and 2 % beside serving. 0 = none. */
  share: z.number().min(0).max(1).optional(),
  /** Threads that compute. */
  threads: positive.max(64).default(1),
  threadMemoryMb: positive.default(1_024),
  /** One evaluation. */
  runTimeoutMs: positive.default(120_000),
  /** Bytes of graphs kept in memory, in each thread; a larger one is not checked. */
  graphBytes: positive.default(134_217_728),
  /** Results that may wait to be computed; above it, which of them are is chance. */
  backlog: positive.default(10_000),
  /** Signed results kept to find two outputs for one input. */
  memory: positive.default(200_000),
  /** Commits before it accuses, where the time allows, so that nobody can take the bounty by copying the proof. */
  commits: z.boolean().default(true),
  /** The highest bond, in whole coins of the chain, for one challenge. */
  maxBond: opg.prefault("1"),
  /** Also computes challenges that others opened about results that this node has not found wrong itself. */
  continuesOthers: z.boolean().default(false),
  /** Claims covers of wrong results from this on, for whomever they insure, OPG; smaller ones are theirs to claim. */
  leastCover: opg.prefault("1"),
});

const configSchema = z.strictObject({
  chain: z.strictObject({
    rpcUrls: commaList,
    chainId: positive,
    addresses: addressesSchema.optional(),
    deploymentFile: z.string().optional(),
    confirmations: whole.max(100).default(0),
    pollIntervalMs: positive.default(250),
    maxLogRange: positive.default(2_000),
    /** By default 5,000; in the role `verifier` as many as evidence lives at two seconds a block. */
    lookbackBlocks: whole.optional(),
    /** First block with events of the protocol; taken from the deployment file. */
    fromBlock: whole.default(0),
    rpcTimeoutMs: positive.default(10_000),
    /** How often the heads of several endpoints are compared. */
    probeIntervalMs: positive.default(5_000),
    /** An endpoint whose head is further behind the best is left. */
    maxLagBlocks: positive.default(3),
    /** Without a new block for this long the node is not ready; 0 = for chains that mine on demand. */
    silentAfterMs: whole.default(120_000),
  }),
  signer: z.strictObject({
    keystoreFile: z.string().optional(),
    password: z.string().optional(),
    passwordFile: z.string().optional(),
    privateKey: z
      .string()
      .regex(/^0x[0-9a-fA-F]{64}$/, "not a private key")
      .optional(),
  }),
  dataDir: z.string(),
  /** What the node does; verifying a small sample goes along with serving. */
  roles: roles.default(["inference"]),
  /** Needed in the role `inference`, as `serve` is. */
  modelDir: z.string().optional(),
  serve: servedOrText.default([]),
  verifier: verifierSchema.prefault({}),
  limits: z
    .strictObject({
      children: positive.max(64).default(1),
      threads: positive.max(256).default(1),
      memoryMb: positive.default(1_024),
      runTimeoutMs: positive.default(30_000),
      loadTimeoutMs: positive.default(60_000),
      queue: positive.default(1_000),
      batchSize: positive.max(128).default(128),
      coalesceMs: whole.default(150),
      maxInputBytes: positive.default(1_048_576),
      maxCallbackGas: whole.default(5_000_000),
    })
    .prefault({}),
  artifacts: z
    .strictObject({
      allowPrivateNetworks: z.boolean().default(false),
      maxBytes: positive.default(536_870_912),
      timeoutMs: positive.default(120_000),
      diskCacheBytes: positive.default(8_589_934_592),
      allowHttp: z.boolean().default(false),
      ipfsGateway: z.url({ protocol: /^https?$/ }).optional(),
    })
    .prefault({}),
  http: z
    .strictObject({
      host: z.string().default("127.0.0.1"),
      port: whole.max(65_535).default(9_464),
      /** Behind a proxy of one's own: a caller's address is the last one in `x-forwarded-for`. */
      trustForwardedFor: z.boolean().default(false),
    })
    .prefault({}),
  pipe: pipeSchema.prefault({}),
  proofs: proofsSchema.prefault({}),
  cover: coverSchema.optional(),
  fees: z
    .strictObject({
      maxFeeGwei: gwei.prefault("5"),
      maxTipGwei: gwei.prefault("1"),
      replaceAfterMs: positive.default(12_000),
      giveUpAfterMs: positive.default(180_000),
      /** Whole coins of the chain that one transaction may cost at most, beside what it carries; 0 = any. */
      maxCoinPerTransaction: coin.prefault("0.1"),
      /** The same of all within 24 hours. By default 1, and any on the local chain. */
      maxCoinPerDay: coin.optional(),
      /** OPG that one whole coin of the chain is worth; 0 = gas is not weighed against the fee. */
      opgPerCoin: opg.prefault("0"),
      resultValiditySec: positive.default(600),
    })
    .prefault({}),
  accept: z
    .strictObject({
      aboveRunMs: positive.default(3_000),
      /** Part of the signer's free balance that the bond of one request may take. */
      budgetShare: part.default(0.25),
    })
    .prefault({}),
  claims: z.strictObject({ intervalSec: positive.default(3_600), threshold: opg.prefault("1") }).prefault({}),
  /** From when on something is an alarm; see README.md. */
  alarms: z
    .strictObject({
      intervalSec: positive.default(15),
      /** Days that the signer's coin lasts at the present spend, and coin below which it is low however little is spent. */
      balanceDays: z.number().positive().default(7),
      balanceCoin: coin.prefault("0.001"),
      /** Part of `fees.maxCoinPerDay`. */
      spendShare: part.default(0.8),
      /** Part by which stake should be more than what is demanded. */
      stakeMargin: part.default(0.05),
      /** Parts of the stake: what is insured and in bonds; what is earned and not ripe. */
      exposureShare: part.default(0.5),
      unripeShare: part.default(0.5),
      /** Part of `cover.total` that is insured. */
      coverShare: part.default(0.9),
      /** OPG to accept with, where the node serves models that accept first. */
      acceptBudget: opg.prefault("1"),
      diskFreeBytes: whole.default(2_147_483_648),
      clockSkewSec: positive.default(10),
    })
    .prefault({}),
  logLevel: z.enum(["fatal", "error", "warn", "info", "debug", "trace", "silent"]).default("info"),
});

function jsonFrom(text: string, context: z.RefinementCtx): unknown {
  try {
    return JSON.parse(text);
  } catch {
    context.addIssue({ code: "custom", message: "not JSON" });
    return z.NEVER;
  }
}

/** Every setting of the file with its default, as JSON Schema, and the variables that stand for some of them. */
export function describeConfig(): { schema: unknown; variables: Record<string, readonly string[]> } {
  return {
    schema: z.toJSONSchema(configSchema, { io: "input", unrepresentable: "any" }),
    variables: ENVIRONMENT,
  };
}

type ParsedConfig = z.output<typeof configSchema>;

export type Addresses = z.output<typeof addressesSchema>;
export type PipeConfig = ParsedConfig["pipe"];
export type AlarmsConfig = ParsedConfig["alarms"];
export type CoverConfig = z.output<typeof coverSchema>;
export type VerifierConfig = ParsedConfig["verifier"] & { share: number };
export type ProofsConfig = ParsedConfig["proofs"];
export type ServedRelease = ParsedConfig["serve"][number];

/** All that the node is told. Amounts in token wei (OPG) or wei of the chain's coin (`Gwei` fields); paths absolute. */
export type Config = Omit<ParsedConfig, "chain" | "signer" | "verifier" | "modelDir" | "fees"> & {
  chain: ParsedConfig["chain"] & { addresses: Addresses; lookbackBlocks: number };
  signer: SignerConfig;
  verifier: VerifierConfig;
  fees: ParsedConfig["fees"] & { maxCoinPerDay: bigint };
  modelDir: string;
};

export type SignerConfig =
  | { kind: "keystore"; file: string; password: string }
  | { kind: "raw-key"; privateKey: string };

export type Environment = Readonly<Record<string, string | undefined>>;

/** Reads the file (if one is named) and then the environment, which wins. Throws `NodeError` `config-invalid`. */
export function loadConfig(file: string | undefined, environment: Environment = process.env): Config {
  const base = file === undefined ? process.cwd() : dirname(resolve(file));
  const raw = file === undefined ? {} : readJson(file, "configuration");
  refuseSecrets(raw);
  const parsed = parse(configSchema, withEnvironment(raw, environment), "configuration");
  const { chain, signer, dataDir } = parsed;
  const deployment = deploymentFrom(chain, base);
  return {
    ...parsed,
    dataDir: resolve(base, dataDir),
    modelDir: resolve(base, modelDirFrom(parsed)),
    serve: parsed.serve.map((served) => servedFrom(served, base)),
    chain: { ...chain, ...deployment, lookbackBlocks: lookbackFrom(parsed) },
    signer: signerFrom(signer, chain.chainId, base),
    fees: { ...parsed.fees, maxCoinPerDay: parsed.fees.maxCoinPerDay ?? coinPerDay(chain.chainId) },
    verifier: verifierFrom(parsed, deployment.addresses),
  };
}

/** Coin of the local chain is worth nothing. */
function coinPerDay(chainId: number): bigint {
  return chainId === LOCAL_CHAIN_ID ? 0n : DEFAULT_COIN_PER_DAY;
}

/** A lie that was told before the node began is evidence all the same. */
function lookbackFrom({ roles, chain }: ParsedConfig): number {
  return chain.lookbackBlocks ?? (roles.includes("verifier") ? EVIDENCE_BLOCKS : RECENT_BLOCKS);
}

function modelDirFrom({ roles, modelDir, serve, dataDir }: ParsedConfig): string {
  if (!roles.includes("inference")) return modelDir ?? dataDir;
  if (serve.length === 0) throw invalid("serve: the role inference needs at least one release");
  if (modelDir === undefined) throw invalid("modelDir is needed in the role inference");
  return modelDir;
}

/** What only mode ZK has is a mistake without it. */
function servedFrom(served: ServedRelease, base: string): ServedRelease {
  const { release, modes, proofs, zkFee } = served;
  const isProved = modes.includes("ZK");
  if (!isProved && proofs !== undefined)
    throw invalid("serve: proofs is for releases that are served in mode ZK", { release });
  if (!isProved && zkFee !== undefined)
    throw invalid("serve: zkFee is for releases that are served in mode ZK", { release });
  return proofs === undefined ? served : { ...served, proofs: resolve(base, proofs) };
}

function verifierFrom({ roles, verifier }: ParsedConfig, { Disputes }: Addresses): VerifierConfig {
  const isRole = roles.includes("verifier");
  if (isRole && Disputes === undefined)
    throw invalid("chain.addresses.Disputes is needed in the role verifier");
  return { ...verifier, share: verifier.share ?? (isRole ? 1 : SERVING_SHARE) };
}

function deploymentFrom(
  { addresses, deploymentFile, chainId, fromBlock }: ParsedConfig["chain"],
  base: string,
): { addresses: Addresses; fromBlock: number } {
  if (addresses !== undefined) return { addresses, fromBlock };
  if (deploymentFile === undefined) throw invalid("chain.addresses or chain.deploymentFile is needed");
  const path = resolve(base, deploymentFile);
  const deployment = parse(deploymentSchema, readJson(path, "deployment file"), path);
  if (deployment.chainId !== chainId) {
    throw invalid("the deployment file is of another chain", { path, chainId: deployment.chainId });
  }
  const { Operators, ModelHub, InferenceRequests, Pipe, Disputes } = deployment.contracts;
  return {
    addresses: {
      Operators: Operators.address,
      ModelHub: ModelHub.address,
      InferenceRequests: InferenceRequests.address,
      ...(Pipe !== undefined && { Pipe: Pipe.address }),
      ...(Disputes !== undefined && { Disputes: Disputes.address }),
    },
    fromBlock: Math.max(fromBlock, InferenceRequests.block),
  };
}

function signerFrom(signer: ParsedConfig["signer"], chainId: number, base: string): SignerConfig {
  if (signer.privateKey !== undefined) {
    if (chainId !== LOCAL_CHAIN_ID) {
      throw new NodeError(
        "raw-key-refused",
        `a raw key is accepted on chain ${LOCAL_CHAIN_ID} only; use a keystore`,
        {
          data: { chainId },
        },
      );
    }
    return { kind: "raw-key", privateKey: signer.privateKey };
  }
  if (signer.keystoreFile === undefined) throw invalid("signer.keystoreFile is needed");
  const password = signer.password ?? passwordFrom(signer.passwordFile, base);
  if (password === undefined) throw invalid("OPG_NODE_KEYSTORE_PASSWORD or signer.passwordFile is needed");
  return { kind: "keystore", file: resolve(base, signer.keystoreFile), password };
}

function passwordFrom(file: string | undefined, base: string): string | undefined {
  return file === undefined
    ? undefined
    : readText(resolve(base, file), "password file").replace(/\r?\n$/, "");
}

function withEnvironment(raw: unknown, environment: Environment): unknown {
  const merged = structuredClone(raw) as Record<string, unknown>;
  for (const [name, path] of Object.entries(ENVIRONMENT)) {
    const value = environment[name];
    if (value === undefined || value === "") continue;
    const [section, key] = path as readonly [string, string?];
    if (key === undefined) merged[section] = value;
    else merged[section] = { ...(merged[section] as object | undefined), [key]: value };
  }
  if (typeof merged === "object") merged.signer ??= {};
  return merged;
}

function refuseSecrets(raw: unknown): void {
  const signer = (raw as { signer?: Record<string, unknown> }).signer;
  for (const key of SECRET_KEYS) {
    if (signer?.[key] !== undefined)
      throw invalid(`signer.${key} belongs in the environment, not in the file`);
  }
}

function readJson(path: string, what: string): unknown {
  const text = readText(path, what);
  try {
    const value: unknown = JSON.parse(withoutComments(text));
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  } catch (cause) {
    throw invalid(`the ${what} ${path} is not JSON`, { path }, cause);
  }
  throw invalid(`the ${what} ${path} is not a JSON object`, { path });
}

function readText(path: string, what: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw invalid(`the ${what} ${path} cannot be read`, { path }, cause);
  }
}

function parse<T extends z.ZodType>(schema: T, value: unknown, what: string): z.output<T> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issues = result.error.issues.flatMap((issue) => wordsOf(issue));
  throw invalid(`${what}: ${issues.join("; ")}`, { issues });
}

/** Each with the setting that it is about, as one writes it: `serve[0].modes[0]`. */
function wordsOf(issue: z.core.$ZodIssue, outer: readonly PropertyKey[] = []): string[] {
  const path = [...outer, ...issue.path];
  if (issue.code !== "invalid_union")
    return [path.length === 0 ? issue.message : `${at(path)}: ${issue.message}`];
  // Of several forms the one that was meant is the one whose problem lies deepest; where none was, all are named.
  const depths = issue.errors.map((form) => Math.max(...form.map((each) => each.path.length)));
  const deepest = Math.max(...depths);
  const meant = issue.errors.filter((_, index) => depths[index] === deepest);
  const words = meant.map((form) => form.flatMap((each) => wordsOf(each, path)).join("; "));
  return [[...new Set(words)].join(", or ")];
}

function at(path: readonly PropertyKey[]): string {
  return path
    .map((part, index) =>
      typeof part === "number" ? `[${part}]` : `${index === 0 ? "" : "."}${String(part)}`,
    )
    .join("");
}

function invalid(message: string, data: Record<string, unknown> = {}, cause?: unknown): NodeError {
  return new NodeError("config-invalid", message, { data, cause });
}
