// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Challenge} from "../../contracts/interfaces/IChallenges.sol";
import {SignedResult} from "../../contracts/interfaces/IProofSettlement.sol";
import {Claim} from "../../contracts/types/Claim.sol";
import {ExactFixture} from "../unit/support/ExactFixture.sol";
import {Actor} from "../unit/support/NetworkFixture.sol";

/// Two operators, one that lies and comes back from jail to lie again, and one that does not; four accounts that
/// accuse, compute, commit and collect in any order. Kept: every claim that was signed, in which era, and its key.
contract DisputeHandler is ExactFixture {
    uint64 private constant STEP_GAS = 4_100_000;
    uint256 private constant ONE_STEP = 6_500_000;
    uint256 private constant INPUTS = 3;

    struct Commit {
        Claim claim;
        address who;
        uint8 place;
    }

    bytes32 private constant SALT = keccak256("salt");

    Actor public honest;
    Actor public liar;
    address[4] public accounts;
    /// Money that no dispute is about.
    address private immutable _bystander = makeAddr("bystander");
    SignedResult[] private _results;
    /// Era of the signer of each result when it signed.
    uint16[] private _eras;
    Commit[] private _commits;
    bytes32[] public keys;
    mapping(bytes32 key => uint40[] times) private _rounds;
    mapping(string act => uint256 times) public done;
    uint256 public clock;
    /// An act that an honest party could rely on failed.
    string public fault;

    error Idle();

    modifier acting(uint256 seed) {
        clock += seed % 7 == 0 ? seed % 5 hours : seed % 6 minutes;
        vm.warp(clock);
        _;
    }

    function setUp() public override {
        super.setUp();
        liar = actor;
        honest = _onboard("honest");
        _script(STEPS, STEP_GAS);
        accounts = [challenger, stranger, user, liar.owner];
        for (uint256 i; i < accounts.length; ++i) vm.deal(accounts[i], 1000 ether);
        _fund(_bystander, 3 ether);
        _deposit(_bystander, 2 ether);
        vm.deal(_bystander, 5 ether);
        clock = block.timestamp;
    }

    /// The honest one says what is right, the liar anything.
    function sign(uint256 seed) external acting(seed) {
        bytes memory input = _inputOf(seed);
        _add(_sign(honest.signerKey, _result(bytes32(seed), input, _right(input))));
        bytes memory output = seed % 5 == 0 ? _right(input) : abi.encode(_draw(seed, "output") % 3);
        _add(_sign(liar.signerKey, _result(bytes32(seed), input, output)));
        ++done["sign"];
    }

    function proveWrong(uint256 seed) external acting(seed) {
        // Seldom, so that challenges have lies left to reach a verdict on.
        if (_draw(seed, "patience") % 6 != 0) revert Idle();
        (SignedResult memory signed, bytes memory input, bool isHonest) = _any(seed);
        vm.prank(_account(seed));
        uint256 slashed = disputes.proveWrongOutput(signed, input);
        if (isHonest) fault = "an honest answer was proved wrong";
        if (slashed != 0 && operators.standingById(liar.id).era != 0) ++done["proveInALaterEra"];
        ++done["proveWrong"];
    }

    function proveEquivocation(uint256 seed) external acting(seed) {
        if (_draw(seed, "patience") % 6 != 0) revert Idle();
        (SignedResult memory a, , bool isHonest) = _any(seed);
        SignedResult memory b = _other(a, isHonest, seed);
        vm.prank(_account(seed));
        disputes.proveEquivocation(a, b);
        if (isHonest) fault = "an honest operator equivocated";
        ++done["proveEquivocation"];
    }

    function open(uint256 seed) external acting(seed) {
        (SignedResult memory signed, , bool isHonest) = _any(seed);
        vm.fee(BASE_FEE * (1 + (seed % 20)));
        uint256 value = disputes.bondFor(GRAPH_ROOT, block.basefee) + (seed % 3);
        bool isPunished = disputes.isPunished(_keyOf(signed, isHonest));
        vm.prank(_account(seed));
        bytes32 key =
            isPunished
                ? disputes.challengePunished{value: value}(signed)
                : disputes.openChallenge{value: value}(signed);
        _rounds[key].push(uint40(block.timestamp));
        ++done["open"];
    }

    function work(uint256 seed) external acting(seed) {
        (SignedResult memory signed, bytes memory input, bool isHonest) = _anyOpen(seed);
        Claim memory claim = _claimOf(signed, isHonest);
        Challenge memory challenge = disputes.challengeOf(_keyOf(signed, isHonest));
        bytes memory state = _after(input, challenge.pc);
        vm.prank(_account(seed));
        disputes.continueChallenge{gas: ONE_STEP}(claim, challenge.pc, state);
        ++done["work"];
    }

    function end(uint256 seed) external acting(seed) {
        (SignedResult memory signed, , bool isHonest) = _anyOpen(seed);
        disputes.endChallenge(_keyOf(signed, isHonest));
        ++done["end"];
    }

    /// The liar serves its time, and begins anew with a full stake. What it signed before is no evidence any more.
    function leaveJail(uint256 seed) external acting(seed) {
        if (!operators.standingById(liar.id).jailed) revert Idle();
        clock += JAIL_PERIOD;
        vm.warp(clock);
        uint256 missing = STAKE - operators.standingById(liar.id).stake * GRAIN;
        if (missing != 0) _stake(liar, missing);
        vm.prank(liar.owner);
        operators.leaveJail(liar.id);
        ++done["leaveJail"];
    }

    function commitAndClaim(uint256 seed) external acting(seed) {
        for (uint256 i = _commits.length; i > 0 && i + 12 > _commits.length; --i) {
            Commit memory made = _commits[i - 1];
            vm.prank(made.who);
            try disputes.claimBounty(made.claim, made.place, SALT) {
                ++done["claimBounty"];
                return;
            } catch {}
        }
        (SignedResult memory signed, , bool isHonest) = _any(seed);
        Commit memory next = Commit(_claimOf(signed, isHonest), _account(seed), uint8(_commits.length));
        _commits.push(next);
        bytes32 commitment = _commitmentFor(_keyOf(signed, isHonest), next.who, SALT);
        vm.prank(next.who);
        disputes.commit(next.place, commitment);
        ++done["commit"];
    }

    function collect(uint256 seed) external acting(seed) {
        if (keys.length == 0) revert Idle();
        bytes32 key = keys[_draw(seed, "key") % keys.length];
        try disputes.payBounty(key) {
            ++done["payBounty"];
        } catch {}
        for (uint256 i; i < keys.length; ++i) _payWork(keys[i]);
        vm.prank(_account(seed));
        try disputes.withdrawCoin(payable(_account(seed))) {
            ++done["withdraw"];
        } catch {}
    }

    /// What the coin of the contract is owed to.
    function owedCoin() external view returns (uint256 owed) {
        for (uint256 i; i < accounts.length; ++i) owed += disputes.creditOf(accounts[i]);
        owed += disputes.creditOf(honest.owner);
        for (uint256 i; i < keys.length; ++i) owed += disputes.challengeOf(keys[i]).bond;
    }

    function heldCoin() external view returns (uint256) {
        return address(disputes).balance;
    }

    /// Pays out all bounties and wages, and says what is left; leaves nothing changed.
    function leftAfterPaying() external returns (uint256 left) {
        uint256 snapshot = vm.snapshotState();
        vm.warp(clock + disputes.CHALLENGE_PERIOD());
        for (uint256 i; i < keys.length; ++i) {
            try disputes.payBounty(keys[i]) {} catch {}
            for (uint256 j; j < _rounds[keys[i]].length; ++j) {
                for (uint256 k; k < accounts.length; ++k) {
                    try disputes.payWork(keys[i], _rounds[keys[i]][j], accounts[k]) {} catch {}
                }
            }
        }
        left = opg.balanceOf(address(disputes));
        vm.revertToState(snapshot);
    }

    function slashesOf(bool isHonest) external view returns (uint256) {
        return operators.slashCountOf(isHonest ? honest.id : liar.id);
    }

    /// Different wrong outputs that the liar signed, and how many of its keys are punished.
    function lies() external view returns (uint256 signed, uint256 punished) {
        for (uint256 i; i < keys.length; ++i) {
            if (disputes.isPunished(keys[i])) ++punished;
        }
        for (uint256 i; i < _results.length; ++i) {
            if (i % 2 == 1 && _isFirst(i) && !_isRight(i)) ++signed;
        }
    }

    /// Open challenges that a stranger cannot end: by computing to the end while it may, and else by waiting. Leaves
    /// nothing changed.
    function stuck() external returns (uint256 count) {
        uint256 snapshot = vm.snapshotState();
        _script(STEPS, 1000);
        for (uint256 i; i < _results.length; ++i) {
            bytes32 key = _keyOfResult(i);
            Challenge memory challenge = disputes.challengeOf(key);
            if (challenge.opener == address(0)) continue;
            bytes memory state = _after(_inputOf(_results[i]), challenge.pc);
            uint256 periodEnd = uint256(challenge.openedAt) + disputes.CHALLENGE_PERIOD();
            if (clock < challenge.lapsesAt && clock < periodEnd) {
                uint256 before = vm.snapshotState();
                Claim memory claim = _claimOf(_results[i], i % 2 == 0);
                claim.era = _eras[i];
                disputes.continueChallenge(claim, challenge.pc, state);
                if (_isOpen(key)) ++count;
                vm.revertToState(before);
            }
            vm.warp(periodEnd > clock ? periodEnd : clock);
            disputes.endChallenge(key);
            if (_isOpen(key)) ++count;
            vm.warp(clock);
        }
        vm.revertToState(snapshot);
    }

    /// Lies told in this era, with their evidence alive, that one proof does not punish; and right answers that it
    /// does. Leaves nothing changed.
    function spared() external returns (uint256 count) {
        uint256 snapshot = vm.snapshotState();
        _script(STEPS, 1000);
        for (uint256 i; i < _results.length; ++i) {
            if (_results[i].result.validUntil + DISPUTE_WINDOW < clock) continue;
            bytes32 key = _keyOfResult(i);
            bool wasProved = disputes.isProvedWrong(key);
            try disputes.proveWrongOutput(_results[i], _inputOf(_results[i])) {} catch {
                if (!_isRight(i) && !wasProved) ++count;
            }
            if (disputes.isProvedWrong(key) == _isRight(i)) ++count;
            if (!_isRight(i) && !disputes.isPunished(key)) ++count;
        }
        vm.revertToState(snapshot);
    }

    /// Of whoever has no part in any dispute.
    function moneyOfOthers() external view returns (uint256[5] memory) {
        return
            [
                opg.balanceOf(_bystander),
                requests.balanceOf(_bystander),
                _bystander.balance + disputes.creditOf(_bystander),
                operators.standingById(honest.id).stake * GRAIN,
                opg.balanceOf(address(requests))
            ];
    }

    function acts() external pure returns (bytes4[] memory selectors) {
        selectors = new bytes4[](9);
        selectors[0] = this.sign.selector;
        selectors[1] = this.proveWrong.selector;
        selectors[2] = this.proveEquivocation.selector;
        selectors[3] = this.open.selector;
        selectors[4] = this.work.selector;
        selectors[5] = this.end.selector;
        selectors[6] = this.commitAndClaim.selector;
        selectors[7] = this.collect.selector;
        selectors[8] = this.leaveJail.selector;
    }

    function _payWork(bytes32 key) private {
        for (uint256 i; i < _rounds[key].length; ++i) {
            for (uint256 j; j < accounts.length; ++j) {
                try disputes.payWork(key, _rounds[key][i], accounts[j]) {
                    ++done["payWork"];
                } catch {}
            }
        }
    }

    function _add(SignedResult memory signed) private {
        bool isHonest = _results.length % 2 == 0;
        _results.push(signed);
        _eras.push(operators.standingById(isHonest ? honest.id : liar.id).era);
        if (_isFirst(_results.length - 1)) keys.push(_keyOfResult(_results.length - 1));
    }

    /// Of the last ones: what is older is no evidence any more, mostly.
    function _any(uint256 seed) private view returns (SignedResult memory, bytes memory input, bool isHonest) {
        if (_results.length == 0) revert Idle();
        uint256 count = _results.length < 16 ? _results.length : 16;
        uint256 i = _results.length - 1 - (_draw(seed, "result") % count);
        return (_results[i], _inputOf(_results[i]), i % 2 == 0);
    }

    /// Another answer of the same operator to the same question; the same one where there is none.
    function _other(SignedResult memory a, bool isHonest, uint256 seed) private view returns (SignedResult memory b) {
        uint256 start = _draw(seed, "other");
        for (uint256 i; i < _results.length; ++i) {
            uint256 j = (start + i) % _results.length;
            b = _results[j];
            bool fits =
                (j % 2 == 0) == isHonest && _results.length - j <= 16 && b.result.inputHash == a.result.inputHash;
            if (fits && b.result.outputHash != a.result.outputHash) return b;
        }
        return a;
    }

    function _anyOpen(uint256 seed) private view returns (SignedResult memory, bytes memory input, bool isHonest) {
        uint256 start = _draw(seed, "open");
        for (uint256 i; i < _results.length; ++i) {
            uint256 j = (start + i) % _results.length;
            if (_eras[j] == operators.standingById(_operatorOf(j)).era && _isOpen(_keyOfResult(j))) {
                return (_results[j], _inputOf(_results[j]), j % 2 == 0);
            }
        }
        revert Idle();
    }

    function _claimOf(SignedResult memory signed, bool isHonest) private view returns (Claim memory claim) {
        claim = _claim(signed);
        claim.operatorId = isHonest ? honest.id : liar.id;
        claim.era = operators.standingById(claim.operatorId).era;
    }

    function _keyOf(SignedResult memory signed, bool isHonest) private view returns (bytes32) {
        uint32 operatorId = isHonest ? honest.id : liar.id;
        return _claimKey(operatorId, operators.standingById(operatorId).era, signed.result);
    }

    function _keyOfResult(uint256 i) private view returns (bytes32) {
        return _claimKey(_operatorOf(i), _eras[i], _results[i].result);
    }

    function _operatorOf(uint256 i) private view returns (uint32) {
        return i % 2 == 0 ? honest.id : liar.id;
    }

    function _inputOf(uint256 seed) private pure returns (bytes memory) {
        return abi.encode(1 + (_draw(seed, "input") % INPUTS));
    }

    function _inputOf(SignedResult memory signed) private pure returns (bytes memory input) {
        for (uint256 i = 1; i <= INPUTS; ++i) {
            input = abi.encode(i);
            if (keccak256(input) == signed.result.inputHash) return input;
        }
    }

    function _isFirst(uint256 i) private view returns (bool) {
        for (uint256 j = i % 2; j < i; j += 2) {
            bool isSame =
                _eras[j] == _eras[i] &&
                    _results[j].result.inputHash == _results[i].result.inputHash &&
                    _results[j].result.outputHash == _results[i].result.outputHash;
            if (isSame) return false;
        }
        return true;
    }

    function _isRight(uint256 i) private view returns (bool) {
        return _results[i].result.outputHash == keccak256(_right(_inputOf(_results[i])));
    }

    function _account(uint256 seed) private view returns (address) {
        return accounts[_draw(seed, "account") % accounts.length];
    }

    function _draw(uint256 seed, string memory what) private pure returns (uint256) {
        return uint256(keccak256(abi.encode(seed, what)));
    }
}
