// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Claim} from "../types/Claim.sol";

/// @notice A bounty that waits for whoever committed to the evidence first.
struct Bounty {
    address claimant;
    /// Timestamp; whoever committed before it takes the claimant's place.
    uint40 since;
    /// OPG grains; 0 while the challenge is open.
    uint56 grains;
    /// Timestamp.
    uint40 payableAt;
}

/// @title Commitments to evidence
/// @notice Optional: who commits before it shows its evidence cannot be robbed of the bounty by a copy of it. While any
/// commitment lives, bounties wait for the earliest; else they are paid at once.
/// @dev What a contradiction earns waits a day where a challenge of any answer to the same question may be open: should
/// that find the punished claim wrong, or the slash to stand for its own, the bounty is the challenge's.
/// @dev Warning: whoever lies knows it first, and may commit to its own lie. It then gets the bounty share of its own
/// stake back; what burns is gone all the same.
interface IBounties {
    event EvidenceCommitted(address indexed challenger, uint8 indexed place, bytes32 commitment);
    event BountyHeld(bytes32 indexed key, address indexed claimant, uint256 amount, uint40 since);
    event BountyClaimed(bytes32 indexed key, address indexed claimant, uint40 since);
    event BountyPaid(bytes32 indexed key, address indexed claimant, uint256 amount);

    /// @notice No bounty was set aside under `key`.
    error BountyUnknown(bytes32 key);
    /// @notice The bounty waits until `payableAt` for whoever committed first.
    error BountyNotPayable(bytes32 key, uint256 payableAt);
    /// @notice `challenger` has no commitment at `place`.
    error CommitmentUnknown(address challenger, uint8 place);
    /// @notice The commitment lived until `endedAt` and counts no more.
    error CommitmentExpired(uint256 endedAt);
    /// @notice The commitment of `committedAt` is not older than what it wants to claim, which is of `since`.
    error CommitmentTooLate(uint40 committedAt, uint40 since);

    /// @notice Commits the caller to the evidence against one claim without showing it, for `COMMITMENT_LIFE`. It
    /// counts against what is proved `COMMITMENT_AGE` later or more.
    /// @dev Each account has 256 places; another commitment in a place replaces the one before. Warning: choose a
    /// random salt, else the evidence can be guessed.
    /// @param commitment `Claim.commitmentOf(challenger, salt)`; only its lower 216 bits are kept
    function commit(uint8 place, bytes32 commitment) external;

    /// @notice Takes over the bounty of a fault that the caller committed to before its claimant did; of an open
    /// challenge, its opener's part.
    /// @param claim that the bounty is kept for: of an equivocation the one that `EquivocationProved` names
    function claimBounty(Claim calldata claim, uint8 place, bytes32 salt) external;

    /// @notice Pays a bounty when no earlier commitment can live. Anyone; the money goes to the claimant.
    function payBounty(bytes32 key) external returns (uint256 amount);

    /// @notice What waits for a claim; else, while it is challenged, who is to get the opener's part.
    function bountyOf(bytes32 key) external view returns (Bounty memory);

    /// @notice Seconds that a commitment must be older than a proof to go before it.
    function COMMITMENT_AGE() external view returns (uint40);

    /// @notice Seconds after which a commitment no longer counts.
    function COMMITMENT_LIFE() external view returns (uint40);
}
