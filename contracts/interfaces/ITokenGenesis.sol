// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice The parts into which the supply was divided.
enum Bucket {
    Ecosystem,
    Foundation,
    CoreContributors,
    Investors,
    StakingRewards,
    Liquidity,
    Airdrop
}

/// @notice Who receives each part. None may be zero.
struct Beneficiaries {
    address ecosystem;
    address foundation;
    address coreContributors;
    address investors;
    address stakingRewards;
    address liquidity;
    address airdrop;
}

/// @title How OPG came into the world
/// @notice Mints the whole supply and hands it out by the published schedule, in one transaction: nobody ever holds more
/// than its part. What vests lies in OpenZeppelin's `VestingWallet`, one a bucket, whose owner is the beneficiary: anyone
/// calls `release(OPG)`, and what has vested goes to the owner. Shares of a second are rounded down, and come with the
/// next second; the last one of a schedule releases the rest.
/// @dev Warning: a wallet's owner can hand it to another, with all that is not released yet. An owner that renounces it
/// loses that for ever. What lies in a wallet has no votes, because a wallet delegates to nobody.
interface ITokenGenesis {
    /// @param wallet zero where nothing vests
    /// @param vestsFrom timestamp from which `vesting` is released by the second, until `vestsUntil`
    event BucketFunded(
        Bucket indexed bucket,
        address indexed beneficiary,
        address indexed wallet,
        uint256 atOnce,
        uint256 vesting,
        uint64 vestsFrom,
        uint64 vestsUntil
    );

    error BeneficiaryZero(Bucket bucket);

    /// @notice Where a bucket vests; zero for those that were paid in full at the start.
    function walletOf(Bucket bucket) external view returns (address);

    function OPG_TOKEN() external view returns (address);

    /// @notice Timestamp of the token generation event, which this contract's deployment is.
    function startedAt() external view returns (uint64);

    /// @notice Seconds that the schedule takes for a month: a twelfth of 365.25 days.
    function MONTH() external view returns (uint64);
}
