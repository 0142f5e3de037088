// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";
import {ProtocolHandler} from "./ProtocolHandler.sol";

// solhint-disable one-contract-per-file

/// Here, since the runner knows a target only by an artifact of the test file itself.
contract Handler is ProtocolHandler {}

/// One assertion for each invariant of `README.md`.
contract ProtocolTest is Test {
    Handler private _handler;

    function setUp() public {
        _handler = new Handler();
        _handler.setUp();
        targetContract(address(_handler));
        targetSelector(FuzzSelector(address(_handler), _handler.acts()));
    }

    modifier now_() {
        vm.warp(_handler.now_());
        _;
    }

    function invariant_1_requestsAreSolvent() public now_ {
        assertGe(_handler.held(true), _handler.owedByRequests());
    }

    function invariant_2_operatorsAreSolvent() public view {
        assertGe(_handler.held(false), _handler.owedByOperators());
    }

    function invariant_3_requestsMoveAlongAllowedEdges() public view {
        string memory fault = _handler.lanesAstray() == 0 ? _handler.faultOf(3) : "a lane is astray";
        assertEq(fault, "");
    }

    function invariant_4_fulfilledMeansPaidOnce() public now_ {
        (uint256 expected, uint256 actual) = _handler.earned();
        assertEq(_handler.wronglyPaid() == 0 ? actual : 0, expected);
    }

    function invariant_5_moneyMovesByItsOwnersActOrAProvenFault() public view {
        string memory fault = _handler.movedMoney() == 0 ? _handler.faultOf(5) : "money moved";
        assertEq(fault, "");
    }

    function invariant_6_noMoreGoesOutThanCameIn() public view {
        assertEq(_handler.overpaid(), 0);
    }

    function invariant_7_slashesAndSupplyAreExact() public view {
        (uint256 actual, uint256 expected) = _handler.supplies();
        string memory fault = actual == expected ? _handler.faultOf(7) : "the supply is another";
        assertEq(fault, "");
    }

    function invariant_8_slotsRestOnStakeAndBondsOnAccepts() public view {
        assertEq(_handler.unbacked(), 0);
    }

    function invariant_9_coverageCanBeUsed() public {
        bytes memory reason;
        try _handler.probe() {} catch (bytes memory thrown) {
            reason = thrown;
        }
        assertEq(reason, abi.encodeWithSelector(ProtocolHandler.Probed.selector));
    }

    /// The campaign reaches real work: one plain sequence, and each kind of act succeeded in it.
    function test_reachesEveryAct() public {
        bytes4[] memory acts = _handler.acts();
        for (uint256 i; i < 1500; ++i) {
            uint256 drawn = uint256(keccak256(abi.encode(i)));
            (bool success, ) = address(_handler).call(abi.encodeWithSelector(acts[drawn % acts.length], drawn));
            success;
        }
        string[34] memory kinds = _kinds();
        string memory missing;
        for (uint256 i; i < kinds.length; ++i) {
            emit log_named_uint(kinds[i], _handler.done(kinds[i]));
            if (_handler.done(kinds[i]) == 0) missing = string.concat(missing, kinds[i], "; ");
        }
        assertEq(missing, "");
    }

    function _kinds() private pure returns (string[34] memory) {
        return
            [
                "ask",
                "accept",
                "fulfil",
                "fulfil, batch",
                "deliver",
                "cancel",
                "reportNoShow",
                "expire",
                "expire, accepted",
                "misbehave",
                "join",
                "stake",
                "unbond",
                "withdrawUnbonded",
                "resize",
                "offer",
                "rotate",
                "revoke",
                "equivocate",
                "equivocate, retired",
                "leaveJail",
                "retune",
                "pass",
                "deposit",
                "withdraw",
                "claim",
                "collectAward",
                "burnForfeited",
                "burnSlashed",
                "give",
                "setTreasury",
                "trespass",
                "moveModel",
                "replace"
            ];
    }
}
