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
    /// @dev After it no commitment lives and no challenge is open.
    uint40 private _disputesEndAt;
    /// @dev Lower 216 bits of the commitment, then 40 of its timestamp.
    mapping(address challenger => mapping(uint8 place => uint256 word)) private _commitments;
    mapping(bytes32 key => Bounty bounty) private _bounties;
    /// @dev Where the slash for one claim is found to stand for another: the bounty is found under both, for whoever
    /// committed to either.
    mapping(bytes32 key => bytes32 paidKey) private _aliases;
    /// @dev The opener's part of what an open challenge may earn.
    mapping(bytes32 key => Bounty bounty) private _prospects;

    constructor(IOperators operators) {
        OPERATORS = operators;
        OPG_TOKEN = operators.OPG_TOKEN();
    }

    /// @inheritdoc IBounties
    function commit(uint8 place, bytes32 commitment) external override {
        _commitments[msg.sender][place] = (uint256(commitment) << 40) | block.timestamp;
        _commitmentsEndAt = uint40(block.timestamp) + COMMITMENT_LIFE;
        _extendDisputes(uint40(block.timestamp) + COMMITMENT_LIFE);
        emit EvidenceCommitted(msg.sender, place, commitment);
    }

    /// @inheritdoc IBounties
    function claimBounty(Claim calldata claim, uint8 place, bytes32 salt) external override {
        bytes32 key = claim.keyOf();
        (Bounty storage bounty, Bounty storage prospect) = (_bountyAt(key), _prospects[key]);
        require(bounty.claimant != address(0) || prospect.claimant != address(0), BountyUnknown(key));
        uint256 word = _commitments[msg.sender][place];
        bool isKnown = word >> 40 == uint216(uint256(claim.commitmentOf(msg.sender, salt)));
        require(isKnown, CommitmentUnknown(msg.sender, place));
        uint40 committedAt = uint40(word);
        require(block.timestamp < committedAt + COMMITMENT_LIFE, CommitmentExpired(committedAt + COMMITMENT_LIFE));
        uint40 since = bounty.since > prospect.since ? bounty.since : prospect.since;
        require(committedAt < since, CommitmentTooLate(committedAt, since));

        delete _commitments[msg.sender][place];
        // Both, while a contradiction and a challenge of one claim are under way: one of them will come to nothing.
        if (committedAt < bounty.since) (bounty.claimant, bounty.since) = (msg.sender, committedAt);
        if (committedAt < prospect.since) (prospect.claimant, prospect.since) = (msg.sender, committedAt);
        emit BountyClaimed(key, msg.sender, committedAt);
    }

    /// @inheritdoc IBounties
    function payBounty(bytes32 key) external override returns (uint256 amount) {
        Bounty storage bounty_ = _bountyAt(key);
        Bounty memory bounty = bounty_;
        require(bounty.grains != 0, BountyUnknown(key));
        require(block.timestamp >= bounty.payableAt, BountyNotPayable(key, bounty.payableAt));

        _clear(bounty_);
        amount = bounty.grains * GRAIN;
        emit BountyPaid(key, bounty.claimant, amount);
        OPG_TOKEN.safeTransfer(bounty.claimant, amount);
    }

    /// @inheritdoc IBounties
    function bountyOf(bytes32 key) external view override returns (Bounty memory bounty) {
        bounty = _bountyAt(key);
        if (bounty.claimant == address(0)) bounty = _prospects[key];
    }

    /// @return bountyTo who gets the bounty of what the sender computes: this contract while a commitment lives
    function _bountyTo() internal view returns (address bountyTo) {
        return block.timestamp < _commitmentsEndAt ? address(this) : msg.sender;
    }

    /// @dev A contradiction may punish what a challenge is about, whose bounty it then is.
    function _bountyOfContradictionTo() internal view returns (address bountyTo) {
        return block.timestamp < _disputesEndAt ? address(this) : msg.sender;
    }

    /// @dev Follows a slash in favour of this contract. A commitment made when the evidence could already be seen must
    /// not go before whoever showed it.
    /// @param disputedUntil timestamp until which a challenge may take it; zero where none can
    function _holdBounty(bytes32 key, uint40 disputedUntil) internal {
        uint40 since = uint40(block.timestamp) - COMMITMENT_AGE;
        uint40 payableAt = disputedUntil != 0 ? disputedUntil : since + COMMITMENT_LIFE;
        _setBounty(key, Bounty(msg.sender, since, 0, payableAt), _collectBounty());
    }

    /// @dev Of a stake of a few grains the bounty is nothing, which is no reason to spare it.
    function _collectBounty() internal returns (uint256) {
        return OPERATORS.awardOf(address(this)) == 0 ? 0 : OPERATORS.collectAward(address(this));
    }

    /// @dev Of a slash for the first that is found to stand for the second.
    function _shareBounty(bytes32 from, bytes32 to) internal {
        Bounty memory bounty = _bounties[from];
        if (bounty.grains == 0) return;
        _aliases[to] = from;
        emit BountyHeld(to, bounty.claimant, bounty.grains * GRAIN, bounty.since);
    }

    /// @param disputedUntil timestamp from which no challenge that was opened until now is open
    function _openProspect(bytes32 key, uint40 disputedUntil) internal {
        uint40 since = uint40(block.timestamp) - COMMITMENT_AGE;
        _prospects[key] = Bounty(msg.sender, since, 0, since + COMMITMENT_LIFE);
        _extendDisputes(disputedUntil);
        emit BountyHeld(key, msg.sender, 0, since);
    }

    /// @dev For a challenge that comes to a verdict on what a contradiction punished since it was opened.
    /// @param disputedUntil as when the challenge was opened
    /// @return amount what was earned by `key` since then, and waits
    function _takeBounty(bytes32 key, uint40 disputedUntil) internal returns (uint256 amount) {
        Bounty storage bounty = _bountyAt(key);
        Bounty storage prospect = _prospects[key];
        if (bounty.payableAt < disputedUntil || prospect.claimant == address(0)) return 0;
        if (bounty.since < prospect.since) (prospect.claimant, prospect.since) = (bounty.claimant, bounty.since);
        amount = bounty.grains * GRAIN;
        _clear(bounty);
        delete _aliases[key];
    }

    function _fulfilProspect(bytes32 key, uint256 amount) internal {
        Bounty memory bounty = _prospects[key];
        delete _prospects[key];
        _setBounty(key, bounty, amount);
    }

    function _dropProspect(bytes32 key) internal {
        delete _prospects[key];
    }

    function _bountyAt(bytes32 key) private view returns (Bounty storage) {
        bytes32 paidKey = _aliases[key];
        return _bounties[paidKey == 0 ? key : paidKey];
    }

    function _clear(Bounty storage bounty) private {
        (bounty.claimant, bounty.since, bounty.grains, bounty.payableAt) = (address(0), 0, 0, 0);
    }

    function _extendDisputes(uint40 until) private {
        if (_disputesEndAt < until) _disputesEndAt = until;
    }

    function _setBounty(bytes32 key, Bounty memory bounty, uint256 amount) private {
        if (amount == 0) return;
        bounty.grains = uint56(amount / GRAIN);
        _bounties[key] = bounty;
        emit BountyHeld(key, bounty.claimant, amount, bounty.since);
    }
}
