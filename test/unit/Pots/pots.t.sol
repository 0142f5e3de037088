// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";
import {EPOCH_ZERO, Matured, Pot, Pots} from "../../../contracts/libraries/Pots.sol";
import {PotsHarness} from "./PotsHarness.sol";

/// One payment, as a list would keep it.
struct Payment {
    uint256 total;
    uint256 royalty;
    uint256 time;
    /// 0 = never.
    uint256 slashedAt;
}

/// `tryAdd`, `roll`, `preview` and `epochAt`; the pot is held against a list of all payments.
contract PotsTest is Test {
    uint256 private constant WINDOW = 1 days;
    PotsHarness private _harness;
    Payment[] private _payments;

    function setUp() public {
        vm.warp(EPOCH_ZERO + 1000 * WINDOW);
        _harness = new PotsHarness();
        _harness.roll();
    }

    function test_addRefusesUntilThePotIsRolled() public {
        assertTrue(_harness.tryAdd(5, 1));
        skip(WINDOW);
        assertFalse(_harness.tryAdd(5, 1));
        _harness.roll();
        assertTrue(_harness.tryAdd(7, 2));
        _harness.slash();
        assertFalse(_harness.tryAdd(5, 1));
        Pot memory pot = _harness.pot();
        assertEq(pot.currentTotal, 7);
        assertEq(pot.currentRoyalty, 2);
        assertEq(pot.previousTotal, 5);
        assertEq(pot.previousRoyalty, 1);
    }

    function test_addWritesNothingElse() public {
        _harness.tryAdd(5, 1);
        skip(WINDOW);
        _harness.slash();
        _harness.roll();
        Pot memory before = _harness.pot();
        _harness.tryAdd(3, 2);
        Pot memory pot = _harness.pot();
        assertEq(pot.epoch, before.epoch);
        assertEq(pot.slashCount, 1);
        assertEq(pot.previousTotal, 0);
        assertEq(_harness.matured().forfeitedTotal, 5);
    }

    /// The word is built by hand, so no amount may run over into its neighbour.
    function testFuzz_addKeepsTheFieldsApart(uint256 total, uint256 royalty) public {
        total = bound(total, 0, 1e15);
        royalty = bound(royalty, 0, total);
        _harness.tryAdd(1e15, 1e15);
        skip(WINDOW);
        _harness.roll();
        for (uint256 i; i < 8; ++i) _harness.tryAdd(total, royalty);
        Pot memory pot = _harness.pot();
        assertEq(pot.currentTotal, 8 * total);
        assertEq(pot.currentRoyalty, 8 * royalty);
        assertEq(pot.previousTotal, 1e15);
        assertEq(pot.previousRoyalty, 1e15);
        assertEq(pot.epoch, 1001);
        assertEq(pot.slashCount, 0);
    }

    function test_epochsCountWindows() public pure {
        assertEq(Pots.epochAt(EPOCH_ZERO, WINDOW), 0);
        assertEq(Pots.epochAt(EPOCH_ZERO + WINDOW - 1, WINDOW), 0);
        assertEq(Pots.epochAt(EPOCH_ZERO + WINDOW, WINDOW), 1);
    }

    function testFuzz_previewIsWhatRollStores(uint256 seed) public {
        _live(seed);
        (Pot memory pot, Matured memory matured) = _harness.preview();
        _harness.roll();
        assertEq(abi.encode(pot), abi.encode(_harness.pot()));
        assertEq(abi.encode(matured), abi.encode(_harness.matured()));
    }

    function testFuzz_rollingTwiceChangesNothing(uint256 seed) public {
        _live(seed);
        _harness.roll();
        bytes memory once = abi.encode(_harness.pot(), _harness.matured());
        _harness.roll();
        assertEq(abi.encode(_harness.pot(), _harness.matured()), once);
    }

    function testFuzz_rule14_aPotKnowsWhatAListWould(uint256 seed) public {
        _live(seed);
        (Pot memory pot, Matured memory matured) = _harness.preview();
        Matured memory expected;
        uint256 unripe;
        for (uint256 i; i < _payments.length; ++i) {
            Payment memory payment = _payments[i];
            uint256 ripeFrom = (Pots.epochAt(payment.time, WINDOW) + 2) * WINDOW + EPOCH_ZERO;
            bool forfeited = payment.slashedAt != 0 && payment.slashedAt < ripeFrom;
            if (!forfeited && block.timestamp < ripeFrom) {
                unripe += payment.total;
                continue;
            }
            expected.total += uint64(payment.total);
            expected.royalty += uint64(payment.royalty);
            if (!forfeited) continue;
            expected.forfeitedTotal += uint64(payment.total);
            expected.forfeitedRoyalty += uint64(payment.royalty);
        }
        assertEq(abi.encode(matured), abi.encode(expected));
        assertEq(uint256(pot.currentTotal) + pot.previousTotal, unripe);
    }

    /// Sixteen acts: payments, slashes, idle rolls, with pauses of up to three windows.
    function _live(uint256 seed) private {
        for (uint256 i; i < 16; ++i) {
            uint256 act = (seed >> (16 * i)) & 0xffff;
            if (act & 8 != 0) skip((act >> 4) * 64);
            if (act & 7 < 4) {
                _pay(act, act / 3);
            } else if (act & 7 < 6) {
                _slash();
            } else if (act & 7 == 6) {
                _harness.roll();
            }
        }
    }

    function _pay(uint256 total, uint256 royalty) private {
        if (!_harness.tryAdd(total, royalty)) {
            _harness.roll();
            assertTrue(_harness.tryAdd(total, royalty));
        }
        _payments.push(Payment(total, royalty, block.timestamp, 0));
    }

    function _slash() private {
        _harness.slash();
        for (uint256 i; i < _payments.length; ++i) {
            if (_payments[i].slashedAt == 0) _payments[i].slashedAt = block.timestamp;
        }
    }
}
