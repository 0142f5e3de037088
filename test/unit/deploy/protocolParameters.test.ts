import { expect } from "chai";
import { parseProtocolParameters, withDeployer, withGovernance } from "../../../deploy/protocolParameters.ts";

const DEPLOYER = `0x${"11".repeat(20)}`;
const TIMELOCK = `0x${"22".repeat(20)}`;

const party = "deployer";
const written = {
  chainId: 84_532,
  token: {
    existing: null,
    holder: party,
    beneficiaries: {
      ecosystem: party,
      foundation: party,
      coreContributors: party,
      investors: party,
      stakingRewards: party,
      liquidity: party,
      airdrop: TIMELOCK,
    },
  },
  governance: {
    votingDelay: 86_400,
    votingPeriod: 432_000,
    voteExtension: 86_400,
    proposalThreshold: "1000000",
    quorumPercent: 4,
    quorumFloor: "10000000",
    timelockDelay: 172_800,
  },
  powers: {
    admin: "governance",
    adminDelay: 0,
    governor: "governance",
    governorDelay: 0,
    guardian: party,
    exitDelay: 691_200,
  },
  operators: {
    disputeWindow: 86_400,
    maxValidity: 3_600,
    unbondingPeriod: 604_800,
    jailPeriod: 604_800,
    minimumStake: "1000",
    stakePerSlot: "100",
    bountyFloor: "50",
  },
  disputes: { baseFeeCap: "1" },
  requests: { treasury: "governance", protocolFeeBps: 500 },
  proofs: { leastOrigin: "ceremony", acceptedPowers: [] },
};

/** The same with one part changed. */
function changed(part: Exclude<keyof typeof written, "chainId">, change: object | null): unknown {
  return { ...written, [part]: change === null ? null : { ...written[part], ...change } };
}

describe("protocol parameters", () => {
  it("put addresses in the places of words", () => {
    const parsed = parseProtocolParameters(written, "test");
    expect(parsed.governance).to.include({ proposalThreshold: 10n ** 24n, quorumFloor: 10n ** 25n });
    const named = withGovernance(withDeployer(parsed, DEPLOYER), TIMELOCK);
    expect(named.token.beneficiaries).to.include({ ecosystem: DEPLOYER, airdrop: TIMELOCK });
    expect(named.powers).to.include({ admin: TIMELOCK, governor: TIMELOCK, guardian: DEPLOYER });
    expect(named.requests.treasury).to.equal(TIMELOCK);
  });

  it("refuse powers for a governance that is not there, or that another would have sooner", () => {
    const refused = {
      "no governance": changed("governance", null),
      "an admin beside it": changed("powers", { admin: "deployer" }),
      "the admin's delay on top of its own": changed("powers", { adminDelay: 1 }),
      "the governor's delay on top of its own": changed("powers", { governorDelay: 1 }),
      "faster than operators leave": changed("governance", { votingPeriod: 345_600 }),
      "a guardian that takes a vote": changed("powers", { guardian: "governance" }),
      "no quorum": changed("governance", { quorumPercent: 0 }),
      "more than all votes": changed("governance", { quorumPercent: 101 }),
      "a beneficiary that is not there yet": changed("token", {
        beneficiaries: { ...written.token.beneficiaries, airdrop: "governance" },
      }),
      "a bucket without a beneficiary": changed("token", { beneficiaries: { ecosystem: party } }),
    };
    for (const [why, value] of Object.entries(refused)) {
      let error: unknown;
      try {
        parseProtocolParameters(value, "test");
      } catch (caught) {
        error = caught;
      }
      expect(error, why).to.include({ code: "parameters-invalid" });
    }
  });

  it("let governance hold the roles, and another use them, slower", () => {
    const { powers } = parseProtocolParameters(
      changed("powers", { governor: DEPLOYER, governorDelay: 172_800 }),
      "test",
    );
    expect(powers.governor).to.equal(DEPLOYER);
  });
});
