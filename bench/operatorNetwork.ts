import { INFERENCE_RESULT_TYPES } from "@opg-network/sdk/inferenceResult";
import type { Signer, TransactionResponse } from "ethers";
import { network } from "hardhat";

const OPG = 10n ** 18n;
const DAY_SEC = 86_400n;
const SLASHER = 3n;
const BASE_FEE_CAP = 10n ** 9n;
/** Time is part of what is signed, and a byte that happens to be zero is cheaper, so it is the same in every run. */
export const START_SEC = 1_900_000_000;

export const RESULT_FIELDS = INFERENCE_RESULT_TYPES.InferenceResult;

/** A fresh chain with what operators need, wired as in production, and the means to act on it. */
export async function operatorNetwork() {
  const { ethers, networkHelpers } = await network.create("op");
  const [deployer, ...accounts] = await ethers.getSigners();
  if (!deployer) throw new Error("the network has no accounts");
  await networkHelpers.time.increaseTo(START_SEC);

  const opg = await ethers.deployContract("OPG", [deployer]);
  const authority = await ethers.deployContract("AccessManager", [deployer]);
  const blobs = await ethers.deployContract("BlobStore");
  const machine = await ethers.deployContract("ExactMachine", [blobs]);
  const hub = await ethers.deployContract("ModelHub", [machine]);
  const numbers = [DAY_SEC, 3_600n, 7n * DAY_SEC, 7n * DAY_SEC, 1_000n * OPG, 100n * OPG, 50n * OPG];
  const operators = await ethers.deployContract("Operators", [opg, authority, numbers]);
  const disputes = await ethers.deployContract("Disputes", [operators, hub, BASE_FEE_CAP]);
  await authority.setTargetFunctionRole(
    operators,
    [
      operators.interface.getFunction("slash").selector,
      operators.interface.getFunction("slashOperator").selector,
    ],
    SLASHER,
  );
  await authority.grantRole(SLASHER, disputes, 0);

  const { chainId } = await ethers.provider.getNetwork();
  const domain = {
    name: "OPG Inference",
    version: "1",
    chainId,
    verifyingContract: await operators.getAddress(),
  };

  const gasOf = async (sent: Promise<TransactionResponse>): Promise<number> => {
    const receipt = await (await sent).wait();
    if (receipt?.status !== 1) throw new Error("a measured transaction failed");
    return Number(receipt.gasUsed);
  };

  const signConsent = async (signer: Signer, owner: Signer): Promise<string> => {
    const types = { SignerConsent: [{ name: "owner", type: "address" }] };
    return signer.signTypedData(domain, types, { owner: await owner.getAddress() });
  };

  const signPermit = async (owner: Signer, value: bigint) => {
    const address = await owner.getAddress();
    const fields = ["owner:address", "spender:address", "value:uint256", "nonce:uint256", "deadline:uint256"];
    const deadline = BigInt(START_SEC) + DAY_SEC;
    const signature = await owner.signTypedData(
      { name: "OpenGradient", version: "1", chainId, verifyingContract: await opg.getAddress() },
      {
        Permit: fields.map((field) => ({ name: field.split(":")[0] ?? "", type: field.split(":")[1] ?? "" })),
      },
      {
        owner: address,
        spender: await operators.getAddress(),
        value,
        nonce: await opg.nonces(address),
        deadline,
      },
    );
    const { v, r, s } = ethers.Signature.from(signature);
    return { deadline, v, r, s };
  };

  return {
    ethers,
    networkHelpers,
    opg,
    authority,
    blobs,
    machine,
    hub,
    operators,
    disputes,
    domain,
    deployer,
    accounts,
    gasOf,
    signConsent,
    signPermit,
  };
}
