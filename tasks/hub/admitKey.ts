import { KEY_ORIGINS } from "@opg-network/sdk/keyOrigin";
import { ZeroAddress } from "ethers";
import { CommandError } from "../commandError.ts";
import { readRelease, resolveRelease, titleOf } from "../release.ts";
import { fields, type Report } from "../report.ts";
import type { Session } from "../session.ts";
import { eventOf, explained, send } from "../transaction.ts";

export interface AdmitKeyArguments {
  release: string;
}

/** Has the verifier take the key that a release committed to, once it is stored: whoever wants its proofs to count may. */
export async function admitKeyOf(args: AdmitKeyArguments, session: Session): Promise<Report> {
  const release = await readRelease(session, await resolveRelease(session, args.release));
  const { hub, groth16, plonk } = await session.contracts();
  const { zkVerifier } = await explained(() => hub.exactCommitmentOf(release.id));
  if (zkVerifier === ZeroAddress) {
    const problem = `${titleOf(release)} has no key: ZK is not among its modes`;
    throw new CommandError("arguments-conflict", { problem });
  }
  const verifier = zkVerifier === (await plonk.getAddress()) ? plonk : groth16;
  session.say(`Having the verifier check the key of ${titleOf(release)}`);
  const receipt = await send(() => verifier.admitKey(release.id));
  const { keyDigest, origin: number } = eventOf(receipt, verifier, "KeyAdmitted").args;
  const origin = KEY_ORIGINS[Number(number)] ?? "none";
  const key = await explained(() => verifier.keyOf(release.id));
  return {
    lines: [
      `The verifier takes proofs of ${titleOf(release)}`,
      ...fields([
        ["key digest", keyDigest],
        ["key", key],
        ["origin", origin],
        ["transaction", receipt.hash],
        ["gas", String(receipt.gasUsed)],
      ]),
    ],
    value: {
      ...{ release: release.id, keyDigest, key, origin },
      ...{ transaction: receipt.hash, gas: Number(receipt.gasUsed) },
    },
  };
}
