import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { network } from "hardhat";

const MODEL = new URL("../../models/eth-volatility-1h/", import.meta.url);
const COMMIT_DELAY_SEC = 60;
const FLOAT32 = 1;
const VANILLA_ONLY = 1;

/** CIDv1 of a raw leaf with this sha2-256 digest, in base32. */
function rawLeafCid(digest: Uint8Array): string {
  const bytes = Buffer.concat([Buffer.from([0x01, 0x55, 0x12, 0x20]), digest]);
  const bits = [...bytes]
    .map((byte) => byte.toString(2).padStart(8, "0"))
    .join("")
    .padEnd(290, "0");
  const letters = bits.match(/.{5}/g) ?? [];
  return `b${letters.map((five) => "abcdefghijklmnopqrstuvwxyz234567"[Number.parseInt(five, 2)]).join("")}`;
}

function contentOf(digest: Uint8Array, size: number) {
  const uri = "https://models.example.org/eth-volatility-1h/v1/model.onnx";
  return {
    entry: 0,
    files: [{ path: "model.onnx", size, sha256Digest: digest, uri: uri.padEnd(59, "x") }],
    inputs: [{ name: "candles", dtype: FLOAT32, shape: [-1, 24, 4] }],
    outputs: [{ name: "volatility", dtype: FLOAT32, shape: [-1, 1] }],
    contributors: [],
    arithmetic: 0,
    exact: {
      graphRoot: new Uint8Array(32),
      loweringVersion: 0,
      zkVerifier: "0x0000000000000000000000000000000000000000",
      zkKeyDigest: new Uint8Array(32),
      zkKeyOrigin: 0,
    },
  };
}

/** Gas of publishing a minor release: the third transaction of its kind on a fresh chain, 21,000 base included. */
export async function measure(): Promise<Record<string, number>> {
  const { ethers, networkHelpers } = await network.create("op");
  const [publisher] = await ethers.getSigners();
  if (publisher === undefined) throw new Error("the network has no accounts");
  const blobs = await ethers.deployContract("BlobStore");
  const machine = await ethers.deployContract("ExactMachine", [blobs]);
  const hub = await ethers.deployContract("ModelHub", [machine], publisher);
  const onnx = readFileSync(new URL("model.onnx", MODEL));

  const publishThrice = async (name: string, isBound: boolean): Promise<number> => {
    await hub.createModel(name);
    const model = ethers.keccak256(
      ethers.AbiCoder.defaultAbiCoder().encode(["address", "string"], [publisher.address, name]),
    );
    let gas = 0;
    for (let version = 0; version < 3; version++) {
      const digest = createHash("sha256").update(onnx).update(`${name} ${version}`).digest();
      const contentId = isBound ? rawLeafCid(digest) : "";
      const salt = ethers.id(`salt ${version}`);
      if (isBound) {
        const commitment = ["address", "string", "bytes32"];
        const preimage = ethers.AbiCoder.defaultAbiCoder().encode(commitment, [
          publisher.address,
          contentId,
          salt,
        ]);
        await hub.commitContent(ethers.keccak256(preimage));
        await networkHelpers.time.increase(COMMIT_DELAY_SEC);
      }
      const content = contentOf(digest, onnx.length);
      const royalty = ethers.parseEther("0.01");
      const minStake = ethers.parseEther("1000");
      const terms = [royalty, minStake, VANILLA_ONLY] as const;
      const sent = await hub.publish(
        model,
        false,
        content,
        ...terms,
        contentId,
        isBound ? salt : ethers.ZeroHash,
      );
      const receipt = await sent.wait();
      if (receipt?.status !== 1) throw new Error("the publication failed");
      gas = Number(receipt.gasUsed);
    }
    return gas;
  };

  return {
    "gas.hub.release": await publishThrice("eth-volatility-1h", false),
    "gas.hub.release.bound": await publishThrice("btc-volatility-1h", true),
  };
}
