// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {VestingWallet} from "@openzeppelin/contracts/finance/VestingWallet.sol";

import {OPG} from "../OPG.sol";
import {Beneficiaries, Bucket, ITokenGenesis} from "../interfaces/ITokenGenesis.sol";

/// @title TokenGenesis
/// @notice Made OPG and the wallets it vests in, and owns nothing since its constructor ended. The schedule is code: it
/// is read here, and nobody can change it.
contract TokenGenesis is ITokenGenesis {
    uint64 public constant override MONTH = 2_629_800;
    uint256 private constant BPS = 10_000;

    address public immutable override OPG_TOKEN;
    uint64 public immutable override startedAt;
    mapping(Bucket bucket => address wallet) public override walletOf;

    constructor(Beneficiaries memory to) {
        OPG opg = new OPG(address(this));
        OPG_TOKEN = address(opg);
        startedAt = uint64(block.timestamp);

        // Share of the supply, of that at once, months until the rest begins to vest, months that it takes.
        _fund(opg, Bucket.Ecosystem, to.ecosystem, 4000, 1000, 0, 60);
        _fund(opg, Bucket.Foundation, to.foundation, 1500, 3333, 0, 48);
        _fund(opg, Bucket.CoreContributors, to.coreContributors, 1500, 0, 12, 36);
        _fund(opg, Bucket.Investors, to.investors, 1000, 0, 12, 36);
        _fund(opg, Bucket.StakingRewards, to.stakingRewards, 1000, 0, 0, 96);
        _fund(opg, Bucket.Liquidity, to.liquidity, 600, BPS, 0, 0);
        _fund(opg, Bucket.Airdrop, to.airdrop, 400, BPS, 0, 0);
        assert(opg.balanceOf(address(this)) == 0);
    }

    /// @dev Nothing is lost to rounding: the supply divides by all shares.
    function _fund(
        OPG opg,
        Bucket bucket,
        address beneficiary,
        uint256 shareBps,
        uint256 atOnceBps,
        uint64 cliffMonths,
        uint64 vestingMonths
    ) private {
        require(beneficiary != address(0), BeneficiaryZero(bucket));
        uint256 share = (opg.SUPPLY() * shareBps) / BPS;
        uint256 atOnce = (share * atOnceBps) / BPS;
        uint256 vesting = share - atOnce;
        uint64 from = uint64(block.timestamp) + cliffMonths * MONTH;
        address wallet;
        if (vesting != 0) {
            wallet = address(new VestingWallet(beneficiary, from, vestingMonths * MONTH));
            walletOf[bucket] = wallet;
            opg.transfer(wallet, vesting);
        }
        emit BucketFunded(bucket, beneficiary, wallet, atOnce, vesting, from, from + vestingMonths * MONTH);
        if (atOnce != 0) opg.transfer(beneficiary, atOnce);
    }
}
