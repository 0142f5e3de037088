import { readFile } from "node:fs/promises";
import { SigningKey, Wallet } from "ethers";
import type { SignerConfig } from "../config.ts";
import { NodeError } from "../nodeError.ts";
import type { DigestSigner } from "../proofs/resultSigner.ts";

/** The operator's hot key: signs results and transactions, never leaves this process. */
export interface SignerKey extends DigestSigner {
  readonly wallet: Wallet;
}

/** Decrypts the keystore (scrypt: takes a second or two) or takes the local chain's raw key. */
export async function loadSignerKey(config: SignerConfig): Promise<SignerKey> {
  const wallet =
    config.kind === "raw-key" ? new Wallet(config.privateKey) : await decrypt(config.file, config.password);
  const signingKey = new SigningKey(wallet.privateKey);
  return {
    wallet,
    address: wallet.address,
    signDigest: (digest) => signingKey.sign(digest).serialized,
  };
}

async function decrypt(file: string, password: string): Promise<Wallet> {
  try {
    const wallet = await Wallet.fromEncryptedJson(await readFile(file, "utf8"), password);
    return new Wallet(wallet.privateKey);
  } catch (cause) {
    throw new NodeError("keystore-unreadable", "the keystore cannot be read or its password is wrong", {
      data: { file },
      cause,
    });
  }
}
