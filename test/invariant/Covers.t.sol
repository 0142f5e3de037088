// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";
import {CoverHandler} from "./CoverHandler.sol";

// solhint-disable one-contract-per-file

/// Here, since the runner knows a target only by an artifact of the test file itself.
contract Handler is CoverHandler {}

/// Invariants 17 to 22 of `README.md`.
contract CoversTest is Test {
    Handler private _handler;

    function setUp() public {
        _handler = new Handler();
        _handler.setUp();
        targetContract(address(_handler));
        targetSelector(FuzzSelector(address(_handler), _handler.acts()));
        vm.warp(_handler.clock());
    }

    function invariant_17_locksAreHalfOfTheStakeAtMost() public {
        vm.warp(_handler.clock());
        if (!_handler.isJailed()) assertLe(2 * _handler.locked(), _handler.stakeLeft());
    }

    function invariant_18_whatIsLockedIsThere() public {
        vm.warp(_handler.clock());
        assertLe(_handler.locked(), _handler.stakeLeft());
    }

    function invariant_19_moneyIsWhatIsOwed() public view {
        (uint256 held, uint256 owed) = _handler.books();
        assertEq(held, owed);
    }

    function invariant_20_theInsuredGetsItsCoversAlone() public view {
        assertEq(_handler.paidToTheInsured(), _handler.paid());
    }

    function invariant_21_locksForgiveNoSlash() public view {
        assertEq(_handler.misjudged(), 0);
    }

    function invariant_22_whatIsPutOffIsThereAndEndsWithJail() public view {
        assertLe(_handler.deferred(), _handler.stakeLeft());
        if (!_handler.isJailed()) assertEq(_handler.deferred(), 0);
    }

    function test_reachesEveryAct() public {
        bytes4[] memory acts = _handler.acts();
        for (uint256 i; i < 600; ++i) {
            uint256 drawn = uint256(keccak256(abi.encode(i)));
            bytes4 act = acts[drawn % acts.length];
            (bool success, ) = address(_handler).call(abi.encodeWithSelector(act, drawn / acts.length));
            success;
        }
        string[8] memory names = ["insure", "slash", "prove", "claim", "payOut", "unbond", "setPercent", "comeBack"];
        for (uint256 i; i < names.length; ++i) assertGt(_handler.done(names[i]), 0, names[i]);
        assertGt(_handler.done("burnDeferred"), 0, "burnDeferred");
        assertGt(_handler.done("freeze"), 0, "freeze");
        assertGt(_handler.done("thaw"), 0, "thaw");
        assertEq(_handler.misjudged(), 0);
        (uint256 held, uint256 owed) = _handler.books();
        assertEq(held, owed);
    }
}
