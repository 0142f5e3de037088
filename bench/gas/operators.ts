import { operatorNetwork } from "../operatorNetwork.ts";

const RUNS = 3;
const STAKE = 50_000n * 10n ** 18n;
const PRICE = 5n * 10n ** 16n;
const SLOTS = 8;
const INFERENCE = 1;
const VANILLA_ONLY = 1;
const ENDPOINT = "https://node.example/rpc";

/**
 * Gas of becoming an operator that serves one release, whole transactions with 21,000 base: with approval in four
 * transactions, and with a permit in one. Each time by accounts that are new; of three runs the last counts.
 */
export async function measure(): Promise<Record<string, number>> {
  const { ethers, opg, operators, accounts, gasOf, signConsent, signPermit } = await operatorNetwork();
  const release = ethers.id("release");
  const take = () => {
    const account = accounts.shift();
    if (!account) throw new Error("the network has too few accounts");
    return account;
  };

  let inSteps = 0;
  let single = 0;
  for (let run = 0; run < RUNS; run++) {
    const [owner, signer] = [take(), take()];
    await opg.transfer(owner, STAKE * 2n);
    const consent = await signConsent(signer, owner);
    inSteps = await gasOf(opg.connect(owner).approve(operators, STAKE));
    inSteps += await gasOf(operators.connect(owner).register(signer, consent, INFERENCE, ENDPOINT));
    const id = await operators.operatorCount();
    inSteps += await gasOf(operators.connect(owner).stake(id, STAKE));
    inSteps += await gasOf(operators.connect(owner).setOffer(id, release, PRICE, VANILLA_ONLY));
  }
  for (let run = 0; run < RUNS; run++) {
    const [owner, signer] = [take(), take()];
    await opg.transfer(owner, STAKE * 2n);
    const params = {
      signer,
      signerProof: await signConsent(signer, owner),
      roles: INFERENCE,
      endpoint: ENDPOINT,
      stake: STAKE,
      slots: SLOTS,
      release,
      price: PRICE,
      modes: VANILLA_ONLY,
    };
    single = await gasOf(operators.connect(owner).onboard(params, await signPermit(owner, STAKE)));
  }
  return { "gas.operator.onboard": inSteps, "gas.operator.onboard.single": single };
}
