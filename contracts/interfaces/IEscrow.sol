// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ReleaseId} from "../types/ReleaseId.sol";
import {Contributor} from "./IModelHub.sol";
import {Permit} from "./IOperators.sol";

/// @notice An account's OPG inside the contract that may spend it.
struct Account {
    /// Token wei, free to spend or withdraw.
    uint128 balance;
    /// Token wei held for open obligations of the account.
    uint96 reserved;
    /// Number of those obligations.
    uint32 reservations;
}

/// @notice What an operator's work on one release has earned in this contract and is not yet claimed, token wei.
/// Gross: publisher's, protocol's and operator's parts together.
struct Earnings {
    uint256 matured;
    uint256 unripe;
    /// Part of `matured` whose operator's share is forfeited by a slash.
    uint256 forfeited;
}

/// @title Money inside the contract that may spend it
/// @notice Owners deposit OPG here; only this contract spends it. Earnings mature by time and are pulled.
/// @dev Balances + reservations + amounts in open requests + unclaimed earnings ≤ token balance, always.
interface IEscrow {
    event Deposited(address indexed account, address indexed from, uint256 amount);
    event Withdrawn(address indexed account, address indexed to, uint256 amount);
    /// Every part of one claim: total = protocolFee + royalty + operatorShare + forfeited.
    event EarningsClaimed(
        uint32 indexed operatorId,
        ReleaseId indexed release,
        uint256 total,
        uint256 protocolFee,
        uint256 royalty,
        uint256 operatorShare,
        uint256 forfeited
    );
    event RoyaltyCredited(ReleaseId indexed release, address indexed account, uint256 amount);
    event ForfeitedBurned(uint256 amount);
    event TreasurySet(address from, address to);

    /// @notice The account has less OPG here than this takes.
    error BalanceTooLow(address account, uint256 balance, uint256 required);
    /// @notice A deposit of nothing.
    error DepositZero();
    /// @notice OPG cannot go to the zero address.
    error RecipientZero();
    /// @notice The protocol fee exceeds the constant maximum.
    error ProtocolFeeOutOfBounds(uint256 bps);
    /// @notice The treasury is the zero address, or is the treasury already.
    error TreasuryInvalid(address treasury);

    /// @notice Adds to `account`'s balance from the caller's tokens, by approval.
    function deposit(address account, uint256 amount) external;

    /// @notice The same with an EIP-2612 permit of the caller.
    function depositWithPermit(address account, uint256 amount, Permit calldata permit) external;

    /// @notice Takes from the caller's balance. Never paused.
    function withdraw(address to, uint256 amount) external;

    /// @notice Credits the matured earnings of an operator's work on a release to operator, publisher, contributors
    /// and treasury. Anyone may call it; the money goes where it belongs. Never paused.
    /// @param contributors as published; checked against the hub
    /// @return total token wei divided
    function claim(
        uint32 operatorId,
        ReleaseId release,
        Contributor[] calldata contributors
    ) external returns (uint256 total);

    /// @notice Burns what was forfeited. Anyone.
    function burnForfeited() external returns (uint256 amount);

    /// @notice Changes who receives the protocol fee.
    function setTreasury(address newTreasury) external;

    function accountOf(address account) external view returns (Account memory);
    function balanceOf(address account) external view returns (uint256);
    function earningsOf(uint32 operatorId, ReleaseId release) external view returns (Earnings memory);

    /// @notice Share of every fee, basis points. Fixed for the life of the contract.
    function protocolFeeBps() external view returns (uint16);
    function treasury() external view returns (address);
    function unburned() external view returns (uint256);
}
