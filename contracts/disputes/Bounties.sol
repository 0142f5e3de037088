// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

import {Bounty, IBounties} from "../interfaces/IBounties.sol";
import {IOPG} from "../interfaces/IOPG.sol";
import {IOperators} from "../interfaces/IOperators.sol";
import {Claim} from "../types/Claim.sol";
import {GRAIN} from "../types/Grain.sol";

/// @title Bounties
/// @notice Owns commitments to evidence and the bounties that wait for them. Trusts `Operators` and OPG.
abstract contract Bounties is IBounties {
    using SafeERC20 for IOPG;

    /// @inheritdoc IBounties
    uint40 public constant override COMMITMENT_AGE = 5 minutes;
    /// @inheritdoc IBounties
    uint40 public constant override COMMITMENT_LIFE = 1 hours;

    IOperators public immutable OPERATORS;
    IOPG public immutable OPG_TOKEN;

    /// @dev After it no commitment of anybody lives.
    uint40 private _commitmentsEndAt;
    /// @dev Lower 216 bits of the commitment, then 40 of its timestamp.
    mapping(address challenger => mapping(uint8 place => uint256 word)) private _commitments;
    mapping(bytes32 key => Bounty bounty) private _bounties;

    constructor(IOperators operators) {
        OPERATORS = operators;
        OPG_TOKEN = operators.OPG_TOKEN();
    }

    /// @inheritdoc IBounties
    function commit(uint8 place, bytes32 commitment) external override {
        _commitments[msg.sender][place] = (uint256(commitment) << 40) | block.timestamp;
        _commitmentsEndAt = uint40(block.timestamp) + COMMITMENT_LIFE;
        emit EvidenceCommitted(msg.sender, place, commitment);
    }

    /// @inheritdoc IBounties
    function claimBounty(Claim calldata claim, uint8 place, bytes32 salt) external override {
        bytes32 key = claim.keyOf();
        Bounty storage bounty = _bounties[key];
        require(bounty.claimant != address(0), BountyUnknown(key));
        uint256 word = _commitments[msg.sender][place];
        bool isKnown = word >> 40 == uint216(uint256(claim.commitmentOf(msg.sender, salt)));
        require(isKnown, CommitmentUnknown(msg.sender, place));
        uint40 committedAt = uint40(word);
        require(block.timestamp < committedAt + COMMITMENT_LIFE, CommitmentExpired(committedAt + COMMITMENT_LIFE));
        require(committedAt < bounty.since, CommitmentTooLate(committedAt, bounty.since));

        delete _commitments[msg.sender][place];
        (bounty.claimant, bounty.since) = (msg.sender, committedAt);
        emit BountyClaimed(key, msg.sender, committedAt);
    }

    /// @inheritdoc IBounties
    function payBounty(bytes32 key) external override returns (uint256 amount) {
        Bounty memory bounty = _bounties[key];
        require(bounty.grains != 0, BountyUnknown(key));
        uint256 payableAt = uint256(bounty.since) + COMMITMENT_LIFE;
        require(block.timestamp >= payableAt, BountyNotPayable(key, payableAt));

        delete _bounties[key];
        amount = bounty.grains * GRAIN;
        emit BountyPaid(key, bounty.claimant, amount);
        OPG_TOKEN.safeTransfer(bounty.claimant, amount);
    }

    /// @inheritdoc IBounties
    function bountyOf(bytes32 key) external view override returns (Bounty memory) {
        return _bounties[key];
    }

    /// @return bountyTo who gets the bounty of what the sender proves: this contract while a commitment lives
    function _bountyTo() internal view returns (address bountyTo) {
        return block.timestamp < _commitmentsEndAt ? address(this) : msg.sender;
    }

    /// @dev Follows a slash in favour of `bountyTo`.
    function _keepBounty(bytes32 key, address bountyTo) internal {
        if (bountyTo == address(this)) _holdBounty(key, msg.sender, _collectBounty());
    }

    /// @dev Of a stake of a few grains the bounty is nothing, which is no reason to spare it.
    function _collectBounty() internal returns (uint256) {
        return OPERATORS.awardOf(address(this)) == 0 ? 0 : OPERATORS.collectAward(address(this));
    }

    /// @dev A commitment made when the evidence could already be seen must not go before whoever showed it.
    function _holdBounty(bytes32 key, address claimant, uint256 amount) internal {
        uint40 since = uint40(block.timestamp) - COMMITMENT_AGE;
        _bounties[key] = Bounty(claimant, since, uint56(amount / GRAIN));
        emit BountyHeld(key, claimant, amount, since);
    }

    /// @dev Of a challenge that was held when it was opened.
    function _fillBounty(bytes32 key, uint256 amount) internal {
        Bounty storage bounty = _bounties[key];
        bounty.grains = uint56(amount / GRAIN);
        emit BountyHeld(key, bounty.claimant, amount, bounty.since);
    }

    /// @dev Of a challenge that came to nothing; what another proof earned meanwhile stays.
    function _dropBounty(bytes32 key) internal {
        if (_bounties[key].grains == 0) delete _bounties[key];
    }
}
