// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Claim} from "../types/Claim.sol";
import {SignedResult} from "./IProofSettlement.sol";

/// @notice An accusation that is being computed. Deleted at its end, but for `openedAt`.
struct Challenge {
    /// Whose bond it is.
    address opener;
    /// Timestamp.
    uint40 openedAt;
    /// Timestamp from which it lapses unless somebody continues.
    uint40 lapsesAt;
    uint32 operatorId;
    /// Program counter of the checkpoint, and of the end.
    uint32 pc;
    uint32 endPc;
    /// Wei of the chain's coin that are left.
    uint96 bond;
    /// Gas of all steps so far.
    uint64 work;
    /// keccak256 of the checkpoint's state; at first the input's hash.
    bytes32 stateHash;
}

/// @notice What a challenge came to.
enum Verdict {
    Right,
    Wrong,
    Lapsed
}

/// @title Challenges of wrong outputs that one transaction cannot compute
/// @notice The EVM computes the output in steps. Anyone continues from the last checkpoint and is paid its gas from the
/// opener's bond. The accused has nothing to answer.
/// @dev Assumptions: `Operators.unbondingPeriod` exceeds evidence and challenge together, so a challenge freezes
/// nothing and cannot keep an honest operator's stake. Warning: the bond pays for execution, not for a rollup's data
/// fee.
interface IChallenges {
    event ChallengeOpened(
        bytes32 indexed key,
        uint32 indexed operatorId,
        address indexed opener,
        Claim claim,
        uint256 bond
    );
    event ChallengeContinued(
        bytes32 indexed key,
        address indexed worker,
        uint32 pc,
        bytes32 stateHash,
        uint256 gasUsed,
        uint256 paid
    );
    /// `slashed` is 0 where the lie had been punished meanwhile, or nothing was at stake.
    event ChallengeEnded(
        bytes32 indexed key,
        uint32 indexed operatorId,
        Verdict indexed verdict,
        bytes32 rightOutputHash,
        uint256 slashed,
        uint256 bondLeft,
        address bondTo
    );
    event CoinCredited(address indexed account, uint256 amount);
    event CoinWithdrawn(address indexed account, address indexed to, uint256 amount);
    event WorkPaid(bytes32 indexed key, address indexed worker, uint256 amount);

    /// @notice The coin sent with the challenge, `value`, is less than the bond.
    error BondTooLow(uint256 value, uint256 required);
    /// Or one was opened, and ended, in this second.
    error ChallengeAlreadyOpen(bytes32 key);
    /// `openChallenge` is for what nobody punished.
    error NotPunished(bytes32 key);
    /// @notice Nobody has opened a challenge under `key`.
    error ChallengeUnknown(bytes32 key);
    /// @notice The challenge ended at `endedAt`: nobody can continue it.
    error ChallengeOver(bytes32 key, uint256 endedAt);
    /// @notice The challenge can still be continued, until `endsAt`.
    error ChallengeNotOver(bytes32 key, uint256 endsAt);
    /// @notice Somebody computed further: the challenge stands at instruction `current`, the step began at `pc`.
    error CheckpointStale(uint32 pc, uint32 current);
    /// @notice The live tensors brought hash to `actual`, the checkpoint is `expected`.
    error StateMismatch(bytes32 expected, bytes32 actual);
    /// A step must do its share, so that small ones cannot eat up the bond.
    error StepTooSmall(uint256 gasUsed, uint256 required);
    /// @notice `to` does not take the coin that it withdraws.
    error CoinRefused(address to, uint256 amount);
    /// @notice Nothing is credited to `account`.
    error NoCredit(address account);
    /// @notice `worker` computed no step of the challenge, or was paid for it.
    error NoWork(bytes32 key, address worker);
    /// @notice The cap of the base fee is zero or beyond the constant maximum.
    error BaseFeeCapInvalid(uint256 baseFeeCap);

    /// @notice Accuses an operator of a wrong output, with a bond in the chain's coin that pays for the computation.
    /// @dev What one transaction can compute, `proveWrongOutput` decides at once and without a bond, also while a
    /// challenge is open, which gets its bond back and its share by work. What is sent above
    /// the bond is credited to the sender. One challenge a claim; a second accuser continues the first's.
    /// @return key of the claim
    function openChallenge(SignedResult calldata signed) external payable returns (bytes32 key);

    /// @notice The same for what an equivocation punished: to show that it is wrong indeed, which a cover waits for.
    /// Earns nothing but the bond. Apart, so that nobody is made to compute for nothing by an equivocation that goes
    /// before its accusation.
    function challengePunished(SignedResult calldata signed) external payable returns (bytes32 key);

    /// @notice Computes on from the checkpoint, as far as the transaction's gas lasts. Anyone. Pays the sender's gas.
    /// @param pc where the sender believes the checkpoint to be; checked first, so that who comes second loses little
    /// @param state what the checkpoint's hash is of: first the input, later what `run` of the machine returned
    /// @return isOver true when the verdict fell
    function continueChallenge(Claim calldata claim, uint32 pc, bytes calldata state) external returns (bool isOver);

    /// @notice Ends a challenge that nobody continued in time. Anyone; the rest of the bond goes to the accused.
    function endChallenge(bytes32 key) external;

    /// @notice Pays a worker its part of a bounty. Anyone; the money goes to the worker.
    /// @param openedAt of the challenge
    function payWork(bytes32 key, uint40 openedAt, address worker) external returns (uint256 amount);

    /// @notice Pays out the caller's credit in the chain's coin.
    function withdrawCoin(address payable to) external returns (uint256 amount);

    /// @notice Wei of the chain's coin that a challenge takes in a block of this base fee.
    /// @dev Given, since most nodes answer `eth_call` with a base fee of zero.
    function bondFor(bytes32 graphRoot, uint256 baseFee) external view returns (uint256);
    function challengeOf(bytes32 key) external view returns (Challenge memory);

    /// @notice Wei of the chain's coin that an account can withdraw.
    function creditOf(address account) external view returns (uint256);

    /// @notice Wei a unit of gas that a bond pays at most.
    function BASE_FEE_CAP() external view returns (uint256);

    /// @notice Seconds without a step after which a challenge lapses.
    function STEP_PERIOD() external view returns (uint40);

    /// @notice Seconds after which it lapses in any case.
    function CHALLENGE_PERIOD() external view returns (uint40);
}
