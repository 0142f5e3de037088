import type { Interface } from "ethers";
import type { NetworkConnection } from "hardhat/types/network";
import { eventLogs } from "./eventLogs.ts";
import type { Finding } from "./finding.ts";

export interface VerifierReading {
  connection: NetworkConnection<string>;
  address: string;
  /** From which it has logs. */
  block: number;
  abi: Interface;
}

/**
 * On which powers of tau keys may rest: a mapping that only the constructor writes, so that neither code nor a view without
 * arguments shows one too many. Whoever knows the secret of one could prove anything.
 */
export async function checkAcceptedPowers(here: VerifierReading, there: VerifierReading): Promise<Finding[]> {
  const [told, expected] = [await toldBy(here), await toldBy(there)];
  const findings: Finding[] = [];
  for (const powers of new Set([...told, ...expected])) {
    const [wanted, actual] = [expected.has(powers), await isAccepted(here, powers)];
    const subject = `PlonkVerifier.isAccepted(${powers})`;
    if (actual !== wanted)
      findings.push({ kind: "value-differs", subject, expected: String(wanted), actual: String(actual) });
    else if (told.has(powers) !== actual)
      findings.push({ kind: "logs-incomplete", subject, expected: "in the logs", actual: "in none" });
  }
  return findings;
}

async function toldBy({ connection, address, block, abi }: VerifierReading): Promise<Set<string>> {
  const logs = await eventLogs(connection, { address, abi }, block);
  return new Set(logs.filter(({ name }) => name === "PowersAccepted").map(({ args }) => String(args.powers)));
}

async function isAccepted({ connection, address, abi }: VerifierReading, powers: string): Promise<boolean> {
  const data = abi.encodeFunctionData("isAccepted", [powers]);
  // No code, or other code, accepts nothing; what is there is told elsewhere.
  const answer = await connection.ethers.provider.call({ to: address, data }).catch(() => "0x");
  return answer !== "0x" && Boolean(abi.decodeFunctionResult("isAccepted", answer)[0]);
}
