import { HDNodeWallet, type Provider } from "ethers";

/** Hardhat's well-known test mnemonic: its keys are public, and worth nothing outside a local chain. */
const PUBLIC_TEST_MNEMONIC = "test test test test test test test test test test test junk";

export type Role = "deployer" | "publisher" | "operator" | "signer" | "requester";

const ROLES: readonly Role[] = ["deployer", "publisher", "operator", "signer", "requester"];

/** The local chain's accounts, by what they do in the story. */
export function localAccounts(provider: Provider): Record<Role, HDNodeWallet> {
  const wallets = ROLES.map((role, index) => {
    const wallet = HDNodeWallet.fromPhrase(PUBLIC_TEST_MNEMONIC, undefined, `m/44'/60'/0'/0/${index}`);
    return [role, wallet.connect(provider)] as const;
  });
  return Object.fromEntries(wallets) as Record<Role, HDNodeWallet>;
}
