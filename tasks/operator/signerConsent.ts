import { readFile } from "node:fs/promises";
import { operatorsDomain, SIGNER_CONSENT_TYPES } from "@opg-network/sdk/inferenceResult";
import { isHexString, verifyTypedData, Wallet } from "ethers";
import { addressArgument } from "../arguments.ts";
import { CommandError } from "../commandError.ts";
import type { Session } from "../session.ts";

export interface SignerArguments {
  signer: string | undefined;
  keystore: string | undefined;
  signerProof: string | undefined;
}

/** A key that agreed to sign for an operator of the account. */
export interface SignerConsent {
  signer: string;
  proof: string;
}

/** From a signature made elsewhere, a keystore, or an account of the network. */
export async function signerConsentOf(session: Session, args: SignerArguments): Promise<SignerConsent> {
  const owner = (await session.account()).address;
  const { contracts } = await session.deployment();
  const domain = operatorsDomain(BigInt(session.chainId), contracts.Operators.address);
  const named = args.signer === undefined ? undefined : addressArgument("--signer", args.signer);
  if (args.keystore !== undefined) {
    const wallet = await unlock(session, args.keystore);
    if (named !== undefined && named !== wallet.address) {
      throw new CommandError("arguments-conflict", {
        problem: `the keystore is that of ${wallet.address}, not of ${named}`,
      });
    }
    return {
      signer: wallet.address,
      proof: await wallet.signTypedData(domain, SIGNER_CONSENT_TYPES, { owner }),
    };
  }
  if (named === undefined) {
    throw new CommandError("argument-missing", {
      name: "--signer or --keystore",
      why: "the node signs with a key of its own",
    });
  }
  if (args.signerProof !== undefined) {
    const recovered = isHexString(args.signerProof, 65)
      ? verifyTypedData(domain, SIGNER_CONSENT_TYPES, { owner }, args.signerProof)
      : "nobody";
    if (recovered !== named) throw new CommandError("signer-proof-invalid", { signer: named, recovered });
    return { signer: named, proof: args.signerProof };
  }
  const signers = await session.connection.ethers.getSigners();
  const account = signers.find(({ address }) => address === named);
  if (account === undefined) throw new CommandError("signer-proof-missing", { signer: named });
  return { signer: named, proof: await account.signTypedData(domain, SIGNER_CONSENT_TYPES, { owner }) };
}

async function unlock(session: Session, path: string) {
  const encrypted = await readFile(path, "utf8").catch((cause: unknown) => {
    throw new CommandError("keystore-unreadable", { path, problem: "it cannot be read" }, cause);
  });
  const password =
    process.env.OPG_NODE_KEYSTORE_PASSWORD ??
    (process.stdin.isTTY
      ? await session.hre.interruptions.requestSecretInput("keystore", `Password of ${path}`)
      : undefined);
  if (password === undefined) {
    throw new CommandError("keystore-unreadable", { path, problem: "OPG_NODE_KEYSTORE_PASSWORD is not set" });
  }
  try {
    return await Wallet.fromEncryptedJson(encrypted, password);
  } catch (cause) {
    throw new CommandError(
      "keystore-unreadable",
      { path, problem: "it is no keystore, or the password is wrong" },
      cause,
    );
  }
}
