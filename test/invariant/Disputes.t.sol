// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";
import {DisputeHandler} from "./DisputeHandler.sol";

// solhint-disable one-contract-per-file

/// Here, since the runner knows a target only by an artifact of the test file itself.
contract Handler is DisputeHandler {}

/// Invariants 10 to 16 of `README.md`.
contract DisputesTest is Test {
    Handler private _handler;
    uint256[5] private _moneyOfOthers;

    function setUp() public {
        _handler = new Handler();
        _handler.setUp();
        _moneyOfOthers = _handler.moneyOfOthers();
        targetContract(address(_handler));
        targetSelector(FuzzSelector(address(_handler), _handler.acts()));
    }

    function invariant_10_anHonestOperatorIsNeverSlashed() public view {
        assertEq(_handler.fault(), "");
        assertEq(_handler.slashesOf(true), 0);
    }

    function invariant_11_everyProvedLieIsSlashedOnce() public view {
        (uint256 signed, uint256 punished) = _handler.lies();
        assertLe(punished, signed);
        assertEq(_handler.slashesOf(false), punished);
    }

    function invariant_12_bondsAreConserved() public view {
        assertEq(_handler.heldCoin(), _handler.owedCoin());
    }

    function invariant_13_bountiesArePaidToTheLast() public {
        assertEq(_handler.leftAfterPaying(), 0);
    }

    function invariant_14_everyChallengeCanBeEnded() public {
        assertEq(_handler.stuck(), 0);
    }

    function invariant_15_noLieIsSparedInAnyEra() public {
        assertEq(_handler.spared(), 0);
    }

    function invariant_16_nobodyElsesMoneyMoves() public view {
        uint256[5] memory money = _handler.moneyOfOthers();
        for (uint256 i; i < money.length; ++i) assertEq(money[i], _moneyOfOthers[i]);
    }

    /// The campaign reaches real work: one plain sequence, and each kind of act succeeded in it.
    function test_reachesEveryAct() public {
        bytes4[] memory acts = _handler.acts();
        for (uint256 i; i < 800; ++i) {
            uint256 drawn = uint256(keccak256(abi.encode(i)));
            (bool success, ) = address(_handler).call(abi.encodeWithSelector(acts[drawn % acts.length], drawn));
            success;
        }
        string[13] memory names = [
            "sign",
            "proveWrong",
            "proveInALaterEra",
            "leaveJail",
            "proveEquivocation",
            "open",
            "work",
            "end",
            "commit",
            "claimBounty",
            "payBounty",
            "payWork",
            "withdraw"
        ];
        for (uint256 i; i < names.length; ++i) assertGt(_handler.done(names[i]), 0, names[i]);
        assertEq(_handler.slashesOf(true), 0);
        assertGt(_handler.slashesOf(false), 0);
        assertEq(_handler.leftAfterPaying(), 0);
        assertEq(_handler.stuck(), 0);
        assertEq(_handler.spared(), 0);
        assertEq(_handler.heldCoin(), _handler.owedCoin());
    }
}
