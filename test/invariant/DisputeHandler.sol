// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Challenge} from "../../contracts/interfaces/IChallenges.sol";
import {SignedResult} from "../../contracts/interfaces/IProofSettlement.sol";
import {Claim} from "../../contracts/types/Claim.sol";
import {ExactFixture} from "../unit/support/ExactFixture.sol";
import {Actor} from "../unit/support/NetworkFixture.sol";

/// Two operators, one that lies and one that does not; four accounts that accuse, compute, commit and collect in any
/// order. Kept: every claim that was signed, and every key that was proved.
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
    SignedResult[] private _results;
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
        disputes.proveWrongOutput(signed, input);
        if (isHonest) fault = "an honest answer was proved wrong";
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
        (SignedResult memory signed, , ) = _any(seed);
        vm.fee(BASE_FEE * (1 + (seed % 20)));
        uint256 value = disputes.bondFor(GRAPH_ROOT, block.basefee) + (seed % 3);
        vm.prank(_account(seed));
        bytes32 key = disputes.openChallenge{value: value}(signed);
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
        vm.warp(clock + 2 hours);
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

    /// Every open challenge can be ended by anyone: by computing, and else by waiting. Leaves nothing changed.
    function stuck() external returns (uint256 count) {
        uint256 snapshot = vm.snapshotState();
        vm.warp(clock + disputes.CHALLENGE_PERIOD());
        for (uint256 i; i < keys.length; ++i) {
            if (!_isOpen(keys[i])) continue;
            try disputes.endChallenge(keys[i]) {} catch {
                ++count;
            }
        }
        vm.revertToState(snapshot);
    }

    function acts() external pure returns (bytes4[] memory selectors) {
        selectors = new bytes4[](8);
        selectors[0] = this.sign.selector;
        selectors[1] = this.proveWrong.selector;
        selectors[2] = this.proveEquivocation.selector;
        selectors[3] = this.open.selector;
        selectors[4] = this.work.selector;
        selectors[5] = this.end.selector;
        selectors[6] = this.commitAndClaim.selector;
        selectors[7] = this.collect.selector;
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
        _results.push(signed);
        bool isHonest = _results.length % 2 == 1;
        if (_isFirst(_results.length - 1)) keys.push(_keyOf(signed, isHonest));
    }

    function _any(uint256 seed) private view returns (SignedResult memory, bytes memory input, bool isHonest) {
        if (_results.length == 0) revert Idle();
        uint256 i = _draw(seed, "result") % _results.length;
        return (_results[i], _inputOf(_results[i]), i % 2 == 0);
    }

    /// Another answer of the same operator to the same question; the same one where there is none.
    function _other(SignedResult memory a, bool isHonest, uint256 seed) private view returns (SignedResult memory b) {
        uint256 start = _draw(seed, "other");
        for (uint256 i; i < _results.length; ++i) {
            uint256 j = (start + i) % _results.length;
            b = _results[j];
            bool fits = (j % 2 == 0) == isHonest && b.result.inputHash == a.result.inputHash;
            if (fits && b.result.outputHash != a.result.outputHash) return b;
        }
        return a;
    }

    function _anyOpen(uint256 seed) private view returns (SignedResult memory, bytes memory input, bool isHonest) {
        uint256 start = _draw(seed, "open");
        for (uint256 i; i < _results.length; ++i) {
            uint256 j = (start + i) % _results.length;
            if (_isOpen(_keyOf(_results[j], j % 2 == 0))) {
                return (_results[j], _inputOf(_results[j]), j % 2 == 0);
            }
        }
        revert Idle();
    }

    function _claimOf(SignedResult memory signed, bool isHonest) private view returns (Claim memory claim) {
        claim = _claim(signed);
        claim.operatorId = isHonest ? honest.id : liar.id;
    }

    function _keyOf(SignedResult memory signed, bool isHonest) private view returns (bytes32) {
        return _claimKey(isHonest ? honest.id : liar.id, 0, signed.result);
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
