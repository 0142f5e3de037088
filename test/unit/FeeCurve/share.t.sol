// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";
import {FeeCurve} from "../../../contracts/libraries/FeeCurve.sol";
import {RequestTimes, packTimes} from "../../../contracts/types/Request.sol";

/// `share` and `mulDown`.
contract ShareTest is Test {
    uint40 private constant OPENED = 1_800_000_000;

    function test_isWholeUntilTheCurveBegins() public pure {
        RequestTimes times = packTimes(OPENED, OPENED + 100, OPENED + 200, 0);
        assertEq(FeeCurve.share(times, 0), 1e18);
        assertEq(FeeCurve.share(times, OPENED + 100), 1e18);
        assertEq(FeeCurve.share(times, OPENED + 101), 0.99e18);
    }

    function test_isNothingFromTheDeadlineOn() public pure {
        RequestTimes times = packTimes(OPENED, OPENED + 100, OPENED + 200, 0);
        assertEq(FeeCurve.share(times, OPENED + 199), 0.01e18);
        assertEq(FeeCurve.share(times, OPENED + 200), 0);
        assertEq(FeeCurve.share(times, type(uint256).max), 0);
    }

    function test_isWholeToTheEndWithoutACurve() public pure {
        RequestTimes times = packTimes(OPENED, OPENED + 200, OPENED + 200, 0);
        assertEq(FeeCurve.share(times, OPENED + 200), 1e18);
        assertEq(FeeCurve.share(times, OPENED + 201), 0);
    }

    function testFuzz_neverRises(uint40 fullFeeUntil, uint40 deadline, uint256 a, uint256 b) public pure {
        deadline = uint40(bound(deadline, fullFeeUntil, type(uint40).max));
        (a, b) = (bound(a, 0, type(uint48).max), bound(b, 0, type(uint48).max));
        (a, b) = a < b ? (a, b) : (b, a);
        RequestTimes times = packTimes(0, fullFeeUntil, deadline, 0);
        assertGe(FeeCurve.share(times, a), FeeCurve.share(times, b));
        assertLe(FeeCurve.share(times, a), 1e18);
    }

    function testFuzz_mulDownNeverGivesMore(uint256 amount, uint256 share) public pure {
        amount = bound(amount, 0, 1e15);
        share = bound(share, 0, 1e18);
        uint256 part = FeeCurve.mulDown(amount, share);
        assertLe(part * 1e18, amount * share);
        assertGt((part + 1) * 1e18, amount * share);
    }
}
