// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

import {Verdicts} from "./Verdicts.sol";
import {IExactMachine} from "../interfaces/IExactMachine.sol";
import {Challenge, IChallenges, Verdict} from "../interfaces/IChallenges.sol";
import {IDisputes} from "../interfaces/IDisputes.sol";
import {IModelHub} from "../interfaces/IModelHub.sol";
import {IOPG} from "../interfaces/IOPG.sol";
import {IOperators, Offence} from "../interfaces/IOperators.sol";
import {SignedResult} from "../interfaces/IProofSettlement.sol";
import {Claim} from "../types/Claim.sol";
import {CODEC_TENSORS} from "../types/Codec.sol";
import {GRAIN} from "../types/Grain.sol";
import {InferenceResult} from "../types/InferenceResult.sol";

/// @title Challenges
/// @notice Owns open challenges, their bonds, and what is credited to whom. Coin leaves by `withdrawCoin` alone, so no
/// receiver can stop a verdict. Trusts the machine with what is right.
abstract contract Challenges is IChallenges, Verdicts {
    using SafeERC20 for IOPG;

    /// @inheritdoc IChallenges
    uint40 public constant override STEP_PERIOD = 6 hours;
    /// @inheritdoc IChallenges
    /// @dev The margin by which `Operators` makes unbonding outlast evidence.
    uint40 public constant override CHALLENGE_PERIOD = 1 days;
    uint256 internal constant MAX_BASE_FEE_CAP = 1000 gwei;
    uint256 internal constant MIN_STEP_GAS = 4_000_000;
    /// Kept back from the machine: what a verdict costs besides.
    uint256 internal constant VERDICT_GAS = 600_000;
    /// Base of a transaction, and what a step writes after its gas was read.
    uint256 internal constant STEP_OVERHEAD = 70_000;
    uint256 internal constant CALLDATA_GAS = 16;
    /// @dev Of a call of `continueChallenge`, without the state.
    uint256 private constant STEP_HEAD_BYTES = 260;
    /// The base fee may double before workers are paid less than they spend.
    uint256 internal constant BOND_MARGIN = 2;

    /// The workers' part of a bounty.
    struct Wage {
        uint64 grains;
        uint64 work;
    }

    IExactMachine public immutable MACHINE;
    /// @inheritdoc IChallenges
    uint256 public immutable override BASE_FEE_CAP;

    /// @inheritdoc IChallenges
    mapping(address account => uint256 amount) public override creditOf;
    mapping(bytes32 key => Challenge challenge) private _challenges;
    /// @dev Under `_roundOf`, so that a lapsed challenge leaves nothing to the next of the same claim.
    mapping(bytes32 round => Wage wage) private _wages;
    mapping(bytes32 round => mapping(address worker => uint256 gasUsed)) private _work;

    constructor(IOperators operators, IModelHub hub, uint256 baseFeeCap) Verdicts(operators, hub) {
        require(baseFeeCap != 0 && baseFeeCap <= MAX_BASE_FEE_CAP, BaseFeeCapInvalid(baseFeeCap));
        MACHINE = hub.MACHINE();
        BASE_FEE_CAP = baseFeeCap;
    }

    /// @inheritdoc IChallenges
    function openChallenge(SignedResult calldata signed) external payable override returns (bytes32 key) {
        bool isContradicted;
        (key, isContradicted) = _open(signed);
        require(!isContradicted, IDisputes.AlreadyPunished(key));
        _openProspect(key, uint40(block.timestamp) + CHALLENGE_PERIOD);
    }

    /// @inheritdoc IChallenges
    function challengePunished(SignedResult calldata signed) external payable override returns (bytes32 key) {
        bool isContradicted;
        (key, isContradicted) = _open(signed);
        require(isContradicted, NotPunished(key));
    }

    /// @inheritdoc IChallenges
    function continueChallenge(
        Claim calldata claim,
        uint32 pc,
        bytes calldata state
    ) external override returns (bool isOver) {
        // What the sender sends is paid too, but for what it puts behind the arguments: that could be any length.
        uint256 gasAtStart = gasleft() + CALLDATA_GAS * (STEP_HEAD_BYTES + state.length);
        bytes32 key = claim.keyOf();
        Challenge memory challenge = _challenges[key];
        require(challenge.opener != address(0), ChallengeUnknown(key));
        require(pc == challenge.pc, CheckpointStale(pc, challenge.pc));
        bytes32 stateHash = keccak256(state);
        require(stateHash == challenge.stateHash, StateMismatch(challenge.stateHash, stateHash));
        uint256 endsAt = _endOf(challenge);
        require(block.timestamp < endsAt, ChallengeOver(key, endsAt));

        bytes32 rightOutputHash;
        uint256 gasUsed = gasleft();
        (isOver, rightOutputHash) = _run(claim, challenge, state);
        gasUsed -= gasleft();
        _countWork(key, challenge, gasUsed);
        if (isOver) _end(claim, challenge, rightOutputHash, gasAtStart);
        else {
            require(gasUsed >= MIN_STEP_GAS, StepTooSmall(gasUsed, MIN_STEP_GAS));
            challenge.lapsesAt = uint40(block.timestamp) + STEP_PERIOD;
            uint256 paid = _payStep(challenge, gasAtStart);
            _challenges[key] = challenge;
            emit ChallengeContinued(key, msg.sender, challenge.pc, challenge.stateHash, gasUsed, paid);
        }
    }

    /// @inheritdoc IChallenges
    function endChallenge(bytes32 key) external override {
        Challenge memory challenge = _challenges[key];
        require(challenge.opener != address(0), ChallengeUnknown(key));
        uint256 endsAt = _endOf(challenge);
        require(block.timestamp >= endsAt, ChallengeNotOver(key, endsAt));
        _acquit(key, challenge, Verdict.Lapsed, 0);
    }

    /// @inheritdoc IChallenges
    function payWork(bytes32 key, uint40 openedAt, address worker) external override returns (uint256 amount) {
        bytes32 round = _roundOf(key, openedAt);
        Wage storage wage = _wages[round];
        uint256 work = _work[round][worker];
        require(work != 0 && wage.work != 0, NoWork(key, worker));

        delete _work[round][worker];
        uint256 grains = (wage.grains * work) / wage.work;
        (wage.grains, wage.work) = (uint64(wage.grains - grains), uint64(wage.work - work));
        amount = grains * GRAIN;
        emit WorkPaid(key, worker, amount);
        OPG_TOKEN.safeTransfer(worker, amount);
    }

    /// @inheritdoc IChallenges
    function withdrawCoin(address payable to) external override returns (uint256 amount) {
        amount = creditOf[msg.sender];
        require(amount != 0, NoCredit(msg.sender));
        creditOf[msg.sender] = 0;
        emit CoinWithdrawn(msg.sender, to, amount);
        (bool isTaken, ) = to.call{value: amount}("");
        require(isTaken, CoinRefused(to, amount));
    }

    /// @inheritdoc IChallenges
    function challengeOf(bytes32 key) external view override returns (Challenge memory) {
        return _challenges[key];
    }

    /// @inheritdoc IChallenges
    function bondFor(bytes32 graphRoot, uint256 baseFee) public view override returns (uint256) {
        return MACHINE.gasBoundOf(graphRoot) * _capped(baseFee) * BOND_MARGIN;
    }

    function _open(SignedResult calldata signed) private returns (bytes32 key, bool isContradicted) {
        InferenceResult calldata result = signed.result;
        _requireLive(result.validUntil);
        bytes32 graphRoot = _requireExact(result);
        require(result.codec == CODEC_TENSORS, IDisputes.CodecUndefined(result.codec));
        (uint32 operatorId, uint16 era) = OPERATORS.slashableOperatorOf(_signerOf(signed));
        Claim memory claim = _claimOf(operatorId, era, result);
        (key, isContradicted) = _markChallenge(claim, uint40(block.timestamp) + CHALLENGE_PERIOD);
        // Two of one second would be one round, and share their wages.
        bool isFree = _challenges[key].opener == address(0) && _challenges[key].openedAt != block.timestamp;
        require(isFree, ChallengeAlreadyOpen(key));
        uint256 bond = bondFor(graphRoot, block.basefee);
        require(msg.value >= bond, BondTooLow(msg.value, bond));

        _challenges[key] = Challenge({
            opener: msg.sender,
            openedAt: uint40(block.timestamp),
            lapsesAt: uint40(block.timestamp) + STEP_PERIOD,
            operatorId: operatorId,
            pc: 0,
            endPc: uint32(MACHINE.programBytesOf(graphRoot)),
            bond: uint96(bond),
            work: 0,
            stateHash: result.inputHash
        });
        _credit(msg.sender, msg.value - bond);
        emit ChallengeOpened(key, operatorId, msg.sender, claim, bond);
    }

    /// @dev Moves the checkpoint. Only the machine's own word on the input counts: any other revert, of too little gas
    /// above all, undoes the step.
    function _run(
        Claim calldata claim,
        Challenge memory challenge,
        bytes calldata state
    ) private view returns (bool isOver, bytes32 rightOutputHash) {
        (bytes32 graphRoot, ) = HUB.exactGraphOf(claim.release);
        uint256 gasForMachine = gasleft() > VERDICT_GAS ? gasleft() - VERDICT_GAS : 0;
        try MACHINE.run{gas: gasForMachine}(graphRoot, challenge.pc, state, 0) returns (
            uint256 nextPc,
            bytes memory nextState
        ) {
            (challenge.pc, challenge.stateHash) = (uint32(nextPc), keccak256(nextState));
            isOver = nextPc == challenge.endPc;
            rightOutputHash = challenge.stateHash;
        } catch (bytes memory reason) {
            _requireInputInvalid(reason);
            isOver = true;
        }
    }

    function _isChallenged(bytes32 key) internal view returns (bool) {
        if (!_isQuestionChallenged(key)) return false;
        Challenge memory challenge = _challenges[key];
        return challenge.opener != address(0) && block.timestamp < _endOf(challenge);
    }

    /// @dev A proof in one transaction is a challenge's last step.
    /// @param gasUsed by the machine
    function _overtake(
        bytes32 key,
        Claim memory claim,
        bytes32 rightOutputHash,
        uint256 gasUsed,
        uint256 gasAtStart
    ) internal returns (uint256 slashed) {
        Challenge memory challenge = _challenges[key];
        _countWork(key, challenge, gasUsed);
        slashed = _end(claim, challenge, rightOutputHash, gasAtStart);
    }

    /// @dev When it was opened stays.
    function _close(bytes32 key, uint40 openedAt) private {
        delete _challenges[key];
        _challenges[key].openedAt = openedAt;
    }

    function _countWork(bytes32 key, Challenge memory challenge, uint256 gasUsed) private {
        challenge.work += uint64(gasUsed);
        _work[_roundOf(key, challenge.openedAt)][msg.sender] += gasUsed;
    }

    function _end(
        Claim memory claim,
        Challenge memory challenge,
        bytes32 rightOutputHash,
        uint256 gasAtStart
    ) private returns (uint256 slashed) {
        if (_isRight(claim.outputHash, rightOutputHash)) {
            _payStep(challenge, gasAtStart);
            _acquit(claim.keyOf(), challenge, Verdict.Right, rightOutputHash);
            return 0;
        }
        bytes32 key = claim.keyOf();
        slashed = _convict(key, _rightKeyOf(claim, rightOutputHash), challenge);
        _close(key, challenge.openedAt);
        _payStep(challenge, gasAtStart);
        _credit(challenge.opener, challenge.bond);
        emit ChallengeEnded(
            key,
            challenge.operatorId,
            Verdict.Wrong,
            rightOutputHash,
            slashed,
            challenge.bond,
            challenge.opener
        );
    }

    /// @dev An accuser whose claim was proved wrong otherwise keeps its bond though its challenge came to nothing.
    function _acquit(bytes32 key, Challenge memory challenge, Verdict verdict, bytes32 rightOutputHash) private {
        _close(key, challenge.openedAt);
        _dropProspect(key);
        address bondTo = _isProvedWrong(key) ? challenge.opener : OPERATORS.ownerOf(challenge.operatorId);
        _credit(bondTo, challenge.bond);
        emit ChallengeEnded(key, challenge.operatorId, verdict, rightOutputHash, 0, challenge.bond, bondTo);
    }

    /// @dev What a contradiction earned by this lie meanwhile is the challenge's: else a liar could contradict itself
    /// before the last step, and nobody would compute.
    function _convict(bytes32 key, bytes32 rightKey, Challenge memory challenge) private returns (uint256 slashed) {
        Finding finding = _markWrong(key, rightKey);
        uint256 bounty;
        if (finding == Finding.New) (slashed, bounty) = _slashAccused(key, challenge.operatorId);
        else {
            if (finding == Finding.Owed) _shareBounty(rightKey, key);
            bounty = _takeBounty(key, challenge.openedAt + CHALLENGE_PERIOD);
        }
        // Half for the accuser, who bore the risk; half for those who computed, by their gas.
        uint256 wages = bounty / GRAIN / 2;
        if (wages != 0) _wages[_roundOf(key, challenge.openedAt)] = Wage(uint64(wages), challenge.work);
        _fulfilProspect(key, bounty - wages * GRAIN);
    }

    /// @dev An operator with nothing at stake must not keep its accuser from the bond; it stays punishable.
    function _slashAccused(bytes32 key, uint32 operatorId) private returns (uint256 slashed, uint256 bounty) {
        try OPERATORS.slashOperator(Offence.WrongOutput, operatorId, address(this), address(0)) returns (
            uint256 taken
        ) {
            return (taken, _collectBounty());
        } catch (bytes memory reason) {
            if (bytes4(reason) != IOperators.NothingToSlash.selector) _raise(reason);
            _unmark(key);
        }
    }

    /// @dev Pays the sender what it spent, as far as the bond goes.
    function _payStep(Challenge memory challenge, uint256 gasAtStart) private returns (uint256 paid) {
        uint256 gasUsed = gasAtStart - gasleft() + STEP_OVERHEAD;
        paid = gasUsed * _capped(block.basefee);
        if (paid > challenge.bond) paid = challenge.bond;
        challenge.bond -= uint96(paid);
        _credit(msg.sender, paid);
    }

    function _credit(address account, uint256 amount) private {
        if (amount == 0) return;
        creditOf[account] += amount;
        emit CoinCredited(account, amount);
    }

    function _capped(uint256 baseFee) private view returns (uint256) {
        return baseFee < BASE_FEE_CAP ? baseFee : BASE_FEE_CAP;
    }

    function _requireInputInvalid(bytes memory reason) internal pure {
        if (bytes4(reason) != IExactMachine.InputInvalid.selector) _raise(reason);
    }

    function _endOf(Challenge memory challenge) private pure returns (uint256) {
        uint256 endsAt = uint256(challenge.openedAt) + CHALLENGE_PERIOD;
        return challenge.lapsesAt < endsAt ? challenge.lapsesAt : endsAt;
    }

    function _roundOf(bytes32 key, uint40 openedAt) private pure returns (bytes32) {
        return keccak256(abi.encode(key, openedAt));
    }

    function _raise(bytes memory reason) private pure {
        require(reason.length != 0, IDisputes.GasTooLow());
        assembly ("memory-safe") {
            revert(add(reason, 32), mload(reason))
        }
    }
}
