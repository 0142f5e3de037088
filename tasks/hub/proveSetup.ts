import { copyFile, mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { readManifest } from "@opg-network/sdk/manifest";
import { blobDigest } from "../../offchain-runner/src/exact/blobs.ts";
import type { CompiledCircuit } from "../../offchain-runner/src/zk/compiledCircuit.ts";
import { buildCircuit, constraintsOf, powerOf } from "../../offchain-runner/src/zk/compiledCircuit.ts";
import { adoptCeremony, setUp } from "../../offchain-runner/src/zk/groth16.ts";
import { keyBlob } from "../../offchain-runner/src/zk/keyBlob.ts";
import type { KeysRecord } from "../../offchain-runner/src/zk/keysRecord.ts";
import {
  KEY_BLOB_FILE,
  KEYS_FILE,
  PROVING_KEY_FILE,
  VERIFYING_KEY_FILE,
} from "../../offchain-runner/src/zk/keysRecord.ts";
import { setUpUniversal } from "../../offchain-runner/src/zk/plonk.ts";
import { gatesOf, powerOfGates } from "../../offchain-runner/src/zk/plonkGates.ts";
import type { PowersOfTau } from "../../offchain-runner/src/zk/powersOfTau.ts";
import {
  givenPowers,
  localPowerFor,
  localPowers,
  powersIdOf,
} from "../../offchain-runner/src/zk/powersOfTau.ts";
import type { CircuitKeys } from "../../offchain-runner/src/zk/proofSystem.ts";
import { Prover } from "../../offchain-runner/src/zk/prover.ts";
import { CommandError } from "../commandError.ts";
import { fields, type Report } from "../report.ts";
import type { Session } from "../session.ts";
import { checkModel } from "./checkModel.ts";
import { loweredModel } from "./loweredModel.ts";

export interface ProveSetupArguments {
  folder: string;
  out: string | undefined;
  powers: string | undefined;
  powersDigest: string | undefined;
  ceremony: string | undefined;
  system: string | undefined;
}

type System = KeysRecord["system"];
const SYSTEMS: readonly System[] = ["groth16", "plonk"];

/** With or without `0x`, as `sha256sum` prints it. */
const SHA256 = /^(0x)?[0-9a-f]{64}$/i;

const WORTHLESS =
  "These keys rest on powers of tau whose secret everybody knows: anybody can prove anything with them. They are good for a " +
  "local chain alone. For others bring --powers and --powers-digest";
const SINGLE =
  "These keys have one contribution, yours: if its secret was kept anywhere, whoever has it can prove anything. Chains where " +
  "value is at stake refuse them. What real value needs is a ceremony, phase 2: several who trust nobody else contribute one " +
  "after the other to the circuit's first key, by snarkjs (`zkey new`, `zkey contribute`, `zkey beacon`), and publish what " +
  "each contributed; then run this again with --ceremony <key>. Or take --system plonk, which needs none";

/** Makes the keys that a release's results are proved and checked with. Nothing is sent. */
export async function proveSetup(args: ProveSetupArguments, session: Session): Promise<Report> {
  requireTogether(["--powers", args.powers], ["--powers-digest", args.powersDigest]);
  if (args.powersDigest !== undefined && !SHA256.test(args.powersDigest)) {
    const expected = "32 bytes in hexadecimal";
    throw new CommandError("argument-invalid", {
      name: "--powers-digest",
      value: args.powersDigest,
      expected,
    });
  }
  const system = systemOf(args);
  const manifest = await readManifest(path.join(args.folder, "manifest.json"));
  await checkModel(args.folder, manifest);
  const graph = await loweredModel(args.folder, manifest);
  if (graph === undefined) {
    const problem = `${manifest.name} is declared approximate; only exact models have a circuit`;
    throw new CommandError("arguments-conflict", { problem });
  }
  const out = args.out ?? path.join(args.folder, "keys");
  await mkdir(out, { recursive: true });
  const prover = new Prover();
  try {
    session.say("Compiling the circuit");
    const circuit = await buildCircuit(graph, path.join(out, "circuit"), prover);
    session.say(`It has ${circuit.constraints} constraints`);
    const r1cs = await constraintsOf(circuit);
    const gates = gatesOf(r1cs);
    if (system === "plonk") session.say(`Of PLONK, these are ${gates} gates`);
    const power = system === "plonk" ? powerOfGates(gates) : powerOf(r1cs);
    const powers = await powersFor(power, args, session, prover);
    const given = { ...args, system, out, session };
    const keys: CircuitKeys = await keysFrom(circuit, powers, given, prover);
    const blob = keyBlob(graph, keys.verifyingKey, keys.origin);
    const record = recordOf(graph.graphRoot, keys, blobDigest(blob));
    await writeFile(path.join(out, VERIFYING_KEY_FILE), `${JSON.stringify(keys.verifyingKey, null, 2)}\n`);
    await writeFile(path.join(out, KEY_BLOB_FILE), blob);
    await writeFile(path.join(out, KEYS_FILE), `${JSON.stringify(record, null, 2)}\n`);
    const powersId = await powersIdOf(powers.file);
    const warnings = [
      ...(powers.origin === "local" ? [WORTHLESS] : []),
      ...(record.origin.kind === "single" ? [SINGLE] : []),
    ];
    return {
      lines: [
        `Keys of ${manifest.name} are in ${out}`,
        ...fields([
          ["graph root", record.graphRoot],
          ["proof system", record.system],
          ["constraints", String(circuit.constraints)],
          ["gates", system === "plonk" ? String(gates) : undefined],
          ["powers of tau", `${powers.origin}, ${powers.digest}`],
          ["their id on chain", powersId],
          ["origin", record.origin.kind],
          ["transcript", record.origin.kind === "ceremony" ? record.origin.transcript : undefined],
          ["key digest", record.keyDigest],
        ]),
        ...warnings,
      ],
      value: { ...record, count: circuit.constraints, gates, powersId, out, warnings },
    };
  } finally {
    await prover.stop();
  }
}

function requireTogether(first: readonly [string, unknown], second: readonly [string, unknown]): void {
  for (const [[given, value], [name, other]] of [
    [first, second],
    [second, first],
  ] as const) {
    if (value !== undefined && other === undefined)
      throw new CommandError("argument-missing", { name, why: `it says what ${given} has to be` });
  }
}

function systemOf({ system = "groth16", ceremony }: ProveSetupArguments): System {
  const known = SYSTEMS.find((name) => name === system);
  if (known === undefined)
    throw new CommandError("argument-invalid", {
      name: "--system",
      value: system,
      expected: `one of ${SYSTEMS.join(", ")}`,
    });
  if (known === "plonk" && ceremony !== undefined)
    throw new CommandError("arguments-conflict", { problem: "keys of PLONK have no ceremony of their own" });
  return known;
}

async function powersFor(
  least: number,
  { powers, powersDigest }: ProveSetupArguments,
  session: Session,
  prover: Prover,
): Promise<PowersOfTau> {
  if (powers !== undefined && powersDigest !== undefined) {
    const digest = powersDigest.startsWith("0x") ? powersDigest : `0x${powersDigest}`;
    return await givenPowers(powers, digest);
  }
  const power = localPowerFor(least);
  session.say(`Using the local powers of tau, 2^${power}; where they are not there yet, they are made now`);
  return await localPowers(power, path.join(session.hre.config.paths.cache, "zk"), prover);
}

type Ceremony = Pick<ProveSetupArguments, "ceremony">;

async function keysFrom(
  circuit: CompiledCircuit,
  powers: PowersOfTau,
  { system, ceremony, out, session }: Ceremony & { system: System; out: string; session: Session },
  prover: Prover,
): Promise<CircuitKeys> {
  const provingKey = path.join(out, PROVING_KEY_FILE);
  if (system === "plonk") {
    session.say("Making keys that need no contribution");
    return await setUpUniversal(circuit, powers, provingKey, prover);
  }
  if (ceremony === undefined) {
    session.say("Making keys with one contribution");
    return await setUp(circuit, powers, provingKey, prover);
  }
  session.say("Checking the ceremony's key against circuit and powers of tau");
  const keys = await adoptCeremony(circuit, powers, ceremony, prover);
  if (path.resolve(ceremony) !== path.resolve(provingKey)) await copyFile(ceremony, provingKey);
  return { ...keys, provingKey };
}

function recordOf(graphRoot: string, keys: CircuitKeys, keyDigest: string): KeysRecord {
  return {
    system: keys.verifyingKey.protocol,
    graphRoot,
    constraints: keys.r1csDigest,
    provingKey: keys.provingKeyDigest,
    keyDigest,
    powersOfTau: { sha256: keys.powers.digest, origin: keys.powers.origin },
    origin: keys.origin,
  };
}
